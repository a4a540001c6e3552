/* Tables and code come in piece by piece from the compiler's emitter, an image file goes out.
 *
 * The builder collects each section in memory and lays them out at the end. It decides nothing about the
 * program and must give the same bytes for the same calls. */
#include "vm/code/layout.h"

#include "vm/base/hash.h"
#include "vm/base/map.h"
#include "vm/code/object.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct ImageBuilder {
    Arena arena;
    Map strings, numbers; /* key → position + 1 */
    VEC(uint8_t) constants;
    VEC(int64_t) scalars;
    VEC(uint64_t) code;
    VEC(ImageFunction) functions;
    VEC(ImageHandler) handlers;
    VEC(ImageType) types;
    VEC(ImageField) fields;
    VEC(ImageEffect) effects;
    VEC(ImageEntry) entries;
    VEC(ImageLine) lines;
    VEC(ImageFile) files;
    VEC(bool) defined; /* of functions */
    uint32_t global_scalars, global_refs;
    Str metadata;
    uint32_t open; /* the function being defined + 1, or 0 */
};

static void constant_add(ImageBuilder *builder, ObjectKind kind, uint32_t len, const void *bytes, size_t size)
{
    ObjectHeader header = {.kind = (uint8_t)kind, .len = len};
    const uint8_t *raw = (const uint8_t *)&header;
    for (size_t i = 0; i < sizeof header; i++)
        vec_push(&builder->constants, raw[i]);
    raw = bytes;
    for (size_t i = 0; i < size; i++)
        vec_push(&builder->constants, raw[i]);
    while (builder->constants.count % 8)
        vec_push(&builder->constants, 0);
}

ImageBuilder *image_builder_new(void)
{
    ImageBuilder *builder = memory_alloc(sizeof *builder);
    const int64_t no = 0, yes = 1;
    constant_add(builder, OBJECT_STRING, 0, "", 0);
    constant_add(builder, OBJECT_NULL, 0, "", 0);
    constant_add(builder, OBJECT_BOOL, 0, &no, sizeof no);
    constant_add(builder, OBJECT_BOOL, 0, &yes, sizeof yes);
    image_builder_type(builder, IMAGE_UNIT, 0);
    image_builder_type(builder, IMAGE_JSON, 0);
    return builder;
}

void image_builder_free(ImageBuilder *builder)
{
    if (!builder) return;
    map_free(&builder->strings);
    map_free(&builder->numbers);
    arena_free(&builder->arena);
    vec_free(&builder->constants);
    vec_free(&builder->scalars);
    vec_free(&builder->code);
    vec_free(&builder->functions);
    vec_free(&builder->handlers);
    vec_free(&builder->types);
    vec_free(&builder->fields);
    vec_free(&builder->effects);
    vec_free(&builder->entries);
    vec_free(&builder->lines);
    vec_free(&builder->files);
    vec_free(&builder->defined);
    free(builder);
}

/* The position under a key, or UINT32_MAX. */
static uint32_t known_position(const Map *map, Str key)
{
    return (uint32_t)(uintptr_t)map_get(map, key) - 1;
}

static void remember_position(ImageBuilder *builder, Map *map, Str key, uint32_t position)
{
    map_set(map, arena_copy(&builder->arena, key), (void *)(uintptr_t)(position + 1));
}

uint32_t image_builder_string(ImageBuilder *builder, Str text)
{
    if (!text.len) return CONSTANT_EMPTY;
    uint32_t position = known_position(&builder->strings, text);
    if (position != UINT32_MAX) return position;
    position = (uint32_t)(builder->constants.count / 8);
    constant_add(builder, OBJECT_STRING, (uint32_t)text.len, text.data, text.len);
    remember_position(builder, &builder->strings, text, position);
    return position;
}

