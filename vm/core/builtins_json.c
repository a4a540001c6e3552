/* Builtins on json values, and those that make text of values. */
#include "vm/core/builtins.h"

#include "vm/base/time.h"

#include <inttypes.h>

/* The member, or 0 (also of what is no object). */
static Ref member_find(const Vm *vm, Ref json, Str name)
{
    if (!json || heap_kind(vm, json) != OBJECT_MAP_R) return 0;
    const MapEntryObject *entry = map_find(vm, json, name);
    return entry ? (Ref)entry->value : 0;
}

/* The element, counted from the end if the number is negative, or 0. */
static Ref element_find(const Vm *vm, Ref json, int64_t number)
{
    if (!json || heap_kind(vm, json) != OBJECT_LIST_R) return 0;
    int64_t len = list_len(vm, json);
    if (number < -len || number >= len) return 0;
    return list_refs(vm, json)[number < 0 ? number + len : number];
}

static int clipped(Str text)
{
    return (int)text_clip(text, 100);
}

bool builtin_JSON_FIND(const BuiltinCall *call)
{
    Str name;
    return arg_text(call, 1, &name) && give_optional(call, member_find(call->vm, arg_ref(call, 0), name));
}

bool builtin_JSON_MEMBER(const BuiltinCall *call)
{
    Str name;
    if (!arg_text(call, 1, &name)) return false;
    Ref json = arg_ref(call, 0), member = member_find(call->vm, json, name);
    if (member) return give_ref(call, member);
    return vm_raise(call->vm, FAILURE_RUN, "there is no member `%.*s` in this %s", clipped(name), name.data,
                    json_kind_name(call->vm, json));
}

bool builtin_JSON_FIND_INDEX(const BuiltinCall *call)
{
    return give_optional(call, element_find(call->vm, arg_ref(call, 0), arg_scalar(call, 0)));
}

bool builtin_JSON_INDEX(const BuiltinCall *call)
{
    Ref json = arg_ref(call, 0), element = element_find(call->vm, json, arg_scalar(call, 0));
    if (element) return give_ref(call, element);
    return vm_raise(call->vm, FAILURE_RUN, "there is no element %" PRId64 " in this %s", arg_scalar(call, 0),
                    json_kind_name(call->vm, json));
}

/* Follows one step of a path like a.b[0] from *at on. False: the path is none. */
static bool path_step(const Vm *vm, Str path, size_t *at, Ref *json)
{
    if (path.data[*at] == '[') {
        size_t end = *at + 1;
        while (end < path.len && path.data[end] != ']')
            end++;
        int64_t number;
        if (end == path.len || !int_parse(str_slice(path, *at + 1, end), &number)) return false;
        *json = element_find(vm, *json, number);
        *at = end + 1;
        return true;
    }
    if (path.data[*at] == '.') ++*at;
    size_t start = *at;
    while (*at < path.len && path.data[*at] != '.' && path.data[*at] != '[')
        ++*at;
    if (*at == start) return false;
    *json = member_find(vm, *json, str_slice(path, start, *at));
    return true;
}

static bool path_find(const BuiltinCall *call, Ref *json)
{
    Str path;
    if (!arg_text(call, 1, &path)) return false;
    *json = arg_ref(call, 0);
    for (size_t at = 0; at < path.len;) {
        if (!path_step(call->vm, path, &at, json)) {
            return vm_raise(call->vm, FAILURE_RUN, "`%.*s` is no path like a.b[0]", clipped(path), path.data);
        }
    }
    return true;
}

bool builtin_JSON_FIND_PATH(const BuiltinCall *call)
{
    Ref json;
    return path_find(call, &json) && give_optional(call, json);
}

bool builtin_JSON_PATH(const BuiltinCall *call)
{
    Ref json;
    if (!path_find(call, &json)) return false;
    if (json) return give_ref(call, json);
    Str path = text_view(call->vm, arg_ref(call, 1));
    return vm_raise(call->vm, FAILURE_RUN, "there is nothing under `%.*s`", clipped(path), path.data);
}

bool builtin_JSON_LEN(const BuiltinCall *call)
{
    Ref json = arg_ref(call, 0);
    ObjectKind kind = heap_kind(call->vm, json);
    if (kind == OBJECT_LIST_R) return give_scalar(call, list_len(call->vm, json));
    if (kind == OBJECT_MAP_R) return give_scalar(call, map_len(call->vm, json));
    return vm_raise(call->vm, FAILURE_RUN, "a list or an object has a length, but this is %s",
                    json_kind_name(call->vm, json));
}

bool builtin_JSON_KEYS(const BuiltinCall *call)
{
    Vm *vm = call->vm;
    Ref json = arg_ref(call, 0);
    if (heap_kind(vm, json) != OBJECT_MAP_R) {
        return vm_raise(vm, FAILURE_RUN, "an object has keys, but this is %s", json_kind_name(vm, json));
    }
    uint32_t len = map_len(vm, json);
    Ref list = list_new(vm, OBJECT_LIST_R, len);
    for (uint32_t i = 0; i < len && list; i++)
        list_fill_refs(vm, list)[i] = map_entries(vm, arg_ref(call, 0))[i].key;
    return give_ref(call, list);
}

bool builtin_JSON_ITEMS(const BuiltinCall *call)
{
    Ref json = arg_ref(call, 0);
    if (heap_kind(call->vm, json) == OBJECT_LIST_R) return give_ref(call, json);
    return vm_raise(call->vm, FAILURE_RUN, "a list has elements, but this is %s",
                    json_kind_name(call->vm, json));
}

bool builtin_JSON_WRITE(const BuiltinCall *call)
{
    return json_write_value(call->vm, scratch_begin(call), 0, arg_ref(call, 0), IMAGE_TYPE_JSON) &&
           give_scratch(call);
}

bool builtin_JSON_TO_TEXT(const BuiltinCall *call)
{
    if (text_is(call->vm, arg_ref(call, 0))) return give_ref(call, arg_ref(call, 0));
    return builtin_JSON_WRITE(call);
}

/* ---- to text ---- */

bool builtin_INT_TO_TEXT(const BuiltinCall *call)
{
    buffer_add_int(scratch_begin(call), arg_scalar(call, 0));
    return give_scratch(call);
}

bool builtin_FLOAT_TO_TEXT(const BuiltinCall *call)
{
    float_write(scratch_begin(call), real_of_bits(arg_scalar(call, 0)));
    return give_scratch(call);
}

bool builtin_BOOL_TO_TEXT(const BuiltinCall *call)
{
    return give_ref(call, text_new(call->vm, arg_scalar(call, 0) ? STR("true") : STR("false")));
}

bool builtin_DURATION_TO_TEXT(const BuiltinCall *call)
{
    duration_write(scratch_begin(call), arg_scalar(call, 0));
    return give_scratch(call);
}

bool builtin_ENUM_TO_TEXT(const BuiltinCall *call)
{
    const Image *image = call->vm->image;
    const ImageType *type = &image->types[call->type];
    int64_t member = arg_scalar(call, 0);
    if (type->kind != IMAGE_ENUM || member < 0 || member >= (int64_t)type->field_count) {
        return vm_raise(call->vm, FAILURE_RUN, "%" PRId64 " is no member of its enum", member);
    }
    return give_ref(call, REF_CONSTANT | image->fields[type->first_field + member].name);
}
