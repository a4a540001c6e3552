/* The world's answers in a run, as lines of a drill: one for each command, request and channel, with its answers in the order
 * in which they came. See retell.h. */
#include "vm/drill/retell.h"

#include "vm/base/time.h"
#include "vm/drill/script.h"
#include "vm/drill/world_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The same answer so many times in a row. */
typedef struct Said {
    Buffer text;
    size_t times;
} Said;

/* Everything of one kind: "command `kubectl get pods`". */
typedef struct Line {
    Buffer head;
    VEC(Said) said;
    bool change, is_pattern; /* is_pattern: it has a `*`, so it stands behind those that have none */
} Line;

typedef struct Retold {
    Record *record;
    const Retelling *telling;
    VEC(Line) lines;
} Retold;

/* ---- heads ---- */

static void command_head(const Json *args, Str subject, Buffer *out)
{
    Str host = json_string(json_get(args, "host"), "name", "");
    if (host.len) buffer_printf(out, "on %.*s ", STR_ARG(host));
    buffer_add_c(out, "command `");
    line_text(out, subject);
    buffer_add_char(out, '`');
}

/* What is delivered goes through a channel, or by a way of its contact's that no channel serves. */
static void deliver_head(const Json *args, Buffer *out)
{
    Str channel = json_string(args, "channel", "");
    if (channel.len)
        buffer_printf(out, "channel %.*s", STR_ARG(channel));
    else
        buffer_printf(out, "%.*s of %.*s", STR_ARG(json_string(args, "way", "")),
                      STR_ARG(json_string(args, "contact", "")));
}

/* `strlen(s: "abc")`. */
static void native_head(const Json *args, Buffer *out)
{
    const char *before = "";
    buffer_printf(out, "%.*s(", STR_ARG(json_string(args, "fn", "")));
    for (const Json *one = json_first(json_get(args, "args")); one; one = json_next(one)) {
        buffer_printf(out, "%s%s: ", before, json_key(one));
        retell_value(out, one);
        before = ", ";
    }
    buffer_add_c(out, *before ? ")" : "*)");
}

/* False: a drill answers such an effect by itself. */
static bool write_head(Row *row, Buffer *out)
{
    const Json *args = row_json(row);
    Buffer subject = {0};
    bool known = true;
    effect_subject(row->log.name, args, &subject);
    if (str_equal_c(row->log.name, "command")) {
        command_head(args, buffer_str(&subject), out);
    } else if (str_equal_c(row->log.name, "http")) {
        buffer_printf(out, "http %.*s \"", STR_ARG(json_string(args, "method", "GET")));
        line_text(out, buffer_str(&subject));
        buffer_add_char(out, '"');
    } else if (str_equal_c(row->log.name, "deliver")) {
        deliver_head(args, out);
    } else if (str_equal_c(row->log.name, "native")) {
        native_head(args, out);
    } else {
        known = false;
    }
    buffer_free(&subject);
    return known;
}

/* ---- answers ---- */

static void add_delay(Buffer *out, int64_t delay)
{
    if (delay <= 0) return;
    buffer_add_c(out, " delayed ");
    duration_write(out, delay);
}

static void add_with(Buffer *out, Str text)
{
    if (!text.len) return;
    buffer_add_c(out, " with ");
    retell_string(out, text);
}

/* What is told of every kind of effect; false: it was answered. */
static bool write_failure(const Json *result, Buffer *out)
{
    if (json_bool(result, "timed_out", false)) {
        buffer_add_c(out, "hangs");
    } else if (json_bool(result, "unknown", false)) {
        buffer_add_c(out, "is unknown");
    } else {
        return false;
    }
    return true;
}

static bool has_name(const Json *list, Str name)
{
    for (const Json *one = json_first(list); one; one = json_next(one)) {
        if (str_equal(json_string(one, "name", ""), name)) return true;
    }
    return false;
}

