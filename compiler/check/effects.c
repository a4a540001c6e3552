/* Effects: `observe` and `run`, their options, what they may stand before, and where they may stand at all.
 *
 * In: NODE_OBSERVE, NODE_RUN and the command or call at the root of what they hold. Out: the Effect note of
 * that root, complete: form, class, host, options, what to do when its outcome is unknown. */
#include "compiler/check/check.h"

/* ---- options ---- */

typedef enum OptionUse { OPTION_COMMAND = 1, OPTION_HTTP = 2, OPTION_FN = 4 } OptionUse;

typedef struct OptionRow {
    const char *name;
    unsigned uses;
} OptionRow;

static const OptionRow option_rows[] = {
    {"timeout", OPTION_COMMAND | OPTION_HTTP}, /* a function has limits of its own */
    {"dir", OPTION_COMMAND},
    {"env", OPTION_COMMAND},
    {"input", OPTION_COMMAND},
    {"user", OPTION_COMMAND},
    {"retry", OPTION_COMMAND | OPTION_HTTP | OPTION_FN},
    {"every", OPTION_COMMAND | OPTION_HTTP | OPTION_FN},
    {"growth", OPTION_COMMAND | OPTION_HTTP | OPTION_FN},
    {"jitter", OPTION_COMMAND | OPTION_HTTP | OPTION_FN},
    {"secret", OPTION_COMMAND | OPTION_HTTP},
};
enum { OPTION_COUNT = sizeof option_rows / sizeof option_rows[0] };

static Node **option_slot(EffectOptions *options, size_t index)
{
    Node **const slots[OPTION_COUNT] = {&options->timeout, &options->dir,   &options->env,   &options->input,
                                        &options->user,    &options->retry, &options->every, &options->growth,
                                        &options->jitter,  &options->secret};
    return slots[index];
}

/* A map literal may hold secrets in places that take them; any other map holds plain strings. */
static const Type *map_that_may_hold_secrets(Checker *c, const Node *node)
{
    return type_map(c->types, node->kind == NODE_MAP ? c->secret : c->string);
}

static const Type *option_type(Checker *c, size_t index, const Node *value)
{
    switch (index) {
    case 0:
    case 6: return c->duration;
    case 2: return map_that_may_hold_secrets(c, value);
    case 3: return c->secret; /* a string is taken as well */
    case 5: return c->integer;
    case 7: return c->real;
    case 8:
    case 9: return c->boolean;
    default: return c->string;
    }
}

static OptionUse use_of(const Effect *effect)
{
    switch (effect->form) {
    case EFFECT_FORM_COMMAND: return OPTION_COMMAND;
    case EFFECT_FORM_HTTP: return OPTION_HTTP;
    case EFFECT_FORM_FN:
    case EFFECT_FORM_EXTERN: break;
    }
    return OPTION_FN;
}

/* What the output is must be known before the run, so that it can be followed. */
static void check_secret_option(Checker *c, const Node *arg)
{
    const Node *value = arg->arg.value;
    if (value->kind == NODE_BOOL && value->boolean.value) return;
    report(c, P0408, arg->span, "this option is written `secret: true`, or left out");
}

bool check_option(Checker *c, Node *arg, Effect *effect)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (!str_equal_c(arg->arg.name, option_rows[i].name)) continue;
        if (!(option_rows[i].uses & (unsigned)use_of(effect))) return false;
        Node **slot = option_slot(&effect->options, i);
        if (*slot) report(c, P0307, arg->span, "`%.*s` is given twice", STR_ARG(arg->arg.name));
        *slot = arg->arg.value;
        check_value(c, arg->arg.value, option_type(c, i, arg->arg.value));
        if (i == 9) check_secret_option(c, arg);
        return true;
    }
    return false;
}

static bool option_exists(Str name)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (str_equal_c(name, option_rows[i].name)) return true;
    return false;
}

static void check_options(Checker *c, NodeList options, Effect *effect)
{
    for node_each(arg, options) {
        if (arg->arg.name.len && check_option(c, arg, effect)) continue;
        VEC(Str) names = {0};
        for (size_t i = 0; i < OPTION_COUNT; i++) {
            if (option_rows[i].uses & (unsigned)use_of(effect))
                vec_push(&names, str_from_c(option_rows[i].name));
        }
        Diag *diag = report(c, P0408, arg->span, "this effect has no option `%.*s`", STR_ARG(arg->arg.name));
        Str nearest = suggest_nearest(arg->arg.name, names.items, names.count);
        if (nearest.len)
            report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
        else if (effect->form == EFFECT_FORM_FN && str_equal_c(arg->arg.name, "timeout"))
            report_help(c, diag, "each effect in the function has a `timeout` of its own; `timeout 5m` in the step ends all of it");
        else if (effect->form == EFFECT_FORM_FN && option_exists(arg->arg.name))
            report_help(c, diag, "it belongs to the command in the function");
        vec_free(&names);
        check_expression(c, arg->arg.value, c->wrong);
    }
}

