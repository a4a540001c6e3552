/* Walking a program for what it can touch (see touches.h). */
#include "compiler/tools/touches.h"

#include <stdlib.h>

enum { MAX_DEPTH = 16 };

typedef struct Walk {
    TouchList *list;
    Arena *arena;
    TouchGroup *group;
    const Node *phase;
    const Symbol *plan;
    const Through *through;
    int depth; /* of functions */
} Walk;

static TouchGroup *group_new(Walk *walk, GroupKind kind, const Node *node, const Symbol *symbol)
{
    TouchGroup *group = arena_new(walk->arena, TouchGroup);
    *group =
        (TouchGroup){.kind = kind, .plan = walk->plan, .phase = walk->phase, .node = node, .symbol = symbol};
    vec_push(&walk->list->groups, group);
    return group;
}

static Touch *touch_new(Walk *walk, TouchKind kind, const Node *node, const Symbol *who)
{
    vec_push(&walk->group->touches,
             (Touch){.kind = kind, .node = node, .who = who, .through = walk->through});
    return &walk->group->touches.items[walk->group->touches.count - 1];
}

/* ---- effects ---- */

static void add_secret(Touch *touch, Symbol *symbol)
{
    for (size_t i = 0; i < touch->secrets.count; i++)
        if (touch->secrets.items[i] == symbol) return;
    vec_push(&touch->secrets, symbol);
}

static void find_secrets(Node *node, void *context)
{
    if (node->symbol && node->symbol->kind == SYMBOL_SECRET) add_secret(context, node->symbol);
    node_children(node, find_secrets, context);
}

static bool only_asks(const Effect *effect)
{
    return str_equal(effect->http.method, STR("GET")) || str_equal(effect->http.method, STR("HEAD"));
}

static bool is_on_word(const Effect *effect)
{
    switch (effect->form) {
    case EFFECT_FORM_COMMAND: return effect->command.is_script || effect->command.known == COMMAND_UNKNOWN;
    case EFFECT_FORM_HTTP: return !only_asks(effect);
    case EFFECT_FORM_FN:
    case EFFECT_FORM_EXTERN: break;
    }
    return true;
}

static void add_effect(Walk *walk, Node *node, const Effect *effect)
{
    Touch *touch = touch_new(walk, TOUCH_EFFECT, node, NULL);
    const EffectOptions *options = &effect->options;
    Node *const handed[] = {options->env, options->input};
    touch->effect = effect;
    touch->is_change = effect->form == EFFECT_FORM_FN || effect->effect_class != EFFECT_LOOK;
    touch->on_word = !touch->is_change && is_on_word(effect);
    find_secrets(node, touch);
    for (size_t i = 0; i < sizeof handed / sizeof *handed; i++)
        if (handed[i]) find_secrets(handed[i], touch);
}

/* ---- people ---- */

static void add_targets(Walk *walk, TouchKind kind, const Node *node, NodeList targets)
{
    for
        node_each(target, targets) touch_new(walk, kind, node, target->symbol);
}

static void add_ask(Walk *walk, const Node *node, const Node *by)
{
    touch_new(walk, TOUCH_ASK, node, by ? by->symbol : NULL);
}

static void add_people(Walk *walk, const Node *node)
{
    switch (node->kind) {
    case NODE_NOTIFY: add_targets(walk, TOUCH_NOTIFY, node, node->notify.targets); break;
    case NODE_PAGE: add_targets(walk, TOUCH_PAGE, node, node->page.targets); break;
    case NODE_DEADLINE: add_targets(walk, TOUCH_PAGE, node, node->deadline.targets); break;
    case NODE_UPDATE: add_targets(walk, TOUCH_UPDATE, node, node->update.targets); break;
    case NODE_MANUAL: add_ask(walk, node, node->manual.by); break;
    case NODE_ASK: add_ask(walk, node, node->ask.by); break;
    case NODE_ASK_ACKNOWLEDGEMENT: add_ask(walk, node, node->ask_acknowledgement.by); break;
    case NODE_CHECK:
        if (node->check.by) add_ask(walk, node, node->check.by);
        break;
    case NODE_NEEDS_APPROVAL: add_targets(walk, TOUCH_ASK, node, node->needs_approval.from); break;
    default: break;
    }
}

/* ---- walking ---- */

static void visit(Node *node, void *context);

static void visit_list(Walk *walk, NodeList list)
{
    for
        node_each(node, list) visit(node, walk);
}

