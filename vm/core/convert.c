/* Values become json values and json values become values, by type: `as T`, effects' results, and what the
 * language turns into json. What does not fit is one failure that names the path, the type and what was
 * found. */
#include "vm/core/marshal.h"

#include "vm/base/time.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct Converter {
    Vm *vm;
    unsigned depth;
    Buffer path; /* what is being converted, below the caller's path */
    Ref given;   /* place of the caller's path among the temps + 1; 0: none */
} Converter;

const char *json_kind_name(const Vm *vm, Ref json)
{
    switch (heap_kind(vm, json)) {
    case OBJECT_NULL: return "null";
    case OBJECT_BOOL: return "bool";
    case OBJECT_INT: return "int";
    case OBJECT_FLOAT: return "float";
    case OBJECT_STRING:
    case OBJECT_SLICE: return "string";
    case OBJECT_LIST_S:
    case OBJECT_LIST_R: return "list";
    case OBJECT_MAP_S:
    case OBJECT_MAP_R: return "object";
    default: return "nothing";
    }
}

static void type_write(const Vm *vm, Buffer *out, uint32_t type, unsigned depth)
{
    static const char *const names[] = {"nothing", "bool", "int",    "float", "percent", "duration",
                                        "time",    "enum", "string", "json",  "a list",  "an object"};
    const ImageType *info = &vm->image->types[type];
    if (info->kind == IMAGE_OPTIONAL && depth < 4)
        type_write(vm, out, info->element, depth + 1);
    else if (info->kind == IMAGE_RECORD || info->kind == IMAGE_ENUM)
        buffer_add_str(out, image_string(vm->image, info->name));
    else
        buffer_add_c(out, info->kind <= IMAGE_MAP ? names[info->kind] : "another type");
}

/* "PATH: int is expected, but this is the string "x"" */
static bool mismatch(Converter *converter, Ref json, uint32_t type)
{
    Vm *vm = converter->vm;
    Buffer text = {0}, value = {0};
    if (converter->given) buffer_add_str(&text, text_view(vm, vm->temps.items[converter->given - 1]));
    buffer_add_str(&text, buffer_str(&converter->path));
    if (text.len) buffer_add_c(&text, ": ");
    type_write(vm, &text, type, 0);
    buffer_printf(&text, " is expected, but this is %s", json ? json_kind_name(vm, json) : "missing");
    ObjectKind kind = heap_kind(vm, json);
    bool shown =
        json && (text_is(vm, json) || kind == OBJECT_INT || kind == OBJECT_FLOAT || kind == OBJECT_BOOL);
    if (shown && json_write_value(vm, &value, 0, json, IMAGE_TYPE_JSON)) {
        size_t len = text_clip(buffer_str(&value), 80);
        buffer_printf(&text, " %.*s%s", (int)len, value.data, len < value.len ? "..." : "");
    }
    vm_raise(vm, FAILURE_RUN, "%.*s", STR_ARG(buffer_str(&text)));
    buffer_free(&text);
    buffer_free(&value);
    return false;
}

static bool int_of_json(const Vm *vm, Ref json, int64_t *value)
{
    ObjectKind kind = heap_kind(vm, json);
    if (kind == OBJECT_INT) {
        *value = box_value(vm, json);
        return true;
    }
    if (kind == OBJECT_FLOAT) {
        double real = real_of_bits(box_value(vm, json));
        if (real != floor(real) || fabs(real) > 9007199254740992.0) return false;
        *value = (int64_t)real;
        return true;
    }
    return text_is(vm, json) && int_parse(text_view(vm, json), value);
}

static bool float_of_json(const Vm *vm, Ref json, double *value)
{
    ObjectKind kind = heap_kind(vm, json);
    if (kind == OBJECT_INT)
        *value = (double)box_value(vm, json);
    else if (kind == OBJECT_FLOAT)
        *value = real_of_bits(box_value(vm, json));
    else
        return text_is(vm, json) && float_parse(text_view(vm, json), value);
    return true;
}

