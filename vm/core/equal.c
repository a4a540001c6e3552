/* Equality of values in all their parts, by their type: the instruction EQUAL and the builtins that look for
 * elements. Nothing here allocates. */
#include "vm/core/values.h"

typedef struct Comparer {
    Vm *vm;
    unsigned depth;
    uint32_t steps; /* shared parts are compared as often as they are reached: there must be an end */
} Comparer;

enum { STEPS = 10 * 1000 * 1000 };

static bool refs_equal(Comparer *comparer, Ref a, Ref b, uint32_t type, bool *equal);

static bool texts_equal(Vm *vm, Ref a, Ref b, bool *equal)
{
    Str left = text_view(vm, a), right = text_view(vm, b);
    *equal = left.len == right.len && str_equal(left, right);
    return left.len != right.len || heap_work(vm, left.len);
}

static bool parts_equal(Comparer *comparer, int64_t a, int64_t b, uint32_t type, bool *equal)
{
    const ImageType *info = &comparer->vm->image->types[type];
    if (info->kind == IMAGE_FLOAT || info->kind == IMAGE_PERCENT) {
        *equal = real_of_bits(a) == real_of_bits(b);
        return true;
    }
    if (image_kind_is_scalar((ImageTypeKind)info->kind)) {
        *equal = a == b;
        return true;
    }
    return refs_equal(comparer, (Ref)a, (Ref)b, type, equal);
}

static bool lists_equal(Comparer *comparer, Ref a, Ref b, uint32_t element, bool *equal)
{
    Vm *vm = comparer->vm;
    uint32_t len = list_len(vm, a);
    *equal = heap_kind(vm, a) == heap_kind(vm, b) && len == list_len(vm, b);
    bool scalar = heap_kind(vm, a) == OBJECT_LIST_S;
    if (*equal && !heap_work(vm, len * sizeof(int64_t))) return false;
    for (uint32_t i = 0; i < len && *equal; i++) {
        int64_t left = scalar ? list_scalars(vm, a)[i] : (int64_t)list_refs(vm, a)[i];
        int64_t right = scalar ? list_scalars(vm, b)[i] : (int64_t)list_refs(vm, b)[i];
        if (scalar != image_type_is_scalar(vm->image, element)) return vm_raise_kind(vm, "another list", a);
        if (!parts_equal(comparer, left, right, element, equal)) return false;
    }
    return true;
}

/* Whatever the order of their keys. */
static bool maps_equal(Comparer *comparer, Ref a, Ref b, uint32_t element, bool *equal)
{
    Vm *vm = comparer->vm;
    uint32_t len = map_len(vm, a);
    *equal = heap_kind(vm, a) == heap_kind(vm, b) && len == map_len(vm, b);
    bool scalar = heap_kind(vm, a) == OBJECT_MAP_S;
    if (*equal && !heap_work(vm, len * sizeof(MapEntryObject))) return false;
    for (uint32_t i = 0; i < len && *equal; i++) {
        const MapEntryObject *left = &map_entries(vm, a)[i];
        const MapEntryObject *right = map_find(vm, b, text_view(vm, left->key));
        if (scalar != image_type_is_scalar(vm->image, element)) return vm_raise_kind(vm, "another map", a);
        *equal = right != NULL;
        if (right && !parts_equal(comparer, left->value, right->value, element, equal)) return false;
    }
    return true;
}

static bool records_equal(Comparer *comparer, Ref a, Ref b, const ImageType *type, bool *equal)
{
    Vm *vm = comparer->vm;
    const RecordObject *left = heap_view(vm, a), *right = heap_view(vm, b);
    const RecordObject *both[] = {left, right};
    for (int i = 0; i < 2; i++) {
        if (both[i]->header.kind != OBJECT_RECORD || both[i]->header.aux != type->scalars ||
            both[i]->header.len != type->refs) {
            return vm_raise_kind(vm, "another record", i ? b : a);
        }
    }
    *equal = true;
    for (uint32_t i = 0; i < type->field_count && *equal; i++) {
        const ImageField *field = &vm->image->fields[type->first_field + i];
        bool scalar = image_type_is_scalar(vm->image, field->type);
        int64_t x = scalar ? left->scalars[field->index] : (int64_t)record_refs_view(left)[field->index];
        int64_t y = scalar ? right->scalars[field->index] : (int64_t)record_refs_view(right)[field->index];
        if (!parts_equal(comparer, x, y, field->type, equal)) return false;
    }
    return true;
}

