/* Time: ladders against targets, updates against targets, phases against their windows.
 *
 * In: the resolved program. Out: findings of the group P07. The worst case of a phase is reckoned in
 * budget.c. */
#include "compiler/check/budget.h"
#include "compiler/check/check.h"
#include "vm/base/map.h"

int64_t duration_known(const Node *node)
{
    if (!node) return -1;
    if (node->kind == NODE_DURATION) return node->duration.value;
    const Symbol *symbol = node->kind == NODE_NAME || node->kind == NODE_MEMBER ? node->symbol : NULL;
    if (!symbol || !symbol->decl) return -1;
    if (symbol->kind == SYMBOL_SETTING) return duration_known(symbol->decl->param.value);
    if (symbol->kind == SYMBOL_CONSTANT) return duration_known(symbol->decl->let.value);
    return -1;
}

Str duration_text(Checker *c, int64_t ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
    Buffer text = {0};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (ms < units[i].ms) continue;
        buffer_printf(&text, "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
        ms %= units[i].ms;
    }
    if (!text.len) buffer_add_c(&text, "0s");
    Str copy = arena_copy(c->arena, buffer_str(&text));
    buffer_free(&text);
    return copy;
}

/* ---- ladders ---- */

static bool pages(const Node *rule)
{
    return rule->rule.deed && rule->rule.deed->kind == NODE_PAGE;
}

/* What makes two timed rules do the same. */
typedef struct RuleKey {
    const Symbol *target;
    int64_t after;
    uint64_t trigger;
} RuleKey;

/* The earlier rule that pages the same at the same time, or NULL; the rule is remembered. */
static const Node *same_rule(Map *seen, Arena *arena, Node *rule)
{
    bool timed = rule->rule.trigger == RULE_UNACKNOWLEDGED || rule->rule.trigger == RULE_UNRESOLVED;
    if (!timed || !pages(rule) || duration_known(rule->rule.after) < 0) return NULL;
    RuleKey key = {rule->rule.deed->page.targets.first->symbol, duration_known(rule->rule.after),
                   (uint64_t)rule->rule.trigger};
    Str bytes = {(const char *)&key, sizeof key};
    const Node *older = map_get(seen, bytes);
    if (!older) map_set(seen, arena_copy(arena, bytes), rule);
    return older;
}

static void check_ladder(Checker *c, const Symbol *escalation)
{
    bool any = false, last = false;
    Map seen = {0};
    for node_each(rule, escalation->decl->escalation.rules) {
        if (rule->rule.trigger == RULE_AT_LAST)
            last = true;
        else if (pages(rule))
            any = true;
        const Node *older = same_rule(&seen, c->arena, rule);
        if (!older) continue;
        Diag *diag = report(c, P0710, rule->span, "this rule does what an earlier one does");
        report_second(c, diag, older->span, "the earlier one");
    }
    map_free(&seen);
    if (!any || last || has_syntax_error(c, escalation->decl->span)) return;
    Diag *diag =
        report(c, P0701, escalation->span,
               "the ladder `%.*s` pages, and does not say what happens when nobody answered its last rung",
               STR_ARG(escalation->name));
    report_help(c, diag, "add a rule like `at last  page oncall every 10m`");
}

typedef struct SeverityFacts {
    const Node *respond, *resolve, *update, *escalate;
} SeverityFacts;

static SeverityFacts facts_of(const Symbol *severity)
{
    SeverityFacts facts = {0};
    for node_each(field, severity->decl->severity.fields) {
        if (field->kind == NODE_RESPOND) facts.respond = field;
        if (field->kind == NODE_RESOLVE_WITHIN) facts.resolve = field;
        if (field->kind == NODE_UPDATE) facts.update = field;
        if (field->kind == NODE_ESCALATE_BY) facts.escalate = field;
    }
    return facts;
}

