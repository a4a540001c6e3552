/* Builtins on lists and maps. */
#include "vm/core/builtins.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The element of the list argument: a scalar or a reference, by its bank. */
static int64_t element_at(const BuiltinCall *call, Ref list, uint32_t number)
{
    return type_is_scalar_of(call) ? list_scalars(call->vm, list)[number]
                                   : (int64_t)list_refs(call->vm, list)[number];
}

/* A value of type T as T?. */
static bool give_element(const BuiltinCall *call, int64_t value)
{
    return type_is_scalar_of(call) ? give_box(call, value) : give_optional(call, (Ref)value);
}

/* The argument of type T, which is the first of its bank behind the list. */
static int64_t arg_element(const BuiltinCall *call, uint32_t scalar_number, uint32_t ref_number)
{
    return type_is_scalar_of(call) ? arg_scalar(call, scalar_number) : (int64_t)arg_ref(call, ref_number);
}

static ObjectKind list_kind(const BuiltinCall *call)
{
    return type_is_scalar_of(call) ? OBJECT_LIST_S : OBJECT_LIST_R;
}

static bool get_at(const BuiltinCall *call, int64_t number)
{
    if (!arg_list(call, 0)) return false;
    if (number < 0 || number >= list_len(call->vm, arg_ref(call, 0))) return give_optional(call, 0);
    return give_element(call, element_at(call, arg_ref(call, 0), (uint32_t)number));
}

bool builtin_LIST_GET(const BuiltinCall *call)
{
    return get_at(call, arg_scalar(call, 0));
}

bool builtin_LIST_FIRST(const BuiltinCall *call)
{
    return get_at(call, 0);
}

bool builtin_LIST_LAST(const BuiltinCall *call)
{
    return arg_list(call, 0) && get_at(call, (int64_t)list_len(call->vm, arg_ref(call, 0)) - 1);
}

static bool give_part(const BuiltinCall *call, int64_t from, int64_t to)
{
    if (!arg_list(call, 0)) return false;
    int64_t len = list_len(call->vm, arg_ref(call, 0));
    if (from < 0) from = 0;
    if (to > len) to = len;
    if (from >= to) return give_ref(call, list_new(call->vm, list_kind(call), 0));
    return give_ref(call, list_part(call->vm, arg_ref(call, 0), (uint32_t)from, (uint32_t)to));
}

bool builtin_LIST_TAKE(const BuiltinCall *call)
{
    return give_part(call, 0, arg_scalar(call, 0));
}

bool builtin_LIST_SLICE(const BuiltinCall *call)
{
    return give_part(call, arg_scalar(call, 0), arg_scalar(call, 1));
}

bool builtin_LIST_CONCAT(const BuiltinCall *call)
{
    Vm *vm = call->vm;
    if (!arg_list(call, 0) || !arg_list(call, 1)) return false;
    uint32_t first = list_len(vm, arg_ref(call, 0)), second = list_len(vm, arg_ref(call, 1));
    if (!second) return give_ref(call, arg_ref(call, 0));
    if (!first) return give_ref(call, arg_ref(call, 1));
    if ((uint64_t)first + second > UINT32_MAX / 32)
        return vm_raise_limit(vm, LIMIT_LIST, "a list has too many elements");
    Ref list = list_new(vm, list_kind(call), first + second);
    if (!list) return false;
    if (type_is_scalar_of(call)) {
        memcpy(list_fill_scalars(vm, list), list_scalars(vm, arg_ref(call, 0)), first * sizeof(int64_t));
        memcpy(list_fill_scalars(vm, list) + first, list_scalars(vm, arg_ref(call, 1)),
               second * sizeof(int64_t));
    } else {
        memcpy(list_fill_refs(vm, list), list_refs(vm, arg_ref(call, 0)), first * sizeof(Ref));
        memcpy(list_fill_refs(vm, list) + first, list_refs(vm, arg_ref(call, 1)), second * sizeof(Ref));
    }
    return give_ref(call, list);
}