static void enter_function(Walk *walk, const Call *call)
{
    const Symbol *fn = call->symbol;
    if (!fn || !fn->decl || fn->decl->kind != NODE_FN || walk->depth >= MAX_DEPTH) return;
    for (const Through *at = walk->through; at; at = at->outer)
        if (at->fn == fn) return;
    Through *through = arena_new(walk->arena, Through);
    *through = (Through){fn, call, walk->through};
    const Through *outer = walk->through;
    walk->through = through;
    walk->depth++;
    visit_list(walk, fn->decl->fn.body);
    walk->depth--;
    walk->through = outer;
}

static void visit_call(Walk *walk, const Node *node, const Call *call)
{
    if (call->target == CALL_FN) enter_function(walk, call);
    if (call->target == CALL_PLAN) touch_new(walk, TOUCH_FOLLOW, node, call->symbol);
}

static void visit_group(Walk *walk, Node *node, GroupKind kind)
{
    TouchGroup *outer = walk->group;
    walk->group = group_new(walk, kind, node, NULL);
    node_children(node, visit, walk);
    walk->group = outer;
}

static void visit(Node *node, void *context)
{
    Walk *walk = context;
    if (node->kind == NODE_STEP || node->kind == NODE_REMEDY) {
        visit_group(walk, node, node->kind == NODE_STEP ? GROUP_STEP : GROUP_REMEDY);
        return;
    }
    const Node *outer = walk->phase;
    if (node->kind == NODE_PHASE) walk->phase = node;
    add_people(walk, node);
    const Effect *effect = node_effect(node);
    const Call *call = effect ? NULL : node_call(node);
    if (effect) add_effect(walk, node, effect);
    if (effect && effect->form == EFFECT_FORM_FN) enter_function(walk, &effect->call);
    if (call) visit_call(walk, node, call);
    node_children(node, visit, walk);
    walk->phase = outer;
}

/* ---- the program ---- */

static void find_plan(Walk *walk, const Symbol *plan)
{
    walk->plan = plan;
    walk->group = group_new(walk, GROUP_BESIDE, plan->decl, NULL);
    visit_list(walk, plan->decl->plan.body);
    walk->plan = NULL;
}

static void find_declared(Walk *walk, const SymbolList *symbols, GroupKind kind, NodeKind of)
{
    for (size_t i = 0; i < symbols->count; i++) {
        const Symbol *symbol = symbols->items[i];
        if (!symbol->decl || symbol->decl->kind != of) continue;
        walk->group = group_new(walk, kind, symbol->decl, symbol);
        node_children(symbol->decl, visit, walk);
    }
}

/* The secrets in a channel's own call go into whatever its provider does. */
static void hand_on_secrets(const TouchGroup *group)
{
    Touch held = {0};
    node_children(group->symbol->decl, find_secrets, &held);
    for (size_t i = 0; i < group->touches.count; i++)
        for (size_t j = 0; j < held.secrets.count; j++)
            add_secret(&group->touches.items[i], held.secrets.items[j]);
    vec_free(&held.secrets);
}

void touches_find(TouchList *list, const Program *program, Arena *arena)
{
    Walk walk = {.list = list, .arena = arena};
    for (size_t i = 0; i < program->plans.count; i++)
        find_plan(&walk, program->plans.items[i]);
    find_declared(&walk, &program->escalations, GROUP_LADDER, NODE_ESCALATION);
    find_declared(&walk, &program->severities, GROUP_SEVERITY, NODE_SEVERITY);
    find_declared(&walk, &program->channels, GROUP_CHANNEL, NODE_CHANNEL);
    size_t kept = 0;
    for (size_t i = 0; i < list->groups.count; i++) {
        TouchGroup *group = list->groups.items[i];
        if (group->kind == GROUP_CHANNEL) hand_on_secrets(group);
        bool is_step = group->kind == GROUP_STEP || group->kind == GROUP_REMEDY;
        if (group->touches.count || is_step || group->kind == GROUP_CHANNEL)
            list->groups.items[kept++] = group;
    }
    list->groups.count = kept;
}

void touches_free(TouchList *list)
{
    for (size_t i = 0; i < list->groups.count; i++) {
        TouchGroup *group = list->groups.items[i];
        for (size_t j = 0; j < group->touches.count; j++)
            vec_free(&group->touches.items[j].secrets);
        vec_free(&group->touches);
    }
    vec_free(&list->groups);
}