/* A policy held it back. Whom the plan does not know stays unnamed. */
static void approval_answer(const Json *metadata, const Json *result, Buffer *out)
{
    const char *before = " from ";
    buffer_add_c(out, "needs approval");
    for (const Json *one = json_first(json_get(result, "held_by")); one; one = json_next(one)) {
        Str name = json_text(one);
        if (!has_name(json_get(metadata, "contacts"), name) && !has_name(json_get(metadata, "roles"), name)) continue;
        buffer_printf(out, "%s%.*s", before, STR_ARG(name));
        before = " or ";
    }
    add_with(out, json_string(result, "error", ""));
}

/* Headers that every answer has, as the connection was and not as the service answered. */
static bool is_usual_header(const char *name)
{
    static const char *const usual[] = {"accept-ranges", "connection", "content-length", "content-type", "date", "etag",
                                        "keep-alive",    "last-modified", "server",      "transfer-encoding", "vary"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        if (strcmp(name, usual[i]) == 0) return true;
    }
    return false;
}

/* The headers of an answer, the usual ones only where the program names them. */
static void add_headers(const Retelling *telling, const Json *headers, Buffer *out)
{
    const char *before = " with headers {";
    for (const Json *one = json_first(headers); one; one = json_next(one)) {
        if (is_usual_header(json_key(one)) && str_find(telling->program, str_from_c(json_key(one))) < 0) continue;
        buffer_add_c(out, before);
        retell_string(out, str_from_c(json_key(one)));
        buffer_add_c(out, ": ");
        retell_string(out, json_text(one));
        before = ", ";
    }
    if (*before == ',') buffer_add_char(out, '}');
}

static void http_answer(const Retelling *telling, const Json *result, Buffer *out)
{
    Str error = json_string(result, "error", "");
    if (write_failure(result, out)) return;
    if (error.len) {
        buffer_add_c(out, "fails");
        add_with(out, error);
        return;
    }
    buffer_printf(out, "gives %" PRId64, json_int(result, "status", 200));
    add_with(out, json_string(result, "body", ""));
    add_headers(telling, json_get(result, "headers"), out);
}

/* What comes back, with what comes out beside it. */
static void native_answer(const Json *result, Buffer *out)
{
    const Json *outs = json_get(result, "out");
    if (write_failure(result, out)) return;
    if (!json_bool(result, "ok", false)) {
        buffer_add_c(out, "fails");
        add_with(out, json_string(result, "error", ""));
        return;
    }
    buffer_add_c(out, json_first(outs) ? "gives json {value: " : "gives json ");
    retell_value(out, json_get(result, "value"));
    for (const Json *one = json_first(outs); one; one = json_next(one)) {
        buffer_printf(out, ", %s: ", json_key(one));
        retell_value(out, one);
    }
    if (json_first(outs)) buffer_add_char(out, '}');
}

static void command_answer(const Json *result, Buffer *out)
{
    int64_t exit = json_int(result, "exit", 0);
    Str said = json_string(result, "out", ""), err = json_string(result, "err", "");
    if (write_failure(result, out)) return;
    if (!err.len) err = json_string(result, "error", "");
    if (!exit && !json_bool(result, "ok", true)) exit = 1;
    if (exit) buffer_printf(out, "exits %" PRId64, exit);
    if (!exit || said.len) {
        buffer_add_c(out, exit ? " gives " : "gives ");
        retell_string(out, said);
    }
    add_with(out, err);
}

/* A provider is a body of its own: what came of it is told by the mark behind. */
static Row *end_of_delivery(Record *record, size_t from, const Json *args)
{
    bool page = str_equal_c(json_string(args, "kind", ""), "page");
    for (size_t i = from; i < record->rows.count; i++) {
        Row *row = &record->rows.items[i];
        bool sent = row_is_mark(row, page ? "page.sent" : "notify.sent");
        if (!sent && !row_is_mark(row, page ? "page.failed" : "notify.failed")) continue;
        if (page && !str_equal(json_string(row_json(row), "contact", ""), json_string(args, "contact", ""))) continue;
        return row;
    }
    return NULL;
}

