/* The shape of a tree: what the grammar lets through because one list of statements serves all bodies, and
 * because names and types are needed for nothing here.
 *
 * In: a parsed declaration. Out: diagnostics about clauses in the wrong body or behind statements, things said
 * twice, commands without `run` or `observe`, and parts that have to be there. The tree is not changed, but
 * what is nested so deeply that later rooms could not follow is cut off. */
#include "compiler/syntax/build.h"

enum { DEEPEST = 1000 };

/* Where a list of statements stands. */
typedef struct Place {
    NodeKind body;                     /* whose body it is, directly */
    bool plan, phase, step, fn, watch; /* is one of these around it? */
} Place;

typedef struct Shape {
    Parse *parse;
    Place place;
    unsigned depth;
    bool effect; /* right under `observe`, `run` or another word that takes a command */
} Shape;

/* In whose body a clause or statement may stand directly. */
typedef enum Home {
    HOME_ANY,
    HOME_PLAN,
    HOME_STEP,         /* a step or remedy, among its clauses */
    HOME_PLAN_OR_STEP, /* the same, or a plan */
    HOME_IN_STEP,      /* anywhere within a step or remedy */
    HOME_OUTSIDE_STEP, /* in a plan, but in no step, remedy or fn */
    HOME_PHASE,        /* in a plan, but in no other phase either */
    HOME_TRACK,
    HOME_REMEDIES,
    HOME_WATCH,
    HOME_FN,
    HOME_PLAN_BODY, /* anywhere in a plan */
} Home;

static Home home_of(const Node *node)
{
    switch (node->kind) {
    case NODE_PLAN_SEVERITY:
    case NODE_STARTS_ON:
    case NODE_STARTS_ANOTHER:
    case NODE_SYMPTOM:
    case NODE_UPDATE:
    case NODE_AFTERWARDS: return HOME_PLAN;
    case NODE_ONLY_IF:
    case NODE_BY:
    case NODE_TIMEOUT:
    case NODE_RETRY:
    case NODE_NO_SKIP:
    case NODE_UNDO_ON_FAILURE: return HOME_STEP;
    case NODE_ON_FAILURE: return node->on_failure.kind == FAILURE_BLOCK ? HOME_PLAN_OR_STEP : HOME_STEP;
    case NODE_NEEDS_APPROVAL:
    case NODE_UNDO: return HOME_IN_STEP;
    case NODE_STEP:
    case NODE_REMEDIES: return HOME_OUTSIDE_STEP;
    case NODE_PHASE: return node->phase.track ? HOME_TRACK : HOME_PHASE;
    case NODE_REMEDY: return HOME_REMEDIES;
    case NODE_STOP_PHASE: return HOME_WATCH;
    case NODE_RETURN: return HOME_FN;
    case NODE_ALWAYS:
    case NODE_WATCH: return HOME_PLAN_BODY;
    default: return HOME_ANY;
    }
}

static bool is_at_home(const Place *place, Home home)
{
    bool stepped = place->body == NODE_STEP || place->body == NODE_REMEDY;
    switch (home) {
    case HOME_ANY: return true;
    case HOME_PLAN: return place->body == NODE_PLAN;
    case HOME_STEP: return stepped;
    case HOME_PLAN_OR_STEP: return stepped || place->body == NODE_PLAN;
    case HOME_IN_STEP: return place->step;
    case HOME_OUTSIDE_STEP: return place->plan && !place->step;
    case HOME_PHASE: return place->plan && !place->step && !place->phase;
    case HOME_TRACK: return place->body == NODE_PARALLEL && !place->step;
    case HOME_REMEDIES: return place->body == NODE_REMEDIES;
    case HOME_WATCH: return place->watch;
    case HOME_FN: return place->fn;
    case HOME_PLAN_BODY: return place->plan;
    }
    return true;
}

static const char *home_text(Home home)
{
    switch (home) {
    case HOME_ANY: break;
    case HOME_PLAN: return "in a plan itself, not in a block within it";
    case HOME_STEP: return "at the beginning of a step or remedy";
    case HOME_PLAN_OR_STEP: return "in a plan itself, or at the beginning of a step or remedy";
    case HOME_IN_STEP: return "in a step or remedy";
    case HOME_OUTSIDE_STEP: return "in a plan or phase, not in another step";
    case HOME_PHASE: return "in a plan, not in another phase or a step";
    case HOME_TRACK: return "directly in `parallel`";
    case HOME_REMEDIES: return "directly in `remedies`";
    case HOME_WATCH: return "in the block of a `watch`";
    case HOME_FN: return "in a `fn`";
    case HOME_PLAN_BODY: return "in a plan";
    }
    return "elsewhere";
}

