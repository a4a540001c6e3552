/* Values go out as canonical JSON: effects' arguments, marks, and the builtins that give text. */
#include "vm/core/marshal.h"

#include "vm/base/json_text.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Writer {
    Vm *vm;
    Buffer *out;
    unsigned depth;
} Writer;

static bool value_write(Writer *writer, int64_t scalar, Ref ref, uint32_t type);

/* A number of few digits, most of them before the point. The quotient of two whole numbers is rounded as the
 * decimal number that it stands for would be, so this is the one that reads back the same. */
static bool short_float_write(Buffer *out, double real)
{
    enum { SCALE = 1000 };
    double scaled = real * SCALE;
    if (!(fabs(scaled) < 1e12) || scaled != floor(scaled) || scaled == 0 || scaled / SCALE != real)
        return false;
    int64_t number = (int64_t)fabs(scaled);
    if (real < 0) buffer_add_char(out, '-');
    buffer_add_int(out, number / SCALE);
    unsigned part = (unsigned)(number % SCALE);
    if (!part) return true;
    buffer_add_char(out, '.');
    for (unsigned digit = SCALE / 10; part; part %= digit, digit /= 10)
        buffer_add_char(out, (char)('0' + part / digit));
    return true;
}

/* A power of two lies nearer to the number below it than to the one above: its shortest form may be the
 * digits after the nearest ones. False: it is not. */
static bool next_digits_write(char text[40], double real)
{
    int exponent;
    if (fabs(frexp(real, &exponent)) != 0.5) return false;
    snprintf(text, 40, "%.15e", real);
    long long digits = 0;
    char *at = text + (*text == '-');
    for (; *at != 'e'; at++) {
        if (*at != '.') digits = digits * 10 + (*at - '0');
    }
    char next[60];
    snprintf(next, sizeof next, "%s%llde%d", real < 0 ? "-" : "", digits + 1, atoi(at + 1) - 15);
    if (strtod(next, NULL) != real) return false;
    snprintf(text, 40, "%.16Lg", strtold(next, NULL));
    return true;
}

/* The fewest digits that read back the same. Up to 15 are always those of the nearest decimal number, except
 * where a float has fewer itself. */
void float_write(Buffer *out, double real)
{
    if (short_float_write(out, real)) return;
    char text[40];
    for (int digits = fabs(real) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        if (digits == 17 && next_digits_write(text, real)) break;
        snprintf(text, sizeof text, "%.*g", digits, real);
        if (strtod(text, NULL) == real) break;
    }
    buffer_add_c(out, text);
}

static bool list_write(Writer *writer, Ref list, uint32_t element)
{
    Vm *vm = writer->vm;
    bool is_scalar = image_type_is_scalar(vm->image, element);
    if (!list_check(vm, list, is_scalar ? OBJECT_LIST_S : OBJECT_LIST_R)) return false;
    buffer_add_char(writer->out, '[');
    for (uint32_t i = 0; i < list_len(vm, list); i++) {
        if (i) buffer_add_char(writer->out, ',');
        int64_t scalar = is_scalar ? list_scalars(vm, list)[i] : 0;
        Ref ref = is_scalar ? 0 : list_refs(vm, list)[i];
        if (!value_write(writer, scalar, ref, element)) return false;
    }
    buffer_add_char(writer->out, ']');
    return true;
}

static bool map_write(Writer *writer, Ref map, uint32_t element)
{
    Vm *vm = writer->vm;
    bool is_scalar = image_type_is_scalar(vm->image, element);
    if (!map_check(vm, map, is_scalar ? OBJECT_MAP_S : OBJECT_MAP_R)) return false;
    buffer_add_char(writer->out, '{');
    const MapEntryObject *entry = map_entries(vm, map); /* nothing here allocates in the heap */
    for (uint32_t i = 0, len = map_len(vm, map); i < len; i++, entry++) {
        if (i) buffer_add_char(writer->out, ',');
        json_write_string(writer->out, text_view(vm, entry->key));
        buffer_add_char(writer->out, ':');
        if (!value_write(writer, entry->value, is_scalar ? 0 : (Ref)entry->value, element)) return false;
    }
    buffer_add_char(writer->out, '}');
    return true;
}

static bool record_write(Writer *writer, Ref ref, const ImageType *type)
{
    Vm *vm = writer->vm;
    const RecordObject *record = heap_view(vm, ref);
    if (record->header.kind != OBJECT_RECORD || record->header.aux != type->scalars ||
        record->header.len != type->refs) {
        return vm_raise_kind(vm, "another record", ref);
    }
    buffer_add_char(writer->out, '{');
    for (uint32_t i = 0; i < type->field_count; i++) {
        const ImageField *field = &vm->image->fields[type->first_field + i];
        bool is_scalar = image_type_is_scalar(vm->image, field->type);
        if (i) buffer_add_char(writer->out, ',');
        json_write_string(writer->out, image_string(vm->image, field->name));
        buffer_add_char(writer->out, ':');
        int64_t scalar = is_scalar ? record->scalars[field->index] : 0;
        Ref value = is_scalar ? 0 : record_refs_view(record)[field->index];
        if (!value_write(writer, scalar, value, field->type)) return false;
    }
    buffer_add_char(writer->out, '}');
    return true;
}

