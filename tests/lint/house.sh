#!/bin/sh
# The rules of the house that text alone can show: who may include whom, one home per foreign header, sizes, words that
# have no place in finished work, and nothing that belongs to one machine. One line `ok`/`not ok` per rule.
set -u
cd "${root:-$(dirname "$0")/../..}" || exit 2
failed=0

files() { # files PATTERN… of the tree, as git knows it; in a tree without git, as they lie there
    if git rev-parse --git-dir >/dev/null 2>&1; then
        git ls-files -- "$@"
    else
        for pattern in "$@"; do find . -path ./build -prune -o -path "./$pattern" -print; done | sed 's|^\./||'
    fi | while read -r file; do [ -f "$file" ] && printf '%s\n' "$file"; done
}

rule() { # rule NAME: stdin holds what breaks it
    found=$(cat)
    if [ -z "$found" ]; then
        echo "ok $1"
    else
        printf '%s\n' "$found" | head -n 20
        echo "not ok $1"
        failed=1
    fi
}

search() { # search EXTENDED-REGEX PATTERN…: file:line:text
    regex=$1
    shift
    list=$(files "$@")
    [ -n "$list" ] || return 0
    printf '%s\n' "$list" | tr '\n' '\0' | xargs -0 grep -nHE -e "$regex"
}

search '#include "(compiler|grammar)/' 'vm/*.c' 'vm/*.h' |
    grep -v '^vm/planvm\.c:[0-9]*:#include "compiler/compile\.h"' | rule "vm includes nothing of the compiler's"
search '#include "vm/' 'compiler/*.c' 'compiler/*.h' 'grammar/*' |
    grep -vE '#include "vm/(base|code)/' | rule "of vm the compiler includes base and code only"
for room in core live drill journal; do
    others=$(echo core live drill journal report | tr ' ' '\n' | grep -vx "$room" | paste -sd '|')
    search "#include \"vm/($others)/" "vm/$room/*.c" "vm/$room/*.h" | rule "vm/$room knows no other room"
done
search '#include "vm/(core|live|drill|journal|report|code)/' 'vm/base/*' | rule "vm/base knows nothing of the project"
search '#include "(\.|[a-z_]+\.h")' 'vm/*.[ch]' 'compiler/*.[ch]' | grep -v '#include "plan\.' |
    rule "includes are written from the root"

for header in 'curl/curl.h' sqlite3.h ffi.h cjson/cJSON.h uv.h xxhash.h zstd.h openssl/hmac.h md4c-html.h; do
    pattern=$(printf '#include <%s>' "$header" | sed 's/[.]/\\./g')
    homes=$(search "$pattern" 'vm/*.c' 'vm/*.h' 'compiler/*.c' 'compiler/*.h' | cut -d: -f1 | sort -u)
    [ "$(printf '%s' "$homes" | grep -c .)" -le 1 ] || printf '%s\n' "$homes"
done | rule "each foreign header has one home"

files 'vm/*.[ch]' 'compiler/*.[ch]' | while read -r file; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 700 ] || echo "$file has $lines lines: which two things is it?"
done | rule "no file is much longer than 600 lines"

files 'vm/*.c' 'compiler/*.c' | grep -v '^vm/core/interpret\.c$' | while read -r file; do
    awk -v file="$file" '
        /^[A-Za-z_].*\)[ \t]*(\{)?$/ { name = $0; at = NR }
        /^\{/ || /^[A-Za-z_].*\)[ \t]*\{$/ { open = NR; line = at; fn = name }
        /^\}/ { if (open && NR - open > 90) { sub(/\(.*/, "", fn); sub(/.*[ *]/, "", fn); print file ":" line " " fn " has " NR - open " lines" } open = 0 }
    ' "$file"
done | rule "functions fit on a screen"

words='\b(TODO|FIXME|XXX|HACK|stub|unimplemented|for now|in a real)\b|not implemented'
search "$words" '*.c' '*.h' '*.y' '*.l' '*.def' '*.plan' '*.sh' 'Makefile' |
    grep -v '^tests/lint/house\.sh:' | rule "no unfinished or evasive words"
search "$(pwd)/|/home/[a-z]+/|/root/" '*' | grep -v '^tests/lint/house\.sh:' | rule "no path of one machine"
search '[[:blank:]]+$' '*.c' '*.h' '*.y' '*.l' '*.def' '*.sh' '*.plan' | rule "no line ends in a blank"

{
    files 'docs/decisions/*.md' | sed 's|.*/||; s|-.*||' | sort | uniq -d | sed 's/$/ stands for two decisions/'
    files 'docs/decisions/*.md' | while read -r page; do
        number=$(basename "$page" | cut -c1-4)
        head -n 1 "$page" | grep -q "^# $number " || echo "$page begins with another number"
    done
} | rule "a decision has a number of its own"
exit $failed
