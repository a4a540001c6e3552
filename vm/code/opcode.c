/* The instruction and builtin tables as arrays; made from opcodes.def and builtins.def, used by everyone in
 * vm/code and vm/core and by the compiler's emitter. */
#include "vm/code/opcode.h"

#include "vm/base/hash.h"

const OpcodeInfo opcode_info[OPCODE_COUNT_OF] = {
#define OPCODE(id, mnemonic, a, b, c, imm, flow, doc)                                                        \
    {mnemonic, OPERAND_##a, OPERAND_##b, OPERAND_##c, IMMEDIATE_##imm, FLOW_##flow, doc},
#include "vm/code/opcodes.def"
#undef OPCODE
};

const BuiltinInfo builtin_info[BUILTIN_COUNT_OF] = {
#define BUILTIN(id, name, type, banks, doc) {name, type, banks, doc},
#include "vm/code/builtins.def"
#undef BUILTIN
};

BuiltinShape builtin_shape(BuiltinId id, bool type_is_scalar)
{
    const char *banks = builtin_info[id].banks;
    BuiltinShape shape = {0};
    if (*banks == '!') {
        shape.needs_type = true;
        banks += 2;
    }
    for (; *banks != ':'; banks++) {
        bool scalar = *banks == 'S' || (*banks == 'T' && type_is_scalar);
        if (scalar)
            shape.scalars++;
        else
            shape.refs++;
    }
    shape.result_is_scalar = banks[1] == 'S';
    return shape;
}

uint32_t opcode_fingerprint(void)
{
    /* All that tells one table from another, as one text. */
    static const char tables[] =
#define OPCODE(id, mnemonic, a, b, c, imm, flow, doc) #id #a #b #c #imm #flow ";"
#include "vm/code/opcodes.def"
#undef OPCODE
#define BUILTIN(id, name, type, banks, doc) #id banks ";"
#include "vm/code/builtins.def"
#undef BUILTIN
        ;
    return (uint32_t)hash_quick(tables, sizeof tables - 1);
}
