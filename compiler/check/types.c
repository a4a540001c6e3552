/* The table of types: parts come in, interned types go out. The checker, the lowering and the emitter call
 * it; it knows nothing of syntax and reports nothing.
 *
 * Structural types (lists, maps, optionals, functions) are looked up among those made before; records and
 * enums are always new, since two declarations are two types whatever they look like. */
#include "compiler/check/types.h"

#include <assert.h>
#include <string.h>

enum { SIMPLE_KINDS = TYPE_ERROR + 1, DERIVED_KINDS = 4 };

/* Lives in the arena whole, the growing list included: nothing needs to be freed. */
struct TypeTable {
    Arena *arena;
    const Type *simple[SIMPLE_KINDS];
    Type **items;
    size_t count, cap;
    /* By a type's id: its list, map and optional, and the functions of which it is the newest part; or NULL. */
    const Type *(*derived)[DERIVED_KINDS];
    size_t derived_cap;
    Type **builtins;
    size_t builtin_count, builtin_cap;
};

static Type **grow(Arena *arena, Type **items, size_t count, size_t *cap)
{
    if (count < *cap) return items;
    *cap = *cap ? *cap * 2 : 32;
    Type **larger = arena_array(arena, Type *, *cap);
    if (count) memcpy(larger, items, count * sizeof *larger);
    return larger;
}

static Type *add_type(TypeTable *table, TypeKind kind)
{
    Type *type = arena_new(table->arena, Type);
    type->kind = kind;
    type->id = (uint32_t)table->count;
    table->items = grow(table->arena, table->items, table->count, &table->cap);
    table->items[table->count++] = type;
    return type;
}

static Str simple_name(TypeKind kind)
{
    switch (kind) {
    case TYPE_WRONG: return STR("a wrong type");
    case TYPE_UNIT: return STR("nothing");
    case TYPE_BOOL: return STR("bool");
    case TYPE_INT: return STR("int");
    case TYPE_FLOAT: return STR("float");
    case TYPE_DURATION: return STR("duration");
    case TYPE_TIME: return STR("time");
    case TYPE_STRING: return STR("string");
    case TYPE_SECRET: return STR("secret");
    case TYPE_JSON: return STR("json");
    case TYPE_FIBER: return STR("fiber");
    case TYPE_ERROR: return STR("error");
    case TYPE_ENUM:
    case TYPE_LIST:
    case TYPE_MAP:
    case TYPE_OPTIONAL:
    case TYPE_RECORD:
    case TYPE_FN: break;
    }
    return (Str){"", 0};
}

TypeTable *types_new(Arena *arena)
{
    TypeTable *table = arena_new(arena, TypeTable);
    table->arena = arena;
    for (int kind = 0; kind < SIMPLE_KINDS; kind++) {
        Str name = simple_name((TypeKind)kind);
        if (name.len == 0) continue;
        Type *type = add_type(table, (TypeKind)kind);
        type->name = arena_copy(arena, name);
        table->simple[kind] = type;
    }
    return table;
}

const Type *type_simple(TypeTable *table, TypeKind kind)
{
    assert(table->simple[kind]);
    return table->simple[kind];
}

/* Where the type of that kind with the element is, or goes. */
static const Type **derived_place(TypeTable *table, TypeKind kind, const Type *element)
{
    if (table->derived_cap < table->cap) {
        const Type *(*larger)[DERIVED_KINDS] = arena_alloc(table->arena, table->cap * sizeof *larger);
        if (table->derived_cap) memcpy(larger, table->derived, table->derived_cap * sizeof *larger);
        table->derived = larger;
        table->derived_cap = table->cap;
    }
    return &table->derived[element->id][kind == TYPE_LIST ? 0 : kind == TYPE_MAP ? 1 : kind == TYPE_OPTIONAL ? 2 : 3];
}

static const Type *find_with_element(TypeTable *table, TypeKind kind, const Type *element)
{
    return *derived_place(table, kind, element);
}

static const Type *type_of_element(TypeTable *table, TypeKind kind, const Type *element, Str name)
{
    Type *type = add_type(table, kind);
    type->element = element;
    type->name = name;
    *derived_place(table, kind, element) = type;
    return type;
}

const Type *type_list(TypeTable *table, const Type *element)
{
    const Type *found = find_with_element(table, TYPE_LIST, element);
    if (found) return found;
    return type_of_element(table, TYPE_LIST, element,
                           arena_printf(table->arena, "[%.*s]", STR_ARG(element->name)));
}

const Type *type_map(TypeTable *table, const Type *element)
{
    const Type *found = find_with_element(table, TYPE_MAP, element);
    if (found) return found;
    Str name = arena_printf(table->arena, "{string: %.*s}", STR_ARG(element->name));
    return type_of_element(table, TYPE_MAP, element, name);
}

const Type *type_optional(TypeTable *table, const Type *element)
{
    if (element->kind == TYPE_OPTIONAL || element->kind == TYPE_WRONG) return element;
    const Type *found = find_with_element(table, TYPE_OPTIONAL, element);
    if (found) return found;
    /* `fn() -> int?` is a function that gives an optional, so an optional function needs the parentheses. */
    Str name = element->kind == TYPE_FN ? arena_printf(table->arena, "(%.*s)?", STR_ARG(element->name))
                                        : arena_printf(table->arena, "%.*s?", STR_ARG(element->name));
    return type_of_element(table, TYPE_OPTIONAL, element, name);
}

static bool same_params(const Type *fn, const TypeField *params, size_t count)
{
    if (fn->field_count != count) return false;
    for (size_t i = 0; i < count; i++) {
        if (fn->fields[i].type != params[i].type) return false;
    }
    return true;
}

