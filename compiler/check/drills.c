/* Drills: their lines name what exists, no line hides a later one, and every expectation can fail.
 *
 * In: NODE_DRILL and the plan that it is of. Out: its references resolved, and findings. Runs after all plans
 * are checked. */
#include "compiler/check/check.h"

/* ---- what the plan has ---- */

static bool fits(const Symbol *step, Str name)
{
    return !step->name.len || str_matches_glob(step->name, name);
}

/* The number of the first step of a plan; a plan's steps follow each other. */
static size_t first_step(Checker *c, const Symbol *plan)
{
    const SymbolList *steps = &c->program->steps;
    if (!c->first_steps) {
        c->first_steps = arena_array(c->arena, size_t, c->program->plans.count + 1);
        for (size_t i = steps->count; i > 0; i--) {
            const Symbol *owner = steps->items[i - 1]->plan;
            if (owner && owner->kind == SYMBOL_PLAN) c->first_steps[owner->index] = i;
        }
    }
    size_t first = c->first_steps[plan->index];
    return first ? first - 1 : steps->count;
}

static bool is_reached(const Reach *reach, const Symbol *step)
{
    return step->plan && step->plan->kind == SYMBOL_PLAN && reach->plans[step->plan->index];
}

static Symbol *find_step(Checker *c, const Reach *reach, Str name)
{
    const SymbolList *steps = &c->program->steps;
    for (size_t i = first_step(c, reach->plan); i < steps->count && steps->items[i]->plan == reach->plan; i++) {
        if (fits(steps->items[i], name)) return steps->items[i];
    }
    for (size_t i = 0; i < steps->count; i++) {
        if (is_reached(reach, steps->items[i]) && fits(steps->items[i], name)) return steps->items[i];
    }
    return NULL;
}

/* A promise that names no plan is one of all plans: one of them has to have the step. A file without plans may promise for those
 * that import it. */
static bool is_step_of_any(Checker *c, const Node *home, Str name)
{
    if (home->kind != NODE_PROMISE || home->promise.plan || c->syntax_errors || !c->program->plans.count) return true;
    const SymbolList *steps = &c->program->steps;
    for (size_t i = 0; i < steps->count; i++)
        if (fits(steps->items[i], name)) return true;
    return false;
}

void check_step_name(Checker *c, const Node *home, Node *what)
{
    Str name;
    const Reach *reach = reach_of(c, home);
    if (!what || !node_plain_text(c->arena, what, &name)) return;
    if (reach ? (what->symbol = find_step(c, reach, name)) != NULL : is_step_of_any(c, home, name)) return;
    VEC(Str) names = {0};
    for (size_t i = 0; i < c->program->steps.count; i++) {
        const Symbol *step = c->program->steps.items[i];
        if (!reach || is_reached(reach, step)) vec_push(&names, step->name);
    }
    Diag *diag = reach ? report(c, P1001, what->span, "plan `%.*s` has no step \"%.*s\"", STR_ARG(reach->plan->name), STR_ARG(name))
                       : report(c, P1001, what->span, "no plan has a step \"%.*s\"", STR_ARG(name));
    Str nearest = suggest_nearest(name, names.items, names.count);
    if (nearest.len) report_help(c, diag, "did you mean \"%.*s\"?", STR_ARG(nearest));
    vec_free(&names);
}

static void check_drill_text(Checker *c, Node *node)
{
    if (node) check_shown(c, node, "a drill");
}

/* A URL may name a secret: in a drill it is a stand-in. */
static void check_url(Checker *c, Node *url)
{
    if (url) check_expression(c, url, NULL);
}

/* A pattern's words are not split; what stands in it is worked out when the plan is compiled. */
static void check_pattern(Checker *c, Node *pattern)
{
    if (!pattern) return;
    Node *command = pattern->kind == NODE_COMMAND ? pattern : pattern->effect_pattern.command;
    if (pattern->kind == NODE_EFFECT_PATTERN) check_url(c, pattern->effect_pattern.url);
    if (!command) return;
    if (command->command.host) check_reference(c, command->command.host, KIND(HOST), "host");
    for node_each(part, command->command.parts) {
        if (part->kind == NODE_INTERP) check_expression(c, part->interp.value, NULL);
    }
}

/* ---- lines ---- */

static void check_headers(Checker *c, Node *headers)
{
    check_value(c, headers, type_map(c->types, c->string));
}


/* What an answer says may name what the stars of its line's pattern stood for: ${1}, ${2}, … */
typedef struct Stars {
    Checker *c;
    size_t count;
} Stars;