/* An alert is told of what became of the incident; the next of its channel follows, or the mark for all of them. */
static Row *end_of_settling(Record *record, size_t from, const Json *args)
{
    for (size_t i = from + 1; i < record->rows.count; i++) {
        Row *row = &record->rows.items[i];
        bool mark = row_is_mark(row, "alert.settled") || row_is_mark(row, "alert.left");
        bool next = row->log.kind == LOG_INTENT && str_equal_c(row->log.name, "deliver") &&
                    str_equal(json_string(row_json(row), "kind", ""), json_string(args, "kind", ""));
        if (!mark && !next) continue;
        if (str_equal(json_string(row_json(row), "channel", ""), json_string(args, "channel", ""))) return row;
    }
    return NULL;
}

static int64_t deliver_answer(Record *record, size_t at, const Json *args, const Json *result, Buffer *out)
{
    static const char *const failures[] = {"page.failed", "notify.failed", "alert.left"};
    Row *intent = &record->rows.items[at], *end = NULL;
    Str kind = json_string(args, "kind", "");
    if (json_bool(result, "body", false)) {
        bool settles = !str_equal_c(kind, "page") && !str_equal_c(kind, "notify");
        end = settles ? end_of_settling(record, at, args) : end_of_delivery(record, at, args);
    }
    bool failed = !end && !json_bool(result, "ok", true);
    for (size_t i = 0; end && i < sizeof failures / sizeof failures[0]; i++)
        failed = failed || row_is_mark(end, failures[i]);
    buffer_add_c(out, failed ? "fails" : "gives \"\"");
    if (failed) add_with(out, json_string(end ? row_json(end) : result, "error", ""));
    return end ? end->log.now - intent->log.now : -1;
}

static Row *result_of(Record *record, size_t intent)
{
    uint64_t effect = record->rows.items[intent].log.effect;
    for (size_t i = intent + 1; i < record->rows.count; i++) {
        Row *row = &record->rows.items[i];
        if (row->log.kind == LOG_RESULT && row->log.effect == effect) return row;
    }
    return NULL;
}

/* When the effect was begun for the last time: a look that was under way when the process died is begun again by the next
 * one. */
static int64_t begun_at(Record *record, size_t intent, const Row *result, bool *again)
{
    const LogRow *log = &record->rows.items[intent].log;
    int64_t begun = log->now;
    bool survives = log->effect_class == EFFECT_CHANGE && !str_equal_c(log->name, "http");
    *again = false;
    for (const Row *row = &record->rows.items[intent]; result && !survives && row < result; row++) {
        if (row->log.kind != LOG_LEASE) continue;
        *again = true;
        begun = retell_back_at(record, (size_t)(row - record->rows.items));
    }
    return begun;
}

static void write_answer(const Retold *retold, size_t at, Buffer *out)
{
    Record *record = retold->record;
    Row *intent = &record->rows.items[at], *result = result_of(record, at);
    if (!result) {
        /* Cancelled, or still under way when the run was left. */
        buffer_add_c(out, "hangs");
        return;
    }
    const Json *json = row_json(result);
    int64_t delay = -1;
    if (json_string(json, "held", "").len)
        approval_answer(retold->telling->metadata, json, out);
    else if (str_equal_c(intent->log.name, "http"))
        http_answer(retold->telling, json, out);
    else if (str_equal_c(intent->log.name, "command"))
        command_answer(json, out);
    else if (str_equal_c(intent->log.name, "native"))
        native_answer(json, out);
    else
        delay = deliver_answer(record, at, row_json(intent), json, out);
    bool hangs = json_bool(json, "timed_out", false);
    bool again;
    int64_t begun = begun_at(record, at, result, &again);
    if (!hangs) add_delay(out, delay >= 0 ? delay : result->log.now - begun);
}

/* ---- lines ---- */

static Line *line_of(Retold *retold, Str head)
{
    for (size_t i = 0; i < retold->lines.count; i++) {
        if (str_equal(buffer_str(&retold->lines.items[i].head), head)) return &retold->lines.items[i];
    }
    Line line = {.is_pattern = str_find(head, STR("*")) >= 0};
    buffer_add_str(&line.head, head);
    vec_push(&retold->lines, line);
    return &retold->lines.items[retold->lines.count - 1];
}