/* The number of the first element that equals the argument; -1: none. False: a failure is set. */
static bool element_find(const BuiltinCall *call, int64_t *found)
{
    if (!arg_list(call, 0)) return false;
    int64_t wanted = arg_element(call, 0, 1);
    uint32_t len = list_len(call->vm, arg_ref(call, 0));
    for (uint32_t i = 0; i < len; i++) {
        bool equal = false;
        if (!elements_equal(call->vm, element_at(call, arg_ref(call, 0), i), wanted, call->type, &equal))
            return false;
        *found = i;
        if (equal) return true;
    }
    *found = -1;
    return true;
}

bool builtin_LIST_CONTAINS(const BuiltinCall *call)
{
    int64_t found;
    return element_find(call, &found) && give_scalar(call, found >= 0);
}

bool builtin_LIST_INDEX(const BuiltinCall *call)
{
    int64_t found;
    if (!element_find(call, &found)) return false;
    return found < 0 ? give_optional(call, 0) : give_box(call, found);
}

/* ---- order ---- */

enum { SORT_ELEMENT = 64 }; /* comparing two and moving one is as much work as reading so many bytes */

typedef struct Sorter {
    const Vm *vm;
    const int64_t *scalars; /* keys by number, or */
    const Ref *texts;
    bool floats;
} Sorter;

static int keys_compare(const Sorter *sorter, uint32_t a, uint32_t b)
{
    if (sorter->texts)
        return str_compare(text_view(sorter->vm, sorter->texts[a]), text_view(sorter->vm, sorter->texts[b]));
    int64_t left = sorter->scalars[a], right = sorter->scalars[b];
    if (!sorter->floats) return (left > right) - (left < right);
    double x = real_of_bits(left), y = real_of_bits(right);
    return (x > y) - (x < y);
}

static uint32_t rounds_of(uint32_t len)
{
    return len > 1 ? 32 - (uint32_t)__builtin_clz(len - 1) : 0;
}

/* Merge sort of the numbers of the elements: equal keys keep their order. */
static void numbers_sort(const Sorter *sorter, uint32_t *numbers, uint32_t *spare, uint32_t len)
{
    for (uint32_t width = 1; width < len; width *= 2) {
        for (uint32_t start = 0; start < len; start += width * 2) {
            uint32_t middle = start + width < len ? start + width : len;
            uint32_t end = start + width * 2 < len ? start + width * 2 : len;
            uint32_t i = start, j = middle;
            for (uint32_t k = start; k < end; k++) {
                bool left = i < middle && (j >= end || keys_compare(sorter, numbers[i], numbers[j]) <= 0);
                spare[k] = left ? numbers[i++] : numbers[j++];
            }
        }
        memcpy(numbers, spare, len * sizeof *numbers);
    }
}

/* The list argument in the order of the sorter's keys. Nothing is allocated in the block while the keys are
 * looked at. */
static bool give_sorted(const BuiltinCall *call, const Sorter *sorter)
{
    uint32_t len = list_len(call->vm, arg_ref(call, 0));
    heap_charge(call->vm, (size_t)len * rounds_of(len) * SORT_ELEMENT);
    uint32_t *numbers = memory_alloc(len * sizeof *numbers), *spare = memory_alloc(len * sizeof *spare);
    for (uint32_t i = 0; i < len; i++)
        numbers[i] = i;
    numbers_sort(sorter, numbers, spare, len);
    Ref list = list_new(call->vm, list_kind(call), len);
    for (uint32_t i = 0; i < len && list; i++) {
        int64_t value = element_at(call, arg_ref(call, 0), numbers[i]);
        if (type_is_scalar_of(call))
            list_fill_scalars(call->vm, list)[i] = value;
        else
            list_fill_refs(call->vm, list)[i] = (Ref)value;
    }
    free(numbers);
    free(spare);
    return give_ref(call, list);
}

