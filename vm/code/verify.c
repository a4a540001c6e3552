/* An image whose sections lie inside of the file comes in; true goes out only if running it can leave neither
 * its registers nor its constants nor its code, whatever bytes it is made of.
 *
 * Called by image_open. What depends on values (is this reference a list?) the machine checks when it runs.
 * Every check here names the function and the word that broke it. */
#include "vm/code/layout.h"

#include "vm/code/form.h"
#include "vm/code/object.h"

#include <stdlib.h>
#include <string.h>

enum { OPERAND_KINDS = OPERAND_NUM + 1, IMMEDIATE_KINDS = IMMEDIATE_FLOATS + 1 };

typedef struct Verifier {
    const Image *image;
    uint8_t *strings; /* one bit for each place in the constants at which a string begins */
    Error *error;
    const ImageFunction *fn;
    uint32_t pc; /* of the word being looked at */
    uint64_t word;
    /* What a good word's numbers lie below, by their kind (operands: in this function); 0 where more is to be
     * asked. */
    uint16_t operand_below[OPERAND_KINDS];
    uint64_t immediate_below[IMMEDIATE_KINDS];
    bool has_rules[OPCODE_COUNT_OF];
} Verifier;

static bool damaged(const Verifier *verifier, const char *what)
{
    return error_set(verifier->error, "the program file is damaged: %s", what);
}

static bool wrong(const Verifier *verifier, const char *what)
{
    Str name = image_string(verifier->image, verifier->fn->name);
    return error_set(verifier->error, "the program file is damaged: function %.*s, word %u (%s): %s",
                     (int)(name.len > 100 ? 100 : name.len), name.data,
                     (unsigned)(verifier->pc - verifier->fn->code),
                     instruction_op(verifier->word) < OPCODE_COUNT_OF
                         ? opcode_info[instruction_op(verifier->word)].mnemonic
                         : "no instruction",
                     what);
}

static bool string_begins(const Verifier *verifier, uint32_t constant)
{
    return constant < verifier->image->constants_size / 8 &&
           (verifier->strings[constant / 8] >> constant % 8 & 1);
}

/* The fixed constants first, then strings without a gap, padded with zeros. */
static bool constants_verify(Verifier *verifier)
{
    static const struct {
        ObjectHeader empty, null, no;
        int64_t no_value;
        ObjectHeader yes;
        int64_t yes_value;
    } fixed = {
        {.kind = OBJECT_STRING}, {.kind = OBJECT_NULL}, {.kind = OBJECT_BOOL}, 0, {.kind = OBJECT_BOOL}, 1};
    const Image *image = verifier->image;
    if (image->constants_size % 8 || image->constants_size < sizeof fixed ||
        memcmp(image->constants, &fixed, sizeof fixed) != 0) {
        return damaged(verifier, "its constants do not begin as they must");
    }
    verifier->strings[0] = 1;
    for (size_t at = sizeof fixed; at < image->constants_size;) {
        ObjectHeader header;
        memcpy(&header, image->constants + at, sizeof header);
        uint64_t size = sizeof header + ((uint64_t)header.len + 7) / 8 * 8;
        if (header.kind != OBJECT_STRING || header.flags || header.aux || size > image->constants_size - at) {
            return damaged(verifier, "a constant is none");
        }
        for (uint64_t i = sizeof header + header.len; i < size; i++) {
            if (image->constants[at + i]) return damaged(verifier, "a constant is not padded with zeros");
        }
        verifier->strings[at / 64] |= (uint8_t)(1u << at / 8 % 8);
        at += size;
    }
    return true;
}

