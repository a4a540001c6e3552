/* What the tests of compiler/emit share: building core by hand, one short call for each node, and an image of
 * it.
 *
 * A case is one program with one entry, "main", whose body is filled by the test. */
#ifndef PLAN_TESTS_UNIT_EMIT_CASE_H
#define PLAN_TESTS_UNIT_EMIT_CASE_H

#include "compiler/emit/emit.h"
#include "compiler/lower/core.h"
#include "tests/unit/check.h"
#include "vm/code/image.h"

#include <stdlib.h>
#include <string.h>

typedef struct Case {
    Arena arena;
    SourceSet sources;
    CoreProgram program;
    CoreFunction *fn; /* into which nodes go: main at first */
    Span span;        /* of the next node */
    Buffer bytes;
    Image image;
    bool is_open;
} Case;

static Case *now_testing;
static bool kinds_seen[CORE_STEP + 1];

static inline const Type *type_of(TypeKind kind)
{
    return type_simple(now_testing->program.types, kind);
}

static inline CoreFunction *make_fn(const char *name, TypeKind result)
{
    CoreFunction *fn =
        core_function(&now_testing->program, str_from_c(name), type_of(result), now_testing->span);
    fn->body = core_new(&now_testing->program, CORE_BLOCK, NULL, now_testing->span);
    return fn;
}

static inline void case_begin(Case *test)
{
    *test = (Case){0};
    now_testing = test;
    test->program.arena = &test->arena;
    test->program.types = types_new(&test->arena);
    test->program.sources = &test->sources;
    source_add(&test->sources, STR("case.plan"), STR("one\ntwo\nthree\nfour\n"));
    test->fn = make_fn("main", TYPE_UNIT);
    test->fn->is_entry = true;
}

static inline void see_kinds(const Core *node)
{
    if (!node) return;
    kinds_seen[node->kind] = true;
    see_kinds(node->a);
    see_kinds(node->b);
    see_kinds(node->c);
    for (const Core *item = node->list.first; item; item = item->next)
        see_kinds(item);
}

/* Emits and opens. */
static inline bool case_open(Case *test)
{
    Error error = {0};
    for (size_t i = 0; i < test->program.functions.count; i++)
        see_kinds(test->program.functions.items[i]->body);
    bool good = emit_image(&test->program, &test->bytes, &error);
    if (good) good = test->is_open = image_open(buffer_str(&test->bytes), &test->image, &error);
    if (!good) fprintf(stderr, "no image: %s\n", error.text);
    return CHECK(good);
}

static inline void case_end(Case *test)
{
    if (test->is_open) image_close(&test->image);
    buffer_free(&test->bytes);
    core_free(&test->program);
    source_set_free(&test->sources);
    arena_free(&test->arena);
}

/* ---- nodes ---- */

static inline Core *node_new(CoreKind kind, const Type *type)
{
    return core_new(&now_testing->program, kind, type, now_testing->span);
}

static inline Core *node_of(CoreKind kind, const Type *type, Core *a, Core *b, Core *c)
{
    Core *node = node_new(kind, type);
    node->a = a, node->b = b, node->c = c;
    return node;
}

/* With a list: pass the items, then NULL. */
static inline Core *node_list(Core *node, ...)
{
    va_list args;
    va_start(args, node);
    for (Core *item; (item = va_arg(args, Core *)) != NULL;)
        core_append(node, item);
    va_end(args);
    return node;
}

static inline Core *scalar(TypeKind kind, int64_t number)
{
    Core *node = node_new(CORE_INT, type_of(kind));
    node->number = number;
    return node;
}

static inline Core *num(int64_t number)
{
    return scalar(TYPE_INT, number);
}

static inline Core *truth(bool value)
{
    return scalar(TYPE_BOOL, value);
}

static inline Core *real(double value)
{
    Core *node = node_new(CORE_FLOAT, type_of(TYPE_FLOAT));
    node->real = value;
    return node;
}

static inline Core *text(const char *value)
{
    Core *node = node_new(CORE_STRING, type_of(TYPE_STRING));
    node->text = str_from_c(value);
    return node;
}