/* The first word of a node, as its author wrote it. */
static Str first_word(const Shape *shape, const Node *node)
{
    Str text = str_slice(shape->parse->file->text, node->span.start, node->span.end);
    size_t len = 0;
    while (len < text.len && ((text.data[len] | 32) >= 'a' && (text.data[len] | 32) <= 'z'))
        len++;
    return str_slice(text, 0, len);
}

static Span word_span(const Shape *shape, const Node *node)
{
    Span span = node->span;
    span.end = span.start + (uint32_t)first_word(shape, node).len;
    return span;
}

static bool is_step_clause(const Node *node)
{
    Home home = home_of(node);
    return home == HOME_STEP || home == HOME_PLAN_OR_STEP || node->kind == NODE_FROM;
}

/* Clauses of a step stand before its statements. */
static void check_order(Shape *shape, NodeList body)
{
    const Node *statement = NULL;
    for
        node_each(item, body)
        {
            if (!is_step_clause(item)) {
                if (statement == NULL) statement = item;
                continue;
            }
            if (statement == NULL) continue;
            Diagnostics *diagnostics = shape->parse->diagnostics;
            Str word = first_word(shape, item);
            Diag *diag = diag_report(diagnostics, DIAG_P0111, word_span(shape, item),
                                     "clauses come first: `%.*s` stands after a statement", STR_ARG(word));
            uint32_t line = source_line_at(shape->parse->file, statement->span.start);
            diag_second(diagnostics, diag, word_span(shape, statement), "the first statement");
            diag_help(diagnostics, diag, "move `%.*s` above line %u", STR_ARG(word), line);
        }
}

/* May a kind stand only once in its list? */
static bool only_once(NodeKind kind)
{
    switch (kind) {
    case NODE_REACH:
    case NODE_ANSWER_WITHIN:
    case NODE_BACKUP:
    case NODE_PRIMARY:
    case NODE_DUTIES:
    case NODE_MEMBERS:
    case NODE_HANDOVER:
    case NODE_RESPOND:
    case NODE_RESOLVE_WITHIN:
    case NODE_ESCALATE_BY:
    case NODE_ACK_HOLDS:
    case NODE_MEANS:
    case NODE_REVIEW:
    case NODE_PLAN_SEVERITY:
    case NODE_ONLY_IF:
    case NODE_BY:
    case NODE_TIMEOUT:
    case NODE_RETRY:
    case NODE_NO_SKIP:
    case NODE_ON_FAILURE:
    case NODE_UNDO_ON_FAILURE:
    case NODE_STARTS_ANOTHER:
    case NODE_DRILL_START:
    case NODE_DRILL_UNTIL:
    case NODE_DRILL_SWEEP:
    case NODE_DRILL_WITH:
    case NODE_FROM:
    case NODE_FIELD: return true;
    default: return false;
    }
}

static void check_twice(Shape *shape, NodeList list)
{
    for
        node_each(item, list)
        {
            if (!only_once(item->kind)) continue;
            for (const Node *earlier = list.first; earlier != item; earlier = earlier->next) {
                if (earlier->kind != item->kind) continue;
                if (item->kind == NODE_FIELD && !str_equal(item->field.name, earlier->field.name)) continue;
                Diagnostics *diagnostics = shape->parse->diagnostics;
                Str word = first_word(shape, item);
                Diag *diag = diag_report(diagnostics, DIAG_P0112, word_span(shape, item),
                                         "`%.*s` is said twice", STR_ARG(word));
                diag_second(diagnostics, diag, word_span(shape, earlier), "here for the first time");
                break;
            }
        }
}

static void check_homes(Shape *shape, NodeList body)
{
    for
        node_each(item, body)
        {
            Home home = home_of(item);
            bool stranger =
                shape->place.body == NODE_REMEDIES && item->kind != NODE_REMEDY && item->kind != NODE_FROM;
            if (is_at_home(&shape->place, home) && !stranger) continue;
            Str word = first_word(shape, item);
            Diagnostics *diagnostics = shape->parse->diagnostics;
            if (stranger) {
                Diag *diag = diag_report(diagnostics, DIAG_P0110, word_span(shape, item),
                                         "in `remedies` stands nothing but `remedy`");
                diag_help(diagnostics, diag, "put it into a `remedy \"…\" { }`, or before the `remedies`");
            } else {
                diag_report(diagnostics, DIAG_P0110, word_span(shape, item), "`%.*s` stands only %s",
                            STR_ARG(word), home_text(home));
            }
        }
}

static void visit(Node *node, void *context);

