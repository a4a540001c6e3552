/* An opened image comes in, readable text goes out: functions with their instructions, names and source
 * lines, then the tables. Called by `planc dump`, by tests and for messages; it changes nothing. */
#include "vm/code/image.h"

#include <inttypes.h>
#include <string.h>

enum { SHOWN_TEXT = 60 };

static void text_quote(Buffer *out, Str text)
{
    buffer_add_char(out, '"');
    for (size_t i = 0; i < text.len && i < SHOWN_TEXT; i++) {
        char c = text.data[i];
        if (c == '\n')
            buffer_add_c(out, "\\n");
        else if (c == '"' || c == '\\')
            buffer_printf(out, "\\%c", c);
        else if ((unsigned char)c < ' ')
            buffer_printf(out, "\\x%02x", (unsigned)(unsigned char)c);
        else
            buffer_add_char(out, c);
    }
    buffer_add_c(out, text.len > SHOWN_TEXT ? "\"..." : "\"");
}

static void operand_show(Buffer *out, OperandKind kind, unsigned operand, const char **separator)
{
    if (kind == OPERAND_NONE) return;
    const char *bank = kind == OPERAND_NUM ? "" : kind <= OPERAND_SX || kind == OPERAND_SW ? "S" : "R";
    buffer_printf(out, "%s%s%u%s", *separator, bank, operand, kind >= OPERAND_SW && *bank ? ".." : "");
    *separator = ", ";
}

static void form_show(const Image *image, Buffer *out, const ImageType *type);

static void type_show(const Image *image, Buffer *out, uint32_t number, int depth)
{
    static const char *const names[] = {"unit",     "bool",   "int",    "float", "percent", "duration",
                                        "time",     "enum",   "string", "json",  "list",    "map",
                                        "optional", "record", "fn",     "fiber", "error",   "form"};
    const ImageType *type = &image->types[number];
    bool nested =
        depth < 8 && (type->kind == IMAGE_LIST || type->kind == IMAGE_MAP || type->kind == IMAGE_OPTIONAL);
    if (nested) {
        buffer_add_c(out, type->kind == IMAGE_LIST ? "[" : type->kind == IMAGE_MAP ? "{string: " : "");
        type_show(image, out, type->element, depth + 1);
        buffer_add_c(out, type->kind == IMAGE_LIST ? "]" : type->kind == IMAGE_MAP ? "}" : "?");
    } else if (type->kind == IMAGE_FORM) {
        form_show(image, out, type);
    } else if (type->kind == IMAGE_RECORD || type->kind == IMAGE_ENUM) {
        buffer_add_str(out, image_string(image, type->name));
    } else {
        buffer_add_c(out, names[type->kind]);
    }
}

/* step.skipped {"name":«string»} */
static void form_show(const Image *image, Buffer *out, const ImageType *type)
{
    Str name = image_string(image, type->name);
    buffer_add_str(out, name);
    if (name.len) buffer_add_char(out, ' ');
    for (uint32_t i = 0; i < type->field_count; i++) {
        const ImageField *field = &image->fields[type->first_field + i];
        buffer_add_str(out, image_string(image, field->name));
        if (field->type == IMAGE_TYPE_UNIT) break;
        buffer_add_c(out, "«");
        type_show(image, out, field->type, 0);
        buffer_add_c(out, "»");
    }
}

/* "mul, then S7 + it, then it / S8" */
static void floats_show(Buffer *out, uint32_t imm)
{
    static const char *const first[] = {"add", "sub", "mul", "div"};
    static const char *const further[] = {"", "it + S%u", "it - S%u", "S%u - it", "it * S%u", "it / S%u", "S%u / it"};
    buffer_add_c(out, first[floats_operation(imm, FLOATS_FIRST)]);
    for (int place = FLOATS_SECOND; place <= FLOATS_THIRD && floats_operation(imm, place); place += 4) {
        const char *format = further[floats_operation(imm, place)];
        const char *operand = strstr(format, "%u");
        buffer_printf(out, ", then %.*s%u%s", (int)(operand - format), format, floats_operand(imm, place), operand + 2);
    }
}

static void function_name(const Image *image, Buffer *out, uint32_t function)
{
    buffer_add_str(out, image_string(image, image->functions[function].name));
}

static void immediate_show(const Image *image, uint32_t pc, Buffer *out, ImmediateKind kind,
                           const char *separator)
{
    int32_t imm = instruction_imm(image->code[pc]);
    uint32_t number = (uint32_t)imm;
    if (kind == IMMEDIATE_NONE) return;
    buffer_add_c(out, separator);
    switch (kind) {
    case IMMEDIATE_NONE: break;
    case IMMEDIATE_INT: buffer_printf(out, "%" PRId32, imm); break;
    case IMMEDIATE_JUMP:
        buffer_printf(out, "-> %" PRId64,
                      (int64_t)pc + 1 + imm - (int64_t)image_function_at(image, pc)->code);
        break;
    case IMMEDIATE_CONST: text_quote(out, image_string(image, number)); break;
    case IMMEDIATE_SCALAR: {
        double real;
        memcpy(&real, &image->scalars[number], sizeof real);
        buffer_printf(out, "%" PRId64 " (as a float %.17g)", image->scalars[number], real);
        break;
    }
    case IMMEDIATE_FN: function_name(image, out, number); break;
    case IMMEDIATE_EFFECT:
        buffer_add_str(out, image_string(image, image->effects[number].op));
        buffer_printf(out, " (%s) ", effect_class_name((EffectClass)image->effects[number].effect_class));
        form_show(image, out, &image->types[image->effects[number].args]);
        break;
    case IMMEDIATE_TYPE: type_show(image, out, number, 0); break;
    case IMMEDIATE_GLOBAL_S:
    case IMMEDIATE_GLOBAL_R: buffer_printf(out, "global %" PRIu32, number); break;
    case IMMEDIATE_FIELD: buffer_printf(out, "field %" PRIu32, number); break;
    case IMMEDIATE_BUILTIN:
        buffer_add_c(out, builtin_info[number & UINT16_MAX].name);
        if (number >> 16) {
            buffer_add_c(out, " of ");
            type_show(image, out, number >> 16, 0);
        }
        break;
    case IMMEDIATE_CLOSURE:
        function_name(image, out, number & UINT16_MAX);
        buffer_printf(out, " with %u scalars, %u references", (unsigned)(number >> 16 & 255),
                      (unsigned)(number >> 24));
        break;
    case IMMEDIATE_FLOATS: floats_show(out, number); break;
    case IMMEDIATE_COUNTS:
        buffer_printf(out, "%u scalars, %u references", (unsigned)(number & 255), (unsigned)(number >> 8));
        break;
    }
}