/* In a ladder that pages, somebody beyond the first responder hears of it before the target is missed. */
static void check_rungs_before_target(Checker *c, const Symbol *severity, const SeverityFacts *facts)
{
    int64_t target = facts->resolve ? duration_known(facts->resolve->resolve_within.within) : -1;
    const Node *ref = facts->escalate ? facts->escalate->escalate_by.escalation : NULL;
    if (target < 0 || !ref || !ref->symbol || ref->symbol->kind != SYMBOL_ESCALATION) return;
    int64_t first = -1;
    bool any = false;
    for node_each(rule, ref->symbol->decl->escalation.rules) {
        if (!pages(rule)) continue;
        any = true;
        bool timed = rule->rule.trigger == RULE_UNACKNOWLEDGED || rule->rule.trigger == RULE_UNRESOLVED;
        int64_t after = duration_known(rule->rule.after);
        if (timed && after < 0) return; /* business time, or a setting: it may well come before */
        if (timed && after >= 0 && (first < 0 || after < first)) first = after;
    }
    if (!any || (first >= 0 && first < target)) return;
    Diag *diag;
    if (first < 0) {
        diag = report(c, P0702, ref->span,
                      "%.*s is to be resolved within %.*s, and nobody but the first responder is ever paged "
                      "by the clock",
                      STR_ARG(severity->name), STR_ARG(duration_text(c, target)));
    } else {
        diag = report(
            c, P0702, ref->span,
            "%.*s is to be resolved within %.*s, and the first rung after the first responder comes at %.*s",
            STR_ARG(severity->name), STR_ARG(duration_text(c, target)), STR_ARG(duration_text(c, first)));
    }
    report_second(c, diag, ref->symbol->span, "the ladder");
    report_help(c, diag, "a rung before the target can still do something about it");
}

/* Does any rule of the ladder tell somebody who is not a vendor? What has no meaning has its own message. */
static bool tells_own(const Symbol *escalation)
{
    for node_each(rule, escalation->decl->escalation.rules) {
        if (!pages(rule)) return true;
        for node_each(target, rule->rule.deed->page.targets) {
            const Symbol *symbol = target->symbol;
            if (!symbol || symbol->kind != SYMBOL_CONTACT || !contact_is_vendor(symbol->decl)) return true;
        }
    }
    return false;
}

static void check_somebody_told(Checker *c, const Symbol *severity, const SeverityFacts *facts)
{
    if (facts->update) return;
    if (!facts->escalate) {
        Diag *diag = report(c, P0707, severity->span, "nobody hears of an incident of severity %.*s",
                            STR_ARG(severity->name));
        report_help(c, diag, "`escalate by LADDER` says who is told when");
        return;
    }
    const Node *ref = facts->escalate->escalate_by.escalation;
    const Symbol *ladder = ref ? ref->symbol : NULL;
    if (!ladder || ladder->kind != SYMBOL_ESCALATION || has_syntax_error(c, ladder->decl->span)) return;
    if (tells_own(ladder)) return;
    Diag *diag = report(c, P0707, ref->span, "of an incident of severity %.*s only vendors hear",
                        STR_ARG(severity->name));
    report_second(c, diag, ladder->span, "the ladder");
    report_help(c, diag, "a vendor does not count as told: page one of your own people, or notify a channel");
}

static void check_range(Checker *c, const Node *warn, const Node *within)
{
    int64_t low = duration_known(warn), high = duration_known(within);
    if (low < 0 || high < 0 || low < high) return;
    report(c, P0708, span_join(warn->span, within->span), "this range ends before it begins");
}

static void check_severity_times(Checker *c, const Symbol *severity)
{
    SeverityFacts facts = facts_of(severity);
    if (facts.respond) check_range(c, facts.respond->respond.warn, facts.respond->respond.within);
    if (facts.resolve)
        check_range(c, facts.resolve->resolve_within.warn, facts.resolve->resolve_within.within);
    int64_t respond = facts.respond ? duration_known(facts.respond->respond.within) : -1;
    int64_t resolve = facts.resolve ? duration_known(facts.resolve->resolve_within.within) : -1;
    int64_t update = facts.update ? duration_known(facts.update->update.every) : -1;
    if (respond >= 0 && resolve >= 0 && respond > resolve) {
        report(c, P0708, facts.respond->span,
               "the target to respond (%.*s) is later than the target to resolve (%.*s)",
               STR_ARG(duration_text(c, respond)), STR_ARG(duration_text(c, resolve)));
    }
    if (update >= 0 && resolve >= 0 && update >= resolve) {
        report(c, P0711, facts.update->span,
               "updates go out every %.*s, and it is to be resolved within %.*s: there may be none",
               STR_ARG(duration_text(c, update)), STR_ARG(duration_text(c, resolve)));
    }
    if (has_syntax_error(c, severity->decl->span)) return; /* what is missing may stand in a line that could not be read */
    if (!facts.respond && !facts.resolve) {
        Diag *diag = report(c, P0709, severity->span, "severity %.*s has no target", STR_ARG(severity->name));
        report_help(c, diag, "`respond within 15m` and `resolve within 1h` say what is owed");
    }
    check_somebody_told(c, severity, &facts);
    check_rungs_before_target(c, severity, &facts);
}