static inline Core *none(const Type *optional)
{
    return node_new(CORE_NONE, optional);
}

static inline Core *binary(CoreOperator op, Core *a, Core *b)
{
    Core *node = node_of(CORE_BINARY, op >= CORE_EQ ? type_of(TYPE_BOOL) : a->type, a, b, NULL);
    node->op = op;
    return node;
}

static inline Core *unary(CoreOperator op, Core *a)
{
    Core *node = node_of(CORE_UNARY, op == CORE_TO_FLOAT ? type_of(TYPE_FLOAT) : a->type, a, NULL, NULL);
    node->op = op;
    return node;
}

static inline Core *some(Core *a)
{
    return node_of(CORE_SOME, type_optional(now_testing->program.types, a->type), a, NULL, NULL);
}

static inline Core *value_of(Core *a, const char *message)
{
    Core *node = node_of(CORE_VALUE, a->type->element, a, NULL, NULL);
    node->text = str_from_c(message);
    return node;
}

static inline Core *local(uint32_t index)
{
    Core *node = node_new(CORE_LOCAL, now_testing->fn->locals.items[index].type);
    node->index = index;
    return node;
}

static inline Core *global(uint32_t index)
{
    Core *node = node_new(CORE_GLOBAL, now_testing->program.globals.items[index].type);
    node->index = index;
    return node;
}

static inline Core *json_of(Core *a)
{
    return node_of(CORE_TO_JSON, type_of(TYPE_JSON), a, NULL, NULL);
}

static inline Core *field(Core *record, const char *name)
{
    int index = type_field_index(record->type, str_from_c(name));
    Core *node = node_of(CORE_FIELD, record->type->fields[index].type, record, NULL, NULL);
    node->index = (uint32_t)index;
    return node;
}

/* A call, spawn or closure: arguments may be appended with node_list. */
static inline Core *call(CoreKind kind, CoreFunction *fn, const Type *type)
{
    Core *node = node_new(kind, type);
    node->function = fn;
    return node;
}

static inline Core *builtin(BuiltinId id, const Type *type)
{
    Core *node = node_new(CORE_BUILTIN, type);
    node->index = (uint32_t)id;
    return node;
}

/* ---- statements; each `do_` goes to the end of a block ---- */

static inline Core *block(void)
{
    return node_new(CORE_BLOCK, NULL);
}

static inline Core *statement(CoreKind kind, uint32_t index, Core *a)
{
    Core *node = node_of(kind, NULL, a, NULL, NULL);
    node->index = index;
    return node;
}

static inline Core *when(Core *a, Core *b, Core *c)
{
    return node_of(CORE_IF, NULL, a, b, c);
}

static inline Core *loop_of(Core *body)
{
    return node_of(CORE_LOOP, NULL, NULL, body, NULL);
}

static inline Core *count_of(uint32_t index, Core *first, Core *end, Core *body)
{
    Core *node = node_of(CORE_COUNT, NULL, first, body, end);
    node->index = index;
    return node;
}

static inline Core *attempt(Core *body, uint32_t error, Core *handler, bool catches_cancel)
{
    Core *node = node_of(CORE_TRY, NULL, NULL, body, handler);
    node->index = error;
    node->flag = catches_cancel;
    return node;
}

static inline Core *set(uint32_t index, Core *a)
{
    return statement(CORE_SET_LOCAL, index, a);
}

/* The mark "out" with any value. */
static inline Core *out(Core *a)
{
    Core *node = statement(CORE_EMIT, 0, a->type->kind == TYPE_JSON ? a : json_of(a));
    node->text = STR("out");
    return node;
}

static inline void add(Core *node)
{
    core_append(now_testing->fn->body, node);
}

static inline uint32_t var(const char *name, const Type *type)
{
    return core_local(now_testing->fn, str_from_c(name), type);
}

static inline uint32_t param(CoreFunction *fn, const char *name, const Type *type)
{
    fn->param_count++;
    return core_local(fn, str_from_c(name), type);
}

static inline Core *error_text(uint32_t error)
{
    return node_list(builtin(BUILTIN_ERROR_TEXT, type_of(TYPE_STRING)), local(error), NULL);
}

#endif
