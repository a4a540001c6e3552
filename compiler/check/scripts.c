/* `sh` literals: the order of their pipes, and what the shell's own parser and ShellCheck say of them.
 *
 * In: the checked program. Out: findings at the lines of the scripts. Only `planc check` asks other programs, and only when
 * there are scripts; a run at night does not wait for them. Nothing is executed: `sh -n` reads and says what it cannot
 * read. */
#include "compiler/check/check.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool asks_programs;

void check_scripts_too(bool wanted)
{
    asks_programs = wanted;
}

/* ---- another program's words ---- */

typedef struct Pipes {
    int to[2], from[2];
} Pipes;

static void close_all(const Pipes *pipes)
{
    close(pipes->to[0]);
    close(pipes->to[1]);
    close(pipes->from[0]);
    close(pipes->from[1]);
}

/* Writes the input and reads the answer by turns, so that neither side waits for the other for ever. */
static void talk(const Pipes *pipes, Str input, Buffer *said)
{
    size_t written = 0;
    int to = pipes->to[1];
    char chunk[4096];
    for (;;) {
        struct pollfd polls[2] = {{.fd = pipes->from[0], .events = POLLIN}, {.fd = to, .events = POLLOUT}};
        if (poll(polls, to >= 0 ? 2 : 1, 10000) <= 0) break;
        if (to >= 0 && polls[1].revents) {
            size_t left = input.len - written;
            ssize_t count = left ? write(to, input.data + written, left < 2048 ? left : 2048) : 0;
            if (count > 0) written += (size_t)count;
            if (count <= 0 || written == input.len) {
                close(to);
                to = -1;
            }
        }
        if (!polls[0].revents) continue;
        ssize_t count = read(pipes->from[0], chunk, sizeof chunk);
        if (count <= 0) break;
        buffer_add(said, chunk, (size_t)count);
    }
    if (to >= 0) close(to);
}

/* What the program says to the script on its standard input; false: there is no such program. */
static bool ask_program(const char *const argv[], Str input, Buffer *said)
{
    Pipes pipes;
    if (pipe(pipes.to) != 0) return false;
    if (pipe(pipes.from) != 0) {
        close(pipes.to[0]);
        close(pipes.to[1]);
        return false;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipes.to[0], 0);
    posix_spawn_file_actions_adddup2(&actions, pipes.from[1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipes.from[1], 2);
    posix_spawn_file_actions_addclose(&actions, pipes.to[1]);
    posix_spawn_file_actions_addclose(&actions, pipes.from[0]);
    pid_t child = 0;
    int failed = posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed) {
        close_all(&pipes);
        return false;
    }
    close(pipes.to[0]);
    close(pipes.from[1]);
    struct sigaction before, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &before); /* a program that ends before it has read all is no reason to end */
    talk(&pipes, input, said);
    sigaction(SIGPIPE, &before, NULL);
    close(pipes.from[0]);
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) != 127;
}

/* ---- places ---- */

/* The line of the literal that is the script's line, from 1. */
static Span line_of_script(Checker *c, const Node *node, size_t line)
{
    Str text = source_text(c->program->sources, node->span);
    size_t at = 0;
    while (at < text.len && text.data[at] != '`')
        at++;
    while (at < text.len && (text.data[at] == '`' || text.data[at] == ' ' || text.data[at] == '\t' ||
                             text.data[at] == '\r' || text.data[at] == '\n'))
        at++;
    for (; line > 1 && at < text.len; at++) {
        if (text.data[at] == '\n') line--;
    }
    while (at < text.len && (text.data[at] == ' ' || text.data[at] == '\t'))
        at++;
    size_t end = at;
    while (end < text.len && text.data[end] != '\n' && text.data[end] != '`')
        end++;
    if (end == at) return node->span;
    return (Span){node->span.file, node->span.start + (uint32_t)at, node->span.start + (uint32_t)end};
}

/* Where a line and column of the script, from 1 and in characters, stand in the literal; to the end of the word. A value stands
 * there as a whole. */
static Span place_of_script(Checker *c, const Node *node, const Command *command, size_t line, size_t column)
{
    Str script = command->script;
    size_t at = 0;
    for (; line > 1 && at < script.len; at++)
        if (script.data[at] == '\n') line--;
    for (; column > 1 && at < script.len && script.data[at] != '\n'; column--)
        for (at++; at < script.len && (script.data[at] & 0xC0) == 0x80;)
            at++;
    const Node *found = NULL;
    const int64_t *place = command->places, *of_found = NULL;
    for node_each(part, node->command.parts) {
        if (*place <= (int64_t)at) found = part, of_found = place;
        place++;
    }
    if (!found) return node->span;
    if (found->kind != NODE_TEXT || found->text.escaped) return found->span;
    Span span = found->span;
    span.start += (uint32_t)((int64_t)at - *of_found);
    if (span.start >= span.end) return found->span;
    Str rest = source_text(c->program->sources, span);
    size_t end = 0;
    while (end < rest.len && !memchr(" \t\r\n;|&", rest.data[end], 7))
        end++;
    span.end = span.start + (uint32_t)(end ? end : 1);
    return span;
}

/* The number that stands at the text's begin; *rest is what follows it and a colon. 0: there is none. */
static size_t leading_number(Str text, Str *rest)
{
    size_t number = 0, at = 0;
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9')
        number = number * 10 + (size_t)(text.data[at++] - '0');
    if (!at || at >= text.len || text.data[at] != ':') return 0;
    *rest = str_trim(str_slice(text, at + 1, text.len));
    return number;
}

