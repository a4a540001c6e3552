/* What a run said, as what a drill of it expects: steps, pages, the incident, attachments, changes. See retell.h. */
#include "vm/drill/retell.h"

#include "vm/base/time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- marks ---- */

/* A mark as an expectation: the member that names of what or whom it is, and the list of the metadata that has the name (NULL:
 * it is a text); whether its time is said. */
static const struct MarkWords {
    const char *mark, *fact, *member, *list;
    bool timed;
} mark_words[] = {
    {"step.done", "done", "name", NULL, false},
    {"step.failed", "failed", "name", NULL, false},
    {"step.skipped", "skipped", "name", NULL, false},
    {"attached", "attached", "name", NULL, false},
    {"undo.done", "rolled back", "step", NULL, false},
    {"severity.changed", "severity", "to", "severities", true},
    {"role.assigned", "assigned", "role", "roles", false},
    {"question.answered", "approved", "what", NULL, false},
    {"acknowledged", "acknowledged", NULL, NULL, true},
    {"mitigated", "mitigated", NULL, NULL, true},
    {"resolved", "resolved", NULL, NULL, true},
    {"page.sent", "paged", "contact", "contacts", true},
};

typedef struct MarkWords MarkWords;

/* A time is said so that a small change of the plan does not matter; a severity's is the moment itself, for the next one may be
 * near. */
static void write_time(Buffer *out, int64_t since, bool exact)
{
    int64_t tolerance = 1000 + since / 100;
    int64_t from = (since - tolerance) / 1000 * 1000, to = (since + tolerance + 999) / 1000 * 1000;
    if (!exact && from > 0) {
        buffer_add_c(out, " after ");
        duration_write(out, from);
    }
    buffer_add_c(out, exact ? " at " : " before ");
    duration_write(out, exact ? since : to);
}

/* Who did it, where the plan knows him. */
static void write_by(Retelling *telling, const char *word, Str name, Buffer *out)
{
    size_t before = out->len;
    buffer_printf(out, " %s ", word);
    if (!retell_person(telling, out, name)) out->len = before;
}