static bool scalar_write(Writer *writer, int64_t scalar, const ImageType *type)
{
    switch ((ImageTypeKind)type->kind) {
    case IMAGE_BOOL: buffer_add_c(writer->out, scalar ? "true" : "false"); return true;
    case IMAGE_FLOAT: float_write(writer->out, real_of_bits(scalar)); return true;
    case IMAGE_PERCENT: float_write(writer->out, real_of_bits(scalar) * 100); return true;
    case IMAGE_ENUM:
        if (scalar < 0 || scalar >= (int64_t)type->field_count) {
            return vm_raise(writer->vm, FAILURE_RUN, "%" PRId64 " is no member of its enum", scalar);
        }
        json_write_string(
            writer->out,
            image_string(writer->vm->image, writer->vm->image->fields[type->first_field + scalar].name));
        return true;
    default: buffer_add_int(writer->out, scalar); return true;
    }
}

static bool json_value_write(Writer *writer, Ref json)
{
    Vm *vm = writer->vm;
    switch (heap_kind(vm, json)) {
    case OBJECT_NULL: buffer_add_c(writer->out, "null"); return true;
    case OBJECT_BOOL: buffer_add_c(writer->out, box_value(vm, json) ? "true" : "false"); return true;
    case OBJECT_INT: buffer_add_int(writer->out, box_value(vm, json)); return true;
    case OBJECT_FLOAT: float_write(writer->out, real_of_bits(box_value(vm, json))); return true;
    case OBJECT_STRING:
    case OBJECT_SLICE: json_write_string(writer->out, text_view(vm, json)); return true;
    case OBJECT_LIST_R: return list_write(writer, json, IMAGE_TYPE_JSON);
    case OBJECT_MAP_R: return map_write(writer, json, IMAGE_TYPE_JSON);
    default: return vm_raise_kind(vm, "json", json);
    }
}

static bool ref_write(Writer *writer, Ref ref, uint32_t type)
{
    Vm *vm = writer->vm;
    const ImageType *info = &vm->image->types[type];
    switch ((ImageTypeKind)info->kind) {
    case IMAGE_STRING:
        if (!text_check(vm, ref)) return false;
        json_write_string(writer->out, text_view(vm, ref));
        return true;
    case IMAGE_JSON: return json_value_write(writer, ref);
    case IMAGE_LIST: return list_write(writer, ref, info->element);
    case IMAGE_MAP: return map_write(writer, ref, info->element);
    case IMAGE_OPTIONAL:
        if (!image_type_is_scalar(vm->image, info->element)) return ref_write(writer, ref, info->element);
        if (heap_kind(vm, ref) != OBJECT_BOX) return vm_raise_kind(vm, "an optional", ref);
        return scalar_write(writer, box_value(vm, ref), &vm->image->types[info->element]);
    case IMAGE_RECORD: return record_write(writer, ref, info);
    default: return vm_raise(vm, FAILURE_RUN, "functions, fibers and errors cannot become JSON");
    }
}

static bool value_write(Writer *writer, int64_t scalar, Ref ref, uint32_t type)
{
    const ImageType *info = &writer->vm->image->types[type];
    if (image_kind_is_scalar((ImageTypeKind)info->kind)) return scalar_write(writer, scalar, info);
    if (!ref) {
        buffer_add_c(writer->out, "null");
        return true;
    }
    if (writer->depth >= VALUE_DEPTH) {
        return vm_raise(writer->vm, FAILURE_LIMIT, "a value is nested more than %d deep", VALUE_DEPTH);
    }
    if (writer->out->len > writer->vm->limits.input_bytes) {
        return vm_raise_limit(writer->vm, LIMIT_INPUT, "a value is too much JSON at once");
    }
    writer->depth++;
    bool written = ref_write(writer, ref, type);
    writer->depth--;
    return written;
}

bool json_write_value(Vm *vm, Buffer *out, int64_t scalar, Ref ref, uint32_t type)
{
    Writer writer = {vm, out, 0};
    return value_write(&writer, scalar, ref, type);
}

bool json_write_form(Vm *vm, Buffer *out, const int64_t *scalars, const Ref *refs, uint32_t type)
{
    Writer writer = {vm, out, 0};
    for (const ImageField *piece = &vm->image->fields[vm->image->types[type].first_field];; piece++) {
        Str text = image_string(vm->image, piece->name);
        buffer_add(out, text.data, text.len);
        if (piece->type == IMAGE_TYPE_UNIT) return true;
        bool is_scalar = image_type_is_scalar(vm->image, piece->type);
        if (!value_write(&writer, is_scalar ? scalars[piece->index] : 0, is_scalar ? 0 : refs[piece->index], piece->type))
            return false;
    }
}
