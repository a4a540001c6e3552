/* Putting words: registers, labels, places and the first mistake (see emitter.h). Knows nothing of what core
 * means. */
#include "compiler/emit/emitter.h"

#include <assert.h>
#include <stdlib.h>

void emitter_fail(Emitter *e, const Core *at, const char *format, ...)
{
    if (e->failed) return;
    e->failed = true;
    va_list args;
    va_start(args, format);
    Buffer text = {0};
    buffer_vprintf(&text, format, args);
    va_end(args);
    const SourceFile *file =
        at && e->program->sources ? source_file(e->program->sources, at->span.file) : NULL;
    if (file) {
        unsigned line = source_place(file, at->span.start).line;
        error_set(e->error, "%.*s:%u: %s", STR_ARG(file->path), line, text.data);
    } else {
        error_set(e->error, "%s", text.data);
    }
    buffer_free(&text);
}

Mark emitter_mark(const Emitter *e)
{
    return (Mark){{e->top[BANK_SCALAR], e->top[BANK_REF]}};
}

void emitter_release(Emitter *e, Mark mark)
{
    for (int bank = 0; bank < BANK_COUNT; bank++)
        e->top[bank] = mark.top[bank];
}

unsigned emitter_take(Emitter *e, Bank bank, unsigned count)
{
    unsigned first = e->top[bank];
    if (count == 0) return first < IMAGE_MAX_REGISTERS ? first : IMAGE_MAX_REGISTERS - 1;
    if (first + count > IMAGE_MAX_REGISTERS) {
        emitter_fail(e, e->function->body, "`%.*s` needs more than %d registers at once; split it",
                     STR_ARG(e->function->name), (int)IMAGE_MAX_REGISTERS);
        return 0;
    }
    e->top[bank] += count;
    if (e->top[bank] > e->max[bank]) e->max[bank] = e->top[bank];
    return first;
}

bool emitter_is_temporary(const Emitter *e, Bank bank, unsigned reg)
{
    return reg >= e->local_count[bank];
}

/* Files of the image are numbered as they are first mentioned. */
static uint32_t image_file(Emitter *e, const SourceFile *file)
{
    if (e->files[file->id] == 0) {
        e->files[file->id] = 1 + image_builder_file(e->builder, file->path, file->text);
    }
    return e->files[file->id] - 1;
}

static void put_place(Emitter *e, Span span)
{
    if (e->has_place && e->place.file == span.file && e->place.start == span.start) return;
    if (!e->program->sources || span.file >= e->file_count) return;
    const SourceFile *file = source_file(e->program->sources, span.file);
    if (!file) return;
    e->place = span;
    e->has_place = true;
    image_builder_line(e->builder, image_file(e, file), span.start, source_place(file, span.start).line);
}

uint32_t emitter_put(Emitter *e, const Core *at, Opcode op, unsigned a, unsigned b, unsigned c, int32_t imm)
{
    if (!e->reachable) return NO_POSITION;
    put_place(e, at->span);
    FlowKind flow = opcode_info[op].flow;
    if (flow == FLOW_JUMP || flow == FLOW_RETURN || flow == FLOW_RAISE) e->reachable = false;
    return image_builder_emit(e->builder, op, a, b, c, imm);
}

void emitter_jump(Emitter *e, const Core *at, Opcode op, unsigned a, unsigned b, unsigned c, Label *label)
{
    uint32_t position = emitter_put(e, at, op, a, b, c, 0);
    if (position != NO_POSITION) vec_push(&label->jumps, position);
}

void emitter_jump_back(Emitter *e, const Core *at, Opcode op, unsigned a, unsigned b, uint32_t target)
{
    uint32_t position = emitter_put(e, at, op, a, b, 0, 0);
    if (position != NO_POSITION) image_builder_patch_jump(e->builder, position, target);
}

void emitter_place(Emitter *e, Label *label)
{
    uint32_t here = image_builder_here(e->builder);
    for (size_t i = 0; i < label->jumps.count; i++) {
        image_builder_patch_jump(e->builder, label->jumps.items[i], here);
        e->reachable = true;
    }
    vec_free(&label->jumps);
}

void emitter_move(Emitter *e, const Core *at, Bank bank, unsigned to, unsigned from)
{
    if (to == from) return;
    emitter_put(e, at, bank == BANK_SCALAR ? OPCODE_MOVE_S : OPCODE_MOVE_R, to, from, 0, 0);
}

void emitter_load_int(Emitter *e, const Core *at, unsigned to, int64_t number)
{
    if (number >= INT32_MIN && number <= INT32_MAX) {
        emitter_put(e, at, OPCODE_INT, to, 0, 0, (int32_t)number);
    } else {
        emitter_put(e, at, OPCODE_SCALAR, to, 0, 0, (int32_t)image_builder_scalar(e->builder, number));
    }
}