static bool fields_verify(Verifier *verifier, const ImageType *type)
{
    const Image *image = verifier->image;
    if ((uint64_t)type->first_field + type->field_count > image->field_count) {
        return damaged(verifier, "a type has fields that are not there");
    }
    uint32_t scalars = 0, refs = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const ImageField *field = &image->fields[type->first_field + i];
        if (!string_begins(verifier, field->name)) return damaged(verifier, "a field has no name");
        if (field->type >= image->type_count) return damaged(verifier, "a field has no type");
        if (image->types[field->type].kind == IMAGE_FORM) return damaged(verifier, "a form is no value's type");
        if (type->kind == IMAGE_ENUM) continue;
        if (type->kind == IMAGE_FORM && field->type == IMAGE_TYPE_UNIT) continue; /* form_is_json says where */
        uint32_t index = image_type_is_scalar(image, field->type) ? scalars++ : refs++;
        if (field->index != index) return damaged(verifier, "a field is not where it belongs");
    }
    if (type->kind == IMAGE_ENUM) return true;
    if (type->scalars != scalars || type->refs != refs || scalars > UINT16_MAX || refs > UINT16_MAX) {
        return damaged(verifier, "a record has another size than its fields");
    }
    return true;
}

static bool types_verify(Verifier *verifier)
{
    const Image *image = verifier->image;
    if (image->type_count < 2 || image->type_count > IMAGE_MAX_TYPES || image->types[0].kind != IMAGE_UNIT ||
        image->types[1].kind != IMAGE_JSON) {
        return damaged(verifier, "its types do not begin as they must");
    }
    for (uint32_t i = 0; i < image->type_count; i++) {
        const ImageType *type = &image->types[i];
        if (type->kind > IMAGE_FORM) return damaged(verifier, "a type is none");
        if (!string_begins(verifier, type->name)) return damaged(verifier, "a type has no name");
        if (type->element >= image->type_count) return damaged(verifier, "a type's element is none");
        if (image->types[type->element].kind == IMAGE_FORM) return damaged(verifier, "a form is no value's type");
        bool has_fields = type->kind == IMAGE_RECORD || type->kind == IMAGE_ENUM || type->kind == IMAGE_FORM;
        if (has_fields && !fields_verify(verifier, type)) return false;
        if (type->kind == IMAGE_FORM && !form_is_json(image, type)) return damaged(verifier, "a form is no JSON");
        if (!has_fields && type->field_count) return damaged(verifier, "a type that has no fields has some");
        if (type->kind == IMAGE_OPTIONAL && image->types[type->element].kind == IMAGE_OPTIONAL) {
            return damaged(verifier, "an optional holds an optional");
        }
    }
    return true;
}

static bool effects_verify(const Verifier *verifier)
{
    const Image *image = verifier->image;
    for (uint32_t i = 0; i < image->effect_count; i++) {
        const ImageEffect *effect = &image->effects[i];
        if (!string_begins(verifier, effect->op) || effect->effect_class > EFFECT_NOTIFY ||
            effect->args >= image->type_count || effect->result >= image->type_count ||
            image->types[effect->args].kind != IMAGE_FORM || image_type_is_scalar(image, effect->result)) {
            return damaged(verifier, "an effect is none");
        }
    }
    return true;
}

static bool tables_verify(const Verifier *verifier)
{
    const Image *image = verifier->image;
    for (uint32_t i = 0; i < image->entry_count; i++) {
        const ImageEntry *entry = &image->entries[i];
        if (!string_begins(verifier, entry->name) || entry->function >= image->function_count) {
            return damaged(verifier, "an entry leads nowhere");
        }
        const ImageFunction *fn = &image->functions[entry->function];
        if (fn->param_scalars || fn->param_refs > 1)
            return damaged(verifier, "an entry's function has other parameters");
    }
    for (uint32_t i = 0; i < image->file_count; i++) {
        if (!string_begins(verifier, image->files[i].name)) return damaged(verifier, "a file has no name");
    }
    for (uint32_t i = 0; i < image->line_count; i++) {
        const ImageLine *line = &image->lines[i];
        if (line->line && line->file >= image->file_count) return damaged(verifier, "a line has no file");
        if (i && line->pc < line[-1].pc) return damaged(verifier, "its lines are not in order");
    }
    if (image->global_scalars > UINT16_MAX || image->global_refs > UINT16_MAX) {
        return damaged(verifier, "it has too many globals");
    }
    return true;
}

