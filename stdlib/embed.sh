#!/bin/sh
# Prints a C file that holds the given files, so that planc and planvm need nothing beside them.
# usage: embed.sh HEADER ARRAY PREFIX SUFFIX FILE…    (a file's name is PREFIX and its base name without SUFFIX)
set -eu
header=$1 array=$2 prefix=$3 suffix=$4
shift 4
printf '#include "%s"\n\n' "$header"
n=0
for file in "$@"; do
    printf 'extern const unsigned char %s_%d[];\nconst unsigned char %s_%d[] = {\n' "$array" "$n" "$array" "$n"
    od -An -v -tu1 "$file" | sed 's/  */,/g; s/^,//; s/$/,/'
    printf '0};\n'
    n=$((n + 1))
done
printf 'const EmbeddedFile %s[] = {\n' "$array"
n=0
for file in "$@"; do
    printf '    {"%s%s", (const char *)%s_%d, sizeof %s_%d - 1},\n' "$prefix" "$(basename "$file" "$suffix")" "$array" "$n" "$array" "$n"
    n=$((n + 1))
done
printf '    {0}};\n'