uint32_t image_builder_scalar(ImageBuilder *builder, int64_t bits)
{
    char bytes[sizeof bits];
    memcpy(bytes, &bits, sizeof bits);
    Str key = {bytes, sizeof bytes};
    uint32_t position = known_position(&builder->numbers, key);
    if (position != UINT32_MAX) return position;
    position = (uint32_t)builder->scalars.count;
    vec_push(&builder->scalars, bits);
    remember_position(builder, &builder->numbers, key, position);
    return position;
}

uint32_t image_builder_type(ImageBuilder *builder, ImageTypeKind kind, uint32_t element)
{
    assert(kind != IMAGE_RECORD && kind != IMAGE_ENUM);
    assert(!builder->types.count || element < builder->types.count);
    for (uint32_t i = 0; i < builder->types.count; i++) {
        const ImageType *type = &builder->types.items[i];
        if (type->kind == kind && type->element == element) return i;
    }
    vec_push(&builder->types, (ImageType){.kind = kind, .element = element});
    return (uint32_t)builder->types.count - 1;
}

uint32_t image_builder_record(ImageBuilder *builder, Str name)
{
    ImageType type = {.kind = IMAGE_RECORD, .name = image_builder_string(builder, name)};
    vec_push(&builder->types, type);
    return (uint32_t)builder->types.count - 1;
}

void image_builder_fields(ImageBuilder *builder, uint32_t record, const Str *names, const uint32_t *types,
                          size_t count)
{
    assert(record < builder->types.count && builder->types.items[record].kind == IMAGE_RECORD);
    ImageType *type = &builder->types.items[record];
    assert(!type->field_count);
    type->first_field = (uint32_t)builder->fields.count;
    type->field_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        assert(types[i] < builder->types.count);
        bool scalar = image_kind_is_scalar((ImageTypeKind)builder->types.items[types[i]].kind);
        uint32_t index = scalar ? type->scalars++ : type->refs++;
        vec_push(&builder->fields, (ImageField){image_builder_string(builder, names[i]), types[i], index});
    }
}

static bool forms_equal(const ImageBuilder *builder, const ImageType *a, const ImageType *b)
{
    const ImageField *fields = builder->fields.items;
    return a->kind == b->kind && a->name == b->name && a->field_count == b->field_count &&
           memcmp(fields + a->first_field, fields + b->first_field, a->field_count * sizeof *fields) == 0;
}

uint32_t image_builder_form(ImageBuilder *builder, Str name, const Str *texts, const uint32_t *types, size_t count)
{
    ImageType form = {.kind = IMAGE_FORM, .name = image_builder_string(builder, name)};
    form.first_field = (uint32_t)builder->fields.count;
    form.field_count = (uint32_t)count + 1;
    for (size_t i = 0; i <= count; i++) {
        ImageField field = {.name = image_builder_string(builder, texts[i]), .type = i < count ? types[i] : IMAGE_TYPE_UNIT};
        if (i < count) {
            bool scalar = image_kind_is_scalar((ImageTypeKind)builder->types.items[types[i]].kind);
            field.index = scalar ? form.scalars++ : form.refs++;
        }
        vec_push(&builder->fields, field);
    }
    for (uint32_t i = 0; i < builder->types.count; i++) {
        if (!forms_equal(builder, &builder->types.items[i], &form)) continue;
        builder->fields.count = form.first_field;
        return i;
    }
    vec_push(&builder->types, form);
    return (uint32_t)builder->types.count - 1;
}

uint32_t image_builder_enum(ImageBuilder *builder, Str name, const Str *members, size_t count)
{
    ImageType type = {.kind = IMAGE_ENUM, .name = image_builder_string(builder, name)};
    type.first_field = (uint32_t)builder->fields.count;
    type.field_count = (uint32_t)count;
    vec_push(&builder->types, type);
    for (size_t i = 0; i < count; i++) {
        vec_push(&builder->fields, (ImageField){image_builder_string(builder, members[i]), 0, (uint32_t)i});
    }
    return (uint32_t)builder->types.count - 1;
}

