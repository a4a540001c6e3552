/* Registers for locals: a function comes in, a register for each of its locals goes out.
 *
 * Locals whose lives do not meet share a register. A life is a range of positions in the order of the text;
 * control goes back only in loops, so a local that is used inside of a loop, but set outside, lives through
 * all of it. Only a local that is set first, by a statement of the very block that all its uses are in, is
 * known to need no value before; every other one lives all through the innermost block that holds all its
 * uses, at whose beginning a reference is none. (Core sets a local before it reads it, on every way that a
 * run takes.) Parameters have the first registers.
 *
 * A function with more locals than LOCALS_AT_MOST in a bank keeps the rest, those that are used least, in a
 * record in the heap: the frame record, which the function alone holds and changes in place. */
#include "compiler/emit/emitter.h"

#include <stdlib.h>

enum { LOCALS_AT_MOST = 128, PINNED_AT_MOST = 64 };

/* Blocks, sequences, loops and handlers, as they nest. */
typedef struct Scope {
    uint32_t parent, depth, loops;
    uint32_t start, end;
    const Core *node;
    bool is_loop;
} Scope;

typedef struct Use {
    uint32_t local, position, scope;
} Use;

typedef struct Life {
    bool is_used;
    bool is_set_first;          /* its first use is a statement of the block `set_scope` that sets it */
    uint32_t set_scope, common; /* common: the innermost scope that holds all uses */
    bool is_spilled;
    uint32_t first, last;
    uint32_t weight; /* uses, those in loops counted for more */
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
    uint32_t loops = locals->scopes.items[locals->scope].loops;
    uint64_t weight = life->weight + ((uint64_t)1 << 3 * (loops < 6 ? loops : 6));
    life->weight = (uint32_t)(weight < UINT32_MAX ? weight : UINT32_MAX);
    vec_push(&locals->uses, (Use){local, position, locals->scope});
}

static uint32_t scope_enter(Locals *locals, const Core *node, bool is_loop)
{
    uint32_t outer = locals->scope;
    Scope scope = {.parent = outer, .start = ++locals->position, .node = node, .is_loop = is_loop};
    if (locals->scopes.count) {
        scope.depth = locals->scopes.items[outer].depth + 1;
        scope.loops = locals->scopes.items[outer].loops + is_loop;
    }
    vec_push(&locals->scopes, scope);
    locals->scope = (uint32_t)(locals->scopes.count - 1);
    return outer;
}

static void scope_leave(Locals *locals, uint32_t outer)
{
    locals->scopes.items[locals->scope].end = ++locals->position;
    locals->scope = outer;
}

static void walk(Locals *locals, const Core *node, bool direct);

/* The counter is set before the loop and, at the end of each round, in it. */
static void walk_count(Locals *locals, const Core *node, bool direct)
{
    walk(locals, node->a, false);
    note_use(locals, node->index, direct);
    walk(locals, node->c, false);
    uint32_t outer = scope_enter(locals, node, true);
    walk(locals, node->b, false);
    note_use(locals, node->index, true);
    scope_leave(locals, outer);
}