static void write_fact(Retelling *telling, Row *row, const MarkWords *words, Buffer *out)
{
    const Json *args = row_json(row);
    Str of = words->member ? json_string(args, words->member, "") : (Str){0};
    buffer_printf(out, "  expect %s", words->fact);
    if (words->member) buffer_add_char(out, ' ');
    if (words->list)
        retell_name(telling, out, words->list, of);
    else if (words->member)
        retell_pattern(telling, out, of);
    Str way = json_string(args, "way", "");
    if (way.len) buffer_printf(out, " by %.*s", STR_ARG(way));
    if (str_equal_c(row->log.name, "role.assigned")) write_by(telling, "to", json_string(args, "to", ""), out);
    if (str_equal_c(row->log.name, "question.answered")) write_by(telling, "by", json_string(args, "by", ""), out);
    if (words->timed) write_time(out, row->log.now - telling->record->start, str_equal_c(row->log.name, "severity.changed"));
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

/* Can an expectation say what the mark says? */
static bool can_expect(const Retelling *telling, Row *row, const MarkWords *words)
{
    const Json *args = row_json(row);
    Str of = words->member ? json_string(args, words->member, "") : (Str){0};
    if (words->list) return retell_has(telling, words->list, of);
    if (!words->member) return true;
    bool answered = str_equal_c(row->log.name, "question.answered");
    /* An approval that a policy wants is called by its whole effect. */
    if (answered && (!str_equal_c(json_string(args, "value", ""), "approve") || str_starts_with(of, STR("policy: ")))) return false;
    return of.len && !is_followed(telling, of);
}

/* The same expectation is written once. */
static void write_once(Retelling *telling, Map *known, Arena *arena, Str line)
{
    if (map_has(known, line)) return;
    buffer_add_str(telling->out, line);
    map_set(known, arena_copy(arena, line), telling);
}

/* Where the incident was reopened for the last time: of the resolutions before nothing is left. 0: never. */
static size_t last_reopening(const Record *record)
{
    for (size_t i = record->rows.count; i > 0; i--) {
        if (row_is_mark(&record->rows.items[i - 1], "reopened")) return i - 1;
    }
    return 0;
}

static void write_marks(Retelling *telling)
{
    Map known = {0};
    Arena arena = {0};
    bool opened = false, resolved = false;
    size_t reopened = last_reopening(telling->record);
    for (size_t i = 0; i < telling->record->rows.count; i++) {
        Row *row = &telling->record->rows.items[i];
        bool undone = i < reopened && row_is_mark(row, "resolved");
        opened = opened || row_is_mark(row, "incident.opened");
        if (row_is_mark(row, "resolved")) resolved = true;
        if (row_is_mark(row, "reopened")) resolved = false;
        for (size_t k = 0; k < sizeof mark_words / sizeof *mark_words; k++) {
            if (!row_is_mark(row, mark_words[k].mark) || !can_expect(telling, row, &mark_words[k]) || undone) continue;
            Buffer fact = {0};
            write_fact(telling, row, &mark_words[k], &fact);
            write_once(telling, &known, &arena, buffer_str(&fact));
            buffer_free(&fact);
        }
    }
    if (opened && !resolved) buffer_add_c(telling->out, "  expect unresolved\n");
    map_free(&known);
    arena_free(&arena);
}

/* ---- what was changed ---- */

/* How often each command and request was begun, whatever for: that is what `ran` counts. */
typedef struct Count {
    size_t times;
    bool changes;
} Count;

/* Does the plan itself do it, so that an expectation can speak of it? */
static bool is_of_plan(const Retelling *telling, const LogRow *intent)
{
    if (str_starts_with(intent->at, STR("std/"))) return false;
    Str step = intent->step;
    for (size_t i = step.len; i > 0; i--) {
        if (step.data[i - 1] == '/') {
            step = str_slice(step, i, step.len);
            break;
        }
    }
    return !step.len || !is_followed(telling, step);
}

/* A command that says no host is one on any. */
static size_t times_of(const Map *counts, size_t at)
{
    Str key = counts->entries[at].key;
    size_t times = ((const Count *)counts->entries[at].value)->times;
    for (size_t i = 0; key.data[0] == '`' && i < counts->count; i++) {
        Str other = counts->entries[i].key;
        bool far = str_starts_with(other, STR("on ")) && str_ends_with(other, key) && other.data[other.len - key.len - 1] == ' ';
        if (far) times += ((const Count *)counts->entries[i].value)->times;
    }
    return times;
}

static void write_changes(Retelling *telling)
{
    Record *record = telling->record;
    Map counts = {0};
    Arena arena = {0};
    for (size_t i = 0; i < record->rows.count; i++) {
        Row *row = &record->rows.items[i];
        Buffer ran = {0};
        if (row->log.kind == LOG_INTENT && retell_effect(telling, row, "", "", &ran)) {
            Count *count = map_get(&counts, buffer_str(&ran));
            if (!count) {
                count = arena_alloc(&arena, sizeof *count);
                *count = (Count){0};
                map_set(&counts, arena_copy(&arena, buffer_str(&ran)), count);
            }
            count->times++;
            count->changes = count->changes || (row->log.effect_class == EFFECT_CHANGE && is_of_plan(telling, &row->log));
        }
        buffer_free(&ran);
    }
    for (size_t i = 0; i < counts.count; i++) {
        const Count *count = counts.entries[i].value;
        if (!count->changes) continue;
        buffer_printf(telling->out, "  expect ran %.*s %zu times\n", STR_ARG(counts.entries[i].key), times_of(&counts, i));
    }
    map_free(&counts);
    arena_free(&arena);
}

void retell_expectations(Retelling *telling)
{
    write_marks(telling);
    write_changes(telling);
}
