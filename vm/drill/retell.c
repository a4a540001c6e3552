/* The drill around the answers of a run: its start, its settings, what people did, what is expected. See retell.h. */
#include "vm/drill/retell.h"

#include "vm/base/map.h"
#include "vm/base/time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void retell_string(Buffer *out, Str text)
{
    buffer_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        switch (c) {
        case '"':
        case '\\':
        case '$':
            buffer_add_char(out, '\\');
            buffer_add_char(out, c);
            break;
        case '\n': buffer_add_c(out, "\\n"); break;
        case '\t': buffer_add_c(out, "\\t"); break;
        default:
            if ((unsigned char)c < ' ')
                buffer_printf(out, "\\u{%x}", (unsigned)(unsigned char)c);
            else
                buffer_add_char(out, c);
        }
    }
    buffer_add_char(out, '"');
}

void retell_value(Buffer *out, const Json *value)
{
    JsonKind kind = json_kind(value);
    const char *before = "";
    if (kind == JSON_STRING) {
        retell_string(out, json_text(value));
    } else if (kind == JSON_OBJECT || kind == JSON_LIST) {
        buffer_add_char(out, kind == JSON_LIST ? '[' : '{');
        for (const Json *one = json_first(value); one; one = json_next(one)) {
            buffer_add_c(out, before);
            if (kind == JSON_OBJECT) retell_string(out, str_from_c(json_key(one)));
            if (kind == JSON_OBJECT) buffer_add_c(out, ": ");
            retell_value(out, one);
            before = ", ";
        }
        buffer_add_char(out, kind == JSON_LIST ? ']' : '}');
    } else if (kind == JSON_NULL) {
        buffer_add_c(out, "none");
    } else {
        json_write(out, value);
    }
}

int64_t retell_back_at(const Record *record, size_t lease)
{
    for (size_t i = lease + 1; i < record->rows.count; i++) {
        const LogRow *row = &record->rows.items[i].log;
        if (log_kind_direction(row->kind) == LOG_INPUT) return row->now;
        if (row->kind == LOG_LEASE) break;
    }
    return record->rows.items[lease].log.now;
}

/* ---- settings ---- */

static const Json *param_of(const Json *metadata, const char *name)
{
    for (const Json *param = json_first(json_get(metadata, "params")); param; param = json_next(param)) {
        if (str_equal_c(json_string(param, "name", ""), name)) return param;
    }
    return NULL;
}

static void write_value(Buffer *out, const Json *value, Str type)
{
    if (str_equal_c(type, "duration"))
        duration_write(out, json_as_int(value));
    else
        retell_value(out, value);
}

/* `of outage(shard: 3)`: what is no setting of the file is a parameter of the plan. */
static void write_heading(const Retelling *telling, Str plan, Str title)
{
    const Json *params = json_get(telling->start, "params");
    const char *before = "(";
    buffer_add_c(telling->out, "drill ");
    retell_string(telling->out, title);
    buffer_printf(telling->out, " of %.*s", STR_ARG(plan));
    for (const Json *value = json_first(params); value; value = json_next(value)) {
        if (param_of(telling->metadata, json_key(value))) continue;
        buffer_printf(telling->out, "%s%s: ", before, json_key(value));
        write_value(telling->out, value, (Str){0});
        before = ", ";
    }
    buffer_add_c(telling->out, *before == ',' ? ") {\n" : " {\n");
}

static void write_with(const Retelling *telling)
{
    const char *before = "  with ";
    for (const Json *value = json_first(json_get(telling->start, "params")); value; value = json_next(value)) {
        const Json *param = param_of(telling->metadata, json_key(value));
        if (!param) continue;
        buffer_printf(telling->out, "%s%s = ", before, json_key(value));
        write_value(telling->out, value, json_string(param, "type", ""));
        before = ", ";
    }
    Str severity = json_string(telling->start, "severity", "");
    if (severity.len) buffer_printf(telling->out, "%sseverity %.*s", before, STR_ARG(severity));
    if (severity.len) before = ", ";
    bool attended = json_bool(telling->start, "attended", true);
    if (!attended) buffer_printf(telling->out, "%sattended = false", before);
    if (!attended || *before == ',') buffer_add_char(telling->out, '\n');
}

static void add_since(const Retelling *telling, int64_t now)
{
    duration_write(telling->out, now - telling->record->start);
}