static bool percent_of_json(const Vm *vm, Ref json, double *value)
{
    if (text_is(vm, json)) {
        Str text = text_view(vm, json);
        if (str_ends_with(text, STR("%"))) {
            if (!float_parse(str_trim(str_slice(text, 0, text.len - 1)), value)) return false;
            *value /= 100;
            return true;
        }
    }
    if (!float_of_json(vm, json, value)) return false;
    *value /= 100;
    return true;
}

static bool bool_of_json(const Vm *vm, Ref json, int64_t *value)
{
    if (heap_kind(vm, json) == OBJECT_BOOL) {
        *value = box_value(vm, json);
        return true;
    }
    if (!text_is(vm, json)) return false;
    Str text = text_view(vm, json);
    *value = str_equal_c(text, "true");
    return *value || str_equal_c(text, "false");
}

static bool enum_of_json(const Vm *vm, Ref json, const ImageType *type, int64_t *value)
{
    if (!text_is(vm, json)) return false;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (str_equal(image_string(vm->image, vm->image->fields[type->first_field + i].name),
                      text_view(vm, json))) {
            *value = i;
            return true;
        }
    }
    return false;
}

static bool scalar_of_json(Converter *converter, Ref json, uint32_t type, int64_t *scalar)
{
    Vm *vm = converter->vm;
    const ImageType *info = &vm->image->types[type];
    double real = 0;
    bool fits = false, is_real = false;
    switch ((ImageTypeKind)info->kind) {
    case IMAGE_BOOL: fits = bool_of_json(vm, json, scalar); break;
    case IMAGE_INT: fits = int_of_json(vm, json, scalar); break;
    case IMAGE_FLOAT: fits = is_real = float_of_json(vm, json, &real); break;
    case IMAGE_PERCENT: fits = is_real = percent_of_json(vm, json, &real); break;
    case IMAGE_DURATION:
        fits = int_of_json(vm, json, scalar) ||
               (text_is(vm, json) && duration_parse(text_view(vm, json), scalar, NULL));
        break;
    case IMAGE_TIME:
        fits = int_of_json(vm, json, scalar) ||
               (text_is(vm, json) && time_parse(text_view(vm, json), scalar, NULL));
        break;
    case IMAGE_ENUM: fits = enum_of_json(vm, json, info, scalar); break;
    default: break;
    }
    if (is_real) *scalar = bits_of_real(real);
    return fits || mismatch(converter, json, type);
}

static bool value_of_json(Converter *converter, Ref json, uint32_t type, int64_t *scalar, Ref *ref);

/* Elements one after the other; the json list stays in the temps at `place`. */
static Ref list_of_json(Converter *converter, Ref json, uint32_t element)
{
    Vm *vm = converter->vm;
    bool is_scalar = image_type_is_scalar(vm->image, element);
    if (vm->image->types[element].kind == IMAGE_JSON) return json;
    size_t place = temp_push(vm, json), path = converter->path.len;
    uint32_t len = list_len(vm, json);
    Ref list = list_new(vm, is_scalar ? OBJECT_LIST_S : OBJECT_LIST_R, len);
    if (list) temp_push(vm, list);
    for (uint32_t i = 0; i < len && list; i++) {
        int64_t scalar = 0;
        Ref ref = 0;
        buffer_printf(&converter->path, "[%u]", (unsigned)i);
        if (!value_of_json(converter, list_refs(vm, vm->temps.items[place])[i], element, &scalar, &ref)) {
            list = 0;
            break;
        }
        converter->path.len = path;
        list = vm->temps.items[place + 1];
        if (is_scalar)
            list_fill_scalars(vm, list)[i] = scalar;
        else
            list_fill_refs(vm, list)[i] = ref;
    }
    temp_drop(vm, place);
    return list;
}

