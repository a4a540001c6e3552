/* What people at the terminal see: marks and effects in, lines (or JSON objects) on stdout out; their keys go
 * to keys.c. Called by the world. A stdout that is gone is no reason to stop: the run goes on unseen. */
#include "vm/live/people.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm/base/time.h"
#include "vm/live/keys.h"
#include "vm/live/marks.h"

enum { WHAT_MAX = 100 }; /* bytes of a command or URL in a line */

typedef struct Seen {
    char *at;      /* the place in the plan */
    char *outcome; /* what the look there said last */
} Seen;

struct People {
    LiveWorld *live;
    Questions questions;
    Terminal *terminal;
    Keys keys;
    bool colour;
    VEC(Seen) seen;
};

static void key_pressed(void *ctx, char key)
{
    People *people = ctx;
    keys_press(&people->keys, key);
}

static void show_status(People *people)
{
    if (!people->terminal) return;
    Buffer line = {0};
    if (!questions_write(&people->questions, &line))
        buffer_add_c(&line, "a acknowledge, n note, R resolve, ? help");
    terminal_status(people->terminal, buffer_str(&line));
    buffer_free(&line);
}

People *people_open(LiveWorld *live)
{
    People *people = memory_alloc(sizeof *people);
    const char *no_colour = getenv("NO_COLOR");
    people->live = live;
    people->colour = live->output == LIVE_TERMINAL && isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
    if (live->output == LIVE_TERMINAL && live->attended)
        people->terminal = terminal_open(live->loop, key_pressed, people);
    people->keys = (Keys){.live = live,
                          .questions = &people->questions,
                          .terminal = people->terminal,
                          .opened = clock_now(&live->clock)};
    show_status(people);
    return people;
}

void people_close(People *people)
{
    if (!people) return;
    terminal_close(people->terminal);
    questions_free(&people->questions);
    for (size_t i = 0; i < people->seen.count; i++) {
        free(people->seen.items[i].at);
        free(people->seen.items[i].outcome);
    }
    vec_free(&people->seen);
    free(people);
}

void people_hangup(People *people)
{
    terminal_close(people->terminal);
    people->terminal = NULL;
}

/* ---- lines ---- */

static void print_line(People *people, Str line)
{
    if (people->terminal) {
        terminal_print(people->terminal, line);
        return;
    }
    fprintf(stdout, "%.*s\n", STR_ARG(line));
    fflush(stdout);
}

/* "03:12:04  text"; further lines of the text stand under its first. Control characters must not reach a
 * terminal. */
static void print_text(People *people, int64_t now, Tone tone, Str text)
{
    static const char *const colours[] = {"", "\033[2m", "\033[32m", "\033[31m", "\033[33m", "\033[1m"};
    Buffer line = {0};
    time_write_clock(&line, now);
    buffer_add_c(&line, "  ");
    if (people->colour) buffer_add_c(&line, colours[tone]);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '\n')
            buffer_add_c(&line, i + 1 < text.len ? "\n          " : "");
        else if (c == '\t')
            buffer_add_char(&line, ' ');
        else if (c >= ' ' && c != 127)
            buffer_add_char(&line, (char)c);
    }
    if (people->colour && colours[tone][0]) buffer_add_c(&line, "\033[0m");
    print_line(people, buffer_str(&line));
    buffer_free(&line);
}

static void print_json(People *people, int64_t now, const char *kind, Str step, Str args)
{
    Buffer line = {0};
    buffer_add_c(&line, "{\"time\":\"");
    time_write(&line, now);
    buffer_printf(&line, "\",\"kind\":\"%s\",\"step\":", kind);
    json_write_string(&line, step);
    buffer_printf(&line, ",\"args\":%.*s}", STR_ARG(args.len ? args : STR("{}")));
    Buffer shown = {0};
    secrets_show(&shown, buffer_str(&line));
    print_line(people, buffer_str(&shown));
    buffer_free(&shown);
    buffer_free(&line);
}

void people_mark(People *people, const WorldMark *mark)
{
    Error error;
    Json *args = json_parse(mark->args, &error);
    questions_mark(&people->questions, mark->kind, args);
    if (people->live->output == LIVE_JSON) {
        char *kind = memory_copy_c(mark->kind);
        print_json(people, mark->now, kind, mark->step, mark->args);
        free(kind);
    } else if (people->live->output != LIVE_QUIET) {
        Buffer text = {0};
        Tone tone = TONE_PLAIN;
        if (mark_write(&text, mark->kind, args, &tone))
            print_text(people, mark->now, tone, buffer_str(&text));
        buffer_free(&text);
        show_status(people);
    }
    json_free(args);
}

