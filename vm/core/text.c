/* Strings: a run of bytes of its own, or a slice of a buffer that several slices share.
 *
 * Joining many strings one by one stays linear because a slice that ends where its buffer's used part ends is
 * appended to in place; older slices never see the change. Everything in vm/core makes and reads strings
 * here. */
#include "vm/core/values.h"

#include <string.h>

enum { BUFFER_FROM = 128 }; /* shorter strings are copied */

bool text_is(const Vm *vm, Ref ref)
{
    ObjectKind kind = heap_kind(vm, ref);
    return kind == OBJECT_STRING || kind == OBJECT_SLICE;
}

bool text_check(Vm *vm, Ref ref)
{
    return text_is(vm, ref) || vm_raise_kind(vm, "a string", ref);
}

Str text_view(const Vm *vm, Ref text)
{
    const StringObject *string = heap_view(vm, text);
    if (string->header.kind == OBJECT_STRING) return (Str){string->bytes, string->header.len};
    const SliceObject *slice = heap_view(vm, text);
    const BufferObject *buffer = heap_view(vm, slice->buffer);
    return (Str){buffer->bytes + slice->start, slice->header.len};
}

static bool length_check(Vm *vm, size_t len)
{
    if (len <= vm->limits.string_bytes) return true;
    return vm_raise_limit(vm, LIMIT_STRING, "a string is too long");
}

/* A string whose bytes the caller writes; what is left over behind them is zero. */
static Ref string_new(Vm *vm, size_t len)
{
    size_t size = heap_round(sizeof(StringObject) + len);
    if (!heap_reserve(vm, size)) return 0;
    heap_charge(vm, size);
    Ref ref = heap_take(vm, OBJECT_STRING, size);
    StringObject *string = heap_object(vm, ref);
    string->header.len = (uint32_t)len;
    memset((uint8_t *)string + size - sizeof(uint64_t), 0, len % 8 ? sizeof(uint64_t) : 0);
    return ref;
}

Ref text_new(Vm *vm, Str text)
{
    if (!text.len) return REF_EMPTY;
    if (!length_check(vm, text.len)) return 0;
    Ref ref = string_new(vm, text.len);
    if (ref) memcpy(((StringObject *)heap_object(vm, ref))->bytes, text.data, text.len);
    return ref;
}

Ref text_part(Vm *vm, size_t place, size_t start, size_t len)
{
    if (!len) return REF_EMPTY;
    Ref ref = string_new(vm, len);
    if (ref) memcpy(((StringObject *)heap_object(vm, ref))->bytes, text_view(vm, vm->temps.items[place]).data + start, len);
    return ref;
}

Ref text_take_scratch(Vm *vm)
{
    return text_new(vm, buffer_str(&vm->scratch));
}

/* Where the new slice's bytes go if the first string can be appended to in place; else NULL. */
static BufferObject *buffer_open(Vm *vm, Ref first, size_t more)
{
    if (heap_kind(vm, first) != OBJECT_SLICE) return NULL;
    const SliceObject *slice = heap_object(vm, first);
    BufferObject *buffer = heap_object(vm, slice->buffer);
    bool open = slice->start + slice->header.len == buffer->used && more <= buffer->header.len - buffer->used;
    return open ? buffer : NULL;
}

static void temps_write(const Vm *vm, size_t from, size_t to, char *out)
{
    for (size_t i = from; i < to; i++) {
        Str part = text_view(vm, vm->temps.items[i]);
        if (part.len) memcpy(out, part.data, part.len);
        out += part.len;
    }
}

/* A slice of the buffer in the last temp. */
static Ref slice_new(Vm *vm, uint32_t start, uint32_t len)
{
    Ref ref = heap_alloc(vm, OBJECT_SLICE, sizeof(SliceObject));
    if (!ref) return 0;
    SliceObject *slice = heap_object(vm, ref);
    slice->header.len = len;
    slice->buffer = vm->temps.items[vm->temps.count - 1];
    slice->start = start;
    return ref;
}

static Ref concat_in_place(Vm *vm, size_t place, size_t count, size_t total)
{
    Ref first = vm->temps.items[place];
    SliceObject *slice = heap_object(vm, first);
    uint32_t start = slice->start;
    BufferObject *buffer = heap_object(vm, slice->buffer);
    temps_write(vm, place + 1, place + count, buffer->bytes + buffer->used);
    buffer->used = start + (uint32_t)total;
    temp_push(vm, slice->buffer);
    return slice_new(vm, start, (uint32_t)total);
}

static Ref concat_new(Vm *vm, size_t place, size_t count, size_t total, bool growing)
{
    if (!growing) {
        Ref ref = string_new(vm, total);
        if (!ref) return 0;
        temps_write(vm, place, place + count, ((StringObject *)heap_object(vm, ref))->bytes);
        return ref;
    }
    size_t size = heap_round(sizeof(BufferObject) + total * 2);
    if (!heap_reserve(vm, size)) return 0;
    heap_charge(vm, size);
    Ref ref = heap_take(vm, OBJECT_BUFFER, size);
    BufferObject *buffer = heap_object(vm, ref);
    buffer->pad = 0;
    buffer->header.len = (uint32_t)total * 2;
    buffer->used = (uint32_t)total;
    temps_write(vm, place, place + count, buffer->bytes);
    temp_push(vm, ref);
    return slice_new(vm, 0, (uint32_t)total);
}

Ref text_concat(Vm *vm, size_t place)
{
    size_t count = vm->temps.count - place, total = 0;
    for (size_t i = 0; i < count; i++) {
        if (!text_check(vm, vm->temps.items[place + i])) return 0;
        total += text_view(vm, vm->temps.items[place + i]).len;
    }
    if (!length_check(vm, total)) return 0;
    if (!total) return REF_EMPTY;
    size_t first = text_view(vm, vm->temps.items[place]).len;
    if (first == total) return vm->temps.items[place];
    if (buffer_open(vm, vm->temps.items[place], total - first))
        return concat_in_place(vm, place, count, total);
    return concat_new(vm, place, count, total, total >= BUFFER_FROM && first >= total / 2);
}

size_t text_clip(Str text, size_t most)
{
    if (text.len <= most) return text.len;
    size_t len = most;
    while (len && ((unsigned char)text.data[len] & 0xC0) == 0x80)
        len--;
    return len;
}