/* ---- the root of an effect ---- */

static Node *effect_root_of(Node *node)
{
    Node *root = node;
    while (node) {
        if (node->kind == NODE_CALL || node->kind == NODE_COMMAND) root = node;
        if (node->kind == NODE_MEMBER)
            node = node->member.object;
        else if (node->kind == NODE_INDEX)
            node = node->index.object;
        else if (node->kind == NODE_CALL)
            node = node->call.callee;
        else
            break;
    }
    return root;
}

static const Type *check_rooted(Checker *c, Node *chain, Node *root)
{
    Node *outer = c->effect_root;
    c->effect_root = root;
    if (root && root->kind == NODE_COMMAND) {
        Note *note = note_new(c, root, NOTE_EFFECT);
        note->effect.form = EFFECT_FORM_COMMAND;
        if (root->command.host)
            note->effect.host = check_reference(c, root->command.host, KIND(HOST), "host");
        check_command(c, root, &note->effect.command);
    }
    const Type *type = check_expression(c, chain, NULL);
    c->effect_root = outer;
    return type;
}

static bool nothing_looks_here(const Checker *c)
{
    return !c->body || c->body->kind == BODY_VALUE || c->body->kind == BODY_TEMPLATE;
}

/* ---- observe ---- */

static void report_observed_change(Checker *c, Node *node, Effect *effect)
{
    if (effect->form == EFFECT_FORM_FN || effect->form == EFFECT_FORM_EXTERN) {
        Diag *diag = report(c, P0404, node->span,
                            "`%.*s` is an effect fn, which may change something; `observe` only looks",
                            STR_ARG(effect->call.symbol->name));
        report_help(c, diag, "write `run` where a change is meant");
        return;
    }
    bool changes = effect->form == EFFECT_FORM_COMMAND && effect->command.known == COMMAND_CHANGES;
    /* A POST may be one that only asks: there the author's word is taken. */
    Str method = effect->form == EFFECT_FORM_HTTP ? effect->http.method : (Str){"", 0};
    bool writes = str_equal(method, STR("DELETE")) || str_equal(method, STR("PUT")) || str_equal(method, STR("PATCH"));
    if (!changes && !writes) return;
    Diag *diag = report(c, P0404, node->span, "this changes something, and `observe` only looks");
    report_help(c, diag, "write `run`");
}

void check_bare_look(Checker *c, Node *node)
{
    Effect *effect = node_effect(node);
    if (!effect) return;
    effect->effect_class = EFFECT_LOOK;
    report_observed_change(c, node, effect);
    if (c->body && c->body->symbol) c->body->symbol->looks = true;
}

static bool has_option(NodeList options, const char *name)
{
    for node_each(arg, options)
        if (str_equal_c(arg->arg.name, name)) return true;
    return false;
}

const Type *check_observe(Checker *c, Node *node)
{
    Node *root = effect_root_of(node->observe.effect);
    if (nothing_looks_here(c))
        report(c, P0407, node->span,
               "nothing looks at the world here: a declaration and a template are fixed");
    size_t edges = c->edges.count;
    bool outer = c->in_secret_look;
    c->in_secret_look = has_option(node->observe.options, "secret");
    const Type *type = check_rooted(c, node->observe.effect, root);
    c->in_secret_look = outer;
    Effect *effect = node_effect(root);
    if (!effect) {
        for node_each(arg, node->observe.options) {
            report(c, P0408, arg->span, "options go with a request, a command or an effect fn");
            break;
        }
        for (size_t i = edges; i < c->edges.count; i++) {
            if (c->edges.items[i].node == root) c->edges.items[i].observe = node;
        }
        if (c->edges.count == edges && type->kind != TYPE_WRONG && !has_syntax_error(c, node->span))
            report(c, P0404, node->span, "there is nothing to observe here");
        return type;
    }
    effect->effect_class = EFFECT_LOOK;
    check_options(c, node->observe.options, effect);
    report_observed_change(c, node, effect);
    if (effect->form == EFFECT_FORM_COMMAND) check_command_rules(c, root, &effect->command, effect);
    if (c->body && c->body->symbol) c->body->symbol->looks = true;
    return type;
}

/* ---- run ---- */

/* May a change stand here? */
static void check_run_place(Checker *c, Node *node)
{
    if (c->conditions) {
        report(c, P0401, node->span, "a condition only looks; a change cannot stand in it");
        return;
    }
    switch (c->body ? c->body->kind : BODY_VALUE) {
    case BODY_EFFECT_FN:
    case BODY_PLAN: return;
    case BODY_FN: {
        Diag *diag = report(c, P0401, node->span, "a `fn` may look, never change");
        report_help(c, diag, "declare it `effect fn %.*s`, and call it with `run`",
                    STR_ARG(c->body->symbol->name));
        return;
    }
    case BODY_LAMBDA:
    case BODY_TEMPLATE:
    case BODY_VALUE:
        report(c, P0401, node->span, "a change cannot stand here; it belongs into a step");
        return;
    }
}