static bool visit_star(Node *node, void *context)
{
    const Stars *stars = context;
    if (node->kind != NODE_INTERP || !node->interp.value || node->interp.value->kind != NODE_INT) return true;
    int64_t number = node->interp.value->integer.value;
    if (number >= 1 && (uint64_t)number <= stars->count) return true;
    Diag *diag = report(stars->c, P1006, node->interp.value->span, "the pattern of this line has no `*` number %lld",
                        (long long)number);
    if (stars->count)
        report_help(stars->c, diag, "it has %zu: `${1}` is what the first one stood for", stars->count);
    else
        report_help(stars->c, diag, "only the `*` of a command or URL can be named");
    return true;
}

static size_t count_stars(const Node *pattern)
{
    NodeList parts = {0};
    size_t count = 0;
    if (pattern && pattern->kind == NODE_STRING) parts = pattern->string.parts;
    if (pattern && pattern->kind == NODE_COMMAND) parts = pattern->command.parts;
    for node_each(part, parts) {
        for (size_t i = 0; part->kind == NODE_TEXT && i < part->text.text.len; i++)
            count += part->text.text.data[i] == '*';
    }
    return count;
}

/* What has no function of its own, as a command or a request, cannot run one. */
static void check_kind(Checker *c, const Node *answer, bool has_function)
{
    if (answer->gives.kind != GIVES_BODY || has_function) return;
    Diag *diag = report(c, P1007, answer->span, "there is no function that this line could let run");
    report_help(c, diag, "`runs` is for channels and functions; their commands and requests have lines of their own");
}

/* pattern: of the line, NODE_STRING or NODE_COMMAND; NULL where it has none. */
static void check_answers(Checker *c, NodeList answers, const Node *pattern)
{
    Stars stars = {.c = c, .count = count_stars(pattern)};
    for node_each(answer, answers) {
        Node *value = answer->gives.value;
        tree_walk(answer, visit_star, &stars);
        check_kind(c, answer, !pattern);
        if (answer->gives.headers) check_headers(c, answer->gives.headers);
        if (value && (answer->gives.kind == GIVES_JSON || answer->gives.kind == GIVES_RESULT))
            check_value(c, value, c->json);
        else if (value && (answer->gives.kind == GIVES_FIGURE || answer->gives.kind == GIVES_EXIT))
            check_value(c, value, c->integer);
        else if (value)
            check_shown(c, value, "a drill");
        check_drill_text(c, answer->gives.out);
        if (answer->gives.with && answer->gives.with->kind != NODE_STRING)
            check_value(c, answer->gives.with, c->json);
        else
            check_drill_text(c, answer->gives.with);
        check_duration(c, answer->gives.before);
        check_duration(c, answer->gives.delay);
        check_references(c, answer->gives.from, KINDS_PERSON, "contact or role");
        if (answer->gives.times) check_value(c, answer->gives.times, c->integer);
    }
}

static void check_drill_call(Checker *c, Node *line)
{
    Symbol *fn = check_reference(c, line->drill_call.fn, KIND(FN) | KIND(EXTERN), "effect fn");
    if (fn && fn->kind == SYMBOL_FN && !fn->is_effect) {
        report(c, P1001, line->drill_call.fn->span, "`%.*s` is no effect fn, so a drill cannot answer for it",
               STR_ARG(fn->name));
    }
    for node_each(arg, line->drill_call.args)
        check_expression(c, arg->arg.value, NULL);
    check_pattern(c, line->drill_call.once_ran);
    check_answers(c, line->drill_call.answers, NULL);
}

/* What a run begins with besides its settings. */
static bool check_beginning(Checker *c, Node *setting)
{
    Node *value = setting->setting.value;
    if (str_equal_c(setting->setting.name, "attended"))
        check_value(c, value, c->boolean);
    else if (str_equal_c(setting->setting.name, "since"))
        check_duration(c, value);
    else if (str_equal_c(setting->setting.name, "number_today"))
        check_value(c, value, c->integer);
    else if (str_equal_c(setting->setting.name, "run_id") || str_equal_c(setting->setting.name, "starter"))
        check_value(c, value, c->string);
    else
        return false;
    return true;
}