static bool texts_check(const BuiltinCall *call, Ref list)
{
    if (!list_check(call->vm, list, OBJECT_LIST_R)) return false;
    heap_charge(call->vm, list_len(call->vm, list) * sizeof(int64_t));
    for (uint32_t i = 0; i < list_len(call->vm, list); i++) {
        if (!text_check(call->vm, list_refs(call->vm, list)[i])) return false;
    }
    return true;
}

/* The list's own elements as keys. */
static bool sorter_of_elements(const BuiltinCall *call, Sorter *sorter)
{
    const Vm *vm = call->vm;
    if (!arg_list(call, 0)) return false;
    ImageTypeKind kind = (ImageTypeKind)vm->image->types[call->type].kind;
    *sorter = (Sorter){.vm = vm, .floats = kind == IMAGE_FLOAT || kind == IMAGE_PERCENT};
    if (type_is_scalar_of(call)) {
        sorter->scalars = list_scalars(vm, arg_ref(call, 0));
        return true;
    }
    sorter->texts = list_refs(vm, arg_ref(call, 0));
    return texts_check(call, arg_ref(call, 0));
}

bool builtin_LIST_SORT(const BuiltinCall *call)
{
    Sorter sorter;
    if (!sorter_of_elements(call, &sorter)) return false;
    if (sorter.texts || !type_is_scalar_of(call)) return give_sorted(call, &sorter);
    uint32_t len = list_len(call->vm, arg_ref(call, 0));
    Ref list = list_new(call->vm, OBJECT_LIST_S, len);
    if (!list || !len) return give_ref(call, list);
    int64_t *values = list_fill_scalars(call->vm, list);
    memcpy(values, list_scalars(call->vm, arg_ref(call, 0)), len * sizeof *values);
    scalars_sort(values, len, sorter.floats);
    return give_ref(call, list);
}

static bool give_extreme(const BuiltinCall *call, int sign)
{
    Sorter sorter;
    if (!sorter_of_elements(call, &sorter)) return false;
    uint32_t len = list_len(call->vm, arg_ref(call, 0)), best = 0;
    heap_charge(call->vm, len * sizeof(int64_t));
    if (!len) return give_optional(call, 0);
    for (uint32_t i = 1; i < len; i++) {
        if (keys_compare(&sorter, i, best) * sign > 0) best = i;
    }
    return give_element(call, element_at(call, arg_ref(call, 0), best));
}

bool builtin_LIST_MIN(const BuiltinCall *call)
{
    return give_extreme(call, -1);
}

bool builtin_LIST_MAX(const BuiltinCall *call)
{
    return give_extreme(call, 1);
}

bool builtin_LIST_SUM(const BuiltinCall *call)
{
    Vm *vm = call->vm;
    if (!list_check(vm, arg_ref(call, 0), OBJECT_LIST_S)) return false;
    const int64_t *items = list_scalars(vm, arg_ref(call, 0));
    uint32_t len = list_len(vm, arg_ref(call, 0));
    ImageTypeKind kind = (ImageTypeKind)vm->image->types[call->type].kind;
    heap_charge(vm, len * sizeof *items);
    int64_t sum = 0;
    double real = 0;
    for (uint32_t i = 0; i < len; i++) {
        if (kind == IMAGE_FLOAT || kind == IMAGE_PERCENT)
            real += real_of_bits(items[i]);
        else if (__builtin_add_overflow(sum, items[i], &sum))
            return vm_raise(vm, FAILURE_RUN, "the sum is too large for an int");
    }
    if (real - real != 0) return vm_raise(vm, FAILURE_RUN, "the sum is too large for a float");
    return give_scalar(call, kind == IMAGE_FLOAT || kind == IMAGE_PERCENT ? bits_of_real(real) : sum);
}