static Ref map_of_json(Converter *converter, Ref json, uint32_t element)
{
    Vm *vm = converter->vm;
    bool is_scalar = image_type_is_scalar(vm->image, element);
    if (vm->image->types[element].kind == IMAGE_JSON) return json;
    size_t place = temp_push(vm, json), path = converter->path.len;
    uint32_t len = map_len(vm, json);
    Ref map = map_new(vm, is_scalar ? OBJECT_MAP_S : OBJECT_MAP_R);
    temp_push(vm, map);
    for (uint32_t i = 0; i < len && map; i++) {
        const MapEntryObject *entry = &map_entries(vm, vm->temps.items[place])[i];
        Str key = text_view(vm, entry->key);
        int64_t scalar = 0;
        Ref ref = 0;
        buffer_add_char(&converter->path, '.');
        buffer_add(&converter->path, key.data, text_clip(key, 80));
        bool fits = value_of_json(converter, (Ref)entry->value, element, &scalar, &ref);
        converter->path.len = path;
        entry = fits ? &map_entries(vm, vm->temps.items[place])[i] : NULL;
        map = fits ? map_put(vm, vm->temps.items[place + 1], entry->key, is_scalar ? scalar : (int64_t)ref,
                             false)
                   : 0;
        vm->temps.items[place + 1] = map;
    }
    temp_drop(vm, place);
    return map;
}

bool value_when_missing(Vm *vm, uint32_t type, Ref *ref)
{
    const ImageType *info = &vm->image->types[type];
    bool scalars = image_type_is_scalar(vm->image, info->element);
    *ref = 0;
    switch ((ImageTypeKind)info->kind) {
    case IMAGE_STRING: *ref = REF_EMPTY; return true;
    case IMAGE_JSON: *ref = REF_NULL; return true;
    case IMAGE_LIST: *ref = list_new(vm, scalars ? OBJECT_LIST_S : OBJECT_LIST_R, 0); return *ref != 0;
    case IMAGE_MAP: *ref = map_new(vm, scalars ? OBJECT_MAP_S : OBJECT_MAP_R); return *ref != 0;
    case IMAGE_RECORD: return false;
    default: return true;
    }
}

static bool missing_value(Converter *converter, uint32_t type, int64_t *scalar, Ref *ref)
{
    *scalar = 0;
    if (value_when_missing(converter->vm, type, ref)) return true;
    return !converter->vm->failure.set && mismatch(converter, 0, type);
}

static Ref record_of_json(Converter *converter, Ref json, const ImageType *type)
{
    Vm *vm = converter->vm;
    size_t place = temp_push(vm, json), path = converter->path.len;
    Ref record = heap_alloc(vm, OBJECT_RECORD, sizeof(RecordObject) + type->scalars * 8 + type->refs * 4);
    if (record) {
        RecordObject *object = heap_object(vm, record);
        object->header.aux = (uint16_t)type->scalars;
        object->header.len = type->refs;
        temp_push(vm, record);
    }
    for (uint32_t i = 0; i < type->field_count && record; i++) {
        const ImageField *field = &vm->image->fields[type->first_field + i];
        Str name = image_string(vm->image, field->name);
        const MapEntryObject *entry = map_find(vm, vm->temps.items[place], name);
        Ref member = entry ? (Ref)entry->value : 0;
        int64_t scalar = 0;
        Ref ref = 0;
        buffer_add_char(&converter->path, '.');
        buffer_add_str(&converter->path, name);
        bool absent = !member || heap_kind(vm, member) == OBJECT_NULL;
        bool fits = absent ? missing_value(converter, field->type, &scalar, &ref)
                           : value_of_json(converter, member, field->type, &scalar, &ref);
        converter->path.len = path;
        record = fits ? vm->temps.items[place + 1] : 0;
        if (!record) break;
        RecordObject *object = heap_object(vm, record);
        if (image_type_is_scalar(vm->image, field->type))
            object->scalars[field->index] = scalar;
        else
            record_refs(object)[field->index] = ref;
    }
    temp_drop(vm, place);
    return record;
}

static Ref optional_of_json(Converter *converter, Ref json, uint32_t element)
{
    int64_t scalar = 0;
    Ref ref = 0;
    if (!value_of_json(converter, json, element, &scalar, &ref)) return 0;
    if (!image_type_is_scalar(converter->vm->image, element)) return ref;
    return box_new(converter->vm, OBJECT_BOX, scalar);
}