static const TypeField *copy_fields(Arena *arena, const TypeField *fields, size_t count)
{
    TypeField *copy = arena_array(arena, TypeField, count);
    for (size_t i = 0; i < count; i++) {
        copy[i] = fields[i];
        copy[i].name = arena_copy(arena, fields[i].name);
    }
    return copy;
}

static Str fn_name(Arena *arena, const TypeField *params, size_t count, const Type *result)
{
    Buffer text = {0};
    buffer_add_c(&text, "fn(");
    for (size_t i = 0; i < count; i++) {
        if (i) buffer_add_c(&text, ", ");
        buffer_add_str(&text, params[i].type->name);
    }
    buffer_add_char(&text, ')');
    if (result->kind != TYPE_UNIT) buffer_printf(&text, " -> %.*s", STR_ARG(result->name));
    Str name = arena_copy(arena, buffer_str(&text));
    buffer_free(&text);
    return name;
}

/* Few functions share it with others, however many there are in all. */
static const Type *newest_part(const TypeField *params, size_t count, const Type *result)
{
    const Type *newest = result;
    for (size_t i = 0; i < count; i++) {
        if (params[i].type->id > newest->id) newest = params[i].type;
    }
    return newest;
}

const Type *type_fn(TypeTable *table, const TypeField *params, size_t count, const Type *result)
{
    const Type *part = newest_part(params, count, result);
    for (const Type *fn = find_with_element(table, TYPE_FN, part); fn; fn = fn->next_fn) {
        if (fn->result == result && same_params(fn, params, count)) return fn;
    }
    TypeField *bare = arena_array(table->arena, TypeField, count);
    for (size_t i = 0; i < count; i++)
        bare[i].type = params[i].type;
    Type *type = add_type(table, TYPE_FN);
    type->fields = bare;
    type->field_count = count;
    type->result = result;
    type->name = fn_name(table->arena, params, count, result);
    const Type **place = derived_place(table, TYPE_FN, part);
    type->next_fn = *place;
    *place = type;
    return type;
}

const Type *type_record(TypeTable *table, Str name, const TypeField *fields, size_t count, struct Node *decl)
{
    Type *type = add_type(table, TYPE_RECORD);
    type->name = arena_copy(table->arena, name);
    type->fields = copy_fields(table->arena, fields, count);
    type->field_count = count;
    type->decl = decl;
    return type;
}

void type_set_fields(TypeTable *table, const Type *record, const TypeField *fields, size_t count)
{
    assert(record->kind == TYPE_RECORD && record->id < table->count);
    Type *type = table->items[record->id];
    type->fields = copy_fields(table->arena, fields, count);
    type->field_count = count;
}

const Type *type_enum(TypeTable *table, Str name, const Str *members, size_t count, struct Node *decl)
{
    Type *type = add_type(table, TYPE_ENUM);
    Str *copy = arena_array(table->arena, Str, count);
    for (size_t i = 0; i < count; i++)
        copy[i] = arena_copy(table->arena, members[i]);
    type->name = arena_copy(table->arena, name);
    type->members = copy;
    type->member_count = count;
    type->decl = decl;
    return type;
}

const Type *type_find_builtin(const TypeTable *table, Str name)
{
    for (size_t i = 0; i < table->builtin_count; i++) {
        if (str_equal(table->builtins[i]->name, name)) return table->builtins[i];
    }
    return NULL;
}

void type_set_builtin(TypeTable *table, const Type *record)
{
    for (size_t i = 0; i < table->builtin_count; i++) {
        if (!str_equal(table->builtins[i]->name, record->name)) continue;
        table->builtins[i] = table->items[record->id];
        return;
    }
    table->builtins = grow(table->arena, table->builtins, table->builtin_count, &table->builtin_cap);
    table->builtins[table->builtin_count++] = table->items[record->id];
}

int type_field_index(const Type *record, Str name)
{
    for (size_t i = 0; i < record->field_count; i++) {
        if (str_equal(record->fields[i].name, name)) return (int)i;
    }
    return -1;
}

int type_member_index(const Type *enumeration, Str name)
{
    for (size_t i = 0; i < enumeration->member_count; i++) {
        if (str_equal(enumeration->members[i], name)) return (int)i;
    }
    return -1;
}

bool type_is_scalar(const Type *type)
{
    switch (type->kind) {
    case TYPE_BOOL:
    case TYPE_INT:
    case TYPE_FLOAT:
    case TYPE_DURATION:
    case TYPE_TIME:
    case TYPE_ENUM: return true;
    case TYPE_WRONG:
    case TYPE_UNIT:
    case TYPE_STRING:
    case TYPE_SECRET:
    case TYPE_JSON:
    case TYPE_LIST:
    case TYPE_MAP:
    case TYPE_OPTIONAL:
    case TYPE_RECORD:
    case TYPE_FN:
    case TYPE_FIBER:
    case TYPE_ERROR: break;
    }
    return false;
}

Str type_text(const Type *type, Arena *arena)
{
    return arena_copy(arena, type->name);
}

void types_adopt(TypeTable *table, const TypeTable *ready)
{
    Arena *arena = table->arena;
    *table = *ready;
    table->arena = arena;
}

TypeTable *types_abandon(TypeTable *table)
{
    derived_place(table, TYPE_LIST, table->items[0]); /* it is as long as the table */
    table->cap = table->derived_cap = table->count;
    table->builtin_cap = table->builtin_count;
    table->arena = NULL;
    return table;
}
