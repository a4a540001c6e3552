/* Instructions: one 64-bit word each, op8 a8 b8 c8 imm32 (opcodes.def says what they do).
 *
 * The compiler's emitter makes them, the verifier, the disassembler and the interpreter take them apart. */
#ifndef PLAN_CODE_OPCODE_H
#define PLAN_CODE_OPCODE_H

#include "vm/base/str.h"

typedef enum Opcode {
#define OPCODE(id, mnemonic, a, b, c, imm, flow, doc) OPCODE_##id,
#include "vm/code/opcodes.def"
#undef OPCODE
    OPCODE_COUNT_OF
} Opcode;

typedef enum OperandKind {
    OPERAND_NONE,
    OPERAND_SD,
    OPERAND_SS,
    OPERAND_SX,
    OPERAND_RD,
    OPERAND_RS,
    OPERAND_RX,
    OPERAND_SW,
    OPERAND_RW,
    OPERAND_NUM,
} OperandKind;

typedef enum ImmediateKind {
    IMMEDIATE_NONE,
    IMMEDIATE_INT,
    IMMEDIATE_JUMP,
    IMMEDIATE_CONST,
    IMMEDIATE_SCALAR,
    IMMEDIATE_FN,
    IMMEDIATE_EFFECT,
    IMMEDIATE_TYPE,
    IMMEDIATE_GLOBAL_S,
    IMMEDIATE_GLOBAL_R,
    IMMEDIATE_FIELD,
    IMMEDIATE_BUILTIN,
    IMMEDIATE_CLOSURE,
    IMMEDIATE_COUNTS,
    IMMEDIATE_FLOATS,
} ImmediateKind;

typedef enum FlowKind {
    FLOW_NEXT,
    FLOW_JUMP,
    FLOW_BRANCH,
    FLOW_RETURN,
    FLOW_RAISE,
    FLOW_CALL,
    FLOW_WAIT,
} FlowKind;

typedef struct OpcodeInfo {
    const char *mnemonic;
    OperandKind a, b, c;
    ImmediateKind imm;
    FlowKind flow;
    const char *doc;
} OpcodeInfo;

extern const OpcodeInfo opcode_info[OPCODE_COUNT_OF];

typedef enum BuiltinId {
#define BUILTIN(id, name, type, banks, doc) BUILTIN_##id,
#include "vm/code/builtins.def"
#undef BUILTIN
    BUILTIN_COUNT_OF
} BuiltinId;

typedef struct BuiltinInfo {
    const char *name;
    const char *type;  /* "([T], int) -> T?" */
    const char *banks; /* "!TRS:R" */
    const char *doc;
} BuiltinInfo;

extern const BuiltinInfo builtin_info[BUILTIN_COUNT_OF];

/* How many registers of each bank a builtin takes, and where its result goes. `type_is_scalar`: the bank of
 * T. */
typedef struct BuiltinShape {
    unsigned scalars, refs;
    bool result_is_scalar;
    bool needs_type;
} BuiltinShape;
BuiltinShape builtin_shape(BuiltinId id, bool type_is_scalar);

/* Of both tables: what is in an image means something else when one of them changes. */
uint32_t opcode_fingerprint(void);

/* Making and reading words. */
static inline uint64_t instruction_make(Opcode op, unsigned a, unsigned b, unsigned c, int32_t imm)
{
    return (uint64_t)op | (uint64_t)(a & 255) << 8 | (uint64_t)(b & 255) << 16 | (uint64_t)(c & 255) << 24 |
           (uint64_t)(uint32_t)imm << 32;
}
static inline unsigned instruction_op(uint64_t word)
{
    return (unsigned)(word & 255);
}
static inline unsigned instruction_a(uint64_t word)
{
    return (unsigned)(word >> 8 & 255);
}
static inline unsigned instruction_b(uint64_t word)
{
    return (unsigned)(word >> 16 & 255);
}
static inline unsigned instruction_c(uint64_t word)
{
    return (unsigned)(word >> 24 & 255);
}
static inline int32_t instruction_imm(uint64_t word)
{
    return (int32_t)(uint32_t)(word >> 32);
}
/* The signed 16-bit number of the IF_…_I instructions. */
static inline int16_t instruction_short(uint64_t word)
{
    return (int16_t)(uint16_t)(word >> 16 & 65535);
}

/* imm of TEXT: how many parts there are, and how many of them are ints. */
static inline unsigned text_parts(uint32_t kinds)
{
    unsigned parts = 0;
    while (kinds >> parts > 1)
        parts++;
    return parts;
}
static inline unsigned text_ints(uint32_t kinds)
{
    unsigned ints = 0, parts = text_parts(kinds);
    for (unsigned i = 0; i < parts; i++)
        ints += kinds >> i & 1;
    return ints;
}

/* imm of FLOATS: registers of the second and third operation's operand, 8 bits each, then what the three do, 4 bits each:
 * the first is 0 to 3 (add, sub, mul, div), the others a FloatsOperation. */
enum { FLOATS_FIRST = 16, FLOATS_SECOND = 20, FLOATS_THIRD = 24 };
typedef enum FloatsOperation { /* of the value so far v and the operand x */
    FLOATS_NONE, /* the third only */
    FLOATS_ADD,
    FLOATS_SUB,
    FLOATS_FROM, /* x - v */
    FLOATS_MUL,
    FLOATS_DIV,
    FLOATS_INTO, /* x / v */
} FloatsOperation;
static inline unsigned floats_operation(uint32_t imm, int place)
{
    return imm >> place & 15;
}
static inline unsigned floats_operand(uint32_t imm, int place) /* of the second or the third */
{
    return place == FLOATS_SECOND ? imm & 255 : imm >> 8 & 255;
}

/* imm of BUILTIN and CLOSURE. */
static inline int32_t immediate_builtin(BuiltinId id, uint32_t type)
{
    return (int32_t)((uint32_t)id | type << 16);
}
static inline int32_t immediate_closure(uint32_t function, uint32_t scalars, uint32_t refs)
{
    return (int32_t)(function | scalars << 16 | refs << 24);
}

#endif