static bool ref_of_json(Converter *converter, Ref json, uint32_t type, Ref *ref)
{
    Vm *vm = converter->vm;
    const ImageType *info = &vm->image->types[type];
    *ref = 0;
    switch ((ImageTypeKind)info->kind) {
    case IMAGE_JSON: *ref = json; break;
    case IMAGE_STRING:
        if (text_is(vm, json)) *ref = json;
        break;
    case IMAGE_LIST:
        if (heap_kind(vm, json) != OBJECT_LIST_R) break;
        *ref = list_of_json(converter, json, info->element);
        return *ref != 0;
    case IMAGE_MAP:
        if (heap_kind(vm, json) != OBJECT_MAP_R) break;
        *ref = map_of_json(converter, json, info->element);
        return *ref != 0;
    case IMAGE_RECORD:
        if (heap_kind(vm, json) != OBJECT_MAP_R) break;
        *ref = record_of_json(converter, json, info);
        return *ref != 0;
    case IMAGE_OPTIONAL:
        if (heap_kind(vm, json) == OBJECT_NULL) return true;
        *ref = optional_of_json(converter, json, info->element);
        return *ref != 0;
    case IMAGE_UNIT: return true;
    default: break;
    }
    return *ref != 0 || mismatch(converter, json, type);
}

static bool value_of_json(Converter *converter, Ref json, uint32_t type, int64_t *scalar, Ref *ref)
{
    if (converter->depth >= VALUE_DEPTH) {
        return vm_raise(converter->vm, FAILURE_LIMIT, "a value is nested more than %d deep", VALUE_DEPTH);
    }
    if (image_type_is_scalar(converter->vm->image, type))
        return scalar_of_json(converter, json, type, scalar);
    converter->depth++;
    bool fits = ref_of_json(converter, json, type, ref);
    converter->depth--;
    return fits;
}

bool json_to_value(Vm *vm, Ref json, uint32_t type, Ref path, int64_t *scalar, Ref *ref)
{
    Converter converter = {.vm = vm};
    size_t place = vm->temps.count;
    if (path && text_is(vm, path)) converter.given = (Ref)temp_push(vm, path) + 1;
    bool fits = json ? value_of_json(&converter, json, type, scalar, ref) : mismatch(&converter, 0, type);
    vm->temps.count = place;
    buffer_free(&converter.path);
    return fits;
}

/* ---- to json ---- */

static Ref json_make(Converter *converter, int64_t scalar, Ref ref, uint32_t type);

static Ref json_of_scalar(Vm *vm, int64_t scalar, const ImageType *type)
{
    switch ((ImageTypeKind)type->kind) {
    case IMAGE_BOOL: return scalar ? REF_TRUE : REF_FALSE;
    case IMAGE_FLOAT: return box_new(vm, OBJECT_FLOAT, scalar);
    case IMAGE_PERCENT: return box_new(vm, OBJECT_FLOAT, bits_of_real(real_of_bits(scalar) * 100));
    case IMAGE_ENUM:
        if (scalar >= 0 && scalar < (int64_t)type->field_count) {
            return REF_CONSTANT | vm->image->fields[type->first_field + scalar].name;
        }
        vm_raise(vm, FAILURE_RUN, "%" PRId64 " is no member of its enum", scalar);
        return 0;
    default: return box_new(vm, OBJECT_INT, scalar);
    }
}

static Ref json_of_list(Converter *converter, Ref list, uint32_t element)
{
    Vm *vm = converter->vm;
    bool is_scalar = image_type_is_scalar(vm->image, element);
    if (!list_check(vm, list, is_scalar ? OBJECT_LIST_S : OBJECT_LIST_R)) return 0;
    size_t place = temp_push(vm, list);
    uint32_t len = list_len(vm, list);
    for (uint32_t i = 0; i < len; i++) {
        int64_t scalar = is_scalar ? list_scalars(vm, vm->temps.items[place])[i] : 0;
        Ref ref = is_scalar ? 0 : list_refs(vm, vm->temps.items[place])[i];
        Ref json = json_make(converter, scalar, ref, element);
        if (!json) {
            temp_drop(vm, place);
            return 0;
        }
        temp_push(vm, json);
    }
    Ref json = list_of_temps(vm, place + 1);
    temp_drop(vm, place);
    return json;
}