bool builtin_LIST_REVERSE(const BuiltinCall *call)
{
    if (!arg_list(call, 0)) return false;
    uint32_t len = list_len(call->vm, arg_ref(call, 0));
    Ref list = list_new(call->vm, list_kind(call), len);
    for (uint32_t i = 0; i < len && list; i++) {
        int64_t value = element_at(call, arg_ref(call, 0), len - 1 - i);
        if (type_is_scalar_of(call))
            list_fill_scalars(call->vm, list)[i] = value;
        else
            list_fill_refs(call->vm, list)[i] = (Ref)value;
    }
    return give_ref(call, list);
}

bool builtin_LIST_RANGE(const BuiltinCall *call)
{
    int64_t from = arg_scalar(call, 0), to = arg_scalar(call, 1);
    uint64_t len = to > from ? (uint64_t)to - (uint64_t)from : 0;
    if (len > UINT32_MAX / 32) return vm_raise_limit(call->vm, LIMIT_LIST, "a list has too many elements");
    Ref list = list_new(call->vm, OBJECT_LIST_S, (uint32_t)len);
    for (uint32_t i = 0; i < len && list; i++)
        list_fill_scalars(call->vm, list)[i] = from + i;
    return give_ref(call, list);
}

bool builtin_LIST_JOIN(const BuiltinCall *call)
{
    Vm *vm = call->vm;
    Str separator;
    if (!texts_check(call, arg_ref(call, 0)) || !arg_text(call, 1, &separator)) return false;
    Buffer *out = scratch_begin(call);
    uint32_t len = list_len(vm, arg_ref(call, 0));
    for (uint32_t i = 0; i < len && out->len <= vm->limits.string_bytes; i++) {
        if (i) buffer_add_str(out, separator);
        buffer_add_str(out, text_view(vm, list_refs(vm, arg_ref(call, 0))[i]));
    }
    return give_scratch(call);
}

/* ---- maps ---- */

bool builtin_MAP_GET(const BuiltinCall *call)
{
    Str key;
    if (!arg_map(call, 0) || !arg_text(call, 1, &key)) return false;
    const MapEntryObject *entry = map_find(call->vm, arg_ref(call, 0), key);
    return entry ? give_element(call, entry->value) : give_optional(call, 0);
}

bool builtin_MAP_WITHOUT(const BuiltinCall *call)
{
    Str key;
    if (!arg_map(call, 0) || !arg_text(call, 1, &key)) return false;
    return give_ref(call, map_without(call->vm, arg_ref(call, 0), arg_ref(call, 1)));
}

bool builtin_MAP_HAS(const BuiltinCall *call)
{
    Str key;
    if (!arg_map(call, 0) || !arg_text(call, 1, &key)) return false;
    return give_scalar(call, map_find(call->vm, arg_ref(call, 0), key) != NULL);
}

bool builtin_MAP_KEYS(const BuiltinCall *call)
{
    Vm *vm = call->vm;
    if (!arg_map(call, 0)) return false;
    uint32_t len = map_len(vm, arg_ref(call, 0));
    Ref list = list_new(vm, OBJECT_LIST_R, len);
    for (uint32_t i = 0; i < len && list; i++)
        list_fill_refs(vm, list)[i] = map_entries(vm, arg_ref(call, 0))[i].key;
    return give_ref(call, list);
}

bool builtin_MAP_VALUES(const BuiltinCall *call)
{
    Vm *vm = call->vm;
    if (!arg_map(call, 0)) return false;
    uint32_t len = map_len(vm, arg_ref(call, 0));
    Ref list = list_new(vm, list_kind(call), len);
    for (uint32_t i = 0; i < len && list; i++) {
        int64_t value = map_entries(vm, arg_ref(call, 0))[i].value;
        if (type_is_scalar_of(call))
            list_fill_scalars(vm, list)[i] = value;
        else
            list_fill_refs(vm, list)[i] = (Ref)value;
    }
    return give_ref(call, list);
}
