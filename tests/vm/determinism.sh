#!/bin/sh
# The same image and the same events give the same state at every step: gcc and clang, with and without optimization and
# sanitizers, over all plans that have drills.
set -u
cd "${root:-$(dirname "$0")/../..}" || exit 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for plan in plans/*/outage.plan tests/drill/*.plan; do
    "$PLANC" build "$plan" -o "$scratch/$(echo "$plan" | tr / _).planc" 2>"$scratch/said" || {
        cat "$scratch/said"
        exit 1
    }
done

build() { # build NAME COMPILER FLAG…
    name=$1
    shift
    "$@" -std=c11 -D_GNU_SOURCE -I. -ffp-contract=off -o "$scratch/$name" tests/vm/hashes.c vm/core/*.c vm/code/*.c \
        vm/base/*.c -lcjson -lm || exit 1
    "$scratch/$name" "$scratch"/*.planc >"$scratch/$name.hashes" || exit 1
}

build plain gcc -O2
build sanitized gcc -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
if command -v clang >/dev/null; then build clang clang -O2; fi
failed=0
for other in sanitized clang; do
    [ -f "$scratch/$other.hashes" ] || continue
    if cmp "$scratch/plain.hashes" "$scratch/$other.hashes"; then echo "ok $other"; else echo "not ok $other" && failed=1; fi
done
[ "$(wc -l <"$scratch/plain.hashes")" -gt 500 ] || { echo "not ok: hardly anything ran" && failed=1; }
exit $failed
