/* Statements of plans, steps and functions, one after the other into the function that is being made. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

#include <assert.h>

/* ---- variables ---- */

/* A `var` of a plan is a global: its steps are functions of their own and all mean the same variable. */
static bool is_shared(const Context *context, const Symbol *symbol)
{
    return context->plan && symbol->is_variable && !context->local_vars;
}

/* What `afterwards` reads is there when the body has ended. */
static void keep_outliving(Context *context, Symbol *symbol, uint32_t local, Span span)
{
    if (!lower_outlives(context->lower, symbol)) return;
    context_add(context, build_set_global(context->lower->core, symbol_global(context->lower, symbol),
                                          context_local(context, local, span)));
}

void lower_declare(Context *context, Node *node, Core *value)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Symbol *symbol = node->symbol;
    value = lower_convert(context, value, symbol->type);
    if (is_shared(context, symbol)) {
        context_add(context, build_set_global(core, symbol_global(lower, symbol), value));
        return;
    }
    uint32_t local = context_bind(context, symbol, symbol->type);
    context_add(context, build_set_local(core, local, value));
    keep_outliving(context, symbol, local, node->span);
}

void lower_assign_symbol(Context *context, Symbol *symbol, Core *value)
{
    CoreProgram *core = context->lower->core;
    const Binding *known = symbol->kind == SYMBOL_LOCAL ? context_find(context, symbol) : NULL;
    value = lower_convert(context, value, symbol->type);
    if (symbol->kind == SYMBOL_BUILTIN) symbol = symbol->target_var;
    if (known) context_add(context, build_set_local(core, known->local, value));
    else context_add(context, build_set_global(core, symbol_global(context->lower, symbol), value));
}

/* A name that a value is bound to: the result of a change is there before its else runs. */
static void lower_let_run(Context *context, Node *node, Node *run)
{
    CoreProgram *core = context->lower->core;
    uint32_t local = context_bind(context, node->symbol, node->symbol->type);
    lower_run(context, run, local, true);
    if (is_shared(context, node->symbol))
        context_add(context, build_set_global(core, symbol_global(context->lower, node->symbol),
                                              context_local(context, local, node->span)));
    else
        keep_outliving(context, node->symbol, local, node->span);
}

static void lower_let(Context *context, Node *node)
{
    Node *value = node->kind == NODE_LET ? node->let.value : node->var.value;
    if (!value) {
        if (!is_shared(context, node->symbol)) context_bind(context, node->symbol, node->symbol->type);
        return;
    }
    if (value->kind == NODE_RUN) lower_let_run(context, node, value);
    else lower_declare(context, node, lower_value(context, value));
}

/* What `x += v` stores. */
static Core *added(Context *context, Core *old, Core *value, Span span)
{
    CoreProgram *core = context->lower->core;
    if (old->type->kind == TYPE_LIST) {
        Core *longer = core_new(core, CORE_APPEND, old->type, span);
        longer->a = old;
        longer->b = lower_convert(context, value, old->type->element);
        return longer;
    }
    if (old->type->kind == TYPE_STRING) {
        Core *text = core_new(core, CORE_CONCAT, old->type, span);
        core_append(text, old);
        core_append(text, value);
        return text;
    }
    return build_binary(core, CORE_ADD, old, value);
}

static void store(Context *context, Node *target, Core *value);

/* a.b = v: a becomes itself with another b. */
static void store_member(Context *context, Node *target, Core *value)
{
    CoreProgram *core = context->lower->core;
    Core *record = lower_value(context, target->member.object);
    int index = type_field_index(record->type, target->member.name);
    assert(index >= 0);
    Core *changed = core_new(core, CORE_WITH_FIELD, record->type, target->span);
    changed->a = record;
    changed->index = (uint32_t)index;
    changed->b = lower_convert(context, value, record->type->fields[index].type);
    store(context, target->member.object, changed);
}

static void store_item(Context *context, Node *target, Core *value)
{
    Core *whole = lower_value(context, target->index.object);
    Core *changed = core_new(context->lower->core, CORE_WITH_ITEM, whole->type, target->span);
    changed->a = whole;
    changed->b = lower_value(context, target->index.index);
    changed->c = lower_convert(context, value, whole->type->element);
    store(context, target->index.object, changed);
}

static void store(Context *context, Node *target, Core *value)
{
    if (target->kind == NODE_MEMBER && target->symbol == NULL) store_member(context, target, value);
    else if (target->kind == NODE_MEMBER && node_member(target) && node_member(target)->kind != MEMBER_SYMBOL)
        store_member(context, target, value);
    else if (target->kind == NODE_INDEX) store_item(context, target, value);
    else lower_assign_symbol(context, target->symbol, value);
}

