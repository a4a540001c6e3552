/* JSON text comes in, a value of a type goes out, without a json value in between: results of effects, nearly all of which
 * fit their type as they are.
 *
 * Whatever is out of the ordinary (a number as text, a member that comes twice, what does not fit or is no JSON) ends
 * the attempt, and the caller goes the long way, json_read and json_to_value, which also has the messages. Both ways
 * give the same value. */
#include "vm/core/json_reader.h"

#include <string.h>

/* A scalar into *scalar; anything else is pushed on the temps. False: not this way. */
static bool typed_read(Reader *reader, uint32_t type, int64_t *scalar);

static const ImageType *type_info(const Reader *reader, uint32_t type)
{
    return &reader->vm->image->types[type];
}

static bool is_scalar(const Reader *reader, uint32_t type)
{
    return image_kind_is_scalar((ImageTypeKind)type_info(reader, type)->kind);
}

static bool scalar_read(Reader *reader, const ImageType *type, int64_t *scalar)
{
    switch ((ImageTypeKind)type->kind) {
    case IMAGE_BOOL:
        *scalar = reader_word(reader, "true");
        return *scalar || reader_word(reader, "false");
    case IMAGE_INT:
    case IMAGE_DURATION:
    case IMAGE_TIME: return reader_short_int(reader, scalar);
    default: return false;
    }
}

static bool push(Reader *reader, Ref ref)
{
    temp_push(reader->vm, ref);
    return ref != 0;
}

/* After a member or an element: is there another one? *good: there is, or the end. */
static bool goes_on(Reader *reader, char end, bool *good)
{
    reader_skip_blanks(reader);
    char c = reader_peek(reader);
    *good = c == ',' || c == end;
    reader->at++;
    return c == ',';
}

/* Past an opening bracket: is the closing one next? */
static bool opens_empty(Reader *reader, char end)
{
    reader->at++;
    reader_skip_blanks(reader);
    if (reader_peek(reader) != end) return false;
    reader->at++;
    return true;
}

static bool list_read(Reader *reader, uint32_t element)
{
    Vm *vm = reader->vm;
    bool scalars = is_scalar(reader, element), good = true;
    size_t place = vm->temps.count;
    if (scalars) push(reader, list_new(vm, OBJECT_LIST_S, 0));
    bool more = !opens_empty(reader, ']');
    while (more) {
        int64_t scalar = 0;
        if (!typed_read(reader, element, &scalar)) return false;
        if (scalars) {
            Ref longer = list_append(vm, vm->temps.items[place], scalar, 0, false);
            if (!longer) return false;
            vm->temps.items[place] = longer;
        }
        more = goes_on(reader, ']', &good);
    }
    return good && (scalars || push(reader, list_of_temps(vm, place)));
}

/* Is this name, in quotes and with its colon, what comes next? Then it is behind. Names are compared eight bytes at a
 * time: constants are padded with zeros. False: not this one, or written in another way. */
static bool name_is(Reader *reader, const StringObject *name)
{
    enum { WORD = 8, AROUND = 3 };
    size_t len = name->header.len;
    if (reader->text.len - reader->at < len + AROUND + WORD) return false;
    const char *text = reader->text.data + reader->at;
    for (size_t at = 0; at < len; at += WORD) {
        uint64_t there, wanted, kept = len - at < WORD ? (UINT64_C(1) << (len - at) * 8) - 1 : UINT64_MAX;
        memcpy(&there, text + 1 + at, WORD);
        memcpy(&wanted, name->bytes + at, WORD);
        if ((there & kept) != wanted) return false;
    }
    if (text[0] != '"' || text[len + 1] != '"' || text[len + 2] != ':') return false;
    reader->at += len + AROUND;
    return true;
}

static bool name_read(Reader *reader, Str *name)
{
    reader_skip_blanks(reader);
    if (reader_peek(reader) != '"' || !reader_name(reader, name)) return false;
    reader_skip_blanks(reader);
    if (reader_peek(reader) != ':') return false;
    reader->at++;
    return true;
}

static bool map_read(Reader *reader, uint32_t element)
{
    Vm *vm = reader->vm;
    bool good = true;
    if (is_scalar(reader, element)) return false;
    size_t place = vm->temps.count;
    bool more = !opens_empty(reader, '}');
    while (more) {
        Str name;
        int64_t scalar = 0;
        if (!name_read(reader, &name) || !push(reader, text_new(vm, name)) || !typed_read(reader, element, &scalar))
            return false;
        more = goes_on(reader, '}', &good);
    }
    return good && push(reader, map_of_temps(vm, place));
}

/* ---- records ---- */

enum { FIELDS_AT_MOST = 64 };

static void field_set(const Reader *reader, size_t place, const ImageField *field, int64_t scalar)
{
    Vm *vm = reader->vm;
    RecordObject *record = heap_object(vm, vm->temps.items[place]);
    if (is_scalar(reader, field->type))
        record->scalars[field->index] = scalar;
    else
        record_refs(record)[field->index] = vm->temps.items[vm->temps.count - 1];
    vm->temps.count = place + 1;
}

