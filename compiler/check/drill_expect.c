/* Expectations that cannot fail: whether anything that the drill can come to makes the fact true.
 *
 * In: a checked expectation, its drill, and what the drill can come to (drill_reach.c). Out: findings P1002. Where it cannot be
 * known, nothing is said. Called by drill_rules.c; what the expectation's own words rule out is found in drill_facts.c. */
#include "compiler/check/check.h"

typedef struct Search {
    Checker *c;
    Node *drill;
    const Node *fact, *wanted; /* wanted: EFFECT_PATTERN */
    const Symbol *subject;
    Str text; /* of the pattern, or what the fact is about */
} Search;

static const Symbol *symbol_of(const Node *node)
{
    return node ? node->symbol : NULL;
}

/* ---- what runs ---- */

static bool ran(Node *deed, void *context)
{
    const Search *s = context;
    const Effect *effect = node_effect(deed);
    const struct Ast_effect_pattern *wanted = &s->wanted->effect_pattern;
    if (!effect) return false;
    if (effect->form == EFFECT_FORM_COMMAND)
        return wanted->command && patterns_meet(s->text, pattern_of_command(s->c, &effect->command));
    if (effect->form != EFFECT_FORM_HTTP || wanted->command) return false;
    return str_equal(effect->http.method, wanted->method) && patterns_meet(s->text, pattern_of_text(s->c, effect->http.url));
}

static void check_ran(Checker *c, const Node *drill, const Node *expect, const Node *pattern)
{
    if (!pattern) return;
    const Node *text = pattern->effect_pattern.command ? pattern->effect_pattern.command : pattern->effect_pattern.url;
    Search search = {.c = c, .wanted = pattern, .text = pattern_of_text(c, text)};
    if (!find_deed(c, reach_of(c, drill), ran, &search))
        report_says_nothing(c, expect, pattern->effect_pattern.command ? "runs such a command" : "makes such a request");
}

/* ---- who is told ---- */

static bool meets(const Search *search, const Node *text)
{
    return text && patterns_meet(search->text, pattern_of_text(search->c, text));
}

static Str around(Checker *c, Str text, const char *before, const char *after)
{
    return arena_printf(c->arena, "%s%.*s%s", before, STR_ARG(text), after);
}

/* Can the message hold what `matching` wants? Only of a text that stands there it is known. */
static bool may_match(const Search *search, const Node *message)
{
    const Node *matching = search->fact->fact.matching;
    if (!matching || !message || message->kind != NODE_STRING) return true;
    return patterns_meet(around(search->c, pattern_of_text(search->c, matching), "*", "*"), pattern_of_text(search->c, message));
}

static bool told(Node *deed, void *context)
{
    const Search *search = context;
    NodeList targets = {0};
    const Node *message = NULL;
    if (deed->kind == NODE_NOTIFY) {
        targets = deed->notify.targets;
        message = deed->notify.message;
    }
    if (deed->kind == NODE_UPDATE) targets = deed->update.targets;
    if (deed->kind == NODE_PAGE) targets = deed->page.targets; /* instead of a page there may be a notification */
    for node_each(target, targets) {
        if (target->symbol == search->subject && may_match(search, message)) return true;
    }
    return false;
}

/* Whoever has an acknowledgement is told when it lapses, and whoever is paged can have one. */
static bool may_hold(const Search *search, const Reach *reach)
{
    bool person = search->subject->kind == SYMBOL_CONTACT || search->subject->kind == SYMBOL_ROLE;
    return person && (!reach || is_among(search->subject, reach->paged));
}

/* ---- what is asked, approved, attached, noted ---- */

static bool needs_approval(const Node *node, void *context)
{
    (void)context;
    return node->kind == NODE_NEEDS_APPROVAL;
}

typedef struct Find {
    bool (*test)(const Node *node, void *context);
    void *context;
    bool found;
} Find;

static bool visit_find(Node *node, void *context)
{
    Find *find = context;
    find->found = find->found || find->test(node, find->context);
    return !find->found;
}

static bool tree_has(Node *root, bool (*test)(const Node *node, void *context), void *context)
{
    Find find = {.test = test, .context = context};
    tree_walk(root, visit_find, &find);
    return find.found;
}

static const Node *title_of(const Node *node)
{
    return node->kind == NODE_STEP ? node->step.title : node->kind == NODE_REMEDY ? node->remedy.title : NULL;
}

/* A gate's question has its step's name. */
static bool approved(Node *deed, void *context)
{
    return meets(context, title_of(deed)) && tree_has(deed, needs_approval, NULL);
}

