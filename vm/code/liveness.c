/* Liveness of registers, by going backwards through a function until nothing changes. A failure may leave any
 * word for the handlers of its range, so what they read lives there, too.
 *
 * A function is looked at when one of its words is first asked for; of the result only the words remain at
 * which it can wait, in a table by their place (open addressing, half full at most). */
#include "vm/code/liveness.h"

#include "vm/base/memory.h"

#include <assert.h>

#include <stdlib.h>
#include <string.h>

enum { BANK_WORDS = IMAGE_MAX_REGISTERS / 64 };

typedef struct RegisterSet {
    uint64_t scalars[BANK_WORDS], refs[BANK_WORDS];
} RegisterSet;

struct ImageSites {
    ImageSite *slots; /* kept NULL: free */
    uint32_t room, count;
    Arena masks;
};

typedef struct Effects { /* of one word on the registers */
    RegisterSet reads, writes;
} Effects;

static void range_add(uint64_t *bank, unsigned from, unsigned count)
{
    for (unsigned i = from; i < from + count && i < IMAGE_MAX_REGISTERS; i++)
        bank[i / 64] |= (uint64_t)1 << i % 64;
}

static void set_join(RegisterSet *to, const RegisterSet *from)
{
    for (int i = 0; i < BANK_WORDS; i++) {
        to->scalars[i] |= from->scalars[i];
        to->refs[i] |= from->refs[i];
    }
}

static void set_drop(RegisterSet *to, const RegisterSet *what)
{
    for (int i = 0; i < BANK_WORDS; i++) {
        to->scalars[i] &= ~what->scalars[i];
        to->refs[i] &= ~what->refs[i];
    }
}

static void operand_add(Effects *effects, OperandKind kind, unsigned operand)
{
    switch (kind) {
    case OPERAND_SX: range_add(effects->reads.scalars, operand, 1); /* fall through */
    case OPERAND_SD: range_add(effects->writes.scalars, operand, 1); break;
    case OPERAND_SS: range_add(effects->reads.scalars, operand, 1); break;
    case OPERAND_RX: range_add(effects->reads.refs, operand, 1); /* fall through */
    case OPERAND_RD: range_add(effects->writes.refs, operand, 1); break;
    case OPERAND_RS: range_add(effects->reads.refs, operand, 1); break;
    case OPERAND_NONE:
    case OPERAND_SW:
    case OPERAND_RW:
    case OPERAND_NUM: break;
    }
}

static void windows_add(const Image *image, uint64_t word, Effects *effects)
{
    unsigned a = instruction_a(word), b = instruction_b(word), c = instruction_c(word);
    uint32_t imm = (uint32_t)instruction_imm(word);
    uint64_t *scalars = effects->reads.scalars, *refs = effects->reads.refs;
    switch ((Opcode)instruction_op(word)) {
    case OPCODE_CALL:
    case OPCODE_CALL_CLOSURE: {
        bool direct = instruction_op(word) == OPCODE_CALL;
        range_add(scalars, a, direct ? image->functions[imm].param_scalars : imm & 255);
        range_add(refs, b, direct ? image->functions[imm].param_refs : imm >> 8);
        range_add(effects->writes.scalars, a - 1, IMAGE_MAX_REGISTERS); /* lost */
        range_add(effects->writes.refs, b, IMAGE_MAX_REGISTERS);
        break;
    }
    case OPCODE_SPAWN:
    case OPCODE_SPAWN_DETACHED:
        range_add(scalars, a, image->functions[imm].param_scalars);
        range_add(refs, b, image->functions[imm].param_refs);
        range_add(effects->writes.refs, b, 1);
        break;
    case OPCODE_CLOSURE:
        range_add(scalars, b, imm >> 16 & 255);
        range_add(refs, c, imm >> 24);
        break;
    case OPCODE_BUILTIN: {
        BuiltinShape shape =
            builtin_shape((BuiltinId)(imm & UINT16_MAX), image_type_is_scalar(image, imm >> 16));
        range_add(scalars, a, shape.scalars);
        range_add(refs, b, shape.refs);
        range_add(shape.result_is_scalar ? effects->writes.scalars : effects->writes.refs,
                  shape.result_is_scalar ? a : b, 1);
        break;
    }
    case OPCODE_FLOATS:
        range_add(scalars, floats_operand(imm, FLOATS_SECOND), 1);
        if (floats_operation(imm, FLOATS_THIRD)) range_add(scalars, floats_operand(imm, FLOATS_THIRD), 1);
        break;
    case OPCODE_EMIT:
    case OPCODE_RECORD:
        range_add(scalars, b, image->types[imm].scalars);
        range_add(refs, c, image->types[imm].refs);
        break;
    case OPCODE_EFFECT: {
        const ImageType *args = &image->types[image->effects[imm].args];
        range_add(scalars, b, args->scalars);
        range_add(refs, c, args->refs);
        break;
    }
    case OPCODE_LIST_S: range_add(scalars, b, c); break;
    case OPCODE_LIST_R:
    case OPCODE_CONCAT: range_add(refs, b, c); break;
    case OPCODE_TEXT:
        range_add(scalars, b, text_ints(imm));
        range_add(refs, c, text_parts(imm) - text_ints(imm));
        break;
    default: break;
    }
}

