#!/bin/sh
# Every construct of the drill grammar has a drill that holds and one that fails as it should: see grammar.py.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
exec /usr/bin/python3 "$root/tests/drill/grammar.py" "${PLANVM:-$root/build/planvm}" "$root"