/* direct: a statement in the list of a block, so that what follows it there is never reached without it. */
static void walk(Locals *locals, const Core *node, bool direct)
{
    if (!node) return;
    if (node->kind == CORE_COUNT) {
        walk_count(locals, node, direct);
        return;
    }
    bool opens = node->kind == CORE_BLOCK || node->kind == CORE_SEQUENCE || node->kind == CORE_LOOP;
    uint32_t outer = opens ? scope_enter(locals, node, node->kind == CORE_LOOP) : 0;
    for (const Core *item = node->list.first; item; item = item->next) {
        walk(locals, item, node->kind == CORE_BLOCK || node->kind == CORE_SEQUENCE);
    }
    walk(locals, node->a, false);
    walk(locals, node->b, false);
    if (node->kind == CORE_TRY) {
        uint32_t around = scope_enter(locals, NULL, false);
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

/* A local that some block may read before its text sets it lives through the block. */
static void live_in_block(Emitter *e, Locals *locals, size_t local, bool is_ref)
{
    Life *life = &locals->lives[local];
    const Scope *scopes = locals->scopes.items;
    while (life->common != 0 && (!scopes[life->common].node || scopes[life->common].node->kind != CORE_BLOCK))
        life->common = scopes[life->common].parent;
    if (scopes[life->common].depth <= 1) { /* the function's own block */
        pin(life, locals->position);
        return;
    }
    life->first = scopes[life->common].start;
    life->last = scopes[life->common].end;
    if (is_ref) vec_push(&e->fresh, ((FreshLocal){scopes[life->common].node, (uint32_t)local}));
}

static int compare_fresh(const void *left, const void *right)
{
    const FreshLocal *a = left, *b = right;
    if (a->block != b->block) return (uintptr_t)a->block < (uintptr_t)b->block ? -1 : 1;
    return a->local < b->local ? -1 : a->local > b->local;
}

void emitter_begin_block(Emitter *e, const Core *block)
{
    size_t low = 0, high = e->fresh.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((uintptr_t)e->fresh.items[middle].block < (uintptr_t)block)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < e->fresh.count && e->fresh.items[low].block == block; low++) {
        uint32_t local = e->fresh.items[low].local;
        if (e->locals[local] != NO_REGISTER) emitter_put(e, block, OPCODE_NONE, e->locals[local], 0, 0, 0);
    }
}

static void find_lives(Emitter *e, Locals *locals, const CoreFunction *function)
{
    uint32_t outer = scope_enter(locals, NULL, false);
    walk(locals, function->body, false);
    scope_leave(locals, outer);
    for (size_t i = 0; i < function->locals.count; i++) {
        Life *life = &locals->lives[i];
        bool shares = life->is_set_first && life->set_scope == life->common;
        if (i < function->param_count)
            pin(life, locals->position);
        else if (life->is_used && !shares)
            live_in_block(e, locals, i, type_bank(function->locals.items[i].type) == BANK_REF);
    }
    if (e->fresh.count) qsort(e->fresh.items, e->fresh.count, sizeof *e->fresh.items, compare_fresh);
    extend_through_loops(locals);
}

/* The lowest register that is free at the beginning of the life; ends[r] is when r becomes free. NO_REGISTER:
 * none is, and this is a local that need not have one. */
static unsigned choose_register(Emitter *e, Bank bank, const Life *life, const uint32_t *ends, bool must)
{
    unsigned reg = 0;
    while (reg < e->top[bank] && ends[reg] >= life->first)
        reg++;
    if (reg < e->top[bank]) return reg;
    return must || e->top[bank] < LOCALS_AT_MOST ? emitter_take(e, bank, 1) : NO_REGISTER;
}

static int compare_weights(const void *left, const void *right)
{
    const Life *a = *(Life *const *)left, *b = *(Life *const *)right;
    if (a->weight != b->weight) return a->weight < b->weight ? -1 : 1;
    return a < b ? -1 : a > b;
}

static bool must_have_register(const CoreFunction *function, size_t local)
{
    return local < function->param_count || function->locals.items[local].type->kind == TYPE_ERROR;
}

/* Of the locals that live all through a large function, only those that are used most get registers. */
static void spill_pinned(Locals *locals, const CoreFunction *function, Bank bank)
{
    size_t count = 0;
    Life **pinned = memory_alloc((function->locals.count + 1) * sizeof *pinned);
    for (size_t i = 0; i < function->locals.count; i++) {
        Life *life = &locals->lives[i];
        if (!life->is_used || type_bank(function->locals.items[i].type) != bank) continue;
        if (life->first == 0 && !must_have_register(function, i)) pinned[count++] = life;
    }
    if (count > LOCALS_AT_MOST) {
        qsort(pinned, count, sizeof *pinned, compare_weights);
        for (size_t i = 0; i + PINNED_AT_MOST < count; i++)
            pinned[i]->is_spilled = true;
    }
    free(pinned);
}

static int compare_lives(const void *left, const void *right)
{
    const Life *a = *(const Life *const *)left, *b = *(const Life *const *)right;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return a < b ? -1 : a > b; /* both point into one array: by number */
}

/* A register for the frame record, and a field in it for each local that has no register. */
static void place_frame(Emitter *e, const CoreFunction *function, const Life *lives)
{
    uint32_t next[BANK_COUNT] = {0};
    for (size_t i = 0; i < function->locals.count; i++) {
        if (lives[i].is_used && e->locals[i] == NO_REGISTER)
            e->slots[i] = next[type_bank(function->locals.items[i].type)]++;
    }
    bool any = next[BANK_SCALAR] + next[BANK_REF] > 0;
    e->frame = any ? emitter_take(e, BANK_REF, 1) : NO_REGISTER;
}

void emitter_begin_frame(Emitter *e, const CoreFunction *function)
{
    if (e->frame == NO_REGISTER) return;
    size_t count = 0, all = function->locals.count;
    Str *names = memory_alloc(all * sizeof *names);
    uint32_t *types = memory_alloc(all * sizeof *types);
    for (size_t i = 0; i < all; i++) {
        if (e->locals[i] != NO_REGISTER || e->slots[i] == NO_REGISTER) continue;
        names[count] = function->locals.items[i].name;
        types[count++] = emitter_type(e, function->locals.items[i].type);
    }
    uint32_t record = image_builder_record(e->builder, function->name);
    image_builder_fields(e->builder, record, names, types, count);
    free(names);
    free(types);
    Core at = {.kind = CORE_BLOCK, .span = function->span};
    emitter_put(e, &at, OPCODE_BLANK, e->frame, 0, 0, (int32_t)record);
}

void emitter_load_local(Emitter *e, const Core *local, unsigned target)
{
    Bank bank = type_bank(local->type);
    if (e->locals[local->index] != NO_REGISTER) {
        emitter_move(e, local, bank, target, e->locals[local->index]);
    } else {
        emitter_put(e, local, bank == BANK_SCALAR ? OPCODE_FIELD_S : OPCODE_FIELD_R, target, e->frame, 0,
                    (int32_t)e->slots[local->index]);
    }
}

unsigned emitter_local(Emitter *e, const Core *local)
{
    if (e->locals[local->index] != NO_REGISTER) return e->locals[local->index];
    unsigned reg = emitter_take(e, type_bank(local->type), 1);
    emitter_load_local(e, local, reg);
    return reg;
}

unsigned emitter_local_target(Emitter *e, uint32_t local)
{
    if (e->locals[local] != NO_REGISTER) return e->locals[local];
    return emitter_take(e, type_bank(e->function->locals.items[local].type), 1);
}

void emitter_store_local(Emitter *e, const Core *at, uint32_t local, unsigned value)
{
    if (e->locals[local] != NO_REGISTER) return;
    bool scalar = type_is_scalar(e->function->locals.items[local].type);
    emitter_put(e, at, scalar ? OPCODE_WITH_S : OPCODE_WITH_R, e->frame, value, 1, (int32_t)e->slots[local]);
}

void emitter_place_locals(Emitter *e, const CoreFunction *function)
{
    size_t count = function->locals.count;
    Locals locals = {.lives = memory_alloc((count + 1) * sizeof(Life))};
    const Life **order = memory_alloc((count + 1) * sizeof *order);
    uint32_t ends[BANK_COUNT][IMAGE_MAX_REGISTERS] = {{0}};
    size_t used = 0;
    e->fresh.count = 0;
    find_lives(e, &locals, function);
    spill_pinned(&locals, function, BANK_SCALAR);
    spill_pinned(&locals, function, BANK_REF);
    for (size_t i = 0; i < count; i++) {
        e->locals[i] = NO_REGISTER;
        if (locals.lives[i].is_used && !locals.lives[i].is_spilled) order[used++] = &locals.lives[i];
    }
    qsort(order, used, sizeof *order, compare_lives);
    for (size_t i = 0; i < used; i++) {
        size_t local = (size_t)(order[i] - locals.lives);
        Bank bank = type_bank(function->locals.items[local].type);
        bool must = must_have_register(function, local);
        unsigned reg = choose_register(e, bank, order[i], ends[bank], must);
        e->locals[local] = reg;
        if (reg != NO_REGISTER) ends[bank][reg] = order[i]->last;
    }
    place_frame(e, function, locals.lives);
    for (int bank = 0; bank < BANK_COUNT; bank++)
        e->local_count[bank] = e->top[bank];
    free(order);
    free(locals.lives);
    vec_free(&locals.scopes);
    vec_free(&locals.uses);
}
