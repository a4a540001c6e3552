#!/bin/sh
# docs/bytecode.md says what the tables of instructions and builtins say.
set -u
cd "${root:-$(dirname "$0")/../..}" || exit 2
sh vm/code/bytecode.sh | diff -u docs/bytecode.md - && exit 0
echo "make it again: sh vm/code/bytecode.sh >docs/bytecode.md"
exit 1
