/* Expectations: each fact is a kind of mark (or effect) whose members must match; see the table. */
#include "vm/drill/expect.h"

#include "vm/base/time.h"
#include "vm/code/stars.h"
#include "vm/drill/lasting.h"
#include "vm/drill/timeline.h"

#include <inttypes.h>
#include <string.h>

enum { SHOWN_LIMIT = 6, OUTPUT_LIMIT = 80 };

/* Facts that rows tell. `arg` names the expectation's member that says of whom or what; `member` the mark's.
 */
static const struct FactRule {
    const char *fact, *mark, *arg, *member, *none;
} fact_rules[] = {
    {"paged", "page.sent", "contact", "contact", "nobody was paged"},
    {"notified", "notify.sent", "channel", "target", "nobody was told anything"},
    {"done", "step.done", "what", "name", "no step was done"},
    {"failed", "step.failed", "what", "name", "no step failed"},
    {"skipped", "step.skipped", "what", "name", "no step was skipped"},
    {"started", "step.started", "what", "name", "no step began"},
    {"rolled back", "undo.done", "what", "step", "nothing was rolled back"},
    {"asked", "question.asked", "what", "what", "nothing was asked"},
    {"attached", "attached", "what", "name", "nothing was attached"},
    {"noted", "note", "what", "text", "nothing was noted"},
    {"approved", "question.answered", "what", "what", "nothing was approved"},
    {"assigned", "role.assigned", "role", "role", "no role was assigned"},
    {"acknowledged", "acknowledged", "", "by", "nobody acknowledged"},
    {"unacknowledged", "unacknowledged", "", "by", "no acknowledgement was taken back"},
    {"mitigated", "mitigated", "", "by", "it was not mitigated"},
    {"resolved", "resolved", "", "by", "it was not resolved"},
    {"ran", NULL, "", NULL, "no such command or request ran"},
    {"output of", NULL, "what", NULL, "the step has no such output"},
};

typedef struct FactRule FactRule;

/* One expectation being held against the record. */
typedef struct Check {
    const Script *script;
    Record *record;
    const ScriptExpect *expect;
    const FactRule *rule; /* NULL: severity, unresolved, elapsed */
} Check;

static int64_t since_start(const Check *check, const Row *row)
{
    return row->log.now - check->record->start;
}

/* ---- does a row tell the fact? ---- */

static bool row_ran(const Check *check, Row *row, const EffectPattern *pattern)
{
    if (row->log.kind != LOG_INTENT || !str_equal_c(row->log.name, pattern->url.len ? "http" : "command")) return false;
    return effect_matches(pattern, row->log.name, row_json(row), row_subject(check->record, row));
}

/* A text that holds the pattern; where the pattern has `*`, the whole text must be like it. */
static bool text_matches(Str text, Str pattern)
{
    if (memchr(pattern.data, '*', pattern.len)) return stars_match(text, pattern);
    Buffer meant = {0};
    stars_add_meant(&meant, pattern);
    bool holds = str_find(text, buffer_str(&meant)) >= 0;
    buffer_free(&meant);
    return holds;
}

static bool row_of_step(const Check *check, const Row *row)
{
    return row->log.kind == LOG_RESULT &&
           stars_match(row->log.step, json_string(check->expect->args, "what", "*"));
}

static bool row_output(const Check *check, Row *row)
{
    if (!row_of_step(check, row)) return false;
    const Json *result = row_json(row);
    Str wanted = json_string(check->expect->args, "value", "");
    Str out = json_string(result, "out", "");
    if (!out.len) out = json_string(result, "body", "");
    Str op = json_string(check->expect->args, "op", "matches");
    if (str_equal_c(op, "==")) return str_equal(str_trim(out), str_trim(wanted));
    if (str_equal_c(op, "!=")) return !str_equal(str_trim(out), str_trim(wanted));
    return text_matches(out, wanted);
}

