/* Making and reading values in the heap: strings, boxes, lists, maps. Used inside of vm/core only.
 *
 * Functions that give a Ref may collect; they keep their own Ref arguments alive while they do, but the
 * caller's copies are void afterwards. 0 (or false) means that a failure is set. Values do not change once
 * made: what "changes" one gives a new value, which may share memory with the old. */
#ifndef PLAN_CORE_VALUES_H
#define PLAN_CORE_VALUES_H

#include "vm/core/heap.h"

#define REF_EMPTY (REF_CONSTANT | CONSTANT_EMPTY)
#define REF_NULL (REF_CONSTANT | CONSTANT_NULL)
#define REF_FALSE (REF_CONSTANT | CONSTANT_FALSE)
#define REF_TRUE (REF_CONSTANT | CONSTANT_TRUE)

/* ---- strings ---- */

bool text_is(const Vm *vm, Ref ref);
bool text_check(Vm *vm, Ref ref);      /* a run error if it is none */
Str text_view(const Vm *vm, Ref text); /* valid until the next allocation */
Ref text_new(Vm *vm, Str text);        /* text must not lie in the block */
Ref text_part(Vm *vm, size_t place, size_t start, size_t len); /* a copy of that part of the string in the temp */
Ref text_take_scratch(Vm *vm);         /* of vm->scratch */
/* The strings of the temps from a place on, one after the other; appends in place where the first ends its
 * buffer. */
Ref text_concat(Vm *vm, size_t place);
size_t text_clip(Str text,
                 size_t most); /* the longest beginning of at most so many bytes that ends a character */

/* ---- boxes ---- */

Ref box_new(Vm *vm, ObjectKind kind, int64_t value);
static inline int64_t box_value(const Vm *vm, Ref box)
{
    return ((const BoxObject *)heap_view(vm, box))->value;
}
static inline double real_of_bits(int64_t bits)
{
    union {
        int64_t bits;
        double real;
    } value = {.bits = bits};
    return value.real;
}
static inline int64_t bits_of_real(double real)
{
    union {
        double real;
        int64_t bits;
    } value = {.real = real};
    return value.bits;
}

/* ---- lists ---- */

bool list_is(const Vm *vm, Ref ref);
bool list_check(Vm *vm, Ref ref, ObjectKind kind); /* OBJECT_LIST_S or OBJECT_LIST_R */
uint32_t list_len(const Vm *vm, Ref list);
/* Elements; valid until the next allocation. NULL if there are none. */
const int64_t *list_scalars(const Vm *vm, Ref list);
const Ref *list_refs(const Vm *vm, Ref list);
/* A list of so many zeros (or nones), to be filled by the maker before anybody else sees it. */
Ref list_new(Vm *vm, ObjectKind kind, uint32_t len);
int64_t *list_fill_scalars(Vm *vm, Ref list);
Ref *list_fill_refs(Vm *vm, Ref list);
Ref list_of_temps(Vm *vm, size_t place); /* of the temps from a place on, which are dropped */
/* One more element: the one of the list's bank. own, here and below: the result belongs to one variable
 * alone, if its memory is not shared with the old value. */
Ref list_append(Vm *vm, Ref list, int64_t scalar, Ref ref, bool own);
/* A copy with another element; a run error beyond the ends. */
Ref list_put(Vm *vm, Ref list, int64_t at, int64_t scalar, Ref ref, bool own);
/* Rising, equal ones in their order (sort.c). */
void scalars_sort(int64_t *values, uint32_t len, bool floats);
Ref list_part(Vm *vm, Ref list, uint32_t from, uint32_t to);

/* ---- maps ---- */

bool map_is(const Vm *vm, Ref ref);
bool map_check(Vm *vm, Ref ref, ObjectKind kind); /* OBJECT_MAP_S or OBJECT_MAP_R */
uint32_t map_len(const Vm *vm, Ref map);
const MapEntryObject *map_entries(const Vm *vm,
                                  Ref map); /* valid until the next allocation; NULL if there are none */
const MapEntryObject *map_find(const Vm *vm, Ref map, Str key); /* NULL: no such key */
Ref map_new(Vm *vm, ObjectKind kind);
/* An empty one that its maker alone holds and fills in place (map_put with own) until it is shared. */
Ref map_with_room(Vm *vm, ObjectKind kind, uint32_t room);
Ref map_of_temps(Vm *vm, size_t place); /* of the keys and references in turn from a place on, which are dropped */
Ref map_put(Vm *vm, Ref map, Ref key, int64_t value,
            bool own); /* value: a scalar or a Ref, by the map's bank */
/* The same for a map that nobody else has seen: an older value is overwritten. */
Ref map_put_own(Vm *vm, Ref map, Ref key, int64_t value);
Ref map_without(Vm *vm, Ref map, Ref key);

/* ---- equality ---- */

/* Are two values of a reference type equal in all their parts? *equal gets the answer. False: they cannot be
 * compared (functions, or nested too deeply). */
bool values_equal(Vm *vm, Ref a, Ref b, uint32_t type, bool *equal);
/* The same for elements: of a scalar type by the scalar, else by the reference. */
bool elements_equal(Vm *vm, int64_t a, int64_t b, uint32_t type, bool *equal);

enum { VALUE_DEPTH = 256 }; /* how deeply values may be nested where C code walks them */

#endif
