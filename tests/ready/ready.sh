#!/bin/sh
# The standard library that the build made ready is that of the text: a planc that reads the text says the same of every plan,
# and makes the same core and image of it.
set -u
cd "${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}" || exit 2
BUILD=${BUILD:-build}
said=$(${MAKE:-make} --no-print-directory -s SAY=@: -f tests/ready/rules.mk BUILD="$BUILD" SANITIZE="${SANITIZE:-}" \
    planc-from-source 2>&1) || {
    echo "$said"
    exit 1
}
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
for planc in planc tests/planc-from-source; do
    find tests/drill plans stdlib -name '*.plan' | LC_ALL=C sort | while read -r plan; do
        echo "== $plan"
        "$BUILD/$planc" dump --core "$plan"
        "$BUILD/$planc" build "$plan" -o "$scratch/image" && cksum <"$scratch/image"
    done >"$scratch/core.${planc##*/}" 2>&1
    # shellcheck disable=SC2046
    "$BUILD/$planc" check --format json $(find tests/check plans -name '*.plan' | LC_ALL=C sort) >"$scratch/said.${planc##*/}" 2>&1
done
status=0
for what in core said; do
    if [ -s "$scratch/$what.planc" ] && cmp "$scratch/$what.planc" "$scratch/$what.planc-from-source"; then
        echo "ok $what"
    else
        diff "$scratch/$what.planc-from-source" "$scratch/$what.planc" | head -20
        echo "not ok $what"
        status=1
    fi
done
exit $status