static bool notification_matches(const Json *mark, const Json *args)
{
    Str pattern = json_string(args, "matching", "");
    if (!pattern.len) return true;
    Str title = json_string(mark, "title", ""), body = json_string(mark, "body", "");
    Buffer whole = {0};
    buffer_printf(&whole, "%.*s\n%.*s", STR_ARG(title), STR_ARG(body));
    bool matches = text_matches(title, pattern) || text_matches(body, pattern) ||
                   text_matches(buffer_str(&whole), pattern);
    buffer_free(&whole);
    return matches;
}

/* `failed "step" matching "…"`: the reason. */
static bool reason_matches(const Json *mark, const Json *args)
{
    Str pattern = json_string(args, "matching", "");
    return !pattern.len || text_matches(json_string(mark, "error", ""), pattern);
}

static bool subject_matches(const Check *check, const Json *mark)
{
    Str wanted = json_string(check->expect->args, check->rule->arg, "");
    if (!check->rule->arg[0] || !wanted.len) return true;
    Str found = json_string(mark, check->rule->member, "");
    if (strcmp(check->rule->arg, "what") == 0) {
        return stars_match(found, wanted) || stars_match(json_string(mark, "text", ""), wanted);
    }
    return str_equal(found, wanted) || script_means_contact(check->script, wanted, found);
}

/* `by` and `to`: the person that the mark names. */
static bool person_matches(const Check *check, const Json *mark, const char *member)
{
    Str wanted = json_string(check->expect->args, member, ""), found = json_string(mark, member, "");
    return !wanted.len || str_equal(found, wanted) || script_means_contact(check->script, wanted, found);
}

/* Is the row's page one that an earlier row told already? Pages are counted, not attempts, unless a way is
 * named. */
static bool page_told_before(const Check *check, Row *row)
{
    int64_t page = json_int(row_json(row), "page", 0);
    for (Row *before = check->record->rows.items; before < row; before++) {
        if (before->log.kind == LOG_MARK && str_equal(before->log.name, row->log.name) &&
            json_int(row_json(before), "page", 0) == page) {
            return true;
        }
    }
    return false;
}

/* Whoever and whatever it is about: of the right kind, nothing more. */
static bool row_of_kind(const Check *check, Row *row)
{
    const char *mark = check->rule->mark;
    if (str_equal_c(check->expect->fact, "output of")) return row_of_step(check, row);
    if (!mark || row->log.kind != LOG_MARK || !str_equal_c(row->log.name, mark)) return false;
    if (str_equal_c(check->expect->fact, "approved")) {
        const Json *args = row_json(row);
        return str_equal_c(json_string(args, "kind", ""), "approval") &&
               str_equal_c(json_string(args, "value", ""), "approve");
    }
    return true;
}

static bool is_known(const Check *check)
{
    Str fact = check->expect->fact;
    return check->rule || str_equal_c(fact, "severity") || str_equal_c(fact, "elapsed") ||
           str_equal_c(fact, "unresolved");
}

/* Of the right kind and subject, whenever and however it was. */
static bool row_tells_loosely(const Check *check, Row *row)
{
    Str fact = check->expect->fact;
    if (str_equal_c(fact, "ran")) return row_ran(check, row, &check->expect->pattern);
    if (str_equal_c(fact, "output of")) return row_output(check, row);
    return row_of_kind(check, row) && subject_matches(check, row_json(row));
}

static Row *first_ran(const Check *check, const EffectPattern *pattern)
{
    for (size_t i = 0; i < check->record->rows.count; i++) {
        if (row_ran(check, &check->record->rows.items[i], pattern)) return &check->record->rows.items[i];
    }
    return NULL;
}

static bool in_time(const Check *check, const Row *row)
{
    const ScriptExpect *expect = check->expect;
    int64_t since = since_start(check, row);
    if (expect->before >= 0 && since >= expect->before) return false;
    if (expect->after >= 0 && since < expect->after) return false;
    if (expect->at >= 0 && since != expect->at) return false;
    if (expect->before_ran.said) {
        const Row *other = first_ran(check, &expect->before_ran);
        if (!other || row >= other) return false;
    }
    if (expect->after_ran.said) {
        const Row *other = first_ran(check, &expect->after_ran);
        if (!other || row <= other) return false;
    }
    return true;
}

