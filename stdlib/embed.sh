#!/bin/sh
# Prints a C file that holds the given .plan files, so that planc and planvm need no file beside them.
set -eu
printf '#include "compiler/source/stdlib.h"\n\n'
n=0
for file in "$@"; do
    printf 'static const unsigned char text_%d[] = {\n' "$n"
    od -An -v -tu1 "$file" | sed 's/  */,/g; s/^,//; s/$/,/'
    printf '0};\n'
    n=$((n + 1))
done
printf 'const StdlibFile stdlib_files[] = {\n'
n=0
for file in "$@"; do
    name=$(basename "$file" .plan)
    printf '    {"std/%s", (const char *)text_%d, sizeof text_%d - 1},\n' "$name" "$n" "$n"
    n=$((n + 1))
done
printf '    {0}};\n'