uint32_t image_builder_effect(ImageBuilder *builder, Str op, EffectClass effect_class, uint32_t args,
                              uint32_t result)
{
    assert(args < builder->types.count && result < builder->types.count);
    ImageEffect effect = {image_builder_string(builder, op), (uint32_t)effect_class, args, result};
    for (uint32_t i = 0; i < builder->effects.count; i++) {
        if (!memcmp(&builder->effects.items[i], &effect, sizeof effect)) return i;
    }
    vec_push(&builder->effects, effect);
    return (uint32_t)builder->effects.count - 1;
}

uint32_t image_builder_file(ImageBuilder *builder, Str name, Str bytes)
{
    uint32_t constant = image_builder_string(builder, name);
    for (uint32_t i = 0; i < builder->files.count; i++) {
        if (builder->files.items[i].name == constant) return i;
    }
    Hash hash = hash_bytes(bytes.data, bytes.len);
    vec_push(&builder->files, (ImageFile){constant, 0, {hash.words[0], hash.words[1]}});
    return (uint32_t)builder->files.count - 1;
}

void image_builder_globals(ImageBuilder *builder, uint32_t scalars, uint32_t refs)
{
    builder->global_scalars = scalars;
    builder->global_refs = refs;
}

void image_builder_metadata(ImageBuilder *builder, Str json)
{
    builder->metadata = arena_copy(&builder->arena, json);
}

uint32_t image_builder_function(ImageBuilder *builder, Str name)
{
    vec_push(&builder->functions, (ImageFunction){.name = image_builder_string(builder, name)});
    vec_push(&builder->defined, false);
    return (uint32_t)builder->functions.count - 1;
}

static ImageFunction *function_open(const ImageBuilder *builder)
{
    assert(builder->open);
    return &builder->functions.items[builder->open - 1];
}

void image_builder_begin(ImageBuilder *builder, uint32_t function, unsigned param_scalars,
                         unsigned param_refs, FunctionResult result)
{
    assert(!builder->open && function < builder->functions.count && !builder->defined.items[function]);
    builder->open = function + 1;
    builder->defined.items[function] = true;
    ImageFunction *fn = function_open(builder);
    fn->code = (uint32_t)builder->code.count;
    fn->param_scalars = (uint16_t)param_scalars;
    fn->param_refs = (uint16_t)param_refs;
    fn->result = (uint32_t)result;
    fn->first_handler = (uint32_t)builder->handlers.count;
    vec_push(&builder->lines, (ImageLine){.pc = fn->code});
}

uint32_t image_builder_here(const ImageBuilder *builder)
{
    return (uint32_t)builder->code.count - function_open(builder)->code;
}

uint32_t image_builder_emit(ImageBuilder *builder, Opcode op, unsigned a, unsigned b, unsigned c, int32_t imm)
{
    assert(a < IMAGE_MAX_REGISTERS && b < IMAGE_MAX_REGISTERS && c < IMAGE_MAX_REGISTERS);
    uint32_t at = image_builder_here(builder);
    vec_push(&builder->code, instruction_make(op, a, b, c, imm));
    return at;
}

void image_builder_patch_jump(ImageBuilder *builder, uint32_t at, uint32_t target)
{
    uint64_t *word = &builder->code.items[function_open(builder)->code + at];
    int32_t skip = (int32_t)target - (int32_t)at - 1;
    *word = (*word & UINT32_MAX) | (uint64_t)(uint32_t)skip << 32;
}

void image_builder_handler(ImageBuilder *builder, uint32_t start, uint32_t end, uint32_t target,
                           unsigned error_ref, bool catches_cancel)
{
    if (start >= end) return;
    uint32_t base = function_open(builder)->code;
    ImageHandler handler = {base + start, base + end, base + target, (uint16_t)error_ref, catches_cancel};
    vec_push(&builder->handlers, handler);
}

