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
#include "vm/live/clock.h"
#include "vm/live/keys.h"
#include "vm/live/state.h"
#include "vm/marks.h"

enum { WHAT_MAX = 160 }; /* bytes of an effect's line */

typedef enum Tone { TONE_PLAIN, TONE_DIM, TONE_GOOD, TONE_BAD, TONE_ASK, TONE_HEAD } Tone;

/* Colours of marks; what is not here is plain. */
static const struct {
    const char *kind;
    Tone tone;
} tones[] = {
    {"incident.opened", TONE_BAD}, {"phase.started", TONE_HEAD}, {"phase.overran", TONE_BAD},
    {"step.done", TONE_GOOD},      {"step.failed", TONE_BAD},    {"step.skipped", TONE_DIM},
    {"remedies.ended", TONE_HEAD}, {"rung.due", TONE_BAD},       {"rung.passed", TONE_DIM},
    {"page.started", TONE_BAD},    {"page.failed", TONE_BAD},    {"page.unknown", TONE_BAD},
    {"page.answered", TONE_GOOD},  {"notify.failed", TONE_BAD},  {"acknowledged", TONE_GOOD},
    {"unacknowledged", TONE_BAD},  {"ack.lapsed", TONE_BAD},     {"severity.changed", TONE_BAD},
    {"mitigated", TONE_GOOD},      {"resolved", TONE_GOOD},      {"reopened", TONE_BAD},
    {"target.missed", TONE_BAD},   {"question.asked", TONE_ASK}, {"question.answered", TONE_GOOD},
    {"attached", TONE_DIM},        {"warn", TONE_BAD},           {"undo.done", TONE_GOOD},
    {"undo.failed", TONE_BAD},     {"signal.refused", TONE_BAD}, {"run.ended", TONE_HEAD},
};

enum { REFRESH = 1000 }; /* ms between two looks at the clock while a panel shows countdowns */
enum { QUESTIONS_MOST = 3 };

typedef struct Seen {
    char *at;           /* the place in the plan */
    char *outcome;      /* what the look there said last */
    uint64_t args_hash; /* and what that line was made of, as in PeopleEffect */
    int code;
} Seen;

/* Lines of running programs that may still be shown: so many at once, and so many more with each second. */
enum { ROOM_MOST = 40, ROOM_EACH = 20 };

struct People {
    PeopleOptions options;
    char *as;
    Questions questions;
    Terminal *terminal;
    Keys keys;
    bool colour;
    LoopTimer *refresh, *heartbeat;
    VEC(Seen) seen;
    double room;
    int64_t room_at; /* ms of the boot-time clock: as of when */
};

static void key_pressed(void *ctx, char key)
{
    People *people = ctx;
    keys_press(&people->keys, key);
}

static int64_t now_of(const People *people)
{
    return people->options.now(people->options.ctx);
}

static void show_panel(People *people)
{
    if (!people->terminal) return;
    const LiveView *view = &people->options.view;
    TerminalSize size = terminal_size(people->terminal);
    Buffer text = {0}, line = {0};
    int64_t now = now_of(people);
    if (view->panel) view->panel(view->ctx, now, size.columns, size.rows, people->colour, &text);
    for (size_t i = 0; i < people->questions.open.count && i < QUESTIONS_MOST; i++)
        questions_write(&people->questions, i, now, size.columns, people->colour, &text);
    keys_write(&line, size.columns);
    buffer_printf(&text, people->colour ? "\033[2m%s\033[0m\n" : "%s\n", line.data);
    terminal_panel(people->terminal, buffer_str(&text));
    buffer_free(&line);
    buffer_free(&text);
}

static void resized(void *ctx)
{
    show_panel(ctx);
}

static void refresh(void *ctx)
{
    People *people = ctx;
    people->refresh = loop_timer_start(people->options.loop, REFRESH, refresh, people);
    show_panel(people);
}

static void heartbeat_restart(People *people);

People *people_open(const PeopleOptions *options)
{
    People *people = memory_alloc(sizeof *people);
    const char *no_colour = getenv("NO_COLOR");
    *people = (People){.options = *options, .as = memory_copy_c(options->as)};
    people->options.as = str_from_c(people->as);
    people->colour = options->output == LIVE_TERMINAL && isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
    if (options->output == LIVE_TERMINAL && options->attended)
        people->terminal = terminal_open(options->loop, &(TerminalEvents){people, key_pressed, resized});
    people->keys = (Keys){.options = &people->options,
                          .questions = &people->questions,
                          .terminal = people->terminal,
                          .opened = now_of(people)};
    if (people->terminal) people->refresh = loop_timer_start(options->loop, REFRESH, refresh, people);
    heartbeat_restart(people);
    show_panel(people);
    return people;
}