static Effects word_effects(const Image *image, uint64_t word)
{
    const OpcodeInfo *info = &opcode_info[instruction_op(word)];
    Effects effects = {0};
    operand_add(&effects, info->a, instruction_a(word));
    operand_add(&effects, info->b, instruction_b(word));
    operand_add(&effects, info->c, instruction_c(word));
    windows_add(image, word, &effects);
    return effects;
}

/* What lives where the word's failure would be handled. */
static void handlers_join(const Image *image, const ImageFunction *fn, uint32_t pc, const RegisterSet *before,
                          RegisterSet *live)
{
    for (uint32_t i = 0; i < fn->handler_count; i++) {
        const ImageHandler *handler = &image->handlers[fn->first_handler + i];
        if (pc < handler->start || pc >= handler->end) continue;
        RegisterSet target = before[handler->target - fn->code], error = {0};
        range_add(error.refs, handler->error, 1);
        set_drop(&target, &error);
        set_join(live, &target);
    }
}

/* What must be kept across the word; `before` is what lives before each word, as far as it is known. */
static RegisterSet word_keeps(const Image *image, const ImageFunction *fn, uint32_t pc,
                              const RegisterSet *before, const Effects *effects)
{
    uint64_t word = image->code[pc];
    const OpcodeInfo *info = &opcode_info[instruction_op(word)];
    uint32_t at = pc - fn->code;
    RegisterSet live = {0};
    bool goes_on = info->flow != FLOW_JUMP && info->flow != FLOW_RETURN && info->flow != FLOW_RAISE;
    if (goes_on) set_join(&live, &before[at + 1]);
    if (info->imm == IMMEDIATE_JUMP) set_join(&live, &before[(int64_t)at + 1 + instruction_imm(word)]);
    set_drop(&live, &effects->writes);
    handlers_join(image, fn, pc, before, &live);
    return live;
}

/* For each word of the function what must be kept across it. The caller's to free(). */
static RegisterSet *function_liveness(const Image *image, const ImageFunction *fn)
{
    RegisterSet *before = memory_alloc(fn->code_count * sizeof *before);
    RegisterSet *kept = memory_alloc(fn->code_count * sizeof *kept);
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t at = fn->code_count; at-- > 0;) {
            Effects effects = word_effects(image, image->code[fn->code + at]);
            kept[at] = word_keeps(image, fn, fn->code + at, before, &effects);
            RegisterSet live = kept[at];
            set_join(&live, &effects.reads);
            if (memcmp(&live, &before[at], sizeof live) == 0) continue;
            before[at] = live;
            changed = true;
        }
    }
    free(before);
    return kept;
}

/* ---- the table ---- */

/* Where the word's entry is, or would be. */
static ImageSite *slot_of(const ImageSites *sites, uint32_t pc)
{
    uint32_t at = pc * 2654435769u & (sites->room - 1);
    while (sites->slots[at].kept && sites->slots[at].pc != pc)
        at = (at + 1) & (sites->room - 1);
    return &sites->slots[at];
}

static void sites_grow(ImageSites *sites)
{
    ImageSites old = *sites;
    sites->room = old.room ? old.room * 2 : 64;
    sites->slots = memory_alloc(sites->room * sizeof *sites->slots);
    for (uint32_t i = 0; i < old.room; i++) {
        if (old.slots[i].kept) *slot_of(sites, old.slots[i].pc) = old.slots[i];
    }
    free(old.slots);
}

static void site_add(ImageSites *sites, const ImageFunction *fn, uint32_t pc, const RegisterSet *keeps)
{
    if (sites->count >= sites->room / 2) sites_grow(sites);
    size_t scalar_words = ((size_t)fn->scalars + 63) / 64, ref_words = ((size_t)fn->refs + 63) / 64;
    uint64_t *kept = arena_array(&sites->masks, uint64_t, scalar_words + ref_words + 1);
    memcpy(kept, keeps->scalars, scalar_words * sizeof *kept);
    memcpy(kept + scalar_words, keeps->refs, ref_words * sizeof *kept);
    *slot_of(sites, pc) = (ImageSite){pc, fn->scalars, fn->refs, kept};
    sites->count++;
}

static void function_add(const Image *image, const ImageFunction *fn)
{
    RegisterSet *kept = function_liveness(image, fn);
    for (uint32_t at = 0; at < fn->code_count; at++) {
        FlowKind flow = opcode_info[instruction_op(image->code[fn->code + at])].flow;
        if (flow == FLOW_CALL || flow == FLOW_WAIT) site_add(image->sites, fn, fn->code + at, &kept[at]);
    }
    free(kept);
}

const ImageSite *image_site(const Image *image, uint32_t pc)
{
    if (!image->sites->room) sites_grow(image->sites);
    const ImageSite *site = slot_of(image->sites, pc);
    if (site->kept) return site;
    function_add(image, image_function_at(image, pc));
    site = slot_of(image->sites, pc);
    assert(site->kept);
    return site;
}

ImageSites *image_sites_new(void)
{
    ImageSites *sites = memory_alloc(sizeof *sites);
    sites->masks.chunk = 512;
    return sites;
}

void image_sites_free(ImageSites *sites)
{
    if (!sites) return;
    arena_free(&sites->masks);
    free(sites->slots);
    free(sites);
}
