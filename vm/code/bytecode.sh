#!/bin/sh
# Prints docs/bytecode.md: what opcodes.def and builtins.def say, for readers. tests/vm/bytecode.sh compares.
set -eu
cd "$(dirname "$0")"

rows() { # rows MACRO FILE: the entries of a table, one a line, with its comments
    awk -v macro="$1(" '
        /^\/\*/ { comment = 1 }
        comment { print; if (/\*\/$/) comment = 0; next }
        index($0, macro) == 1 { entry = ""; open = 1 }
        open { sub(/^ +/, ""); entry = entry $0 " "; if (/"\)$/) { print entry; open = 0 } }
    ' "$2"
}

cat <<'HEAD'
# Bytecode

Made by `vm/code/bytecode.sh` from `vm/code/opcodes.def` and `vm/code/builtins.def`; do not edit.

An instruction is one 64-bit word: operation, operands a, b, c of 8 bits each, and a 32-bit number `imm`.

```
 bit 63                32 31    24 23    16 15     8 7      0
     [      imm32        ][   c   ][   b   ][   a   ][  op   ]
```

Each function has two banks of at most 256 registers: S for scalars (int, float, bool, duration, time, enum) and R for
references (everything else). Values carry no types: the compiler knows them. The verifier proves of every image that
registers, constants and jumps stay where they belong; what a reference points to is checked when it is used.

## Instructions
HEAD
rows OPCODE opcodes.def | awk '
    /^\/\*/ || text != "" {
        text = text (text == "" ? "" : " ") $0
        if ($0 !~ /\*\/$/) next
        gsub(/^\/\* */, "", text); gsub(/ *\*\/$/, "", text); gsub(/ +\* +/, " ", text)
        if (first++) printf "\n%s\n\n| | operands | imm | |\n|---|---|---|---|\n", text
        text = ""
        next
    }
    {
        split($0, quoted, "\"")
        operands = quoted[3]; doc = quoted[4]
        gsub(/^, *|, *$| /, "", operands)
        split(operands, part, ",")
        list = ""
        for (i = 1; i <= 3; i++) if (part[i] != "NONE") list = list (list == "" ? "" : ", ") substr("abc", i, 1) " " part[i]
        gsub(/\|/, "\\|", doc)
        printf "| `%s` | %s | %s | %s |\n", quoted[2], list, part[4] == "NONE" ? "" : part[4], doc
    }'
cat <<'MIDDLE'

SD SS SX: a scalar register that is written, read, both. RD RS RX: the same for references. SW RW: the first register of
a window. NUM: a number.

## Builtins

`builtin` calls one of these; T is the type in the high 16 bits of its imm.
MIDDLE
rows BUILTIN builtins.def | awk '
    /^\/\*/ || text != "" {
        text = text (text == "" ? "" : " ") $0
        if ($0 !~ /\*\/$/) next
        gsub(/^\/\* */, "", text); gsub(/ *\*\/$/, "", text)
        if (first++) printf "\n%s\n\n| | type | |\n|---|---|---|\n", text
        text = ""
        next
    }
    {
        split($0, quoted, "\"")
        gsub(/\|/, "\\|", quoted[8])
        printf "| `%s` | `%s` | %s |\n", quoted[2], quoted[4], quoted[8]
    }'