static bool noted(Node *deed, void *context)
{
    switch (deed->kind) {
    case NODE_NOTE: return meets(context, deed->note.text);
    /* Of these the machine makes a note with a text of its own. */
    case NODE_PAUSE:
    case NODE_FOLLOW:
    case NODE_STOP_PHASE:
    case NODE_ASK_ACKNOWLEDGEMENT: return true;
    default: return false;
    }
}

static bool attached(Node *deed, void *context)
{
    return deed->kind == NODE_ATTACH && meets(context, deed->attach.name);
}

/* How a change reads that nobody knows to be done. */
static bool asked_of_effect(const Search *search, const Node *run)
{
    const Effect *effect = node_effect(run);
    if (!effect) return false;
    if (effect->form == EFFECT_FORM_COMMAND) return patterns_meet(search->text, pattern_of_command(search->c, &effect->command));
    if (effect->form != EFFECT_FORM_HTTP) return true;
    Str url = pattern_of_text(search->c, effect->http.url);
    return patterns_meet(search->text, arena_printf(search->c->arena, "%.*s %.*s", STR_ARG(effect->http.method), STR_ARG(url)));
}

static bool is_required(const Node *node, void *context)
{
    (void)context;
    return node->kind == NODE_INTERP && node->interp.required;
}

/* A step asks when it has failed, when it is not known whether it is to be done, and at its gate. */
static bool asked(Node *deed, void *context)
{
    const Search *search = context;
    switch (deed->kind) {
    case NODE_ASK: return meets(search, deed->ask.question);
    case NODE_MANUAL: return meets(search, deed->manual.text);
    case NODE_CHECK: return deed->check.by && meets(search, deed->check.title);
    case NODE_REMEDY:
    case NODE_STEP:
        return meets(search, title_of(deed)) ||
               patterns_meet(search->text, around(search->c, pattern_of_text(search->c, title_of(deed)), "", " failed: *"));
    case NODE_RUN: return asked_of_effect(search, deed);
    case NODE_NOTIFY:
    case NODE_PAGE: return tree_has(deed, is_required, NULL);
    default: return false;
    }
}

static bool is_policy(const Node *node, void *context)
{
    (void)context;
    return node->kind == NODE_GIVES && node->gives.kind == GIVES_APPROVAL;
}

/* A line of the drill can want an approval, as a policy does. */
static bool asks_by_policy(const Search *search)
{
    return patterns_meet(search->text, STR("policy: *")) && tree_has(search->drill, is_policy, NULL);
}

/* What people send leaves notes, and a step that is taken over asks. */
static bool has_signals(const Node *drill)
{
    for node_each(line, drill->drill.lines) {
        if (line->kind == NODE_DRILL_AT || line->kind == NODE_DRILL_SWEEP) return true;
    }
    return false;
}

static bool has_signal(const Node *drill, DrillSignal signal)
{
    for node_each(line, drill->drill.lines) {
        if (line->kind == NODE_DRILL_AT && line->drill_at.signal == signal) return true;
    }
    return false;
}

/* ---- what becomes of a step ---- */

static bool is_undo(const Node *node, void *context)
{
    (void)context;
    return node->kind == NODE_UNDO;
}

static bool is_condition(const Node *node, void *context)
{
    (void)context;
    return node->kind == NODE_ONLY_IF;
}

static bool has_effect(const Node *node, void *context)
{
    (void)context;
    return node_effect(node) != NULL || node->kind == NODE_CALL;
}

static Node *step_of(const Node *fact)
{
    const Symbol *step = symbol_of(fact->fact.what);
    return step && step->decl ? step->decl : NULL;
}

/* A failed step can be answered with `skip`. */
static bool answers_skip(const Node *drill)
{
    for node_each(line, drill->drill.lines) {
        if (line->kind == NODE_DRILL_ANSWER) return true;
    }
    return has_signal(drill, SIGNAL_SKIP) || has_signal(drill, SIGNAL_GOTO) || has_signal(drill, SIGNAL_ANY);
}

static const char *step_lacks(const Search *search)
{
    Node *step = step_of(search->fact);
    FactKind kind = search->fact->fact.kind;
    if (!step) return NULL;
    if (kind == FACT_ROLLED_BACK && !tree_has(step, is_undo, NULL)) return "undoes this step";
    if (kind == FACT_OUTPUT && !tree_has(step, has_effect, NULL)) return "runs in this step, so it has no output";
    if (kind != FACT_SKIPPED || tree_has(step, is_condition, NULL) || answers_skip(search->drill)) return NULL;
    return step->kind == NODE_STEP ? "skips this step: it has no `only if`, and no line of this drill skips it" : NULL;
}