void image_builder_line(ImageBuilder *builder, uint32_t file, uint32_t offset, uint32_t line)
{
    ImageLine next = {(uint32_t)builder->code.count, file, offset, line};
    ImageLine *last = &builder->lines.items[builder->lines.count - 1];
    if (last->file == file && last->offset == offset && last->line == line) return;
    if (last->pc == next.pc)
        *last = next;
    else
        vec_push(&builder->lines, next);
}

void image_builder_end(ImageBuilder *builder, unsigned scalars, unsigned refs)
{
    ImageFunction *fn = function_open(builder);
    fn->scalars = (uint16_t)scalars;
    fn->refs = (uint16_t)refs;
    fn->code_count = image_builder_here(builder);
    fn->handler_count = (uint32_t)builder->handlers.count - fn->first_handler;
    builder->open = 0;
}

void image_builder_entry(ImageBuilder *builder, Str name, uint32_t function)
{
    vec_push(&builder->entries, (ImageEntry){image_builder_string(builder, name), function});
}

/* Functions may be defined in another order than that of their numbers; the file has handlers by place. */
static bool builder_fits(const ImageBuilder *builder, Error *error)
{
    assert(!builder->open);
    for (size_t i = 0; i < builder->functions.count; i++) {
        const ImageFunction *fn = &builder->functions.items[i];
        assert(builder->defined.items[i]);
        if (fn->scalars > IMAGE_MAX_REGISTERS || fn->refs > IMAGE_MAX_REGISTERS) {
            const uint8_t *name = &builder->constants.items[(size_t)fn->name * 8];
            return error_set(error, "`%s` needs more than %d values at a time; divide it",
                             (const char *)name + 8, IMAGE_MAX_REGISTERS);
        }
    }
    if (builder->functions.count > IMAGE_MAX_FUNCTIONS) {
        return error_set(error, "the program has more than %d functions", IMAGE_MAX_FUNCTIONS);
    }
    if (builder->types.count > IMAGE_MAX_TYPES) {
        return error_set(error, "the program has more than %d types", IMAGE_MAX_TYPES);
    }
    if (builder->constants.count > INT32_MAX || builder->code.count > INT32_MAX / 8) {
        return error_set(error, "the program is larger than 2 GiB");
    }
    return true;
}

static void section_add(Buffer *bytes, size_t base, int number, const void *items, size_t count, size_t size)
{
    while ((bytes->len - base) % 8)
        buffer_add_char(bytes, '\0');
    ImageSection section = {(uint32_t)(bytes->len - base), (uint32_t)count};
    size_t at = base + offsetof(ImageHeader, sections) + (size_t)number * sizeof section;
    memcpy(bytes->data + at, &section, sizeof section);
    buffer_add(bytes, items, count * size);
}

bool image_builder_finish(ImageBuilder *builder, Buffer *bytes, Error *error)
{
    if (!builder_fits(builder, error)) return false;
    ImageHeader header = {.magic = "PLAN", .format = image_format()};
    header.global_scalars = builder->global_scalars;
    header.global_refs = builder->global_refs;
    size_t base = bytes->len;
    buffer_add(bytes, &header, sizeof header);
#define counter_items(member) builder->member.items, builder->member.count
#define SECTION(member, counter, T)                                                                          \
    section_add(bytes, base, SECTION_##member, counter_items(member), sizeof(T));
    IMAGE_SECTIONS(SECTION)
#undef SECTION
#undef counter_items
    section_add(bytes, base, SECTION_metadata, builder->metadata.data, builder->metadata.len, 1);
    while ((bytes->len - base) % 8)
        buffer_add_char(bytes, '\0');
    uint64_t size = bytes->len - base;
    memcpy(bytes->data + base + offsetof(ImageHeader, size), &size, sizeof size);
    Hash hash = hash_bytes(bytes->data + base + IMAGE_HASHED_FROM, size - IMAGE_HASHED_FROM);
    memcpy(bytes->data + base + offsetof(ImageHeader, hash), hash.words, sizeof hash.words);
    return true;
}