/* ---- instructions ---- */

static bool scalars_fit(const Verifier *verifier, unsigned first, unsigned count)
{
    return first + count <= verifier->fn->scalars ||
           wrong(verifier, "a scalar register lies outside of the frame");
}

static bool refs_fit(const Verifier *verifier, unsigned first, unsigned count)
{
    return first + count <= verifier->fn->refs ||
           wrong(verifier, "a reference register lies outside of the frame");
}

static bool operand_verify(const Verifier *verifier, OperandKind kind, unsigned operand)
{
    switch (kind) {
    case OPERAND_NONE: return !operand || wrong(verifier, "an operand that means nothing is not zero");
    case OPERAND_SD:
    case OPERAND_SS:
    case OPERAND_SX: return scalars_fit(verifier, operand, 1);
    case OPERAND_RD:
    case OPERAND_RS:
    case OPERAND_RX: return refs_fit(verifier, operand, 1);
    case OPERAND_SW:
    case OPERAND_RW: /* as long as the instruction says: window_verify */
    case OPERAND_NUM: return true;
    }
    return false;
}

static bool jump_verify(const Verifier *verifier, int32_t skip)
{
    int64_t target = (int64_t)verifier->pc + 1 + skip;
    const ImageFunction *fn = verifier->fn;
    return (target >= fn->code && target < (int64_t)fn->code + fn->code_count) ||
           wrong(verifier, "it jumps out of the function");
}

static bool floats_verify(const Verifier *verifier, uint32_t imm)
{
    unsigned second = floats_operation(imm, FLOATS_SECOND), third = floats_operation(imm, FLOATS_THIRD);
    if (floats_operation(imm, FLOATS_FIRST) > 3 || second == FLOATS_NONE || second > FLOATS_INTO || third > FLOATS_INTO ||
        imm >> (FLOATS_THIRD + 4)) {
        return wrong(verifier, "there is no such operation on floats");
    }
    return scalars_fit(verifier, floats_operand(imm, FLOATS_SECOND), 1) &&
           (third == FLOATS_NONE || scalars_fit(verifier, floats_operand(imm, FLOATS_THIRD), 1));
}

static bool immediate_verify(const Verifier *verifier, ImmediateKind kind, int32_t imm)
{
    const Image *image = verifier->image;
    uint32_t number = (uint32_t)imm;
    bool good = true;
    switch (kind) {
    case IMMEDIATE_NONE: good = !imm; break;
    case IMMEDIATE_INT: break;
    case IMMEDIATE_JUMP: return jump_verify(verifier, imm);
    case IMMEDIATE_CONST: good = string_begins(verifier, number); break;
    case IMMEDIATE_SCALAR: good = number < image->scalar_count; break;
    case IMMEDIATE_FN: good = number < image->function_count; break;
    case IMMEDIATE_EFFECT: good = number < image->effect_count; break;
    case IMMEDIATE_TYPE: good = number < image->type_count; break;
    case IMMEDIATE_GLOBAL_S: good = number < image->global_scalars; break;
    case IMMEDIATE_GLOBAL_R: good = number < image->global_refs; break;
    case IMMEDIATE_FIELD: good = number <= UINT16_MAX; break;
    case IMMEDIATE_BUILTIN:
        good = (number & UINT16_MAX) < BUILTIN_COUNT_OF && number >> 16 < image->type_count;
        break;
    case IMMEDIATE_CLOSURE: good = (number & UINT16_MAX) < image->function_count; break;
    case IMMEDIATE_COUNTS: good = number <= UINT16_MAX; break;
    case IMMEDIATE_FLOATS: return floats_verify(verifier, number);
    }
    return good || wrong(verifier, "its number is of nothing that is there");
}

