#!/bin/sh
# Every drill of the tree is green when each allocation collects: no reference stays behind in C code, and nothing depends
# on when a collection comes. `make stress` runs all tests that way.
set -u
cd "${root:-$(dirname "$0")/../..}" || exit 2
BUILD=${BUILD:-build}
${MAKE:-make} --no-print-directory -s -j2 SAY=@: BUILD="$BUILD" SANITIZE="${SANITIZE:-}" "$BUILD/stress/planvm" || exit 1
failed=0
for plan in tests/drill/*.plan plans/*/*.plan; do
    grep -q '^drill ' "$plan" || continue
    if said=$("$BUILD/stress/planvm" drill "$plan" 2>&1); then
        echo "ok $plan"
    else
        echo "not ok $plan"
        echo "$said"
        failed=1
    fi
done
exit $failed