/* ---- the incident ---- */

static bool changes_incident(Node *deed, void *context)
{
    const Search *search = context;
    switch (search->fact->fact.kind) {
    case FACT_ASSIGNED: return deed->kind == NODE_ASSIGN_ROLE;
    case FACT_MITIGATED: return deed->kind == NODE_MITIGATED;
    case FACT_RESOLVED:
    case FACT_UNRESOLVED: return deed->kind == NODE_RESOLVE;
    case FACT_ACKNOWLEDGED: return deed->kind == NODE_ASK_ACKNOWLEDGEMENT;
    default: return false;
    }
}

/* May the line's sender be the one that the fact names with `by`? */
static bool may_be_by(const Node *sender, const Node *fact)
{
    const Symbol *wanted = symbol_of(fact->fact.by), *found = symbol_of(sender);
    if (!wanted) return true;
    return found && (found == wanted || found->kind != SYMBOL_CONTACT || wanted->kind != SYMBOL_CONTACT);
}

/* What a line of the drill does by itself: a signal, a person, a sweep. */
static bool line_causes(const Node *line, const Node *fact)
{
    bool sweeps = line->kind == NODE_DRILL_SWEEP && !line->drill_sweep.of_effects;
    if (line->kind == NODE_DRILL_PERSON) {
        bool has_it = line->drill_person.does == PERSON_ACKNOWLEDGES || line->drill_person.does == PERSON_ANSWERS;
        return fact->fact.kind == FACT_ACKNOWLEDGED && has_it && may_be_by(line->drill_person.contact, fact);
    }
    if (line->kind != NODE_DRILL_AT && !sweeps) return false;
    DrillSignal signal = sweeps ? line->drill_sweep.signal : line->drill_at.signal;
    const Node *by = sweeps ? line->drill_sweep.by : line->drill_at.by;
    if (signal == SIGNAL_ANY) return true; /* its words say what it is, and this does not read them */
    switch (fact->fact.kind) {
    case FACT_ASSIGNED: return signal == SIGNAL_ASSIGN || signal == SIGNAL_HANDOVER;
    case FACT_MITIGATED: return signal == SIGNAL_MITIGATED && may_be_by(by, fact);
    case FACT_RESOLVED:
    case FACT_UNRESOLVED: return signal == SIGNAL_RESOLVE && may_be_by(by, fact);
    case FACT_UNACKNOWLEDGED: return signal == SIGNAL_UNACK && may_be_by(by, fact);
    case FACT_ACKNOWLEDGED: return signal == SIGNAL_ACK && may_be_by(by, fact);
    default: return false;
    }
}

static bool comes_about(Search *search, const Reach *reach)
{
    for node_each(line, search->drill->drill.lines) {
        if (line_causes(line, search->fact)) return true;
    }
    return find_deed(search->c, reach, changes_incident, search);
}

static size_t count_severities(const Checker *c, const Reach *reach)
{
    size_t count = 0;
    for (size_t i = 0; i < c->program->severities.count; i++)
        count += reach->severities[c->program->severities.items[i]->index];
    return count;
}

static const char *severity_lacks(const Search *search, const Reach *reach)
{
    if (!reach || !search->subject || search->subject->kind != SYMBOL_SEVERITY) return NULL;
    if (!reach->incident) return "opens an incident: the plan of this drill has no severity";
    if (!reach->severities[search->subject->index]) return "comes to this severity, and no line of this drill does";
    return NULL;
}

/* An incident that has no other severity has it for certain. */
static bool is_certain(const Search *search)
{
    const Reach *reach = reach_of(search->c, search->drill);
    bool asks = search->fact->fact.kind == FACT_SEVERITY && search->subject && !search->fact->fact.lasting;
    return asks && reach && count_severities(search->c, reach) == 1;
}

static bool is_of_incident(FactKind kind)
{
    return kind == FACT_MITIGATED || kind == FACT_RESOLVED || kind == FACT_UNRESOLVED || kind == FACT_ACKNOWLEDGED ||
           kind == FACT_UNACKNOWLEDGED || kind == FACT_SEVERITY;
}

