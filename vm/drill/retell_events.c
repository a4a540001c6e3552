/* What people and the machine's own troubles did in a run, as lines of a drill: signals at their moments, deaths of the process.
 * A signal that the usual words would not say exactly is said as the log has it. See retell.h. */
#include "vm/drill/retell.h"

#include "vm/base/time.h"

#include <string.h>

/* How a signal is written: its word, and the member that stands behind it as a string. */
static const struct SignalWords {
    const char *kind, *words, *member;
} signal_words[] = {
    {"ack", "ack", NULL},           {"unack", "unack", NULL},          {"resolve", "resolve", "because"},
    {"reopen", "reopen", "because"}, {"mitigated", "mitigated", "because"}, {"note", "note", "text"},
    {"pause", "pause", NULL},       {"continue", "continue", NULL},    {"cancel", "cancel", NULL},
    {"approve", "approve", "what"},  {"refuse", "refuse", "what"},      {"done", "done", "what"},
    {"retry", "retry", "what"},     {"skip", "skip", "step"},          {"alert", "alert", "name"},
    {"met", "met", "what"},         {"goto", "go to", "phase"},        {"takeover", "take over", "what"},
};

static const struct SignalWords *words_of(Str kind)
{
    for (size_t i = 0; i < sizeof signal_words / sizeof *signal_words; i++) {
        if (str_equal_c(kind, signal_words[i].kind)) return &signal_words[i];
    }
    return NULL;
}

static void add_since(const Retelling *telling, int64_t now)
{
    duration_write(telling->out, now - telling->record->start);
}

/* A signal that names its question by number, with the question's text in the number's place: how people read it. NULL: other
 * questions of the run have the same text, or it is about a step (`skip`, `take over`), which the number alone tells. */
static Json *with_text(const Retelling *telling, const Json *signal)
{
    int64_t id = json_int(signal, "id", 0);
    Str what = {0}, kind = json_string(signal, "kind", "");
    size_t alike = 0;
    if (str_equal_c(kind, "skip") || str_equal_c(kind, "takeover") || json_get(signal, "what")) return NULL;
    for (size_t i = 0; i < telling->record->rows.count; i++) {
        Row *row = &telling->record->rows.items[i];
        if (row_is_mark(row, "question.asked") && json_int(row_json(row), "id", 0) == id)
            what = json_string(row_json(row), "what", "");
    }
    for (size_t i = 0; what.len && i < telling->record->rows.count; i++) {
        Row *row = &telling->record->rows.items[i];
        if (row_is_mark(row, "question.asked") && str_equal(json_string(row_json(row), "what", ""), what)) alike++;
    }
    if (alike != 1) return NULL;
    Json *named = json_new_object();
    for (const Json *one = json_first(signal); one; one = json_next(one)) {
        if (strcmp(json_key(one), "id") != 0) json_set(named, json_key(one), json_copy(one));
    }
    json_set_string(named, "what", what);
    return named;
}

/* Are these all the members that it has, besides how it came? */
static bool has_only(const Json *signal, const char *const *members, size_t count)
{
    for (const Json *one = json_first(signal); one; one = json_next(one)) {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known = known || (members[i] && strcmp(json_key(one), members[i]) == 0);
        if (!known) return false;
    }
    return true;
}

/* What stands behind the words, as strings do. */
static void add_text(Buffer *out, const Json *signal, const char *member)
{
    Str text = member ? json_string(signal, member, "") : (Str){0};
    if (!text.len) return;
    buffer_add_char(out, ' ');
    retell_string(out, text);
}

static bool is_fact_name(Str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if ((name.data[i] < 'a' || name.data[i] > 'z') && name.data[i] != '_') return false;
    }
    return name.len > 0;
}