static bool call_verify(const Verifier *verifier, bool spawn)
{
    const ImageFunction *callee = &verifier->image->functions[instruction_imm(verifier->word)];
    unsigned a = instruction_a(verifier->word), b = instruction_b(verifier->word);
    if (!spawn && !a) return wrong(verifier, "there is no room for the way back");
    unsigned scalars = callee->param_scalars, refs = callee->param_refs;
    if (spawn || callee->result == RESULT_REF) refs = refs ? refs : 1;
    if (!spawn && callee->result == RESULT_SCALAR) scalars = scalars ? scalars : 1;
    return scalars_fit(verifier, a, scalars) && refs_fit(verifier, b, refs);
}

static bool builtin_verify(const Verifier *verifier)
{
    uint32_t imm = (uint32_t)instruction_imm(verifier->word);
    uint32_t type = imm >> 16;
    BuiltinShape shape =
        builtin_shape((BuiltinId)(imm & UINT16_MAX), image_type_is_scalar(verifier->image, type));
    if (shape.result_is_scalar && !shape.scalars) shape.scalars = 1;
    if (!shape.result_is_scalar && !shape.refs) shape.refs = 1;
    return scalars_fit(verifier, instruction_a(verifier->word), shape.scalars) &&
           refs_fit(verifier, instruction_b(verifier->word), shape.refs);
}

/* The instructions that read or write more than single registers, or want a certain type. */
static bool window_verify(const Verifier *verifier)
{
    const Image *image = verifier->image;
    uint64_t word = verifier->word;
    unsigned a = instruction_a(word), b = instruction_b(word), c = instruction_c(word);
    uint32_t imm = (uint32_t)instruction_imm(word);
    switch ((Opcode)instruction_op(word)) {
    case OPCODE_CALL: return call_verify(verifier, false);
    case OPCODE_SPAWN:
    case OPCODE_SPAWN_DETACHED: return call_verify(verifier, true);
    case OPCODE_CALL_CLOSURE:
        if (!a) return wrong(verifier, "there is no room for the way back");
        return scalars_fit(verifier, a, imm & 255) && refs_fit(verifier, b, imm >> 8);
    case OPCODE_CLOSURE: {
        const ImageFunction *fn = &image->functions[imm & UINT16_MAX];
        unsigned scalars = imm >> 16 & 255, refs = imm >> 24;
        if (scalars > fn->param_scalars || refs > fn->param_refs) {
            return wrong(verifier, "it captures more than the function takes");
        }
        return scalars_fit(verifier, b, scalars) && refs_fit(verifier, c, refs);
    }
    case OPCODE_BUILTIN: return builtin_verify(verifier);
    case OPCODE_RECORD:
        if (image->types[imm].kind != IMAGE_RECORD) return wrong(verifier, "its type is no record");
        return scalars_fit(verifier, b, image->types[imm].scalars) &&
               refs_fit(verifier, c, image->types[imm].refs);
    case OPCODE_BLANK:
        return image->types[imm].kind == IMAGE_RECORD || wrong(verifier, "its type is no record");
    case OPCODE_EMIT:
        if (image->types[imm].kind != IMAGE_FORM) return wrong(verifier, "its type is no form");
        return scalars_fit(verifier, b, image->types[imm].scalars) && refs_fit(verifier, c, image->types[imm].refs);
    case OPCODE_EFFECT: {
        const ImageType *args = &image->types[image->effects[imm].args];
        return scalars_fit(verifier, b, args->scalars) && refs_fit(verifier, c, args->refs);
    }
    case OPCODE_LIST_S: return scalars_fit(verifier, b, c);
    case OPCODE_LIST_R:
    case OPCODE_CONCAT: return refs_fit(verifier, b, c);
    case OPCODE_TEXT:
        return scalars_fit(verifier, b, text_ints(imm)) && refs_fit(verifier, c, text_parts(imm) - text_ints(imm));
    case OPCODE_TO_JSON_S:
    case OPCODE_FROM_JSON_S:
        return image_type_is_scalar(image, imm) || wrong(verifier, "its type is that of a reference");
    case OPCODE_EQUAL:
    case OPCODE_TO_JSON_R:
    case OPCODE_FROM_JSON_R:
        return !image_type_is_scalar(image, imm) || wrong(verifier, "its type is that of a scalar");
    case OPCODE_RETURN:
        return verifier->fn->result == RESULT_NONE || wrong(verifier, "the function has a result");
    case OPCODE_RETURN_S:
        return verifier->fn->result == RESULT_SCALAR || wrong(verifier, "the function's result is another");
    case OPCODE_RETURN_R:
        return verifier->fn->result == RESULT_REF || wrong(verifier, "the function's result is another");
    default: return true;
    }
}