/* Minutes are as fine as a drill's start can be said. */
static void write_times(const Retelling *telling)
{
    Record *record = telling->record;
    bool ended = record->rows.count && record->rows.items[record->rows.count - 1].log.kind == LOG_END;
    buffer_add_c(telling->out, "  start at ");
    time_write_minute(telling->out, record->start);
    buffer_add_c(telling->out, " in \"UTC\"\n");
    if (ended) return;
    buffer_add_c(telling->out, "  until ");
    add_since(telling, record->end);
    buffer_add_char(telling->out, '\n');
}

/* ---- what people did ---- */

/* How a signal is written: its word, and the member that stands behind it as a string. */
static const struct SignalWords {
    const char *kind, *words, *member;
} signal_words[] = {
    {"ack", "ack", NULL},           {"unack", "unack", NULL},          {"resolve", "resolve", "because"},
    {"reopen", "reopen", "because"}, {"mitigated", "mitigated", "because"}, {"note", "note", "text"},
    {"pause", "pause", NULL},       {"continue", "continue", NULL},    {"cancel", "cancel", NULL},
    {"escalate", "escalate", NULL}, {"approve", "approve", "what"},    {"refuse", "refuse", "what"},
    {"done", "done", "what"},       {"retry", "retry", NULL},          {"skip", "skip", "what"},
    {"alert", "alert", "name"},     {"met", "met", "what"},            {"goto", "go to", "phase"},
    {"takeover", "take over", NULL},
};

/* The question that a signal answers by its number is named in a drill. */
static Str question_what(const Retelling *telling, const Json *signal)
{
    int64_t id = json_int(signal, "id", 0);
    Str what = json_string(signal, "what", json_string(signal, "step", "").data);
    for (size_t i = 0; id && i < telling->record->rows.count; i++) {
        Row *row = &telling->record->rows.items[i];
        if (row_is_mark(row, "question.asked") && json_int(row_json(row), "id", 0) == id)
            return json_string(row_json(row), "what", "");
    }
    return what;
}

static bool is_contact(const Retelling *telling, Str name)
{
    for (const Json *one = json_first(json_get(telling->metadata, "contacts")); one; one = json_next(one)) {
        if (str_equal(json_string(one, "name", ""), name)) return true;
    }
    return false;
}

static void write_member(const Retelling *telling, const Json *signal, const char *member)
{
    if (!member) return;
    Str text = strcmp(member, "what") == 0 ? question_what(telling, signal) : json_string(signal, member, "");
    if (!text.len) return;
    buffer_add_char(telling->out, ' ');
    retell_string(telling->out, text);
}

/* The signals whose words have a form of their own. */
static bool write_special(const Retelling *telling, const Json *signal, Str kind)
{
    Buffer *out = telling->out;
    if (str_equal_c(kind, "severity")) {
        buffer_printf(out, "severity %.*s", STR_ARG(json_string(signal, "to", "")));
    } else if (str_equal_c(kind, "set")) {
        buffer_printf(out, "set %.*s ", STR_ARG(json_string(signal, "name", "")));
        retell_string(out, json_string(signal, "value", ""));
    } else if (str_equal_c(kind, "assign")) {
        buffer_printf(out, "assign %.*s to %.*s", STR_ARG(json_string(signal, "role", "")),
                      STR_ARG(json_string(signal, "to", "")));
    } else if (str_equal_c(kind, "handover")) {
        buffer_printf(out, "hand over to %.*s", STR_ARG(json_string(signal, "to", "")));
    } else if (str_equal_c(kind, "follow")) {
        buffer_printf(out, "follow %.*s", STR_ARG(json_string(signal, "plan", "")));
    } else if (str_equal_c(kind, "clock")) {
        buffer_add_c(out, "clock jumps ");
        duration_write(out, json_int(signal, "jump", 0));
    } else if (str_equal_c(kind, "answer")) {
        buffer_add_c(out, "answer ");
        retell_string(out, question_what(telling, signal));
        buffer_add_c(out, " with ");
        write_value(out, json_get(signal, "value"), (Str){0});
    } else {
        return false;
    }
    return true;
}

static const struct SignalWords *words_of(Str kind)
{
    for (size_t i = 0; i < sizeof signal_words / sizeof *signal_words; i++) {
        if (str_equal_c(kind, signal_words[i].kind)) return &signal_words[i];
    }
    return NULL;
}