/* The signals whose words have a form of their own; *member and *other are what it says besides who and why. */
static bool write_special(Retelling *telling, const Json *signal, const char **member, const char **other)
{
    Buffer *out = telling->out;
    Str kind = json_string(signal, "kind", ""), to = json_string(signal, "to", "");
    *member = "to";
    if (str_equal_c(kind, "severity") && retell_has(telling, "severities", to)) {
        buffer_add_c(out, "severity ");
        retell_name(telling, out, "severities", to);
    } else if (str_equal_c(kind, "set") && is_fact_name(json_string(signal, "name", ""))) {
        *member = "name", *other = "value";
        buffer_printf(out, "set %.*s ", STR_ARG(json_string(signal, "name", "")));
        retell_string(out, json_string(signal, "value", ""));
    } else if (str_equal_c(kind, "assign") && retell_has(telling, "roles", json_string(signal, "role", ""))) {
        *other = "role";
        buffer_add_c(out, "assign ");
        retell_name(telling, out, "roles", json_string(signal, "role", ""));
        buffer_add_c(out, " to ");
        return retell_person(telling, out, to);
    } else if (str_equal_c(kind, "handover")) {
        buffer_add_c(out, "hand over to ");
        return retell_person(telling, out, to);
    } else if (str_equal_c(kind, "escalate")) {
        buffer_add_c(out, to.len ? "escalate to " : "escalate");
        return !to.len || retell_person(telling, out, to);
    } else if (str_equal_c(kind, "follow") && retell_has(telling, "plans", json_string(signal, "plan", ""))) {
        *member = "plan";
        buffer_add_c(out, "follow ");
        retell_name(telling, out, "plans", json_string(signal, "plan", ""));
    } else if (str_equal_c(kind, "clock")) {
        *member = "jump";
        buffer_add_c(out, json_int(signal, "jump", 0) < 0 ? "clock jumps -" : "clock jumps ");
        int64_t jump = json_int(signal, "jump", 0);
        duration_write(out, jump < 0 ? -jump : jump);
    } else if (str_equal_c(kind, "answer") && json_string(signal, "what", "").len) {
        *member = "what", *other = "value";
        buffer_add_c(out, "answer ");
        retell_string(out, json_string(signal, "what", ""));
        buffer_add_c(out, " with ");
        retell_value(out, json_get(signal, "value"));
    } else {
        return false;
    }
    return true;
}

static bool write_usual(Retelling *telling, const Json *signal)
{
    const char *member = NULL, *other = NULL;
    Str because = json_string(signal, "because", ""), by = json_string(signal, "by", "");
    Str kind = json_string(signal, "kind", "");
    const struct SignalWords *words = words_of(kind);
    bool approves = str_equal_c(kind, "approve"), clock = str_equal_c(kind, "clock");
    if (words) {
        member = words->member;
        buffer_add_c(telling->out, words->words);
        add_text(telling->out, signal, member);
        if (json_bool(signal, "emergency", false)) buffer_add_c(telling->out, " in emergency");
    } else if (!write_special(telling, signal, &member, &other)) {
        return false;
    }
    const char *const known[] = {"kind", "by", "via", "msg", "because", member, other, approves ? "emergency" : NULL};
    if (!has_only(signal, known, sizeof known / sizeof *known)) return false;
    if (!clock) {
        buffer_add_c(telling->out, " by ");
        if (!retell_person(telling, telling->out, by)) retell_string(telling->out, by);
    }
    if (because.len && !(member && strcmp(member, "because") == 0)) {
        buffer_add_c(telling->out, " because ");
        retell_string(telling->out, because);
    }
    return true;
}

/* As the log has it, but for how it came. */
static void write_whole(Retelling *telling, const Json *signal)
{
    const char *before = "";
    buffer_add_c(telling->out, "signal json {");
    for (const Json *one = json_first(signal); one; one = json_next(one)) {
        if (strcmp(json_key(one), "via") == 0 || strcmp(json_key(one), "msg") == 0) continue;
        buffer_add_c(telling->out, before);
        retell_string(telling->out, str_from_c(json_key(one)));
        buffer_add_c(telling->out, ": ");
        retell_value(telling->out, one);
        before = ", ";
    }
    buffer_add_char(telling->out, '}');
}

static void write_signal(Retelling *telling, Row *row)
{
    const Json *signal = row_json(row);
    Json *named = json_get(signal, "id") ? with_text(telling, signal) : NULL;
    buffer_add_c(telling->out, "  at ");
    add_since(telling, row->log.now);
    buffer_add_char(telling->out, ' ');
    size_t before = telling->out->len;
    if (!write_usual(telling, named ? named : signal)) {
        telling->out->len = before;
        write_whole(telling, signal);
    }
    buffer_add_char(telling->out, '\n');
    json_free(named);
}

/* ---- deaths of the process ---- */

int64_t retell_back_at(const Record *record, size_t lease)
{
    for (size_t i = lease + 1; i < record->rows.count; i++) {
        const LogRow *row = &record->rows.items[i].log;
        if (log_kind_direction(row->kind) == LOG_INPUT) return row->now;
        if (row->kind == LOG_LEASE) break;
    }
    return record->rows.items[lease].log.now;
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

void retell_events(Retelling *telling)
{
    for (size_t i = 0; i < telling->record->rows.count; i++) {
        Row *row = &telling->record->rows.items[i];
        if (row->log.kind == LOG_SIGNAL) write_signal(telling, row);
        if (row->log.kind == LOG_LEASE && i > 0) write_kill(telling, i);
    }
}