static void lower_assign(Context *context, Node *node)
{
    Node *value = node->assign.value;
    if (value->kind == NODE_RUN) {
        uint32_t local = context_temp(context, value->type ? value->type : node->assign.target->type);
        lower_run(context, value, local, true);
        store(context, node->assign.target, context_local(context, local, node->span));
        return;
    }
    Core *result = lower_value(context, value);
    if (node->assign.append) result = added(context, lower_value(context, node->assign.target), result, node->span);
    store(context, node->assign.target, result);
}

/* ---- one statement ---- */

static void lower_statement(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    switch (node->kind) {
    case NODE_LET:
    case NODE_VAR: lower_let(context, node); return;
    case NODE_ASSIGN: lower_assign(context, node); return;
    case NODE_IF: context_add(context, lower_branch(context, node)); return;
    case NODE_MATCH: lower_match(context, node); return;
    case NODE_FOR: lower_for(context, node); return;
    case NODE_REPEAT: lower_repeat(context, node); return;
    case NODE_PARALLEL: lower_parallel(context, node); return;
    case NODE_RETURN:
        context_add(context, build_return(core, node->ret.value ? lower_convert(context, lower_value(context, node->ret.value),
                                                                                context->function->result)
                                                                : NULL,
                                          node->span));
        return;
    case NODE_OBSERVE: context_add(context, build_do(core, lower_value(context, node))); return;
    case NODE_RUN: lower_run(context, node, 0, false); return;
    case NODE_VERIFY: lower_verify(context, node); return;
    case NODE_VERIFY_ALL: lower_verify_all(context, node); return;
    case NODE_WAIT: lower_wait(context, node); return;
    default: lower_deed(context, node);
    }
}

/* ---- lists of statements ---- */

static bool is_change(const Node *node)
{
    return node->kind == NODE_RUN || (node->kind == NODE_LET && node->let.value->kind == NODE_RUN);
}

typedef struct Mention {
    const Node *from; /* the first statement whose names matter */
    bool found;
} Mention;

static void find_mention(Node *node, void *data)
{
    Mention *mention = data;
    if (node->symbol && node->symbol->kind == SYMBOL_LOCAL && node->symbol->span.file == mention->from->span.file &&
        node->symbol->span.start >= mention->from->span.start && node->symbol->span.start < node->span.start)
        mention->found = true;
    node_children(node, find_mention, data);
}

/* The undo that belongs to the change: the next one in the list, unless it speaks of what is only known later. */
static Node *undo_of(Node *change)
{
    for (Node *node = change->next; node; node = node->next) {
        if (node->kind != NODE_UNDO) continue;
        Mention mention = {change, false};
        for node_each(part, node->undo.body) find_mention(part, &mention);
        return mention.found ? NULL : node;
    }
    return NULL;
}

/* `always { }`: what follows it in the list may end as it likes; the block runs. */
static void lower_always(Context *context, Node *always)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    NodeList rest = {always->next, always->next, 1};
    Core *body = lower_block(context, rest);
    uint32_t error = context_temp(context, simple_type(lower, TYPE_ERROR));
    Core *handler = build_block(core, always->span);
    core_append(handler, lower_block(context, always->always.body));
    core_append(handler, build_raise(core, context->function, error, always->span));
    context_add(context, build_try(core, body, error, handler, true));
    context_add(context, lower_block(context, always->always.body));
}

static void lower_if_done(Context *context, Node *node, Core *done)
{
    Core *outer = context->block, *block = build_block(context->lower->core, node->span);
    context->block = block;
    lower_statement(context, node);
    context->block = outer;
    context_add(context, build_if(context->lower->core, done, block, NULL));
}

void lower_statements(Context *context, NodeList list)
{
    Node *registered = NULL;
    for (Node *node = list.first; node; node = node->next) {
        bool of_plan = context->plan && list.first == context->plan->decl->plan.body.first;
        if (node->kind == NODE_ALWAYS && of_plan) continue; /* the plan's own: lower_plan_body puts it around everything */
        if (node->kind == NODE_ALWAYS) {
            lower_always(context, node);
            return;
        }
        if (node->kind == NODE_UNDO && node == registered) continue;
        if (is_change(node)) {
            Node *undo = undo_of(node);
            if (undo && undo != registered) {
                lower_undo(context, undo);
                registered = undo;
            }
        }
        Core *done = of_plan ? lower_way_to(context, node) : NULL;
        if (done)
            lower_if_done(context, node, done);
        else
            lower_statement(context, node);
    }
}

Core *lower_block(Context *context, NodeList list)
{
    Core *outer = context->block;
    Core *block = build_block(context->lower->core, list.first ? list.first->span : outer->span);
    context->block = block;
    lower_statements(context, list);
    context->block = outer;
    return block;
}