void people_close(People *people)
{
    if (!people) return;
    loop_timer_stop(people->refresh);
    loop_timer_stop(people->heartbeat);
    terminal_close(people->terminal);
    json_free(people->keys.half);
    questions_free(&people->questions);
    for (size_t i = 0; i < people->seen.count; i++) {
        free(people->seen.items[i].at);
        free(people->seen.items[i].outcome);
    }
    vec_free(&people->seen);
    free(people->as);
    free(people);
}

void people_hangup(People *people)
{
    loop_timer_stop(people->refresh);
    people->refresh = NULL;
    terminal_close(people->terminal);
    people->terminal = NULL;
}

bool people_are_asked(const People *people)
{
    return people->questions.open.count > 0;
}

/* ---- lines ---- */

static void print_line(People *people, Str line)
{
    heartbeat_restart(people);
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
        else if (text_control(str_slice(text, i, text.len)))
            i += text_control(str_slice(text, i, text.len)) - 1;
        else
            buffer_add_char(&line, (char)c);
    }
    if (people->colour && colours[tone][0]) buffer_add_c(&line, "\033[0m");
    print_line(people, buffer_str(&line));
    buffer_free(&line);
}

static void print_json(People *people, int64_t now, const char *kind, Str step, Str args)
{
    Buffer line = {0};
    buffer_add_c(&line, "{\"version\":1,\"time\":\"");
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

/* ---- heartbeat ---- */

/* A log that says nothing for minutes does not tell a run that waits from one that hangs. */
static void beat(void *ctx)
{
    People *people = ctx;
    Buffer text = {0};
    people->heartbeat = NULL;
    buffer_add_c(&text, "still running, nothing new for ");
    duration_write_short(&text, people->options.heartbeat);
    if (people->questions.open.count) {
        buffer_add_c(&text, "; open: ");
        secrets_show(&text, json_string(people->questions.open.items[0].args, "text", ""));
    }
    if (people->options.output == LIVE_JSON)
        print_json(people, now_of(people), "heartbeat", STR(""), STR("{}"));
    else
        print_text(people, now_of(people), TONE_DIM, buffer_str(&text));
    buffer_free(&text);
}

static void heartbeat_restart(People *people)
{
    LiveOutput output = people->options.output;
    if (!people->options.heartbeat || (output != LIVE_PLAIN && output != LIVE_JSON)) return;
    loop_timer_stop(people->heartbeat);
    people->heartbeat = loop_timer_start(people->options.loop, people->options.heartbeat, beat, people);
}

static Tone tone_of(Str kind)
{
    for (size_t i = 0; i < sizeof tones / sizeof tones[0]; i++)
        if (str_equal_c(kind, tones[i].kind)) return tones[i].tone;
    return TONE_PLAIN;
}

const Json *people_question(const People *people, const Json *signal)
{
    int64_t id = json_int(signal, "id", 0);
    Str what = json_string(signal, "what", "");
    for (size_t i = 0; (id || what.len) && i < people->questions.open.count; i++) {
        const Question *question = &people->questions.open.items[i];
        bool meant = id ? question->id == id : str_equal(json_string(question->args, "what", ""), what);
        if (meant) return question->args;
    }
    const Question *oldest = id || what.len ? NULL : questions_find(&people->questions, "ask secret unknown");
    return oldest ? oldest->args : NULL;
}

void people_mark(People *people, const WorldMark *mark)
{
    Error error;
    Json *args = json_parse(mark->args, &error);
    questions_mark(&people->questions, mark->kind, args);
    LiveOutput output = people->options.output;
    if (output == LIVE_JSON && !mark->again) {
        char *kind = memory_copy_c(mark->kind);
        print_json(people, mark->now, kind, mark->step, mark->args);
        free(kind);
    } else if (output != LIVE_QUIET && !mark->again) {
        Buffer text = {0}, shown = {0};
        if (mark_write(&text, mark->kind, args)) {
            secrets_show(&shown, buffer_str(&text));
            print_text(people, mark->now, tone_of(mark->kind), buffer_str(&shown));
        }
        buffer_free(&text);
        buffer_free(&shown);
    }
    show_panel(people);
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
    int64_t now = now_of(people);
    if (people->options.output == LIVE_JSON) {
        Buffer json = {0};
        buffer_add_c(&json, "{\"text\":");
        json_write_string(&json, buffer_str(&text));
        buffer_add_char(&json, '}');
        print_json(people, now, "message", STR(""), buffer_str(&json));
        buffer_free(&json);
    } else if (people->options.output != LIVE_QUIET) {
        print_text(people, now, TONE_ASK, buffer_str(&text));
    }
    buffer_free(&raw);
    buffer_free(&text);
}

void people_ring(People *people)
{
    bool heard = people->options.output == LIVE_TERMINAL && isatty(STDOUT_FILENO);
    if (heard && write(STDOUT_FILENO, "\a", 1) < 0) return; /* a terminal that is gone hears nothing */
}

/* ---- what programs print ---- */

bool people_have_room(People *people)
{
    int64_t now = clock_boot();
    double more = (double)(now - people->room_at) * ROOM_EACH / 1000;
    people->room_at = now;
    people->room = people->room + more < ROOM_MOST ? people->room + more : ROOM_MOST;
    if (people->room < 1) return false;
    people->room -= 1;
    return true;
}

static void print_output(People *people, const PeopleLine *line, Str text)
{
    Buffer whole = {0};
    buffer_printf(&whole, "  %.*s%s%.*s | ", STR_ARG(line->step), line->host.len ? " on " : "",
                  STR_ARG(line->host));
    buffer_add_str(&whole, text);
    print_text(people, now_of(people), TONE_DIM, buffer_str(&whole));
    buffer_free(&whole);
}

static void line_as_json(People *people, const PeopleLine *line)
{
    Buffer args = {0};
    buffer_printf(&args, "{\"effect\":%" PRIu64 ",\"stream\":\"%s\",\"text\":", line->effect, line->stream);
    json_write_string(&args, line->text);
    if (line->skipped) buffer_printf(&args, ",\"skipped\":%" PRIu64, line->skipped);
    buffer_add_char(&args, '}');
    print_json(people, now_of(people), "output", line->step, buffer_str(&args));
    buffer_free(&args);
}

void people_line(People *people, const PeopleLine *line)
{
    if (people->options.output == LIVE_QUIET) return;
    if (people->options.output == LIVE_JSON) {
        line_as_json(people, line);
        return;
    }
    if (line->skipped) {
        Buffer notice = {0};
        buffer_printf(&notice, "[%" PRIu64 " lines are not shown]", line->skipped);
        print_output(people, line, buffer_str(&notice));
        buffer_free(&notice);
    }
    print_output(people, line, line->text);
}

/* ---- effects ---- */

static Seen *find_seen(People *people, const char *at)
{
    for (size_t i = 0; i < people->seen.count; i++)
        if (strcmp(people->seen.items[i].at, at) == 0) return &people->seen.items[i];
    return NULL;
}

/* A look that is made every few seconds says something only when it says something new. */
static bool is_news(People *people, const PeopleEffect *effect, Str outcome)
{
    Seen *seen = find_seen(people, effect->at);
    bool news = !seen || !str_equal(outcome, str_from_c(seen->outcome));
    if (!seen) {
        vec_push(&people->seen, (Seen){.at = memory_copy_c(str_from_c(effect->at))});
        seen = &people->seen.items[people->seen.count - 1];
    }
    if (news) {
        free(seen->outcome);
        seen->outcome = memory_copy_c(outcome);
    }
    seen->args_hash = effect->args_hash;
    seen->code = effect->code;
    return news;
}

/* The same without making the line, where it can be no other. */
static bool is_old(People *people, const PeopleEffect *effect)
{
    const Seen *seen = effect->code < 0 ? NULL : find_seen(people, effect->at);
    return seen && seen->code == effect->code && seen->args_hash == effect->args_hash;
}

/* What it did and what came of it, secrets as handles for people, cut to a line. */
static void write_effect(Buffer *out, const PeopleEffect *effect, const Json *result)
{
    Buffer raw = {0}, shown = {0};
    effect_write(&raw, str_from_c(effect->op), effect->args);
    buffer_add_c(&raw, ": ");
    effect_result_write(&raw, str_from_c(effect->op), result);
    secrets_show(&shown, buffer_str(&raw));
    size_t len = shown.len > WHAT_MAX ? WHAT_MAX : shown.len;
    while (len < shown.len && len && ((unsigned char)shown.data[len] & 0xC0) == 0x80)
        len--;
    buffer_printf(out, "%.*s%s", (int)len, shown.data, len < shown.len ? "..." : "");
    buffer_free(&raw);
    buffer_free(&shown);
}

void people_effect_ended(People *people, const PeopleEffect *effect)
{
    LiveOutput output = people->options.output;
    /* Messages and calls of effect functions are told of by marks. */
    bool told = strcmp(effect->op, "http") != 0 && strcmp(effect->op, "command") != 0;
    if (told || output == LIVE_JSON || output == LIVE_QUIET) return;
    if (effect->effect_class == EFFECT_LOOK && is_old(people, effect)) return;
    Error error;
    Buffer line = {0};
    Json *json = json_parse(effect->result, &error);
    buffer_add_c(&line, "  ");
    write_effect(&line, effect, json);
    int64_t elapsed = json_int(json, "elapsed", 0);
    if (effect->effect_class != EFFECT_LOOK || is_news(people, effect, buffer_str(&line))) {
        if (elapsed >= 1000) {
            buffer_add_c(&line, ", ");
            duration_write_short(&line, elapsed);
        }
        Tone tone = effect_result_is_good(json) ? TONE_DIM : TONE_BAD;
        print_text(people, effect->now, tone, buffer_str(&line));
    }
    json_free(json);
    buffer_free(&line);
}
