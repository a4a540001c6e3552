#!/bin/sh
# Every plan of the tree that parses has one form: fmt(fmt(x)) = fmt(x), and where it checks the image of both is the same.
# Tried in this process by the fuzz target `formatter`, without a mutation.
set -u
cd "${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}" || exit 2
BUILD=${BUILD:-build}
mkdir -p build/fuzz-found
said=$(${MAKE:-make} --no-print-directory -s -j2 SAY=@: -f Makefile -f tests/fuzz/rules.mk BUILD="$BUILD" \
    SANITIZE="${SANITIZE:-}" fuzz-driver 2>&1) || {
    echo "$said"
    exit 1
}
# shellcheck disable=SC2046
"$BUILD/fuzz/driver" formatter 0 1 build/fuzz-found/formatter.plan \
    $(find tests plans stdlib docs bench -name '*.plan' | LC_ALL=C sort)
