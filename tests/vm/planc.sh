#!/bin/sh
# A .planc file has the same bytes from every folder and compiler, needs no source, and is refused when it is of another
# version, cut, or has one bit flipped.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
say() { # say STATUS NAME
    if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2"; failed=1; fi
}

mkdir -p "$scratch/one" "$scratch/two/deep"
cp "$root/plans/omendb/outage.plan" "$scratch/one/outage.plan"
cp "$root/plans/omendb/outage.plan" "$scratch/two/deep/outage.plan"
(cd "$scratch/one" && "$PLANC" build outage.plan -o one.planc)
(cd "$scratch/two/deep" && "$PLANC" build outage.plan -o two.planc)
cmp "$scratch/one/one.planc" "$scratch/two/deep/two.planc"
say $? "the same bytes from two folders"
if [ -x "$root/build/clang/planc" ]; then
    for plan in "$root"/plans/*/*.plan "$root"/tests/drill/*.plan "$root"/tests/check/ok/*import*.plan; do
        "$PLANC" build "$plan" -o "$scratch/gcc.planc" >/dev/null 2>&1 || continue
        "$root/build/clang/planc" build "$plan" -o "$scratch/clang.planc" >/dev/null 2>&1
        cmp "$scratch/gcc.planc" "$scratch/clang.planc" || echo "$plan" >>"$scratch/differ"
    done
    [ ! -s "$scratch/differ" ]
    say $? "the same bytes from a planc that clang compiled"
fi

mkdir "$scratch/alone"
cp "$scratch/one/one.planc" "$scratch/alone/outage.planc"
(cd "$scratch/alone" && "$PLANVM" drill outage.planc) >"$scratch/out" 2>&1
say $? "drills run without the source" || cat "$scratch/out"

refused() { # refused NAME MESSAGE: of $scratch/bad.planc
    "$PLANVM" drill "$scratch/bad.planc" >"$scratch/out" 2>&1
    status=$?
    if [ $status = 2 ] && grep -q "$2" "$scratch/out"; then
        say 0 "$1"
    else
        echo "exits $status"
        cat "$scratch/out"
        say 1 "$1"
    fi
}

size=$(wc -c <"$scratch/one/one.planc")
flip() { # flip BYTE: one bit of it
    cp "$scratch/one/one.planc" "$scratch/bad.planc"
    byte=$(dd if="$scratch/one/one.planc" bs=1 skip="$1" count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
    # shellcheck disable=SC2059
    printf "\\$(printf %o $(((byte + 1) % 2 + byte / 2 * 2)))" | dd of="$scratch/bad.planc" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
for at in 9 30 100 $((size / 3)) $((size / 2)) $((size - 1)); do
    flip "$at"
    refused "a bit flipped at $at" "damaged"
done
flip 4
refused "another version" "has format .* compile it again"
head -c $((size - 8)) "$scratch/one/one.planc" >"$scratch/bad.planc"
refused "cut" "damaged\|cut"
: >"$scratch/bad.planc"
refused "empty" "."
exit $failed
