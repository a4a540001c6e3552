#!/bin/sh
# Every effect fn and channel of the standard library, answered at its boundary and inside: see stdlib.py.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
exec /usr/bin/python3 "$root/tests/drill/stdlib.py" "${PLANVM:-$root/build/planvm}" "$root"
