/* Gates: `needs approval` shows what it lets through, with the values that are known by then, and is bound to them: a
 * change whose values are others when its turn comes needs an approval of its own. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

#include <stdlib.h>

/* ---- what is known at the gate ---- */

typedef struct Known {
    const Node *gate;
    bool all;    /* every name is known at the gate, and nothing is looked at */
    bool secret; /* a secret stands in it */
} Known;

static void check_known(Node *node, void *data)
{
    Known *known = data;
    const Symbol *symbol = node->symbol;
    if (symbol && symbol->kind == SYMBOL_LOCAL && symbol->span.file == known->gate->span.file &&
        symbol->span.start >= known->gate->span.start)
        known->all = false;
    if (node->type && node->type->kind == TYPE_SECRET) known->secret = true;
    if (node_effect(node) && node->kind != NODE_COMMAND && node->kind != NODE_CALL) known->all = false;
    node_children(node, check_known, data);
}

static void add_words(Context *context, Core *text, const char *words, Span span)
{
    core_append(text, build_text(context->lower->core, str_from_c(words), span));
}

static void add_value(Context *context, Core *text, Node *value)
{
    core_append(text, lower_text_of(context, lower_value(context, value), value->span));
}

static void add_call_args(Context *context, Core *text, const Call *call, Span span)
{
    const char *between = " (";
    size_t next = 0;
    for (size_t i = 0; i < call->symbol->param_count; i++) {
        const Symbol *param = call->symbol->params[i];
        if (param->decl->parameter.out) continue; /* of a native function */
        Node *arg = call->args[next++];
        bool shown = param->type->kind != TYPE_FN && param->type->kind != TYPE_SECRET && param->type->kind != TYPE_RECORD;
        if (!arg || !shown) continue;
        add_words(context, text, between, span);
        core_append(text, build_text(context->lower->core, param->name, span));
        add_words(context, text, ": ", span);
        add_value(context, text, arg);
        between = ", ";
    }
    if (between[0] == ',') add_words(context, text, ")", span);
}

/* The effect for those who approve it: with every value that it holds. */
static Core *approved_words(Context *context, Node *node, bool secret)
{
    const Effect *effect = node_effect(node);
    Core *text = core_new(context->lower->core, CORE_CONCAT, simple_type(context->lower, TYPE_STRING), node->span);
    core_append(text, lower_effect_words(context, node));
    if (effect->form == EFFECT_FORM_COMMAND && effect->command.is_script) {
        for (size_t i = 0; i < effect->command.value_count; i++) {
            add_words(context, text, i ? ", " : " (", node->span);
            add_value(context, text, effect->command.values[i]);
        }
        if (effect->command.value_count) add_words(context, text, ")", node->span);
    }
    if (effect->form == EFFECT_FORM_HTTP && effect->http.json && !secret) {
        add_words(context, text, " ", node->span);
        add_value(context, text, effect->http.json);
    }
    bool is_call = effect->form == EFFECT_FORM_FN || effect->form == EFFECT_FORM_EXTERN;
    if (is_call && !secret) add_call_args(context, text, &effect->call, node->span);
    return text;
}

/* ---- what the gate lets through ---- */

typedef struct Gate {
    Context *context;
    Node *node;
    Core *text;
    bool begun, ended; /* a line stands in the text; another gate follows */
    bool loops;        /* inside a loop, where values are those of a round */
} Gate;

static void add_line(Gate *gate, Core *words)
{
    if (gate->begun) add_words(gate->context, gate->text, "\n", gate->node->span);
    core_append(gate->text, words);
    gate->begun = true;
}

static void add_run(Gate *gate, Node *run)
{
    Context *context = gate->context;
    CoreProgram *core = context->lower->core;
    Node *effect = run->run.effect;
    Known known = {gate->node, true, false};
    check_known(effect, &known);
    if (!known.all || gate->loops || !node_effect(effect)) {
        add_line(gate, build_text(core, lower_source(context->lower, effect->span), gate->node->span));
        return;
    }
    uint32_t words = context_temp(context, simple_type(context->lower, TYPE_STRING));
    context_add(context, build_set_local(core, words, approved_words(context, effect, known.secret)));
    vec_push(&context->gated, (Gated){run, gate->node, words});
    add_line(gate, context_local(context, words, gate->node->span));
}

static void let_through(Node *node, void *data)
{
    Gate *gate = data;
    if (node->kind == NODE_NEEDS_APPROVAL) gate->ended = true;
    bool apart = node->kind == NODE_UNDO || node->kind == NODE_LAMBDA || node->kind == NODE_PARALLEL;
    if (gate->ended || apart) return;
    if (node->kind == NODE_RUN) add_run(gate, node);
    bool loops = gate->loops;
    if (node->kind == NODE_FOR || node->kind == NODE_REPEAT) gate->loops = true;
    node_children(node, let_through, data);
    gate->loops = loops;
}

static Core *ask_approval(Context *context, Node *node, Core *text)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    bool next = node->needs_approval.otherwise == APPROVAL_NEXT;
    Core *call = build_call(core, lower_prelude_function(lower, "approval"), span, lower_step_name(context, context->plan->name, span), text,
                            lower_name_list(context, node->needs_approval.from),
                            lower_deadline_after(context, node->needs_approval.within, span),
                            build_int(core, TYPE_BOOL, node->needs_approval.otherwise == APPROVAL_GO_ON, span),
                            build_int(core, TYPE_BOOL, node->needs_approval.or_starter, span),
                            lower_name_list(context, next ? node->needs_approval.next : (NodeList){0}),
                            lower_deadline_after(context, next ? node->needs_approval.next_within : NULL, span),
                            build_int(core, TYPE_INT, node->needs_approval.count, span),
                            build_int(core, TYPE_BOOL, node->needs_approval.strict, span), NULL);
    return build_do(core, call);
}

void lower_approval(Context *context, Node *node)
{
    Core *text = core_new(context->lower->core, CORE_CONCAT, simple_type(context->lower, TYPE_STRING), node->span);
    Gate gate = {.context = context, .node = node, .text = text};
    for (Node *later = node->next; later && !gate.ended; later = later->next) let_through(later, &gate);
    context_add(context, ask_approval(context, node, text));
}

void lower_gated(Context *context, const Node *run)
{
    const Gated *gated = NULL;
    for (size_t i = 0; i < context->gated.count; i++)
        if (context->gated.items[i].run == run) gated = &context->gated.items[i];
    if (!gated) return;
    Gated bound = *gated;
    CoreProgram *core = context->lower->core;
    Span span = run->span;
    Known known = {bound.gate, true, false};
    check_known(run->run.effect, &known);
    uint32_t words = context_temp(context, simple_type(context->lower, TYPE_STRING));
    context_add(context, build_set_local(core, words, approved_words(context, run->run.effect, known.secret)));
    Core *others = build_block(core, span);
    Core *text = core_new(core, CORE_CONCAT, simple_type(context->lower, TYPE_STRING), span);
    add_words(context, text, "the values are others now: ", span);
    core_append(text, context_local(context, words, span));
    core_append(others, ask_approval(context, bound.gate, text));
    core_append(others, build_set_local(core, bound.words, context_local(context, words, span)));
    Core *changed = build_binary(core, CORE_NE, context_local(context, words, span), context_local(context, bound.words, span));
    context_add(context, build_if(core, changed, others, NULL));
}