static Str first_line(Str text)
{
    ptrdiff_t end = str_find(text, STR("\n"));
    return end < 0 ? text : str_slice(text, 0, (size_t)end);
}

static Str after(Str text, const char *mark)
{
    ptrdiff_t at = str_find(text, str_from_c(mark));
    return at < 0 ? (Str){"", 0} : str_slice(text, (size_t)at + str_from_c(mark).len, text.len);
}

/* ---- sh -n ---- */

/* "sh: 2: Syntax error: …" (dash) or "sh: line 2: syntax error …" (others). True: it was not read. */
static bool check_syntax(Checker *c, const Node *node, Str script)
{
    static const char *const argv[] = {"sh", "-n", NULL};
    Buffer said = {0};
    bool found = false;
    if (ask_program(argv, script, &said) && said.len) {
        Str words = after(first_line(buffer_str(&said)), "sh: ");
        if (str_starts_with(words, STR("line "))) words = str_slice(words, 5, words.len);
        Str reason = {"", 0};
        size_t line = leading_number(words, &reason);
        if (line) {
            found = true;
            report(c, P0521, line_of_script(c, node, line), "the shell cannot read this script: %.*s",
                   STR_ARG(arena_copy(c->arena, reason)));
        }
    }
    buffer_free(&said);
    return found;
}

/* ---- ShellCheck ---- */

/* "-:2:5: warning: Double quote to prevent globbing. [SC2086]" */
static void check_remark(Checker *c, const Node *node, const Command *command, Str remark)
{
    Str rest = after(remark, "-:");
    size_t line = leading_number(rest, &rest), column = line ? leading_number(rest, &rest) : 0;
    if (!column) return;
    bool style = str_starts_with(rest, STR("note:"));
    Str words = str_trim(after(rest, ":"));
    if (style || !words.len) return;
    report(c, P0522, place_of_script(c, node, command, line, column), "ShellCheck: %.*s", STR_ARG(arena_copy(c->arena, words)));
}

static void check_remarks(Checker *c, const Node *node, const Command *command)
{
    static const char *const argv[] = {"shellcheck", "-s", "sh", "-f", "gcc", "-e", "SC2154,SC2034,SC1091", "-", NULL};
    Buffer said = {0};
    if (ask_program(argv, command->script, &said)) {
        for (Str text = buffer_str(&said); text.len;) {
            Str line = first_line(text);
            check_remark(c, node, command, line);
            text = str_slice(text, line.len + (line.len < text.len), text.len);
        }
    }
    buffer_free(&said);
}

/* ---- pipes ---- */

/* What the commands table says of the part's first words; unknown where a value or a variable stands in them. */
static CommandKnown part_known(Str text)
{
    CommandWord words[8];
    CommandPart parts[8];
    Command command = {.words = words};
    size_t at = 0;
    while (at < text.len && command.word_count < 8) {
        while (at < text.len && (text.data[at] == ' ' || text.data[at] == '\t' || text.data[at] == '\n'))
            at++;
        size_t start = at;
        while (at < text.len && text.data[at] != ' ' && text.data[at] != '\t' && text.data[at] != '\n')
            at++;
        if (at == start) break;
        parts[command.word_count] = (CommandPart){.text = str_slice(text, start, at)};
        words[command.word_count] = (CommandWord){.parts = &parts[command.word_count], .part_count = 1};
        command.word_count++;
    }
    if (!command.word_count) return COMMAND_UNKNOWN;
    command.program = parts[0].text;
    return command_known(&command);
}

/* A pipe tells how its last part ended: a change that stands before it may fail unseen. */
static void check_pipes(Checker *c, const Node *node, Str script)
{
    char quote = 0;
    size_t start = 0, line = 1;
    for (size_t i = 0; i < script.len; i++) {
        char ch = script.data[i];
        char next = i + 1 < script.len ? script.data[i + 1] : 0;
        if (ch == '\n') line++;
        if (quote) {
            if (ch == quote) quote = 0;
            continue;
        }
        if (ch == '\\') {
            i++;
        } else if (ch == '\'' || ch == '"') {
            quote = ch;
        } else if ((ch == '|' && next == '|') || ch == '&' || ch == ';' || ch == '\n' || ch == '(' || ch == '{') {
            if (ch == '|') i++;
            start = i + 1;
        } else if (ch == '|') {
            if (part_known(str_slice(script, start, i)) == COMMAND_CHANGES) {
                Diag *diag = report(c, P0523, line_of_script(c, node, line),
                                    "this pipe ends as its last part does, so nobody sees when the change before it fails");
                report_help(c, diag, "run the change by itself, and look at what it said: `let r = run …`, `r.out`");
                return;
            }
            start = i + 1;
        }
    }
}

/* ---- all of them ---- */

typedef struct Scripts {
    Checker *c;
    size_t count;
} Scripts;

enum { REMARK_LIMIT = 40 };

static void check_script(Scripts *scripts, Node *node)
{
    const Effect *effect = node->kind == NODE_COMMAND ? node_effect(node) : NULL;
    if (!effect || !effect->command.is_script || !effect->command.script.len) return;
    Str script = effect->command.script;
    check_pipes(scripts->c, node, script);
    scripts->count++;
    if (!asks_programs || check_syntax(scripts->c, node, script)) return;
    if (scripts->count <= REMARK_LIMIT) check_remarks(scripts->c, node, &effect->command);
}

void check_scripts(Checker *c)
{
    Scripts scripts = {c, 0};
    if (c->diagnostics->errors) return;
    for (size_t i = 0; i < c->deeds.count; i++)
        check_script(&scripts, c->deeds.items[i]);
}
