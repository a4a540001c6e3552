/* Registers for locals: a function comes in, a register for each of its locals goes out.
 *
 * Locals whose lives do not meet share a register. A life is a range of positions in the order of the text;
 * control goes back only in loops, so a local that is used inside of a loop, but set outside, lives through
 * all of it. Only a local that is set first, by a statement of the very block that all its uses are in, is
 * known to need no value before; every other one keeps a register for the whole function. Parameters have the
 * first registers. */
#include "compiler/emit/emitter.h"

#include <stdlib.h>

/* Blocks, sequences, loops and handlers, as they nest. */
typedef struct Scope {
    uint32_t parent, depth;
    uint32_t start, end;
    bool is_loop;
} Scope;

typedef struct Use {
    uint32_t local, position, scope;
} Use;

typedef struct Life {
    bool is_used;
    bool is_set_first;          /* its first use is a statement of the block `set_scope` that sets it */
    uint32_t set_scope, common; /* common: the innermost scope that holds all uses */
    uint32_t first, last;
    unsigned reg;
} Life;

typedef struct Locals {
    VEC(Scope) scopes;
    VEC(Use) uses;
    Life *lives;
    uint32_t scope; /* at hand */
    uint32_t position;
} Locals;

static uint32_t common_scope(const Locals *locals, uint32_t a, uint32_t b)
{
    const Scope *scopes = locals->scopes.items;
    while (a != b) {
        if (scopes[a].depth >= scopes[b].depth)
            a = scopes[a].parent;
        else
            b = scopes[b].parent;
    }
    return a;
}

static void note_use(Locals *locals, uint32_t local, bool sets)
{
    Life *life = &locals->lives[local];
    uint32_t position = ++locals->position;
    if (!life->is_used) {
        *life = (Life){
            .is_used = true, .is_set_first = sets, .set_scope = locals->scope, .common = locals->scope};
        life->first = position;
    }
    life->common = common_scope(locals, life->common, locals->scope);
    life->last = position;
    vec_push(&locals->uses, (Use){local, position, locals->scope});
}

static uint32_t scope_enter(Locals *locals, bool is_loop)
{
    uint32_t outer = locals->scope;
    Scope scope = {.parent = outer, .start = ++locals->position, .is_loop = is_loop};
    scope.depth = locals->scopes.count ? locals->scopes.items[outer].depth + 1 : 0;
    vec_push(&locals->scopes, scope);
    locals->scope = (uint32_t)(locals->scopes.count - 1);
    return outer;
}

static void scope_leave(Locals *locals, uint32_t outer)
{
    locals->scopes.items[locals->scope].end = ++locals->position;
    locals->scope = outer;
}

/* direct: a statement in the list of a block, so that what follows it there is never reached without it. */
static void walk(Locals *locals, const Core *node, bool direct)
{
    if (!node) return;
    bool opens = node->kind == CORE_BLOCK || node->kind == CORE_SEQUENCE || node->kind == CORE_LOOP;
    uint32_t outer = opens ? scope_enter(locals, node->kind == CORE_LOOP) : 0;
    for (const Core *item = node->list.first; item; item = item->next) {
        walk(locals, item, node->kind == CORE_BLOCK || node->kind == CORE_SEQUENCE);
    }
    walk(locals, node->a, false);
    walk(locals, node->b, false);
    if (node->kind == CORE_TRY) {
        uint32_t around = scope_enter(locals, false);
        note_use(locals, node->index, true);
        walk(locals, node->c, false);
        scope_leave(locals, around);
    } else {
        walk(locals, node->c, false);
    }
    if (node->kind == CORE_LOCAL) note_use(locals, node->index, false);
    if (node->kind == CORE_SET_LOCAL) note_use(locals, node->index, direct);
    if (opens) scope_leave(locals, outer);
}

/* A use inside of a loop that begins after the local was set keeps it alive for the whole loop. */
static void extend_through_loops(Locals *locals)
{
    for (size_t i = 0; i < locals->uses.count; i++) {
        const Use *use = &locals->uses.items[i];
        Life *life = &locals->lives[use->local];
        for (uint32_t at = use->scope; at != life->common; at = locals->scopes.items[at].parent) {
            const Scope *scope = &locals->scopes.items[at];
            if (scope->is_loop && scope->end > life->last) life->last = scope->end;
        }
    }
}

static void pin(Life *life, uint32_t end)
{
    life->is_used = true;
    life->first = 0;
    life->last = end;
}

static void find_lives(Locals *locals, const CoreFunction *function)
{
    uint32_t outer = scope_enter(locals, false);
    walk(locals, function->body, false);
    scope_leave(locals, outer);
    for (size_t i = 0; i < function->locals.count; i++) {
        Life *life = &locals->lives[i];
        bool shares = life->is_set_first && life->set_scope == life->common;
        if (i < function->param_count || (life->is_used && !shares)) pin(life, locals->position);
    }
    extend_through_loops(locals);
}

/* The lowest register that is free at the beginning of the life; ends[r] is when r becomes free. */
static unsigned choose_register(Emitter *e, Bank bank, const Life *life, const uint32_t *ends)
{
    unsigned reg = 0;
    while (reg < e->top[bank] && ends[reg] >= life->first)
        reg++;
    return reg < e->top[bank] ? reg : emitter_take(e, bank, 1);
}

static int compare_lives(const void *left, const void *right)
{
    const Life *a = *(const Life *const *)left, *b = *(const Life *const *)right;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return a < b ? -1 : a > b; /* both point into one array: by number */
}

void emitter_place_locals(Emitter *e, const CoreFunction *function)
{
    size_t count = function->locals.count;
    Locals locals = {.lives = memory_alloc((count + 1) * sizeof(Life))};
    const Life **order = memory_alloc((count + 1) * sizeof *order);
    uint32_t ends[BANK_COUNT][IMAGE_MAX_REGISTERS] = {{0}};
    size_t used = 0;
    find_lives(&locals, function);
    for (size_t i = 0; i < count; i++) {
        if (locals.lives[i].is_used) order[used++] = &locals.lives[i];
    }
    qsort(order, used, sizeof *order, compare_lives);
    for (size_t i = 0; i < used; i++) {
        size_t local = (size_t)(order[i] - locals.lives);
        Bank bank = type_bank(function->locals.items[local].type);
        e->locals[local] = choose_register(e, bank, order[i], ends[bank]);
        ends[bank][e->locals[local]] = order[i]->last;
    }
    for (int bank = 0; bank < BANK_COUNT; bank++)
        e->local_count[bank] = e->top[bank];
    free(order);
    free(locals.lives);
    vec_free(&locals.scopes);
    vec_free(&locals.uses);
}
