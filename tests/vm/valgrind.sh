#!/bin/sh
# valgrind finds nothing in a drill: no bad access, no lost memory.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANVM=${PLANVM:-$root/build/planvm}
[ -z "${SANITIZE:-}" ] || {
    echo "the plain build checks this"
    exit 77
}
command -v valgrind >/dev/null 2>&1 || {
    echo "valgrind is not installed"
    exit 77
}
exec valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
    "$PLANVM" drill "$root/tests/drill/sample.plan"
