#!/bin/sh
# The fuzz targets lexer, parser, checker and formatter on every plan of the tree and on a fixed number of texts made from
# them: with libFuzzer, ASan and UBSan where clang has them, else with the plain driver. A text that breaks a target is kept
# in build/fuzz-found/ and named; once mended, it belongs into tests/fuzz/found/, which is tried first.
#
# Of the many cases that fail every fifth is a seed, or the test would take too long; with FUZZ_SECONDS all are.
#
# Environment: FUZZ_RUNS (texts for each target, default 1000), FUZZ_SECONDS (instead: as long as that), FUZZ_TARGETS.
set -u
cd "${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}" || exit 2
root=$(pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
runs=${FUZZ_RUNS:-1000}
targets=${FUZZ_TARGETS:-lexer parser checker formatter}
found=$root/build/fuzz-found
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/seeds" "$work/corpus" "$found"

number=0
find tests plans stdlib docs -name '*.plan' | LC_ALL=C sort >"$work/plans"
while read -r plan; do
    number=$((number + 1))
    case $plan in
        tests/check/fail/*) [ -n "${FUZZ_SECONDS:-}" ] || [ $((number % 5)) -eq 0 ] || continue ;;
    esac
    cp "$plan" "$work/seeds/$(printf %04d "$number").plan"
done <"$work/plans"
{
    sed -n 's/^KEYWORD([A-Z_0-9]*, \("[^"]*"\).*/\1/p' grammar/keywords.def
    sed -n 's/^COMMAND(\("[a-z-]*"\).*/\1/p' compiler/check/commands.def | sort -u
} >"$work/words"

build() {
    ${MAKE:-make} --no-print-directory -s -j2 SAY=@: -f Makefile -f tests/fuzz/rules.mk "$@" >"$work/build" 2>&1 && return 0
    cat "$work/build"
    exit 1
}

plain() { # texts lie in an empty folder, so that no import finds a file by chance
    driver=$1
    # shellcheck disable=SC2086
    (cd "$work/corpus" && "$driver" "$target" "$runs" 1 "$found/$target.plan" "$work"/seeds/*.plan)
}

fuzzer() {
    limit=-runs=$runs
    [ -z "${FUZZ_SECONDS:-}" ] || limit="-max_total_time=$FUZZ_SECONDS"
    mkdir -p "$work/corpus/$target"
    (cd "$work/corpus" && "$root/build/libfuzzer/fuzz/$target" "$limit" -seed=1 -timeout=20 -rss_limit_mb=3000 -max_len=8192 \
        -dict="$work/words" -artifact_prefix="$found/$target." "$target" "$work/seeds") >"$work/said" 2>&1 && return 0
    tail -n 60 "$work/said"
    return 1
}

echo 'int LLVMFuzzerTestOneInput(const unsigned char *bytes, unsigned long size) { return bytes && size > 9 ? 0 : 0; }' >"$work/probe.c"
way=plain
if clang -fsanitize=fuzzer,address,undefined -o "$work/probe" "$work/probe.c" >/dev/null 2>&1; then
    way=fuzzer
    build BUILD=build/libfuzzer CC=clang CFLAGS='-O1 -g' fuzz-libfuzzer \
        SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer'
else
    build BUILD="$BUILD" SANITIZE="${SANITIZE:-}" fuzz-driver
fi
failed=0
for target in $targets; do
    case $way in
        plain) plain "$BUILD/fuzz/driver" ;;
        fuzzer) fuzzer ;;
    esac
    case $? in
        0) echo "ok $target" ;;
        *) echo "not ok $target" && failed=1 ;;
    esac
done
exit $failed