static void visit_body(Shape *shape, NodeKind body, NodeList list)
{
    Place before = shape->place;
    shape->place.body = body;
    if (body == NODE_PLAN) shape->place.plan = true;
    if (body == NODE_PHASE) shape->place.phase = true;
    if (body == NODE_STEP || body == NODE_REMEDY) shape->place.step = true;
    if (body == NODE_FN) shape->place.fn = true;
    if (body == NODE_WATCH) shape->place.watch = true;
    check_homes(shape, list);
    check_twice(shape, list);
    if (body == NODE_STEP || body == NODE_REMEDY) check_order(shape, list);
    for
        node_each(item, list) visit(item, shape);
    shape->place = before;
}

/* Under `observe` and `run` stands a call or a command at the root of a chain. */
static bool has_effect_root(const Node *node)
{
    for (;;) {
        switch (node->kind) {
        case NODE_MEMBER: node = node->member.object; break;
        case NODE_INDEX: node = node->index.object; break;
        case NODE_CALL:
        case NODE_COMMAND:
        case NODE_WRONG: return true;
        default: return false;
        }
    }
}

static void visit_effect(Shape *shape, Node *node, Node *effect, const char *word)
{
    bool chain = effect->kind != NODE_CALL && effect->kind != NODE_COMMAND;
    if (!has_effect_root(effect) || (node->kind == NODE_RUN && chain)) {
        Diag *diag = diag_report(shape->parse->diagnostics, DIAG_P0119, effect->span,
                                 "after `%s` stands a command in backticks or a call", word);
        Str written = str_slice(shape->parse->file->text, effect->span.start, effect->span.end);
        if (effect->kind == NODE_STRING && !effect->string.block && written.len > 2 && written.len < 80)
            diag_help(shape->parse->diagnostics, diag, "write `%s `%.*s``", word, STR_ARG(str_slice(written, 1, written.len - 1)));
        if (effect->kind == NODE_NAME || effect->kind == NODE_MEMBER)
            diag_help(shape->parse->diagnostics, diag, "a call has parentheses: `%.*s()`",
                      STR_ARG(str_slice(shape->parse->file->text, effect->span.start, effect->span.end)));
    }
    shape->effect = true;
    visit(effect, shape);
    shape->effect = false;
}

static void visit_list(Shape *shape, NodeList list)
{
    for
        node_each(item, list) visit(item, shape);
}

static void missing_part(Shape *shape, Span span, const char *what, const char *help)
{
    Diag *diag = diag_report(shape->parse->diagnostics, DIAG_P0119, span, "%s", what);
    diag_help(shape->parse->diagnostics, diag, "%s", help);
}

/* Statements with bodies, whose children need a place. Gives false for every other kind. */
static bool visit_block(Shape *shape, Node *node)
{
    switch (node->kind) {
    case NODE_PLAN:
        visit_list(shape, node->plan.params);
        visit_body(shape, NODE_PLAN, node->plan.body);
        return true;
    case NODE_PHASE: visit_body(shape, NODE_PHASE, node->phase.body); return true;
    case NODE_STEP: visit_body(shape, NODE_STEP, node->step.body); return true;
    case NODE_REMEDY: visit_body(shape, NODE_REMEDY, node->remedy.body); return true;
    case NODE_FN:
        for
            node_each(param, node->fn.params) if (param->parameter.type == NULL)
                missing_part(shape, param->span, "a parameter of a `fn` has a type", "write `name: type`");
        visit_list(shape, node->fn.params);
        visit_body(shape, NODE_FN, node->fn.body);
        return true;
    case NODE_PARALLEL: visit_body(shape, NODE_PARALLEL, node->parallel.body); return true;
    case NODE_REMEDIES:
        visit(node->remedies.until, shape);
        visit_body(shape, NODE_REMEDIES, node->remedies.items);
        visit_body(shape, NODE_IF, node->remedies.otherwise);
        return true;
    case NODE_WATCH:
        if (!node->watch.when)
            missing_part(shape, word_span(shape, node), "this `watch` has no condition", "write `when COND`");
        else
            visit(node->watch.when, shape);
        if (!node->watch.every)
            missing_part(shape, word_span(shape, node), "this `watch` does not say how often it looks",
                         "write `every 30s`");
        visit_body(shape, NODE_WATCH, node->watch.body);
        return true;
    case NODE_IF:
        visit(node->branch.condition, shape);
        visit_body(shape, NODE_IF, node->branch.then);
        visit_body(shape, NODE_IF, node->branch.otherwise);
        return true;
    case NODE_FOR:
        visit(node->loop.in, shape);
        visit_body(shape, NODE_FOR, node->loop.body);
        return true;
    case NODE_ARM: visit_body(shape, NODE_ARM, node->arm.body); return true;
    case NODE_REPEAT:
        if (node->repeat.until)
            visit(node->repeat.until, shape);
        else
            missing_part(shape, word_span(shape, node), "this `repeat` does not say until when",
                         "write `until COND`");
        visit_body(shape, NODE_REPEAT, node->repeat.body);
        visit_body(shape, NODE_IF, node->repeat.otherwise);
        return true;
    case NODE_UNDO: visit_body(shape, NODE_UNDO, node->undo.body); return true;
    case NODE_ALWAYS: visit_body(shape, NODE_ALWAYS, node->always.body); return true;
    case NODE_AFTERWARDS: visit_body(shape, NODE_AFTERWARDS, node->afterwards.body); return true;
    case NODE_ON_FAILURE: visit_body(shape, NODE_ON_FAILURE, node->on_failure.body); return true;
    default: return false;
    }
}