static void write_signal(const Retelling *telling, Row *row)
{
    const Json *signal = row_json(row);
    Str kind = json_string(signal, "kind", ""), by = json_string(signal, "by", "");
    Str because = json_string(signal, "because", "");
    const struct SignalWords *words = words_of(kind);
    size_t before = telling->out->len;
    buffer_add_c(telling->out, "  at ");
    add_since(telling, row->log.now);
    buffer_add_char(telling->out, ' ');
    if (words) {
        buffer_add_c(telling->out, words->words);
        write_member(telling, signal, words->member);
    } else if (!write_special(telling, signal, kind)) {
        telling->out->len = before;
        buffer_printf(telling->out, "  # a drill has no word for the signal `%.*s` of %.*s\n", STR_ARG(kind), STR_ARG(by));
        return;
    }
    if (is_contact(telling, by)) buffer_printf(telling->out, " by %.*s", STR_ARG(by));
    if (because.len && !(words && words->member && strcmp(words->member, "because") == 0)) {
        buffer_add_c(telling->out, " because ");
        retell_string(telling->out, because);
    }
    buffer_add_char(telling->out, '\n');
}

/* The process was away between this row and the one before. What it found when it came back it was told at once. */
static void write_kill(const Retelling *telling, size_t at)
{
    /* What was written at that moment had happened. */
    int64_t left = telling->record->rows.items[at - 1].log.now + 1;
    int64_t away = retell_back_at(telling->record, at) - left;
    if (away <= 0) return;
    buffer_add_c(telling->out, "  at ");
    add_since(telling, left);
    buffer_add_c(telling->out, " kill for ");
    duration_write(telling->out, away);
    buffer_add_char(telling->out, '\n');
}

/* A signal that the run refused changed nothing, and may name what is not there. */
static bool is_refused(const Retelling *telling, size_t at)
{
    const Json *signal = row_json(&telling->record->rows.items[at]);
    for (size_t i = at + 1; i < telling->record->rows.count; i++) {
        Row *row = &telling->record->rows.items[i];
        if (row->log.kind == LOG_SIGNAL || row->log.now > telling->record->rows.items[at].log.now) return false;
        if (!row_is_mark(row, "signal.refused")) continue;
        if (str_equal(json_string(row_json(row), "kind", ""), json_string(signal, "kind", ""))) return true;
    }
    return false;
}

static void write_refused(const Retelling *telling, Row *row)
{
    const Json *signal = row_json(row);
    Str by = json_string(signal, "by", "");
    buffer_add_c(telling->out, "  # refused at ");
    add_since(telling, row->log.now);
    buffer_printf(telling->out, ": `%.*s` of %.*s\n", STR_ARG(json_string(signal, "kind", "")), STR_ARG(by));
}

static void write_events(const Retelling *telling)
{
    for (size_t i = 0; i < telling->record->rows.count; i++) {
        Row *row = &telling->record->rows.items[i];
        if (row->log.kind == LOG_SIGNAL && is_refused(telling, i))
            write_refused(telling, row);
        else if (row->log.kind == LOG_SIGNAL)
            write_signal(telling, row);
        if (row->log.kind == LOG_LEASE && i > 0) write_kill(telling, i);
    }
}

/* ---- what is expected ---- */

/* A mark as an expectation: the member that names of what or whom it is, as a string or a name; whether its time is said. */
static const struct MarkWords {
    const char *mark, *fact, *member;
    bool quoted, timed;
} mark_words[] = {
    {"step.done", "done", "name", true, false},
    {"step.failed", "failed", "name", true, false},
    {"step.skipped", "skipped", "name", true, false},
    {"attached", "attached", "name", true, false},
    {"undo.done", "rolled back", "step", true, false},
    {"severity.changed", "severity", "to", false, true},
    {"acknowledged", "acknowledged", NULL, false, true},
    {"mitigated", "mitigated", NULL, false, true},
    {"resolved", "resolved", NULL, false, true},
    {"page.sent", "paged", "contact", false, true},
};

/* The clock of life is late by moments, that of a drill never: a time is said as finely as both can keep it. */
static void write_time(Buffer *out, int64_t since, bool at)
{
    int64_t tolerance = 1000 + since / 100;
    int64_t from = (since - tolerance) / 1000 * 1000, to = (since + tolerance + 999) / 1000 * 1000;
    if (!at && from > 0) {
        buffer_add_c(out, " after ");
        duration_write(out, from);
    }
    buffer_add_c(out, at ? " at " : " before ");
    duration_write(out, to);
}