static void operands_bound(Verifier *verifier)
{
    const OperandKind scalars[] = {OPERAND_SD, OPERAND_SS, OPERAND_SX};
    const OperandKind refs[] = {OPERAND_RD, OPERAND_RS, OPERAND_RX};
    for (int i = 0; i < 3; i++) {
        verifier->operand_below[scalars[i]] = verifier->fn->scalars;
        verifier->operand_below[refs[i]] = verifier->fn->refs;
    }
    verifier->operand_below[OPERAND_NONE] = 1;
    const OperandKind any[] = {OPERAND_NUM, OPERAND_SW, OPERAND_RW};
    for (int i = 0; i < 3; i++)
        verifier->operand_below[any[i]] = 256;
}

static void immediates_bound(Verifier *verifier)
{
    const Image *image = verifier->image;
    verifier->immediate_below[IMMEDIATE_NONE] = 1;
    verifier->immediate_below[IMMEDIATE_INT] = (uint64_t)UINT32_MAX + 1;
    verifier->immediate_below[IMMEDIATE_SCALAR] = image->scalar_count;
    verifier->immediate_below[IMMEDIATE_FN] = image->function_count;
    verifier->immediate_below[IMMEDIATE_TYPE] = image->type_count;
    verifier->immediate_below[IMMEDIATE_COUNTS] = (uint64_t)UINT16_MAX + 1;
    verifier->immediate_below[IMMEDIATE_EFFECT] = image->effect_count;
    verifier->immediate_below[IMMEDIATE_FIELD] = (uint64_t)UINT16_MAX + 1;
    verifier->immediate_below[IMMEDIATE_GLOBAL_S] = image->global_scalars;
    verifier->immediate_below[IMMEDIATE_GLOBAL_R] = image->global_refs;
}

/* The words for which window_verify has rules: those with a window or a type, and those that leave the
 * function. */
static void rules_note(Verifier *verifier)
{
    for (int op = 0; op < OPCODE_COUNT_OF; op++) {
        const OpcodeInfo *info = &opcode_info[op];
        const OperandKind kinds[] = {info->a, info->b, info->c};
        verifier->has_rules[op] = info->imm == IMMEDIATE_TYPE || info->flow == FLOW_RETURN;
        for (int i = 0; i < 3; i++)
            verifier->has_rules[op] |= kinds[i] == OPERAND_SW || kinds[i] == OPERAND_RW;
    }
}

static bool operands_verify(const Verifier *verifier, const OpcodeInfo *info)
{
    return operand_verify(verifier, info->a, instruction_a(verifier->word)) &&
           operand_verify(verifier, info->b, instruction_b(verifier->word)) &&
           operand_verify(verifier, info->c, instruction_c(verifier->word));
}