/* ---- phases ---- */

static int64_t window_of(Checker *c, const Node *phase)
{
    if (phase->phase.within) return duration_known(phase->phase.within);
    int64_t start = duration_known(phase->phase.start), end = duration_known(phase->phase.end);
    if (start < 0 || end < 0) return -1;
    if (end <= start) {
        report(c, P0708, span_join(phase->phase.start->span, phase->phase.end->span),
               "this window ends before it begins");
        return -1;
    }
    return end - start;
}

static void report_unlimited(Checker *c, const Budget *budget, const Node *phase)
{
    for (size_t i = 0; i < budget->unlimited.count; i++) {
        Node *node = budget->unlimited.items[i];
        Diag *diag = report(c, P0705, node->span,
                            "this waits for a person without a limit, in a phase that has a window");
        report_second(c, diag, phase->phase.title ? phase->phase.title->span : phase->span, "the phase");
        report_help(c, diag, "say how long: `within 5m`");
    }
}

static void check_phase_window(Checker *c, Node *phase)
{
    int64_t window = window_of(c, phase);
    bool has_window = phase->phase.within || phase->phase.end;
    if (!has_window) return;
    Budget budget = {.c = c};
    int64_t needed = budget_of_list(&budget, phase->phase.body);
    report_unlimited(c, &budget, phase);
    if (window >= 0 && needed > window) {
        Node *title = phase->phase.title;
        Str name = {"", 0};
        if (title) node_plain_text(c->arena, title, &name);
        Diag *diag = report(c, P0703, title ? title->span : phase->span,
                            "phase \"%.*s\" can take %.*s, its window is %.*s", STR_ARG(name),
                            STR_ARG(duration_text(c, needed)), STR_ARG(duration_text(c, window)));
        if (budget.longest) {
            report_second(c, diag, budget.longest->span, "this alone can take %.*s",
                          STR_ARG(duration_text(c, budget.longest_ms)));
        }
        report_help(c, diag, "shorten limits (`with (timeout: 30s)`), or widen the window");
    }
    vec_free(&budget.unlimited);
}

/* The end of the last window, if the phases with `within` come one after the other. */
static void check_plan_windows(Checker *c, const Symbol *plan)
{
    const Node *severity = NULL, *last = NULL;
    int64_t end = 0;
    for node_each(item, plan->decl->plan.body) {
        if (item->kind == NODE_PLAN_SEVERITY) severity = item->plan_severity.severity;
        if (item->kind != NODE_PHASE || item->phase.track) continue;
        check_phase_window(c, item);
        int64_t until = duration_known(item->phase.end), within = duration_known(item->phase.within);
        if (until > end)
            end = until;
        else if (within > 0)
            end += within;
        if (until >= 0 || within >= 0) last = item;
    }
    if (!severity || !severity->symbol || severity->symbol->kind != SYMBOL_SEVERITY || !last) return;
    SeverityFacts facts = facts_of(severity->symbol);
    int64_t target = facts.resolve ? duration_known(facts.resolve->resolve_within.within) : -1;
    if (target < 0 || end <= target) return;
    Diag *diag = report(c, P0706, last->phase.title ? last->phase.title->span : last->span,
                        "with this phase the windows end at %.*s, and %.*s is to be resolved within %.*s",
                        STR_ARG(duration_text(c, end)), STR_ARG(severity->symbol->name),
                        STR_ARG(duration_text(c, target)));
    report_second(c, diag, facts.resolve->span, "the target");
}

void check_timing(Checker *c)
{
    Program *p = c->program;
    for (size_t i = 0; i < p->escalations.count; i++)
        check_ladder(c, p->escalations.items[i]);
    for (size_t i = 0; i < p->severities.count; i++)
        check_severity_times(c, p->severities.items[i]);
    if (c->diagnostics->errors) return; /* limits that could not be understood would count as none */
    for (size_t i = 0; i < p->plans.count; i++)
        check_plan_windows(c, p->plans.items[i]);
}
