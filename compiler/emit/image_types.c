/* Types of the language as types of the image: each core type comes in any number of times and is made once.
 * The image needs them where values become JSON or are compared in depth. */
#include "compiler/emit/emitter.h"

#include <stdlib.h>
#include <string.h>

static void remember(Emitter *e, const Type *type, uint32_t number)
{
    if (type->id >= e->type_cap) {
        size_t cap = type->id + 64;
        e->types = memory_resize(e->types, cap * sizeof *e->types);
        memset(e->types + e->type_cap, 0, (cap - e->type_cap) * sizeof *e->types);
        e->type_cap = cap;
    }
    e->types[type->id] = number + 1;
}

static uint32_t make_record(Emitter *e, const Type *type)
{
    uint32_t number = image_builder_record(e->builder, type->name);
    remember(e, type, number); /* before its fields: one of them may lead back to it */
    Str *names = memory_alloc(type->field_count * sizeof *names);
    uint32_t *types = memory_alloc(type->field_count * sizeof *types);
    for (size_t i = 0; i < type->field_count; i++) {
        names[i] = type->fields[i].name;
        types[i] = emitter_type(e, type->fields[i].type);
    }
    image_builder_fields(e->builder, number, names, types, type->field_count);
    free(names);
    free(types);
    return number;
}

static ImageTypeKind image_kind(TypeKind kind)
{
    switch (kind) {
    case TYPE_BOOL: return IMAGE_BOOL;
    case TYPE_INT: return IMAGE_INT;
    case TYPE_FLOAT: return IMAGE_FLOAT;
    case TYPE_DURATION: return IMAGE_DURATION;
    case TYPE_TIME: return IMAGE_TIME;
    case TYPE_ENUM: return IMAGE_ENUM;
    case TYPE_STRING:
    case TYPE_SECRET: return IMAGE_STRING;
    case TYPE_JSON: return IMAGE_JSON;
    case TYPE_LIST: return IMAGE_LIST;
    case TYPE_MAP: return IMAGE_MAP;
    case TYPE_OPTIONAL: return IMAGE_OPTIONAL;
    case TYPE_RECORD: return IMAGE_RECORD;
    case TYPE_FN: return IMAGE_FN;
    case TYPE_FIBER: return IMAGE_FIBER;
    case TYPE_ERROR: return IMAGE_ERROR;
    case TYPE_WRONG:
    case TYPE_UNIT: break;
    }
    return IMAGE_UNIT;
}

uint32_t emitter_type(Emitter *e, const Type *type)
{
    if (type->id < e->type_cap && e->types[type->id] != 0) return e->types[type->id] - 1;
    if (type->kind == TYPE_RECORD) return make_record(e, type);
    uint32_t number;
    if (type->kind == TYPE_ENUM) {
        number = image_builder_enum(e->builder, type->name, type->members, type->member_count);
    } else {
        uint32_t element = type->element ? emitter_type(e, type->element) : 0;
        number = image_builder_type(e->builder, image_kind(type->kind), element);
    }
    remember(e, type, number);
    return number;
}