static bool row_tells(const Check *check, Row *row)
{
    if (!row_tells_loosely(check, row) || !in_time(check, row)) return false;
    if (check->rule->mark && !(person_matches(check, row_json(row), "by") && person_matches(check, row_json(row), "to"))) return false;
    if (str_equal_c(check->expect->fact, "notified"))
        return notification_matches(row_json(row), check->expect->args);
    if (str_equal_c(check->expect->fact, "failed")) return reason_matches(row_json(row), check->expect->args);
    if (!str_equal_c(check->expect->fact, "paged")) return true;
    Str way = json_string(check->expect->args, "way", "");
    if (way.len) return str_equal(way, json_string(row_json(row), "way", ""));
    return !page_told_before(check, row);
}

/* ---- facts that no single row tells ---- */

/* *told: the row that told it, or NULL where the caller does not ask. */
static Str severity_at(const Check *check, int64_t since, const Row **told)
{
    Str severity = {0};
    for (size_t i = 0; i < check->record->rows.count; i++) {
        Row *row = &check->record->rows.items[i];
        if (row->log.kind != LOG_MARK || (since >= 0 && since_start(check, row) > since)) continue;
        bool opened = str_equal_c(row->log.name, "incident.opened");
        if (!opened && !str_equal_c(row->log.name, "severity.changed")) continue;
        severity = json_string(row_json(row), opened ? "severity" : "to", "");
        if (told) *told = row;
    }
    return severity;
}

/* Was it resolved (before the time, if one is said), and did it stay so? *told: the row that decided, if any. */
static bool stays_resolved(const Check *check, const Row **told)
{
    bool resolved = false;
    for (size_t i = 0; i < check->record->rows.count; i++) {
        Row *row = &check->record->rows.items[i];
        if (row->log.kind != LOG_MARK || !in_time(check, row)) continue;
        bool at_last = str_equal_c(row->log.name, "resolved"), again = str_equal_c(row->log.name, "reopened");
        if (!at_last && !again) continue;
        resolved = at_last && person_matches(check, row_json(row), "by");
        if (told) *told = row;
    }
    return resolved;
}

/* Is it that which keeps `resolved` from holding? */
static bool was_reopened(const Check *check)
{
    const Row *told = NULL;
    if (!str_equal_c(check->expect->fact, "resolved") || check->expect->times_op.len) return false;
    stays_resolved(check, &told);
    return told && str_equal_c(told->log.name, "reopened");
}

static bool compares(int64_t left, Str op, int64_t right)
{
    if (str_equal_c(op, "<")) return left < right;
    if (str_equal_c(op, "<=")) return left <= right;
    if (str_equal_c(op, ">")) return left > right;
    if (str_equal_c(op, ">=")) return left >= right;
    return left == right;
}

static size_t count_rows(const Check *check)
{
    size_t count = 0;
    for (size_t i = 0; i < check->record->rows.count; i++)
        count += row_tells(check, &check->record->rows.items[i]);
    return count;
}

static bool fact_holds(const Check *check)
{
    const ScriptExpect *expect = check->expect;
    if (expect->lasting >= 0) {
        Stretch longest = lasting_longest(check->record, expect);
        return longest.known && longest.length >= expect->lasting;
    }
    if (str_equal_c(expect->fact, "severity")) {
        return str_equal(severity_at(check, expect->at, NULL), json_string(expect->args, "severity", ""));
    }
    if (str_equal_c(expect->fact, "elapsed")) {
        return compares(check->record->end - check->record->start, json_string(expect->args, "op", "<"),
                        json_int(expect->args, "value", 0));
    }
    if (str_equal_c(expect->fact, "unresolved")) return !stays_resolved(check, NULL);
    if (str_equal_c(expect->fact, "resolved") && !expect->times_op.len) return stays_resolved(check, NULL);
    size_t count = count_rows(check);
    return expect->times_op.len ? compares((int64_t)count, expect->times_op, expect->times) : count > 0;
}