static void write_fact(const Retelling *telling, Row *row, const struct MarkWords *words, Buffer *out)
{
    const Json *args = row_json(row);
    buffer_printf(out, "  expect %s", words->fact);
    if (words->member) {
        Str of = json_string(args, words->member, "");
        buffer_add_char(out, ' ');
        if (words->quoted)
            retell_string(out, of);
        else
            buffer_add_str(out, of);
    }
    Str way = json_string(args, "way", "");
    if (way.len) buffer_printf(out, " by %.*s", STR_ARG(way));
    if (words->timed) write_time(out, row->log.now - telling->record->start, strcmp(words->fact, "severity") == 0);
    buffer_add_char(out, '\n');
}

static bool has_step(const Json *steps, Str name)
{
    for (const Json *step = json_first(steps); step; step = json_next(step)) {
        if (str_equal(json_string(step, "name", ""), name)) return true;
    }
    return false;
}

/* Does a plan of the program have a step of that name? */
static bool plan_has_step(const Json *metadata, Str plan, Str name)
{
    for (const Json *one = json_first(json_get(metadata, "plans")); one; one = json_next(one)) {
        if (!str_equal(json_string(one, "name", ""), plan)) continue;
        if (has_step(json_get(one, "steps"), name)) return true;
        for (const Json *phase = json_first(json_get(one, "phases")); phase; phase = json_next(phase)) {
            if (has_step(json_get(phase, "steps"), name)) return true;
        }
    }
    return false;
}

/* Is it a step of a procedure that a person followed beside the plan? No expectation of the plan's drill can name it. */
static bool is_followed(const Retelling *telling, Str name)
{
    if (plan_has_step(telling->metadata, json_string(telling->start, "plan", ""), name)) return false;
    for (size_t i = 0; i < telling->record->rows.count; i++) {
        Row *row = &telling->record->rows.items[i];
        if (row->log.kind != LOG_SIGNAL || !str_equal_c(json_string(row_json(row), "kind", ""), "follow")) continue;
        if (plan_has_step(telling->metadata, json_string(row_json(row), "plan", ""), name)) return true;
    }
    return false;
}

/* The same expectation is written once. */
static void write_expectations(const Retelling *telling)
{
    Map known = {0};
    Arena arena = {0};
    bool opened = false, resolved = false;
    for (size_t i = 0; i < telling->record->rows.count; i++) {
        Row *row = &telling->record->rows.items[i];
        opened = opened || row_is_mark(row, "incident.opened");
        if (row_is_mark(row, "resolved")) resolved = true;
        if (row_is_mark(row, "reopened")) resolved = false;
        for (size_t k = 0; k < sizeof mark_words / sizeof *mark_words; k++) {
            if (!row_is_mark(row, mark_words[k].mark)) continue;
            if (mark_words[k].quoted && is_followed(telling, json_string(row_json(row), mark_words[k].member, ""))) continue;
            Buffer fact = {0};
            write_fact(telling, row, &mark_words[k], &fact);
            if (!map_has(&known, buffer_str(&fact))) {
                buffer_add_str(telling->out, buffer_str(&fact));
                map_set(&known, arena_copy(&arena, buffer_str(&fact)), telling->record);
            }
            buffer_free(&fact);
        }
    }
    if (opened && !resolved) buffer_add_c(telling->out, "  expect unresolved\n");
    map_free(&known);
    arena_free(&arena);
}

bool retell_write(Retelling *telling, Str plan, Str title, Error *error)
{
    Record *record = telling->record;
    for (size_t i = 0; i < record->rows.count && !telling->start; i++) {
        if (record->rows.items[i].log.kind != LOG_START) continue;
        telling->start = row_json(&record->rows.items[i]);
        record->start = record->rows.items[i].log.now;
    }
    if (!telling->start) return error_set(error, "the run ended before it began: there is nothing to tell");
    if (json_bool(telling->start, "dry_run", false))
        return error_set(error, "it was a dry run: nothing of it happened, so there is nothing to tell");
    write_heading(telling, plan, title);
    write_with(telling);
    write_times(telling);
    retell_answers(telling, telling->out);
    write_events(telling);
    buffer_add_char(telling->out, '\n');
    write_expectations(telling);
    retell_changes(record, telling->out);
    buffer_add_c(telling->out, "}\n");
    return true;
}
