#!/bin/sh
# The table of the runbooks' mistakes and the cases agree: each note that is said to be seen has a case that expects these codes.
set -u
cd "${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}" || exit 2
failed=0
for case in tests/check/fail/a_s[0-4]_a[0-9][0-9]_*.plan; do
    note=$(basename "$case" | cut -c3-8 | tr 'as_' 'AS-')
    codes=$(sed -n 's/^# expect: \(P[0-9]*\) at.*/\1/p' "$case" | awk '!seen[$0]++' | paste -sd, | sed 's/,/, /g')
    grep -qF "| $note | $codes |" tests/check/notes.md || {
        echo "tests/check/notes.md does not say that $note is seen by $codes"
        failed=1
    }
done
for note in $(sed -n 's/^| \(S[0-4]-A[0-9][0-9]\) | P.*/\1/p' tests/check/notes.md); do
    stem=$(echo "$note" | tr 'AS-' 'as_')
    ls tests/check/fail/"a_$stem"_*.plan >/dev/null 2>&1 || {
        echo "no case holds $note"
        failed=1
    }
done
exit $failed