/* ---- what happened instead ---- */

static void add_since(Buffer *out, const Check *check, const Row *row)
{
    buffer_add_c(out, " at ");
    duration_write(out, since_start(check, row));
}

static void add_from(Buffer *out, const Check *check, const Row *row)
{
    buffer_add_c(out, " from ");
    duration_write(out, since_start(check, row));
}

static void add_row_subject(Buffer *out, const Check *check, Row *row)
{
    if (row->log.kind == LOG_RESULT) {
        Str output = json_string(row_json(row), "out", json_string(row_json(row), "body", "").data);
        Str start = str_slice(str_trim(output), 0, OUTPUT_LIMIT);
        buffer_printf(out, "\"%.*s\"", STR_ARG(start));
        return;
    }
    if (!check->rule->mark) {
        effect_subject(row->log.name, row_json(row), out);
        return;
    }
    const Json *args = row_json(row);
    buffer_add_str(out, json_string(args, check->rule->member, ""));
    Str way = json_string(args, "way", ""), title = json_string(args, "title", "");
    if (way.len) buffer_printf(out, " by %.*s", STR_ARG(way));
    if (str_equal_c(check->expect->fact, "assigned")) buffer_printf(out, " to %.*s", STR_ARG(json_string(args, "to", "")));
    if (str_equal_c(check->expect->fact, "failed")) title = json_string(args, "error", "");
    if (title.len) buffer_printf(out, " (%.*s)", STR_ARG(title));
}

/* Lists the rows for which `tells` holds; how many there are. */
static size_t list_rows(const Check *check, bool (*tells)(const Check *, Row *), Buffer *out,
                        const Row **first)
{
    size_t count = 0;
    for (size_t i = 0; i < check->record->rows.count; i++) {
        Row *row = &check->record->rows.items[i];
        if (!tells(check, row)) continue;
        if (!count && first) *first = row;
        if (count++ >= SHOWN_LIMIT) continue;
        if (count > 1) buffer_add_c(out, ", ");
        add_row_subject(out, check, row);
        add_since(out, check, row);
    }
    if (count > SHOWN_LIMIT) buffer_printf(out, " and %zu more", count - SHOWN_LIMIT);
    return count;
}

/* What became of the step that the expectation names; false: it never began. */
static bool step_story(const Check *check, Buffer *out, const Row **focus)
{
    Str name = json_string(check->expect->args, "what", "");
    bool told = false;
    for (size_t i = 0; name.len && i < check->record->rows.count; i++) {
        Row *row = &check->record->rows.items[i];
        if (row->log.kind != LOG_MARK || !str_starts_with(row->log.name, STR("step."))) continue;
        const Json *args = row_json(row);
        if (!stars_match(json_string(args, "name", ""), name)) continue;
        Str what = str_slice(row->log.name, 5, row->log.name.len);
        Str why = json_string(args, str_equal_c(what, "failed") ? "error" : "reason", "");
        if (told) buffer_add_c(out, ", ");
        buffer_printf(out, "%.*s", STR_ARG(what));
        add_since(out, check, row);
        if (why.len) buffer_printf(out, " (%.*s)", STR_ARG(why));
        told = true;
        *focus = row;
    }
    return told;
}