void image_disassemble_word(const Image *image, uint32_t pc, Buffer *out)
{
    uint64_t word = image->code[pc];
    const OpcodeInfo *info = &opcode_info[instruction_op(word)];
    const char *separator = " ";
    buffer_printf(out, "%-14s", info->mnemonic);
    operand_show(out, info->a, instruction_a(word), &separator);
    if (info->b == OPERAND_NUM && info->c == OPERAND_NUM) {
        buffer_printf(out, ", %d", (int)instruction_short(word));
    } else {
        operand_show(out, info->b, instruction_b(word), &separator);
        operand_show(out, info->c, instruction_c(word), &separator);
    }
    immediate_show(image, pc, out, info->imm, separator);
}

typedef struct Sources {
    ImageSourceLine *line; /* NULL: there are none */
    void *ctx;
} Sources;

/* "  # shop.plan:12  let x = 1" */
static void line_show(const Image *image, const Sources *sources, const ImageLine *line, Buffer *out)
{
    Str file = image_string(image, image->files[line->file].name);
    Str text = sources->line ? str_trim(sources->line(sources->ctx, file, line->line)) : STR("");
    buffer_printf(out, "  # %.*s:%u%s%.*s\n", STR_ARG(file), (unsigned)line->line, text.len ? "  " : "",
                  STR_ARG(text));
}

static void function_show(const Image *image, const Sources *sources, const ImageFunction *fn, Buffer *out)
{
    static const char *const results[] = {"nothing", "S0", "R0"};
    buffer_add_c(out, "\nfunction ");
    buffer_add_str(out, image_string(image, fn->name));
    buffer_printf(out, " (S%u, R%u) gives %s; frame S%u, R%u\n", fn->param_scalars, fn->param_refs,
                  results[fn->result], fn->scalars, fn->refs);
    const ImageLine *last = NULL;
    for (uint32_t i = 0; i < fn->code_count; i++) {
        const ImageLine *line = image_line_at(image, fn->code + i);
        if (line && (!last || line->line != last->line || line->file != last->file)) {
            line_show(image, sources, line, out);
        }
        last = line;
        buffer_printf(out, "%6u  ", (unsigned)i);
        image_disassemble_word(image, fn->code + i, out);
        buffer_add_char(out, '\n');
    }
    for (uint32_t i = 0; i < fn->handler_count; i++) {
        const ImageHandler *handler = &image->handlers[fn->first_handler + i];
        buffer_printf(out, "  failures of %u to %u go to %u with the error in R%u%s\n",
                      (unsigned)(handler->start - fn->code), (unsigned)(handler->end - fn->code - 1),
                      (unsigned)(handler->target - fn->code), handler->error,
                      handler->catches_cancel ? ", cancelling too" : "");
    }
}

static void types_show(const Image *image, Buffer *out)
{
    for (uint32_t i = 0; i < image->type_count; i++) {
        const ImageType *type = &image->types[i];
        if (type->kind != IMAGE_RECORD && type->kind != IMAGE_ENUM) continue;
        buffer_add_c(out, type->kind == IMAGE_RECORD ? "\nrecord " : "\nenum ");
        buffer_add_str(out, image_string(image, type->name));
        buffer_add_char(out, '\n');
        for (uint32_t j = 0; j < type->field_count; j++) {
            const ImageField *field = &image->fields[type->first_field + j];
            buffer_printf(out, "%6u  ", (unsigned)field->index);
            buffer_add_str(out, image_string(image, field->name));
            if (type->kind == IMAGE_RECORD) {
                buffer_add_c(out, ": ");
                type_show(image, out, field->type, 0);
            }
            buffer_add_char(out, '\n');
        }
    }
}

void image_disassemble(const Image *image, ImageSourceLine *source_line, void *ctx, Buffer *out)
{
    const Sources sources = {source_line, ctx};
    buffer_printf(out, "%u functions, %u words, %u types, %u bytes of constants; globals S%u, R%u\n",
                  (unsigned)image->function_count, (unsigned)image->code_count, (unsigned)image->type_count,
                  (unsigned)image->constants_size, (unsigned)image->global_scalars,
                  (unsigned)image->global_refs);
    for (uint32_t i = 0; i < image->entry_count; i++) {
        buffer_add_c(out, "entry ");
        buffer_add_str(out, image_string(image, image->entries[i].name));
        buffer_add_c(out, " = ");
        function_name(image, out, image->entries[i].function);
        buffer_add_char(out, '\n');
    }
    types_show(image, out);
    for (uint32_t i = 0; i < image->function_count; i++)
        function_show(image, &sources, &image->functions[i], out);
}