/* Numbers are equal if they are the same number: 1 and 1.0. */
static bool json_equal_values(Comparer *comparer, Ref a, Ref b, bool *equal)
{
    Vm *vm = comparer->vm;
    ObjectKind left = heap_kind(vm, a), right = heap_kind(vm, b);
    bool numbers =
        (left == OBJECT_INT || left == OBJECT_FLOAT) && (right == OBJECT_INT || right == OBJECT_FLOAT);
    if (numbers && left != right) {
        double x = left == OBJECT_INT ? (double)box_value(vm, a) : real_of_bits(box_value(vm, a));
        double y = right == OBJECT_INT ? (double)box_value(vm, b) : real_of_bits(box_value(vm, b));
        *equal = x == y;
        return true;
    }
    *equal = false;
    if (text_is(vm, a) && text_is(vm, b)) return texts_equal(vm, a, b, equal);
    if (left != right) return true;
    switch (left) {
    case OBJECT_NULL: *equal = true; return true;
    case OBJECT_FLOAT: *equal = real_of_bits(box_value(vm, a)) == real_of_bits(box_value(vm, b)); return true;
    case OBJECT_BOOL:
    case OBJECT_INT: *equal = box_value(vm, a) == box_value(vm, b); return true;
    case OBJECT_LIST_R: return lists_equal(comparer, a, b, IMAGE_TYPE_JSON, equal);
    case OBJECT_MAP_R: return maps_equal(comparer, a, b, IMAGE_TYPE_JSON, equal);
    default: return vm_raise_kind(vm, "json", a);
    }
}

static bool some_equal(Comparer *comparer, Ref a, Ref b, uint32_t type, bool *equal)
{
    Vm *vm = comparer->vm;
    const ImageType *info = &vm->image->types[type];
    switch ((ImageTypeKind)info->kind) {
    case IMAGE_STRING:
        if (!text_check(vm, a) || !text_check(vm, b)) return false;
        return texts_equal(vm, a, b, equal);
    case IMAGE_JSON: return json_equal_values(comparer, a, b, equal);
    case IMAGE_LIST:
        if (!list_is(vm, a) || !list_is(vm, b)) return vm_raise_kind(vm, "a list", list_is(vm, a) ? b : a);
        return lists_equal(comparer, a, b, info->element, equal);
    case IMAGE_MAP:
        if (!map_is(vm, a) || !map_is(vm, b)) return vm_raise_kind(vm, "a map", map_is(vm, a) ? b : a);
        return maps_equal(comparer, a, b, info->element, equal);
    case IMAGE_OPTIONAL:
        if (!image_type_is_scalar(vm->image, info->element))
            return refs_equal(comparer, a, b, info->element, equal);
        if (heap_kind(vm, a) != OBJECT_BOX || heap_kind(vm, b) != OBJECT_BOX)
            return vm_raise_kind(vm, "a value", a);
        return parts_equal(comparer, box_value(vm, a), box_value(vm, b), info->element, equal);
    case IMAGE_RECORD: return records_equal(comparer, a, b, info, equal);
    default: return vm_raise(vm, FAILURE_RUN, "functions, fibers and errors cannot be compared");
    }
}

static bool refs_equal(Comparer *comparer, Ref a, Ref b, uint32_t type, bool *equal)
{
    if (!a || !b) {
        *equal = a == b;
        return true;
    }
    if (comparer->depth >= VALUE_DEPTH) {
        return vm_raise(comparer->vm, FAILURE_LIMIT, "a value is nested more than %d deep", VALUE_DEPTH);
    }
    if (++comparer->steps > STEPS)
        return vm_raise(comparer->vm, FAILURE_LIMIT, "values are too large to be compared");
    comparer->depth++;
    bool compared = some_equal(comparer, a, b, type, equal);
    comparer->depth--;
    return compared;
}

bool values_equal(Vm *vm, Ref a, Ref b, uint32_t type, bool *equal)
{
    Comparer comparer = {.vm = vm};
    return refs_equal(&comparer, a, b, type, equal);
}

bool elements_equal(Vm *vm, int64_t a, int64_t b, uint32_t type, bool *equal)
{
    Comparer comparer = {.vm = vm};
    return parts_equal(&comparer, a, b, type, equal);
}