/* The function's words. Nearly all are decided by comparing their numbers with bounds. */
static bool words_verify(Verifier *verifier)
{
    const ImageFunction *fn = verifier->fn;
    const uint64_t *words = verifier->image->code + fn->code;
    for (uint32_t i = 0; i < fn->code_count; i++) {
        uint64_t word = words[i];
        unsigned op = instruction_op(word);
        verifier->pc = fn->code + i;
        verifier->word = word;
        if (op >= OPCODE_COUNT_OF) return wrong(verifier, "there is no such instruction");
        const OpcodeInfo *info = &opcode_info[op];
        const uint16_t *below = verifier->operand_below;
        bool inside = instruction_a(word) < below[info->a] && instruction_b(word) < below[info->b] &&
                      instruction_c(word) < below[info->c];
        if (!inside && !operands_verify(verifier, info)) return false;
        inside = (uint32_t)instruction_imm(word) < verifier->immediate_below[info->imm];
        if (!inside && !immediate_verify(verifier, info->imm, instruction_imm(word))) return false;
        if (verifier->has_rules[op] && !window_verify(verifier)) return false;
    }
    return true;
}

static bool handlers_verify(const Verifier *verifier)
{
    const ImageFunction *fn = verifier->fn;
    uint64_t end = (uint64_t)fn->code + fn->code_count;
    if ((uint64_t)fn->first_handler + fn->handler_count > verifier->image->handler_count) {
        return damaged(verifier, "a function has handlers that are not there");
    }
    for (uint32_t i = 0; i < fn->handler_count; i++) {
        const ImageHandler *handler = &verifier->image->handlers[fn->first_handler + i];
        if (handler->start < fn->code || handler->end > end || handler->start >= handler->end ||
            handler->target < fn->code || handler->target >= end || handler->error >= fn->refs) {
            return damaged(verifier, "a handler lies outside of its function");
        }
    }
    return true;
}

static bool function_verify(Verifier *verifier)
{
    const ImageFunction *fn = verifier->fn;
    if (fn->scalars > IMAGE_MAX_REGISTERS || fn->refs > IMAGE_MAX_REGISTERS ||
        fn->param_scalars > fn->scalars || fn->param_refs > fn->refs || fn->result > RESULT_REF) {
        return damaged(verifier, "a function has a frame that cannot be");
    }
    operands_bound(verifier);
    if (!words_verify(verifier)) return false;
    FlowKind last = opcode_info[instruction_op(verifier->word)].flow;
    if (last != FLOW_JUMP && last != FLOW_RETURN && last != FLOW_RAISE) {
        return wrong(verifier, "the function's end can be passed");
    }
    return handlers_verify(verifier);
}

/* Shapes and names first: messages about instructions use them, and calls look at other functions. */
static bool functions_verify(Verifier *verifier)
{
    const Image *image = verifier->image;
    uint64_t next = 0;
    if (image->function_count > IMAGE_MAX_FUNCTIONS) return damaged(verifier, "it has too many functions");
    for (uint32_t i = 0; i < image->function_count; i++) {
        const ImageFunction *fn = &image->functions[image->functions_by_code[i]];
        if (!string_begins(verifier, fn->name)) return damaged(verifier, "a function has no name");
        if (fn->code != next || !fn->code_count)
            return damaged(verifier, "its functions do not fill its code");
        next += fn->code_count;
    }
    if (next != image->code_count) return damaged(verifier, "its functions do not fill its code");
    for (uint32_t i = 0; i < image->function_count; i++) {
        verifier->fn = &image->functions[i];
        if (!function_verify(verifier)) return false;
    }
    return true;
}

bool image_verify(const Image *image, Error *error)
{
    Verifier verifier = {.image = image, .error = error};
    immediates_bound(&verifier);
    rules_note(&verifier);
    verifier.strings = memory_alloc(image->constants_size / 64 + 1);
    bool good = constants_verify(&verifier) && types_verify(&verifier) && effects_verify(&verifier) &&
                functions_verify(&verifier) && tables_verify(&verifier);
    free(verifier.strings);
    return good;
}