static Ref json_of_map(Converter *converter, Ref map, uint32_t element)
{
    Vm *vm = converter->vm;
    bool is_scalar = image_type_is_scalar(vm->image, element);
    if (!map_check(vm, map, is_scalar ? OBJECT_MAP_S : OBJECT_MAP_R)) return 0;
    size_t place = temp_push(vm, map);
    uint32_t len = map_len(vm, map);
    Ref json = map_new(vm, OBJECT_MAP_R);
    temp_push(vm, json);
    for (uint32_t i = 0; i < len && json; i++) {
        int64_t value = map_entries(vm, vm->temps.items[place])[i].value;
        Ref member = json_make(converter, value, is_scalar ? 0 : (Ref)value, element);
        const MapEntryObject *entry = &map_entries(vm, vm->temps.items[place])[i];
        json = member ? map_put(vm, vm->temps.items[place + 1], entry->key, member, false) : 0;
        vm->temps.items[place + 1] = json;
    }
    temp_drop(vm, place);
    return json;
}

static Ref json_of_record(Converter *converter, Ref ref, const ImageType *type)
{
    Vm *vm = converter->vm;
    const RecordObject *record = heap_view(vm, ref);
    if (record->header.kind != OBJECT_RECORD || record->header.aux != type->scalars ||
        record->header.len != type->refs) {
        vm_raise_kind(vm, "another record", ref);
        return 0;
    }
    size_t place = temp_push(vm, ref);
    Ref json = map_new(vm, OBJECT_MAP_R);
    temp_push(vm, json);
    for (uint32_t i = 0; i < type->field_count && json; i++) {
        const ImageField *field = &vm->image->fields[type->first_field + i];
        bool is_scalar = image_type_is_scalar(vm->image, field->type);
        record = heap_view(vm, vm->temps.items[place]);
        int64_t scalar = is_scalar ? record->scalars[field->index] : 0;
        Ref member =
            json_make(converter, scalar, is_scalar ? 0 : record_refs_view(record)[field->index], field->type);
        json =
            member ? map_put(vm, vm->temps.items[place + 1], REF_CONSTANT | field->name, member, false) : 0;
        vm->temps.items[place + 1] = json;
    }
    temp_drop(vm, place);
    return json;
}

static Ref json_of_ref(Converter *converter, Ref ref, uint32_t type)
{
    Vm *vm = converter->vm;
    const ImageType *info = &vm->image->types[type];
    switch ((ImageTypeKind)info->kind) {
    case IMAGE_STRING: return text_check(vm, ref) ? ref : 0;
    case IMAGE_JSON: return ref;
    case IMAGE_LIST: return json_of_list(converter, ref, info->element);
    case IMAGE_MAP: return json_of_map(converter, ref, info->element);
    case IMAGE_RECORD: return json_of_record(converter, ref, info);
    case IMAGE_OPTIONAL:
        if (!image_type_is_scalar(vm->image, info->element))
            return json_of_ref(converter, ref, info->element);
        if (heap_kind(vm, ref) == OBJECT_BOX) {
            return json_of_scalar(vm, box_value(vm, ref), &vm->image->types[info->element]);
        }
        vm_raise_kind(vm, "an optional", ref);
        return 0;
    default: vm_raise(vm, FAILURE_RUN, "functions, fibers and errors cannot become JSON"); return 0;
    }
}

static Ref json_make(Converter *converter, int64_t scalar, Ref ref, uint32_t type)
{
    Vm *vm = converter->vm;
    const ImageType *info = &vm->image->types[type];
    if (image_kind_is_scalar((ImageTypeKind)info->kind)) return json_of_scalar(vm, scalar, info);
    if (!ref) return REF_NULL;
    if (converter->depth >= VALUE_DEPTH) {
        vm_raise(vm, FAILURE_LIMIT, "a value is nested more than %d deep", VALUE_DEPTH);
        return 0;
    }
    converter->depth++;
    Ref json = json_of_ref(converter, ref, type);
    converter->depth--;
    return json;
}

Ref json_of_value(Vm *vm, int64_t scalar, Ref ref, uint32_t type)
{
    Converter converter = {.vm = vm};
    return json_make(&converter, scalar, ref, type);
}