static void explain_rows(const Check *check, Buffer *out, const Row **focus)
{
    const ScriptExpect *expect = check->expect;
    Buffer found = {0};
    if (expect->before_ran.said && !first_ran(check, &expect->before_ran)) {
        buffer_printf(out, "`%.*s` never ran; ", STR_ARG(expect->before_ran.command));
    }
    if (expect->after_ran.said && !first_ran(check, &expect->after_ran)) {
        buffer_printf(out, "`%.*s` never ran; ", STR_ARG(expect->after_ran.command));
    }
    if (list_rows(check, expect->negated ? row_tells : row_tells_loosely, &found, focus) > 0) {
        buffer_printf(out, "it was so: %s", found.data);
        if (expect->times_op.len) buffer_printf(out, "; counted: %zu times", count_rows(check));
    } else if (strncmp(check->rule->mark ? check->rule->mark : "", "step.", 5) == 0 &&
               step_story(check, &found, focus)) {
        buffer_printf(out, "that step: %s", found.data);
    } else if (list_rows(check, row_of_kind, &found, focus) > 0) {
        buffer_printf(out, "there was only: %s", found.data);
    } else {
        buffer_add_c(out, check->rule->none);
    }
    buffer_free(&found);
}

static void explain_lasting(const Check *check, Buffer *out)
{
    Stretch longest = lasting_longest(check->record, check->expect);
    if (!longest.known) {
        buffer_add_c(out, "it was never so");
        return;
    }
    buffer_add_c(out, "it was so for ");
    duration_write(out, longest.length);
    buffer_add_c(out, " at the longest, from ");
    duration_write(out, longest.from);
}

static void explain(const Check *check, Buffer *out, const Row **focus)
{
    const ScriptExpect *expect = check->expect;
    if (!is_known(check)) {
        buffer_add_c(out, "a drill cannot tell this");
    } else if (expect->lasting >= 0) {
        explain_lasting(check, out);
    } else if (str_equal_c(expect->fact, "severity")) {
        Str found = severity_at(check, expect->at, focus);
        buffer_printf(out, "the severity was %.*s", STR_ARG(found.len ? found : STR("not set")));
        if (*focus) add_from(out, check, *focus);
    } else if (str_equal_c(expect->fact, "elapsed")) {
        buffer_add_c(out, "it took ");
        duration_write(out, check->record->end - check->record->start);
    } else if (str_equal_c(expect->fact, "unresolved") || was_reopened(check)) {
        bool resolved = stays_resolved(check, focus);
        buffer_add_c(out, resolved ? "it was resolved" : *focus ? "it was reopened" : "it was not resolved");
        if (*focus) add_since(out, check, *focus);
    } else {
        explain_rows(check, out, focus);
    }
}

static void report(const Check *check, const char *indent, bool with_timeline, Buffer *messages)
{
    const ScriptExpect *expect = check->expect;
    const Row *focus = NULL;
    Buffer why = {0}, deeper = {0};
    explain(check, &why, &focus);
    buffer_printf(messages, "%s%.*s:%" PRId64 ": %.*s\n", indent, STR_ARG(expect->file), expect->line,
                  STR_ARG(expect->text));
    buffer_printf(messages, "%s  but %s\n", indent, why.data ? why.data : "");
    if (with_timeline) {
        int64_t bound = expect->before >= 0 ? expect->before : expect->at;
        int64_t around = focus        ? focus->log.now
                         : bound >= 0 ? check->record->start + bound
                                      : check->record->end;
        buffer_printf(&deeper, "%s    ", indent);
        timeline_around(check->record, around, deeper.data, messages);
    }
    buffer_free(&why);
    buffer_free(&deeper);
}

static const FactRule *find_rule(Str fact)
{
    for (size_t i = 0; i < sizeof fact_rules / sizeof *fact_rules; i++) {
        if (str_equal_c(fact, fact_rules[i].fact)) return &fact_rules[i];
    }
    return NULL;
}

size_t expect_check(const Script *script, Record *record, const char *indent, Buffer *messages)
{
    size_t failed = 0;
    for (size_t i = 0; i < script->expects.count; i++) {
        Check check = {.script = script, .record = record, .expect = &script->expects.items[i]};
        check.rule = find_rule(check.expect->fact);
        if (is_known(&check) && fact_holds(&check) != check.expect->negated) continue;
        report(&check, indent, failed == 0, messages);
        failed++;
    }
    return failed;
}
