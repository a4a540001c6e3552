/* Keys in, lines out. Opened by people.c, only where a person sits. Signals by key (^C, ^Z) stay with the
 * terminal driver. It must leave the terminal as it found it, and must not make the descriptors that others
 * share non-blocking.
 *
 *   lines that scroll by
 *   the panel's lines            <- `drawn` lines, redrawn in place, the cursor at the end of the last
 *   prompt: what is being typed  <- only while something is
 */
#include "vm/live/terminal.h"

#include "vm/live/state.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "vm/base/utf8.h"

enum { UNWRITTEN_MOST = 256 << 10 }; /* bytes that wait for a slow terminal */
enum { LAST_WAIT = 200 };            /* ms that it may take for the last of them */
enum { KEY_ESCAPE = 27, KEY_BACKSPACE = 127, KEY_KILL_LINE = 21, KEY_END = 4 };

/* The whole line, not its rest: blanks at its end would be wrapped when the terminal becomes narrower. */
#define WIPE_LINE "\033[2K"

struct Terminal {
    Loop *loop;
    int fd; /* a description of our own of the same terminal */
    struct termios before;
    Buffer unwritten; /* what it has not taken yet */
    LoopPoll *poll;
    LoopSignal *on_continue, *on_stop, *on_resize;
    TerminalEvents events;
    locale_t characters; /* how wide they are */
    Buffer panel;
    VEC(size_t) drawn;  /* the widths of the lines that stand below now */
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

TerminalSize terminal_size(const Terminal *terminal)
{
    struct winsize size = {0};
    bool known = ioctl(terminal->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && size.ws_row > 1;
    return known ? (TerminalSize){size.ws_col, size.ws_row} : (TerminalSize){80, 24};
}

/* The length of a colour at the beginning, ESC [ digits m; else 0. */
static size_t colour_len(Str text)
{
    size_t at = 2;
    if (text.len < 3 || text.data[0] != '\033' || text.data[1] != '[') return 0;
    while (at < text.len && ((text.data[at] >= '0' && text.data[at] <= '9') || text.data[at] == ';'))
        at++;
    return at < text.len && text.data[at] == 'm' ? at + 1 : 0;
}

/* One character at the beginning: its bytes, and how many columns it takes. */
static size_t character(const Terminal *terminal, Str text, size_t *width)
{
    uint32_t code = 0;
    size_t len = utf8_decode(text, &code);
    *width = 1;
    if (!len) return 1;
    int columns = terminal->characters ? wcwidth((wchar_t)code) : 1;
    *width = columns >= 0 ? (size_t)columns : 1;
    return len;
}

/* Adds as much of the line as fits, colours whole and ended; gives the columns that it takes. */
static size_t add_fitting(const Terminal *terminal, Buffer *out, Str line, size_t columns)
{
    size_t used = 0;
    bool coloured = false;
    while (line.len) {
        size_t width = 0, len = colour_len(line);
        if (len) {
            coloured = true;
            buffer_add(out, line.data, len);
        } else if ((len = text_control(line)) != 0) {
            if (used++ >= columns) break;
            buffer_add_char(out, ' ');
        } else {
            len = character(terminal, line, &width);
            if (used + width > columns) break;
            used += width;
            buffer_add(out, line.data, len);
        }
        line = str_slice(line, len, line.len);
    }
    if (coloured) buffer_add_c(out, "\033[0m");
    return used < columns ? used : columns;
}

static void watch(Terminal *terminal)
{
    bool waits = terminal->unwritten.len > 0;
    if (terminal->poll) loop_poll_change(terminal->poll, waits ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

/* Writes what it takes now. */
static void flush(Terminal *terminal)
{
    Buffer *text = &terminal->unwritten;
    size_t done = 0;
    while (done < text->len) {
        ssize_t wrote = write(terminal->fd, text->data + done, text->len - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0 && errno != EAGAIN) done = text->len; /* it is gone */
        if (wrote <= 0) break;
        done += (size_t)wrote;
    }
    memmove(text->data, text->data + done, text->len - done);
    text->len -= done;
}

/* The run waits for nobody who only looks on: what a terminal does not take at once (it is behind a
 * connection that hangs, say) it gets later, and of more than UNWRITTEN_MOST the rest not at all. */
static void put(Terminal *terminal, const Buffer *text)
{
    bool waited = terminal->unwritten.len > 0;
    if (!text->len || terminal->unwritten.len + text->len > UNWRITTEN_MOST) return;
    buffer_add_str(&terminal->unwritten, buffer_str(text));
    if (!waited) flush(terminal);
    if (waited != (terminal->unwritten.len > 0)) watch(terminal);
}

/* At the end it gets a moment for what is left. */
static void flush_last(Terminal *terminal)
{
    struct pollfd ready = {.fd = terminal->fd, .events = POLLOUT};
    while (terminal->unwritten.len && poll(&ready, 1, LAST_WAIT) > 0 &&
           !(ready.revents & (POLLERR | POLLHUP)))
        flush(terminal);
}

/* To the first column of the first line that stands below: lines that were drawn in a wider terminal may take
 * several rows by now. */
static void add_return(const Terminal *terminal, Buffer *out)
{
    size_t columns = terminal_size(terminal).columns, rows = 0;
    for (size_t i = 0; i < terminal->drawn.count; i++) {
        size_t width = terminal->drawn.items[i];
        rows += width ? (width + columns - 1) / columns : 1;
    }
    buffer_add_char(out, '\r');
    if (rows > 1) buffer_printf(out, "\033[%zuA", rows - 1);
}

static void add_panel_line(Terminal *terminal, Buffer *out, Str line)
{
    if (terminal->drawn.count) buffer_add_c(out, "\r\n");
    buffer_add_c(out, WIPE_LINE);
    size_t width = add_fitting(terminal, out, line, terminal_size(terminal).columns - 1);
    vec_push(&terminal->drawn, width);
}

/* Of what is typed the end matters. */
static void add_prompt_line(Terminal *terminal, Buffer *out)
{
    Buffer line = {0};
    buffer_printf(&line, "%s: %.*s", terminal->prompt, STR_ARG(buffer_str(&terminal->typed)));
    Str shown = buffer_str(&line);
    size_t columns = terminal_size(terminal).columns - 1;
    while (utf8_count(shown) > columns)
        shown = str_slice(shown, 1, shown.len);
    add_panel_line(terminal, out, shown);
    buffer_free(&line);
}

/* Everything in one write, each line cleared just before it is drawn over: no flicker. */
static void redraw(Terminal *terminal, Str above)
{
    Buffer out = {0};
    size_t most = terminal_size(terminal).rows - 1;
    add_return(terminal, &out);
    terminal->drawn.count = 0;
    /* A long line goes on in rows that the panel stood in. */
    if (above.len) buffer_add_c(&out, "\033[J");
    while (above.len) {
        ptrdiff_t end = str_find(above, STR("\n"));
        Str line = end < 0 ? above : str_slice(above, 0, (size_t)end);
        buffer_printf(&out, "%.*s\r\n", STR_ARG(line));
        above = end < 0 ? STR("") : str_slice(above, (size_t)end + 1, above.len);
    }
    Str rest = buffer_str(&terminal->panel);
    while (rest.len && terminal->drawn.count + (terminal->prompt ? 1 : 0) < most) {
        ptrdiff_t end = str_find(rest, STR("\n"));
        add_panel_line(terminal, &out, end < 0 ? rest : str_slice(rest, 0, (size_t)end));
        rest = end < 0 ? STR("") : str_slice(rest, (size_t)end + 1, rest.len);
    }
    if (terminal->prompt) add_prompt_line(terminal, &out);
    buffer_add_c(&out, "\033[J");
    put(terminal, &out);
    buffer_free(&out);
}

static void wipe(Terminal *terminal)
{
    Buffer out = {0};
    add_return(terminal, &out);
    buffer_add_c(&out, "\033[J");
    terminal->drawn.count = 0;
    put(terminal, &out);
    buffer_free(&out);
}

void terminal_print(Terminal *terminal, Str text)
{
    redraw(terminal, text);
}

void terminal_panel(Terminal *terminal, Str text)
{
    if (str_equal(text, buffer_str(&terminal->panel))) return;
    buffer_clear(&terminal->panel);
    buffer_add_str(&terminal->panel, text);
    redraw(terminal, STR(""));
}

void terminal_ask(Terminal *terminal, const char *prompt, TerminalLineFn fn, void *ctx)
{
    terminal->prompt = prompt;
    terminal->on_line = fn;
    terminal->line_ctx = ctx;
    buffer_clear(&terminal->typed);
    redraw(terminal, STR(""));
}

static void end_line(Terminal *terminal, bool wanted)
{
    Buffer line = terminal->typed;
    terminal->typed = (Buffer){0};
    terminal->prompt = NULL;
    redraw(terminal, STR(""));
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
    redraw(terminal, STR(""));
}

static void keys_ready(void *ctx, int fd, int events)
{
    Terminal *terminal = ctx;
    char bytes[256];
    if (events & LOOP_WRITE) {
        flush(terminal);
        watch(terminal);
    }
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
            terminal->events.key(terminal->events.ctx, bytes[i]);
    }
}

/* ^Z: the shell gets the terminal as it was, without our panel; then the process stops, as it was asked to.
 */
static void stopped(void *ctx, int number)
{
    Terminal *terminal = ctx;
    (void)number;
    wipe(terminal);
    flush_last(terminal);
    tcsetattr(terminal->fd, TCSANOW, &terminal->before);
    raise(SIGSTOP);
}

static void continued(void *ctx, int number)
{
    Terminal *terminal = ctx;
    (void)number;
    if (tcgetpgrp(terminal->fd) != getpgrp()) return;
    set_mode(terminal);
    redraw(terminal, STR(""));
    terminal->events.resized(terminal->events.ctx);
}

static void resized(void *ctx, int number)
{
    Terminal *terminal = ctx;
    (void)number;
    wipe(terminal);
    redraw(terminal, STR(""));
    terminal->events.resized(terminal->events.ctx);
}

static void terminal_free(Terminal *terminal)
{
    loop_poll_stop(terminal->poll);
    loop_signal_stop(terminal->on_continue);
    loop_signal_stop(terminal->on_stop);
    loop_signal_stop(terminal->on_resize);
    close(terminal->fd);
    if (terminal->characters) freelocale(terminal->characters);
    buffer_free(&terminal->panel);
    buffer_free(&terminal->unwritten);
    buffer_free(&terminal->typed);
    vec_free(&terminal->drawn);
    free(terminal);
}

Terminal *terminal_open(Loop *loop, const TerminalEvents *events)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return NULL;
    int fd = open("/proc/self/fd/0", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return NULL;
    Terminal *terminal = memory_alloc(sizeof *terminal);
    *terminal = (Terminal){.loop = loop, .fd = fd, .events = *events};
    bool ours = tcgetpgrp(fd) == getpgrp() && tcgetattr(fd, &terminal->before) == 0;
    if (ours) terminal->poll = loop_poll_start(loop, fd, LOOP_READ, keys_ready, terminal);
    if (!terminal->poll || !set_mode(terminal)) {
        terminal_free(terminal);
        return NULL;
    }
    terminal->characters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (terminal->characters) uselocale(terminal->characters);
    terminal->on_continue = loop_signal_start(loop, SIGCONT, continued, terminal);
    terminal->on_stop = loop_signal_start(loop, SIGTSTP, stopped, terminal);
    terminal->on_resize = loop_signal_start(loop, SIGWINCH, resized, terminal);
    return terminal;
}

void terminal_close(Terminal *terminal)
{
    if (!terminal) return;
    wipe(terminal);
    flush_last(terminal);
    tcsetattr(terminal->fd, TCSANOW, &terminal->before); /* not after a drain, which may never end */
    if (terminal->characters) uselocale(LC_GLOBAL_LOCALE);
    terminal_free(terminal);
}
