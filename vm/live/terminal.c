/* Keys in, lines out. Opened by people.c, only where a person sits. Signals by key (^C, ^Z) stay with the
 * terminal driver. It must leave the terminal as it found it, and must not make the descriptors that others
 * share non-blocking. */
#include "vm/live/terminal.h"

#include "vm/live/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { STALL = 200 }; /* ms that a terminal may take; then it gets no more until it takes something again */
enum { KEY_ESCAPE = 27, KEY_BACKSPACE = 127, KEY_KILL_LINE = 21, KEY_END = 4 };

struct Terminal {
    Loop *loop;
    int fd; /* a description of our own of the same terminal */
    struct termios before;
    bool stalled;
    LoopPoll *poll;
    LoopSignal *on_continue;
    TerminalKeyFn on_key;
    void *key_ctx;
    Buffer status;
    const char *prompt; /* NULL: keys are keys */
    Buffer typed;
    TerminalLineFn on_line;
    void *line_ctx;
};

static bool set_mode(const Terminal *terminal)
{
    struct termios mode = terminal->before;
    mode.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    mode.c_iflag &= (tcflag_t)~IXON; /* ^S would hold up the run, not only its picture */
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    return tcsetattr(terminal->fd, TCSADRAIN, &mode) == 0;
}

/* As many bytes of the text as fit into the columns, whole characters. */
static size_t fitting(Str text, size_t columns)
{
    size_t at = 0, used = 0;
    while (at < text.len) {
        size_t next = at + 1;
        while (next < text.len && ((unsigned char)text.data[next] & 0xC0) == 0x80)
            next++;
        if (++used > columns) break;
        at = next;
    }
    return at;
}

/* What a terminal does not take (it is behind a connection that hangs, say) it does not get: the run waits
 * for nobody who only looks on. */
static void put(Terminal *terminal, const Buffer *text)
{
    for (size_t done = 0; done < text->len;) {
        ssize_t wrote = write(terminal->fd, text->data + done, text->len - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0 && errno == EAGAIN && !terminal->stalled) {
            struct pollfd ready = {.fd = terminal->fd, .events = POLLOUT};
            terminal->stalled = poll(&ready, 1, STALL) <= 0;
            if (!terminal->stalled) continue;
        }
        if (wrote <= 0) return;
        terminal->stalled = false;
        done += (size_t)wrote;
    }
}

static void draw(Terminal *terminal)
{
    struct winsize size = {0};
    size_t columns = ioctl(terminal->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1U : 79;
    Buffer line = {0}, out = {0};
    if (terminal->prompt)
        buffer_printf(&line, "%s: %.*s", terminal->prompt, STR_ARG(buffer_str(&terminal->typed)));
    else
        buffer_add_str(&line, buffer_str(&terminal->status));
    Str shown = buffer_str(&line);
    /* Of what is typed the end matters, of a status the beginning. */
    if (!terminal->prompt)
        shown = str_slice(shown, 0, fitting(shown, columns));
    else
        while (fitting(shown, columns) < shown.len)
            shown = str_slice(shown, 1, shown.len);
    buffer_printf(&out, "\r\033[K%.*s", STR_ARG(shown));
    put(terminal, &out);
    buffer_free(&line);
    buffer_free(&out);
}

void terminal_print(Terminal *terminal, Str text)
{
    Buffer out = {0};
    buffer_printf(&out, "\r\033[K%.*s\n", STR_ARG(text));
    put(terminal, &out);
    buffer_free(&out);
    draw(terminal);
}

void terminal_status(Terminal *terminal, Str text)
{
    buffer_clear(&terminal->status);
    /* A question may hold what a program printed. */
    for (Str rest = text; rest.len;) {
        size_t control = text_control(rest);
        buffer_add_char(&terminal->status, control ? ' ' : rest.data[0]);
        rest = str_slice(rest, control ? control : 1, rest.len);
    }
    draw(terminal);
}

void terminal_ask(Terminal *terminal, const char *prompt, TerminalLineFn fn, void *ctx)
{
    terminal->prompt = prompt;
    terminal->on_line = fn;
    terminal->line_ctx = ctx;
    buffer_clear(&terminal->typed);
    draw(terminal);
}

static void end_line(Terminal *terminal, bool wanted)
{
    Buffer line = terminal->typed;
    terminal->typed = (Buffer){0};
    terminal->prompt = NULL;
    draw(terminal);
    terminal->on_line(terminal->line_ctx, wanted ? str_trim(buffer_str(&line)) : STR(""));
    buffer_free(&line);
}

static void type(Terminal *terminal, char c)
{
    Buffer *typed = &terminal->typed;
    if (c == '\n' || c == '\r') {
        end_line(terminal, true);
        return;
    }
    if (c == KEY_ESCAPE || c == KEY_END) {
        end_line(terminal, false);
        return;
    }
    if (c == KEY_BACKSPACE || c == '\b') {
        while (typed->len && ((unsigned char)typed->data[typed->len - 1] & 0xC0) == 0x80)
            typed->len--;
        if (typed->len) typed->len--;
    } else if (c == KEY_KILL_LINE) {
        typed->len = 0;
    } else if ((unsigned char)c >= ' ') {
        buffer_add_char(typed, c);
    }
    draw(terminal);
}

static void keys_ready(void *ctx, int fd, int events)
{
    Terminal *terminal = ctx;
    char bytes[256];
    (void)events;
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) { /* the terminal is gone; the run is not */
        loop_poll_stop(terminal->poll);
        terminal->poll = NULL;
        return;
    }
    /* Arrows and the like come as one burst that begins with escape: no keys of ours. */
    if (bytes[0] == KEY_ESCAPE && got > 1) return;
    for (ssize_t i = 0; i < got; i++) {
        if (terminal->prompt)
            type(terminal, bytes[i]);
        else
            terminal->on_key(terminal->key_ctx, bytes[i]);
    }
}

static void continued(void *ctx, int number)
{
    Terminal *terminal = ctx;
    (void)number;
    if (tcgetpgrp(terminal->fd) == getpgrp()) set_mode(terminal);
    draw(terminal);
}

Terminal *terminal_open(Loop *loop, TerminalKeyFn on_key, void *ctx)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return NULL;
    int fd = open("/proc/self/fd/0", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return NULL;
    Terminal *terminal = memory_alloc(sizeof *terminal);
    *terminal = (Terminal){.loop = loop, .fd = fd, .on_key = on_key, .key_ctx = ctx};
    bool ours = tcgetpgrp(fd) == getpgrp() && tcgetattr(fd, &terminal->before) == 0;
    if (ours) terminal->poll = loop_poll_start(loop, fd, LOOP_READ, keys_ready, terminal);
    if (!terminal->poll || !set_mode(terminal)) {
        loop_poll_stop(terminal->poll);
        close(fd);
        free(terminal);
        return NULL;
    }
    terminal->on_continue = loop_signal_start(loop, SIGCONT, continued, terminal);
    return terminal;
}

void terminal_close(Terminal *terminal)
{
    if (!terminal) return;
    loop_poll_stop(terminal->poll);
    loop_signal_stop(terminal->on_continue);
    Buffer out = {0};
    buffer_add_c(&out, "\r\033[K");
    put(terminal, &out);
    buffer_free(&out);
    tcsetattr(terminal->fd, TCSANOW, &terminal->before); /* not after a drain, which may never end */
    close(terminal->fd);
    buffer_free(&terminal->status);
    buffer_free(&terminal->typed);
    free(terminal);
}
