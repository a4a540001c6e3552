#!/bin/sh
# The machine's unit tests hold when every allocation collects, when the interpreter is a switch, and all under the
# sanitizers.
set -u
cd "${root:-$(dirname "$0")/../..}" || exit 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
for variant in PLAN_GC_STRESS PLAN_SWITCH_DISPATCH; do
    mkdir "$scratch/$variant"
    for file in vm/core/*.c vm/code/*.c vm/base/*.c; do
        "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -I. -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined \
            -D"$variant" -c -o "$scratch/$variant/$(echo "$file" | tr / _).o" "$file" || exit 1
    done
    for test in vm_values vm_fibers vm_state image; do
        program=$scratch/$variant/$test
        if "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -I. -g -fsanitize=address,undefined -D"$variant" -o "$program" \
            "tests/unit/$test.c" "$scratch/$variant"/*.o -lcjson -lm && "$program"; then
            echo "ok $test with $variant"
        else
            echo "not ok $test with $variant"
            failed=1
        fi
    done
done
exit $failed