void people_say(People *people, const char *format, ...)
{
    Buffer raw = {0}, text = {0};
    va_list args;
    va_start(args, format);
    buffer_vprintf(&raw, format, args);
    va_end(args);
    secrets_show(&text, buffer_str(&raw));
    int64_t now = clock_now(&people->live->clock);
    if (people->live->output == LIVE_JSON) {
        Buffer json = {0};
        buffer_add_c(&json, "{\"text\":");
        json_write_string(&json, buffer_str(&text));
        buffer_add_char(&json, '}');
        print_json(people, now, "message", STR(""), buffer_str(&json));
        buffer_free(&json);
    } else if (people->live->output != LIVE_QUIET) {
        print_text(people, now, TONE_ASK, buffer_str(&text));
    }
    buffer_free(&raw);
    buffer_free(&text);
}

/* ---- effects ---- */

/* "GET http://…" or "kubectl get pods". False: an operation that marks tell of. */
static bool write_what(Buffer *out, const LiveEffect *effect)
{
    const Json *args = effect->args;
    Buffer text = {0};
    if (strcmp(effect->op, "http") == 0) {
        buffer_printf(&text, "%.*s %.*s", STR_ARG(json_string(args, "method", "GET")),
                      STR_ARG(json_string(args, "url", "")));
    } else if (strcmp(effect->op, "command") == 0) {
        const Json *argv = json_get(args, "argv"), *host = json_get(args, "host");
        if (!json_is_null(host)) buffer_printf(&text, "%.*s: ", STR_ARG(json_string(host, "name", "?")));
        for (const Json *word = json_first(argv); word; word = json_next(word))
            buffer_printf(&text, "%s%.*s", word == json_first(argv) ? "" : " ", STR_ARG(json_text(word)));
        if (!json_count(argv))
            buffer_printf(&text, "sh: %.*s", STR_ARG(str_trim(json_string(args, "sh", ""))));
    }
    Buffer shown = {0};
    secrets_show(&shown, buffer_str(&text));
    for (size_t i = 0; i < shown.len; i++)
        if (shown.data[i] == '\n') shown.data[i] = ' ';
    size_t len = shown.len > WHAT_MAX ? WHAT_MAX : shown.len;
    while (len < shown.len && len && ((unsigned char)shown.data[len] & 0xC0) == 0x80)
        len--;
    buffer_printf(out, "%.*s%s", (int)len, shown.data ? shown.data : "", len < shown.len ? "..." : "");
    buffer_free(&text);
    buffer_free(&shown);
    return len > 0;
}

static void write_outcome(Buffer *out, const LiveEffect *effect, const Json *result)
{
    Str error = json_string(result, "error", ""), by = json_string(result, "signal", "");
    if (json_bool(result, "unknown", false)) buffer_add_c(out, "unknown: ");
    if (json_bool(result, "timed_out", false))
        buffer_add_c(out, "timed out");
    else if (error.len)
        buffer_add_str(out, error);
    else if (by.len)
        buffer_printf(out, "ended by %.*s", STR_ARG(by));
    else if (strcmp(effect->op, "http") == 0)
        buffer_printf(out, "%" PRId64, json_int(result, "status", 0));
    else
        buffer_printf(out, "exit %" PRId64, json_int(result, "exit", 0));
}

/* A look that is made every few seconds says something only when it says something new. */
static bool is_news(People *people, const char *at, Str outcome)
{
    for (size_t i = 0; i < people->seen.count; i++) {
        Seen *seen = &people->seen.items[i];
        if (strcmp(seen->at, at) != 0) continue;
        bool news = !str_equal(outcome, str_from_c(seen->outcome));
        if (news) {
            free(seen->outcome);
            seen->outcome = memory_copy_c(outcome);
        }
        return news;
    }
    Seen first = {memory_copy_c(str_from_c(at)), memory_copy_c(outcome)};
    vec_push(&people->seen, first);
    return true;
}

void people_effect_ended(People *people, const LiveEffect *effect, Str result)
{
    bool look = effect->effect_class == EFFECT_LOOK;
    if (people->live->output == LIVE_JSON || people->live->output == LIVE_QUIET) return;
    Error error;
    Buffer line = {0}, outcome = {0};
    Json *json = json_parse(result, &error);
    buffer_add_c(&line, look ? "  saw " : effect->effect_class == EFFECT_CHANGE ? "  ran " : "  sent ");
    if (write_what(&line, effect)) {
        write_outcome(&outcome, effect, json);
        buffer_printf(&line, ": %.*s", STR_ARG(buffer_str(&outcome)));
        int64_t elapsed = json_int(json, "elapsed", 0);
        if (elapsed >= 1000) {
            buffer_add_c(&line, ", ");
            duration_write_short(&line, elapsed);
        }
        bool ok = json_bool(json, "ok", false);
        if (!look || is_news(people, effect->at, buffer_str(&line)))
            print_text(people, clock_now(&people->live->clock), ok ? TONE_DIM : TONE_BAD, buffer_str(&line));
    }
    json_free(json);
    buffer_free(&line);
    buffer_free(&outcome);
}