static void add_answer(Line *line, Buffer *text)
{
    Said *last = line->said.count ? &line->said.items[line->said.count - 1] : NULL;
    if (last && str_equal(buffer_str(&last->text), buffer_str(text))) {
        last->times++;
        buffer_free(text);
        return;
    }
    vec_push(&line->said, (Said){*text, 1});
}

/* What was begun before the process died had no answer. */
static void add_hanging(Line *line)
{
    Buffer hangs = {0};
    buffer_add_c(&hangs, "hangs");
    add_answer(line, &hangs);
}

static void collect(Retold *retold)
{
    for (size_t i = 0; i < retold->record->rows.count; i++) {
        Row *row = &retold->record->rows.items[i];
        Buffer head = {0}, answer = {0};
        if (row->log.kind == LOG_INTENT && write_head(row, &head)) {
            Line *line = line_of(retold, buffer_str(&head));
            line->change = line->change || row->log.effect_class == EFFECT_CHANGE;
            bool again;
            begun_at(retold->record, i, result_of(retold->record, i), &again);
            if (again) add_hanging(line);
            write_answer(retold, i, &answer);
            add_answer(line, &answer);
        }
        buffer_free(&head);
    }
}

static void retold_free(Retold *retold)
{
    for (size_t i = 0; i < retold->lines.count; i++) {
        Line *line = &retold->lines.items[i];
        for (size_t k = 0; k < line->said.count; k++)
            buffer_free(&line->said.items[k].text);
        vec_free(&line->said);
        buffer_free(&line->head);
    }
    vec_free(&retold->lines);
}

static void write_line(const Line *line, Buffer *out)
{
    buffer_printf(out, "  %s", line->head.data);
    for (size_t i = 0; i < line->said.count; i++) {
        const Said *said = &line->said.items[i];
        buffer_printf(out, "%s %s", i ? ", then" : "", said->text.data);
        if (i + 1 < line->said.count) buffer_printf(out, " %zu times", said->times);
    }
    buffer_add_char(out, '\n');
}

void retell_answers(const Retelling *telling, Buffer *out)
{
    Retold retold = {.record = telling->record, .telling = telling};
    collect(&retold);
    for (int patterns = 0; patterns < 2; patterns++) {
        for (size_t i = 0; i < retold.lines.count; i++) {
            if (retold.lines.items[i].is_pattern == (patterns == 1)) write_line(&retold.lines.items[i], out);
        }
    }
    retold_free(&retold);
}

/* ---- what was changed ---- */

/* "ran `systemctl restart shop`", or "ran POST "…""; false: nothing that an expectation can count. */
static bool write_ran(Row *row, Buffer *out)
{
    Buffer head = {0};
    bool counted = row->log.kind == LOG_INTENT && row->log.effect_class == EFFECT_CHANGE &&
                   !str_starts_with(row->log.at, STR("std/")) && !str_equal_c(row->log.name, "deliver") &&
                   !str_equal_c(row->log.name, "native") &&
                   write_head(row, &head);
    if (counted) {
        Str text = buffer_str(&head);
        ptrdiff_t command = str_find(text, STR("command "));
        bool http = str_starts_with(text, STR("http "));
        /* `on host` stays before the command. */
        if (http) text = str_slice(text, 5, text.len);
        if (!http && command >= 0) {
            buffer_add_str(out, str_slice(text, 0, (size_t)command));
            text = str_slice(text, (size_t)command + 8, text.len);
        }
        buffer_add_str(out, text);
    }
    buffer_free(&head);
    return counted;
}

void retell_changes(Record *record, Buffer *out)
{
    Retold counts = {.record = record};
    for (size_t i = 0; i < record->rows.count; i++) {
        Buffer ran = {0}, once = {0};
        if (write_ran(&record->rows.items[i], &ran)) {
            buffer_add_c(&once, "once");
            add_answer(line_of(&counts, buffer_str(&ran)), &once);
        }
        buffer_free(&ran);
    }
    for (size_t i = 0; i < counts.lines.count; i++) {
        const Line *line = &counts.lines.items[i];
        buffer_printf(out, "  expect ran %s %zu times\n", line->head.data, line->said.items[0].times);
    }
    retold_free(&counts);
}