static void check_unknown(Checker *c, Node *node, Effect *effect)
{
    Node *unknown = node->run.unknown;
    if (!unknown) return;
    static const OnUnknown kinds[] = {[UNKNOWN_ASK] = ON_UNKNOWN_ASK,
                                      [UNKNOWN_AGAIN] = ON_UNKNOWN_AGAIN,
                                      [UNKNOWN_FAIL] = ON_UNKNOWN_FAIL,
                                      [UNKNOWN_VERIFY] = ON_UNKNOWN_VERIFY};
    effect->on_unknown = kinds[unknown->on_unknown.kind];
    Node *verify = unknown->on_unknown.verify;
    effect->unknown_condition = verify;
    if (!verify) return;
    check_condition(c, verify->verify.condition, true);
    check_duration(c, verify->verify.holds);
    check_duration(c, verify->verify.within);
    check_duration(c, verify->verify.every);
}

static void check_run_effect(Checker *c, Node *node, Effect *effect)
{
    effect->effect_class = EFFECT_CHANGE;
    check_run_place(c, node);
    check_options(c, node->run.options, effect);
    if (effect->options.secret) {
        Diag *diag = report(c, P0408, effect->options.secret->span, "only what a look gives can be a secret");
        report_help(c, diag, "a secret that a command makes is declared: `secret token = command `…``");
    }
    check_unknown(c, node, effect);
    bool look = (effect->form == EFFECT_FORM_COMMAND && effect->command.known == COMMAND_LOOKS) ||
                (effect->form == EFFECT_FORM_HTTP &&
                 (str_equal(effect->http.method, STR("GET")) || str_equal(effect->http.method, STR("HEAD"))));
    if (look) {
        Diag *diag =
            report(c, P0405, node->span, "this only looks, and `run` says that it changes something");
        report_help(c, diag, "write `observe`, or `verify` if it must succeed");
    }
    if (effect->form == EFFECT_FORM_COMMAND)
        check_command_rules(c, node->run.effect, &effect->command, effect);
}

/* `run f()` of a plain function: in std/ it is how a call becomes a statement. */
static void check_run_plain(Checker *c, Node *node, const Type *type)
{
    if (c->module->is_std || type->kind == TYPE_WRONG || has_syntax_error(c, node->span)) return;
    Diag *diag = report(c, P0404, node->span, "this changes nothing, so there is nothing to `run`");
    report_help(
        c, diag,
        "a function's value is taken by `let x = f(…)`; one that changes something is declared `effect fn`");
}

const Type *check_run(Checker *c, Node *node, Node *binding)
{
    Node *root = node->run.effect;
    const Type *type = check_rooted(c, root, root);
    Effect *effect = node_effect(root);
    if (effect)
        check_run_effect(c, node, effect);
    else if (root)
        check_run_plain(c, node, type);
    if (binding) {
        if (type->kind == TYPE_UNIT) report(c, P0305, node->span, "this gives no value");
        declare_local(c, binding, binding->kind == NODE_LET ? binding->let.name : binding->var.name,
                      binding->kind == NODE_LET ? binding->let.name_span : binding->var.name_span, type,
                      binding->kind == NODE_VAR);
    }
    if (node->run.has_else) check_block(c, node->run.otherwise);
    node->type = type;
    return type;
}

/* ---- which functions look ---- */

static void report_edge(Checker *c, const CallEdge *edge)
{
    bool fixed = edge->kind == BODY_VALUE || edge->kind == BODY_TEMPLATE;
    if (edge->to->looks && fixed) {
        report(c, P0407, edge->node->span,
               "`%.*s` looks at the world, which a declaration or template cannot do",
               STR_ARG(edge->to->name));
    }
    if (edge->observe && !edge->to->looks && !edge->to->is_effect) {
        Diag *diag = report(c, P0404, edge->observe->span, "`%.*s` does not look at the world",
                            STR_ARG(edge->to->name));
        report_help(c, diag, "without `observe` it is an ordinary call");
    }
}

/* Does the caller look, and is it news? */
static bool hand_on(const CallEdge *edge)
{
    if (!edge->from || edge->from->looks || !edge->to->looks) return false;
    return edge->from->looks = true;
}

void check_looks(Checker *c)
{
    for (bool again = true; again;) { /* both ways: functions stand in the order of their calls, or against it */
        again = false;
        for (size_t i = 0; i < c->edges.count; i++)
            again = hand_on(&c->edges.items[i]) || again;
        for (size_t i = c->edges.count; again && i > 0; i--)
            hand_on(&c->edges.items[i - 1]);
    }
    for (size_t i = 0; i < c->edges.count; i++) {
        c->edges.items[i].call->looks = c->edges.items[i].to->looks;
        report_edge(c, &c->edges.items[i]);
    }
}