static bool missing_read(Reader *reader, size_t place, const ImageField *field)
{
    Ref ref = 0;
    if (type_info(reader, field->type)->kind == IMAGE_OPTIONAL || is_scalar(reader, field->type)) return true; /* as it is */
    if (!value_when_missing(reader->vm, field->type, &ref)) return false;
    temp_push(reader->vm, ref);
    field_set(reader, place, field, 0);
    return true;
}

/* The field that comes next, most often the one behind the last; its name is then behind. *number: field_count if there
 * is none of that name. */
static bool field_find(Reader *reader, const ImageType *type, uint32_t guess, uint32_t *number)
{
    const Vm *vm = reader->vm;
    const ImageField *fields = &vm->image->fields[type->first_field];
    Str name;
    *number = guess < type->field_count ? guess : 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (name_is(reader, heap_view(vm, REF_CONSTANT | fields[*number].name))) return true;
        if (++*number == type->field_count) *number = 0;
    }
    if (!name_read(reader, &name)) return false;
    for (*number = 0; *number < type->field_count; ++*number) {
        if (str_equal(image_string(vm->image, fields[*number].name), name)) return true;
    }
    return true;
}

static bool member_read(Reader *reader, const ImageType *type, size_t place, uint32_t *next, uint64_t *seen)
{
    Vm *vm = reader->vm;
    uint32_t number;
    if (!field_find(reader, type, *next, &number)) return false;
    if (number == type->field_count) {
        if (!reader_value(reader)) return false;
        vm->temps.count = place + 1;
        return true;
    }
    const ImageField *field = &vm->image->fields[type->first_field + number];
    uint64_t bit = (uint64_t)1 << number;
    if (*seen & bit) return false;
    *seen |= bit;
    *next = number + 1;
    reader_skip_blanks(reader);
    if (reader_word(reader, "null")) return missing_read(reader, place, field);
    int64_t scalar = 0;
    if (!typed_read(reader, field->type, &scalar)) return false;
    field_set(reader, place, field, scalar);
    return true;
}

static bool record_read(Reader *reader, const ImageType *type)
{
    Vm *vm = reader->vm;
    if (!type->field_count || type->field_count > FIELDS_AT_MOST) return false;
    size_t place = vm->temps.count;
    Ref ref = heap_alloc(vm, OBJECT_RECORD, sizeof(RecordObject) + type->scalars * 8 + type->refs * 4);
    if (!push(reader, ref)) return false;
    RecordObject *record = heap_object(vm, ref);
    record->header.aux = (uint16_t)type->scalars;
    record->header.len = type->refs;
    uint32_t next = 0;
    uint64_t seen = 0;
    bool good = true, more = !opens_empty(reader, '}');
    while (more) {
        if (!member_read(reader, type, place, &next, &seen)) return false;
        more = goes_on(reader, '}', &good);
    }
    for (uint32_t i = 0; i < type->field_count && good; i++) {
        if (!(seen >> i & 1)) good = missing_read(reader, place, &vm->image->fields[type->first_field + i]);
    }
    return good;
}

/* ---- any type ---- */

static bool optional_read(Reader *reader, uint32_t element)
{
    int64_t scalar = 0;
    if (reader_word(reader, "null")) {
        temp_push(reader->vm, 0);
        return true;
    }
    if (!typed_read(reader, element, &scalar)) return false;
    return !is_scalar(reader, element) || push(reader, box_new(reader->vm, OBJECT_BOX, scalar));
}

static bool ref_read(Reader *reader, const ImageType *type)
{
    char c = reader_peek(reader);
    switch ((ImageTypeKind)type->kind) {
    case IMAGE_JSON: return reader_value(reader);
    case IMAGE_STRING: return c == '"' && reader_string(reader);
    case IMAGE_LIST: return c == '[' && list_read(reader, type->element);
    case IMAGE_MAP: return c == '{' && map_read(reader, type->element);
    case IMAGE_RECORD: return c == '{' && record_read(reader, type);
    case IMAGE_OPTIONAL: return optional_read(reader, type->element);
    default: return false;
    }
}

static bool typed_read(Reader *reader, uint32_t type, int64_t *scalar)
{
    const ImageType *info = type_info(reader, type);
    reader_skip_blanks(reader);
    if (image_kind_is_scalar((ImageTypeKind)info->kind)) return scalar_read(reader, info, scalar);
    if (reader->depth >= VALUE_DEPTH) return false;
    reader->depth++;
    bool read = ref_read(reader, info);
    reader->depth--;
    return read;
}

bool json_read_typed(Vm *vm, Str text, uint32_t type, Ref *ref)
{
    if (image_type_is_scalar(vm->image, type) || vm->failure.set) return false;
    heap_expect(vm, text.len * READER_EXPECTS);
    Reader reader = reader_begin(vm, text, true);
    size_t place = vm->temps.count;
    int64_t scalar = 0;
    bool read = typed_read(&reader, type, &scalar);
    reader_skip_blanks(&reader);
    read = read && reader.at == text.len;
    if (read) *ref = vm->temps.items[place];
    vm->temps.count = reader.names;
    vm->failure.set = false;
    return read;
}