static const char *incident_lacks(Search *search, const Reach *reach)
{
    const Node *fact = search->fact;
    switch (fact->fact.kind) {
    case FACT_SEVERITY: return severity_lacks(search, reach);
    case FACT_MITIGATED: return comes_about(search, reach) ? NULL : "says that it is mitigated, and no line of this drill does";
    case FACT_RESOLVED: return comes_about(search, reach) ? NULL : "resolves it, and no line of this drill does";
    case FACT_UNRESOLVED:
        return fact->fact.lasting || comes_about(search, reach) ? NULL : "resolves it, and no line of this drill does";
    case FACT_ACKNOWLEDGED: return comes_about(search, reach) ? NULL : "acknowledges, and no line of this drill does";
    case FACT_UNACKNOWLEDGED:
        if (fact->fact.lasting || comes_about(search, reach)) return NULL;
        return "takes an acknowledgement back, and no line of this drill does";
    default: return NULL;
    }
}

/* ---- people ---- */

/* A way of the contact's: a field that he has, or a channel that he is reached by. */
static bool has_way(const Symbol *contact, Str way)
{
    if (contact->kind != SYMBOL_CONTACT || !contact->decl) return true;
    for node_each(field, contact->decl->contact.fields) {
        if (field->kind == NODE_FIELD && str_equal(field->field.name, way)) return true;
        if (field->kind != NODE_REACH) continue;
        for node_each(one, field->reach.ways) {
            if (one->kind == NODE_NAME && str_equal(one->name.text, way)) return true;
            if (one->kind == NODE_MEMBER && str_equal(one->member.name, way)) return true;
        }
    }
    return false;
}

static const char *page_lacks(const Search *search, const Reach *reach)
{
    const Node *way = search->fact->fact.by;
    if (!search->subject) return NULL;
    if (reach && !is_among(search->subject, reach->paged)) return "pages this contact";
    bool known = way && way->kind == NODE_NAME;
    return known && !has_way(search->subject, way->name.text) ? "reaches this contact that way" : NULL;
}

/* A setting without a default is asked for when something needs it. */
static bool asks_for_setting(const Search *search)
{
    const SymbolList *settings = &search->c->program->settings;
    for (size_t i = 0; i < settings->count; i++) {
        const Symbol *setting = settings->items[i];
        if (!setting->decl->param.value && patterns_meet(search->text, setting->name)) return true;
    }
    return false;
}

static bool asks_someone(Search *search, const Reach *reach)
{
    return find_deed(search->c, reach, asked, search) || asks_by_policy(search) || asks_for_setting(search) ||
           has_signal(search->drill, SIGNAL_TAKEOVER);
}

/* What is missing for the fact to come about; NULL: nothing that is known. */
static const char *lacking(Search *search)
{
    Checker *c = search->c;
    const Reach *reach = reach_of(c, search->drill);
    FactKind kind = search->fact->fact.kind;
    if (is_of_incident(kind)) return incident_lacks(search, reach);
    switch (kind) {
    case FACT_PAGED: return page_lacks(search, reach);
    case FACT_NOTIFIED:
        if (!search->subject || may_hold(search, reach) || find_deed(c, reach, told, search)) return NULL;
        return search->fact->fact.matching ? "tells this target such a thing" : "tells this target";
    case FACT_ASKED: return asks_someone(search, reach) ? NULL : "asks this";
    case FACT_ATTACHED: return find_deed(c, reach, attached, search) ? NULL : "attaches this";
    case FACT_NOTED: return has_signals(search->drill) || find_deed(c, reach, noted, search) ? NULL : "notes this";
    case FACT_APPROVED: return asks_by_policy(search) || find_deed(c, reach, approved, search) ? NULL : "needs this approval";
    case FACT_ASSIGNED: return comes_about(search, reach) ? NULL : "assigns a role, and no line of this drill does";
    default: return step_lacks(search);
    }
}

void check_expectation(Checker *c, Node *drill, const Node *expect)
{
    const Node *fact = expect->expect.fact;
    if (!fact || fact->kind != NODE_FACT || !check_clauses(c, drill, expect)) return;
    if (c->syntax_errors || !symbol_of(drill->drill.plan)) return;
    Search search = {.c = c,
                     .drill = drill,
                     .fact = fact,
                     .subject = symbol_of(fact->fact.subject),
                     .text = pattern_of_text(c, fact->fact.what)};
    if (fact->fact.kind == FACT_RAN) check_ran(c, drill, expect, fact->fact.pattern);
    check_ran(c, drill, expect, fact->fact.before_ran);
    check_ran(c, drill, expect, fact->fact.after_ran);
    const char *what = lacking(&search);
    if (what) {
        report_says_nothing(c, expect, what);
    } else if (is_certain(&search)) {
        Diag *diag = report(c, P1002, expect->span, "the incident of this drill has no other severity, so this expectation says nothing");
        report_help(c, diag, expect->expect.negated ? "it could never hold" : "it would hold whatever the plan does");
    }
}