static void check_with(Checker *c, const Symbol *plan, Node *line)
{
    for node_each(setting, line->drill_with.settings) {
        for (const Node *earlier = line->drill_with.settings.first; earlier != setting; earlier = earlier->next) {
            if (!str_equal(earlier->setting.name, setting->setting.name)) continue;
            Diag *diag = report(c, P1004, setting->setting.name_span, "`%.*s` is set twice", STR_ARG(setting->setting.name));
            report_second(c, diag, earlier->setting.name_span, "here for the first time");
        }
        if (str_equal(setting->setting.name, STR("severity"))) {
            check_reference(c, setting->setting.value, KIND(SEVERITY), "severity");
            continue;
        }
        Symbol *symbol = setting_find(c, c->module->scope, setting->setting.name);
        for (size_t i = 0; plan && i < plan->param_count; i++) {
            if (str_equal(plan->params[i]->name, setting->setting.name)) symbol = plan->params[i];
        }
        if (!symbol && check_beginning(c, setting)) continue;
        bool settable = symbol && (symbol->kind == SYMBOL_SETTING || symbol->kind == SYMBOL_LOCAL);
        if (!settable) {
            report(c, P1004, setting->setting.name_span, "there is no param `%.*s` to set",
                   STR_ARG(setting->setting.name));
            check_expression(c, setting->setting.value, c->wrong);
            continue;
        }
        setting->symbol = symbol;
        check_value(c, setting->setting.value, symbol->type);
    }
}

static void check_at(Checker *c, Node *line)
{
    Node *value = line->drill_at.value;
    check_duration(c, line->drill_at.at);
    if (line->drill_at.by && line->drill_at.by->kind == NODE_STRING)
        check_drill_text(c, line->drill_at.by);
    else if (line->drill_at.by)
        check_reference(c, line->drill_at.by, KINDS_PERSON, "contact or role");
    if (line->drill_at.signal == SIGNAL_ANSWER)
        check_drill_text(c, line->drill_at.to);
    else if (line->drill_at.to)
        check_reference(c, line->drill_at.to, KINDS_PERSON, "contact");
    check_drill_text(c, line->drill_at.because);
    if (!value) return;
    switch (line->drill_at.signal) {
    case SIGNAL_SEVERITY: check_reference(c, value, KIND(SEVERITY), "severity"); break;
    case SIGNAL_KILL:
    case SIGNAL_CLOCK_JUMPS: check_duration(c, value); break;
    case SIGNAL_ESCALATE:
    case SIGNAL_HANDOVER: check_reference(c, value, KINDS_PERSON, "contact"); break;
    case SIGNAL_ASSIGN: check_reference(c, value, KIND(ROLE), "role"); break;
    case SIGNAL_FOLLOW: check_reference(c, value, KIND(PLAN), "plan"); break;
    case SIGNAL_ANY: check_value(c, value, c->json); break;
    case SIGNAL_SET:
        if (value->kind == NODE_NAME)
            value->type = c->string;
        else
            check_expression(c, value, NULL);
        break;
    default: check_expression(c, value, NULL); break;
    }
}

static void check_sweep(Checker *c, Node *line)
{
    if (line->drill_sweep.by) check_reference(c, line->drill_sweep.by, KINDS_PERSON, "contact or role");
    check_duration(c, line->drill_sweep.start);
    check_duration(c, line->drill_sweep.end);
    check_duration(c, line->drill_sweep.every);
    check_answers(c, line->drill_sweep.answers, NULL);
    if (line->drill_sweep.of_effects) return;
    int64_t start = duration_known(line->drill_sweep.start), end = duration_known(line->drill_sweep.end);
    if (start >= 0 && end >= 0 && end < start) {
        Diag *diag = report(c, P1002, line->span, "this sweep ends before it begins, so that it tries nothing");
        report_help(c, diag, "write `at EARLIEST..LATEST every TIME`");
    }
    if (duration_known(line->drill_sweep.every) == 0) {
        Diag *diag = report(c, P1002, line->drill_sweep.every->span, "a sweep in steps of nothing tries its first time only");
        report_help(c, diag, "say how far its times are from each other");
    }
}

