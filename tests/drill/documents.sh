#!/bin/sh
# The samples of the pages about drills are run: see documents.py.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANVM=${PLANVM:-$root/build/planvm}
cd "$root" || exit 1
failed=0
/usr/bin/python3 tests/drill/documents.py "$PLANVM" docs/drills.md || failed=1
/usr/bin/python3 tests/drill/documents.py "$PLANVM" docs/language.md tests/drill/language-before.plan.txt || failed=1
exit $failed
