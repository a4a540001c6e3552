/* Stretches of time between marks: see lasting.h. */
#include "vm/drill/lasting.h"

/* What a mark makes of a state. */
static const struct Turn {
    const char *fact, *mark;
    bool holds;
} turns[] = {
    {"acknowledged", "acknowledged", true},      {"acknowledged", "unacknowledged", false},
    {"acknowledged", "ack.lapsed", false},       {"acknowledged", "reopened", false},
    {"unacknowledged", "incident.opened", true}, {"unacknowledged", "acknowledged", false},
    {"unacknowledged", "unacknowledged", true},  {"unacknowledged", "ack.lapsed", true},
    {"unacknowledged", "reopened", true},        {"unacknowledged", "resolved", false},
    {"mitigated", "mitigated", true},            {"mitigated", "reopened", false},
    {"resolved", "resolved", true},              {"resolved", "reopened", false},
    {"unresolved", "incident.opened", true},     {"unresolved", "resolved", false},
    {"unresolved", "reopened", true},
};

/* Does the row say that the state begins or ends? Then *holds says which. */
static bool row_turns(Row *row, const ScriptExpect *expect, bool *holds)
{
    if (row->log.kind != LOG_MARK) return false;
    if (str_equal_c(expect->fact, "severity")) {
        bool opened = row_is_mark(row, "incident.opened");
        if (!opened && !row_is_mark(row, "severity.changed")) return false;
        Str severity = json_string(row_json(row), opened ? "severity" : "to", "");
        *holds = str_equal(severity, json_string(expect->args, "severity", ""));
        return true;
    }
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        if (!str_equal_c(expect->fact, turns[i].fact) || !row_is_mark(row, turns[i].mark)) continue;
        *holds = turns[i].holds;
        return true;
    }
    return false;
}

static void take_stretch(Stretch *longest, const ScriptExpect *expect, int64_t from, int64_t to)
{
    if (expect->after > from) from = expect->after;
    if (expect->before >= 0 && expect->before < to) to = expect->before;
    if (to < from || (longest->known && to - from <= longest->length)) return;
    *longest = (Stretch){.known = true, .from = from, .length = to - from};
}

Stretch lasting_longest(Record *record, const ScriptExpect *expect)
{
    Stretch longest = {0};
    bool holding = false;
    int64_t since = 0;
    for (size_t i = 0; i < record->rows.count; i++) {
        Row *row = &record->rows.items[i];
        bool holds = false;
        if (!row_turns(row, expect, &holds) || holds == holding) continue;
        int64_t now = row->log.now - record->start;
        if (holding) take_stretch(&longest, expect, since, now);
        holding = holds;
        since = now;
    }
    if (holding) take_stretch(&longest, expect, since, record->end - record->start);
    return longest;
}