void check_drill_fact(Checker *c, const Node *home, Node *fact)
{
    Node *subject = fact->fact.subject;
    switch (fact->fact.kind) {
    case FACT_PAGED: check_reference(c, subject, KINDS_PERSON, "contact or role"); break;
    case FACT_NOTIFIED: check_reference(c, subject, KINDS_TARGET, "channel, contact or role"); break;
    case FACT_ASSIGNED: check_reference(c, subject, KIND(ROLE), "role"); break;
    case FACT_SEVERITY: check_reference(c, subject, KIND(SEVERITY), "severity"); break;
    case FACT_ACKNOWLEDGED:
    case FACT_UNACKNOWLEDGED:
    case FACT_MITIGATED:
    case FACT_RESOLVED:
    case FACT_APPROVED:
        if (fact->fact.by) check_reference(c, fact->fact.by, KINDS_PERSON, "contact or role");
        break;
    case FACT_DONE:
    case FACT_FAILED:
    case FACT_SKIPPED:
    case FACT_STARTED:
    case FACT_ROLLED_BACK:
    case FACT_OUTPUT: check_step_name(c, home, fact->fact.what); break;
    default: break;
    }
    check_drill_text(c, fact->fact.what);
    check_drill_text(c, fact->fact.matching);
    check_pattern(c, fact->fact.pattern);
    check_pattern(c, fact->fact.before_ran);
    check_pattern(c, fact->fact.after_ran);
    if (fact->fact.to) check_reference(c, fact->fact.to, KINDS_PERSON, "contact");
    check_duration(c, fact->fact.before);
    check_duration(c, fact->fact.after);
    check_duration(c, fact->fact.at);
    check_duration(c, fact->fact.lasting);
    if (fact->fact.value) check_expression(c, fact->fact.value, NULL);
}

static void check_line(Checker *c, const Node *drill, const Symbol *plan, Node *line)
{
    switch (line->kind) {
    case NODE_DRILL_WITH: check_with(c, plan, line); break;
    case NODE_DRILL_START: check_drill_text(c, line->drill_start.zone); break;
    case NODE_DRILL_UNTIL: check_duration(c, line->drill_until.duration); break;
    case NODE_DRILL_HTTP:
        check_url(c, line->drill_http.url);
        if (line->drill_http.with) check_value(c, line->drill_http.with, c->json);
        if (line->drill_http.headers) check_headers(c, line->drill_http.headers);
        check_pattern(c, line->drill_http.once_ran);
        check_answers(c, line->drill_http.answers, line->drill_http.url);
        break;
    case NODE_DRILL_COMMAND:
        check_pattern(c, line->drill_command.command);
        check_pattern(c, line->drill_command.once_ran);
        check_answers(c, line->drill_command.answers, line->drill_command.command);
        break;
    case NODE_DRILL_CALL: check_drill_call(c, line); break;
    case NODE_DRILL_CHANNEL:
        check_reference(c, line->drill_channel.channel, KIND(CHANNEL), "channel");
        check_answers(c, line->drill_channel.answers, NULL);
        break;
    case NODE_DRILL_WAY:
        check_reference(c, line->drill_way.contact, KINDS_PERSON, "contact");
        check_answers(c, line->drill_way.answers, NULL);
        break;
    case NODE_DRILL_PERSON:
        check_reference(c, line->drill_person.contact, KINDS_PERSON, "contact or role");
        check_drill_text(c, line->drill_person.what);
        check_duration(c, line->drill_person.after);
        check_duration(c, line->drill_person.before);
        break;
    case NODE_DRILL_ANSWER:
        check_drill_text(c, line->drill_answer.question);
        check_expression(c, line->drill_answer.value, NULL);
        check_duration(c, line->drill_answer.after);
        break;
    case NODE_DRILL_MANUAL:
        check_drill_text(c, line->drill_manual.what);
        check_duration(c, line->drill_manual.after);
        break;
    case NODE_DRILL_ANY:
        check_pattern(c, line->drill_any.once_ran);
        check_answers(c, line->drill_any.answers, NULL);
        break;
    case NODE_DRILL_SWEEP: check_sweep(c, line); break;
    case NODE_DRILL_AT: check_at(c, line); break;
    case NODE_EXPECT: check_drill_fact(c, drill, line->expect.fact); break;
    default: break;
    }
}

void check_drill(Checker *c, Node *node)
{
    Body body;
    enter_body(c, &body, BODY_VALUE, node, NULL, NULL);
    Symbol *plan = check_reference(c, node->drill.plan, KIND(PLAN), "plan");
    if (plan) check_named_call(c, node, plan, node->drill.args, CALL_PLAN);
    check_shown(c, node->drill.title, "a title");
    push_scope(c);
    for (size_t i = 0; plan && i < plan->param_count; i++)
        scope_add(c, c->scope, plan->params[i]);
    for node_each(line, node->drill.lines)
        check_line(c, node, plan, line);
    pop_scope(c);
    leave_body(c, &body);
}

void check_drills(Checker *c)
{
    for (size_t i = 0; i < c->program->drills.count; i++) {
        Symbol *drill = c->program->drills.items[i];
        c->module = drill->module;
        c->scope = c->module->scope;
        check_drill(c, drill->decl);
        check_drill_rules(c, drill->decl);
    }
}