static void visit_command(Shape *shape, Node *node, bool effect)
{
    if (!effect) {
        Diag *diag = diag_report(shape->parse->diagnostics, DIAG_P0109, node->span,
                                 "a command stands here without `observe` or `run`");
        diag_help(shape->parse->diagnostics, diag,
                  "put `observe` before it if it only looks; text stands in `\"`");
    }
    node_children(node, visit, shape);
}

static void check_field_lists(Shape *shape, Node *node)
{
    switch (node->kind) {
    case NODE_SERVICE: check_twice(shape, node->service.fields); break;
    case NODE_CONTACT: check_twice(shape, node->contact.fields); break;
    case NODE_ROTATION: check_twice(shape, node->rotation.fields); break;
    case NODE_ROLE: check_twice(shape, node->role.fields); break;
    case NODE_CALENDAR: check_twice(shape, node->calendar.fields); break;
    case NODE_SEVERITY: check_twice(shape, node->severity.fields); break;
    case NODE_TEMPLATE: check_twice(shape, node->template.fields); break;
    case NODE_DRILL: check_twice(shape, node->drill.lines); break;
    default: break;
    }
}

static void visit_kind(Shape *shape, Node *node, bool effect);

static void visit(Node *node, void *context)
{
    Shape *shape = context;
    bool effect = shape->effect;
    shape->effect = false;
    if (shape->depth == DEEPEST) {
        Diag *diag =
            diag_report(shape->parse->diagnostics, DIAG_P0117, node->span, "this is nested too deeply");
        diag_help(shape->parse->diagnostics, diag,
                  "take parts out into a `let`, a `fn` or a plan of their own");
        node->kind = NODE_WRONG;
        return;
    }
    shape->depth++;
    visit_kind(shape, node, effect);
    shape->depth--;
}

static void visit_kind(Shape *shape, Node *node, bool effect)
{
    switch (node->kind) {
    case NODE_PARAM:
        if (!node->param.type && !node->param.value)
            missing_part(shape, node->span, "this `param` has neither a type nor a default",
                         "write `param name: type` or `param name = default`");
        break;
    case NODE_OBSERVE:
        visit_effect(shape, node, node->observe.effect, "observe");
        visit_list(shape, node->observe.options);
        return;
    case NODE_RUN:
        visit_effect(shape, node, node->run.effect, "run");
        visit_list(shape, node->run.options);
        if (node->run.unknown) visit(node->run.unknown, shape);
        visit_body(shape, NODE_IF, node->run.otherwise);
        return;
    case NODE_VERIFY:
        visit(node->verify.condition, shape);
        visit_body(shape, NODE_IF, node->verify.otherwise);
        return;
    case NODE_MEMBER:
    case NODE_INDEX:
    case NODE_CALL:
        /* The command may be at the root of the chain; arguments and indexes are no effects. */
        shape->effect = effect;
        visit(node->kind == NODE_MEMBER  ? node->member.object
              : node->kind == NODE_INDEX ? node->index.object
                                         : node->call.callee,
              shape);
        shape->effect = false;
        if (node->kind == NODE_INDEX) visit(node->index.index, shape);
        if (node->kind == NODE_CALL) visit_list(shape, node->call.args);
        return;
    case NODE_COMMAND: visit_command(shape, node, effect); return;
    case NODE_SECRET:
    case NODE_DRILL_COMMAND:
    case NODE_EFFECT_PATTERN:
        shape->effect = true;
        node_children(node, visit, shape);
        shape->effect = false;
        return;
    default: break;
    }
    check_field_lists(shape, node);
    if (!visit_block(shape, node)) node_children(node, visit, shape);
}

void shape_check(Parse *parse, Node *declaration)
{
    Shape shape = {.parse = parse};
    visit(declaration, &shape);
}
