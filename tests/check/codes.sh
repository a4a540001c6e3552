#!/bin/sh
# Every code of codes.def has a case in tests/check/fail, so that none can go without its message; one that needs a program
# which may not be there has it in a script beside this.
set -u
cd "${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}" || exit 2
failed=0
for code in $(sed -n 's/^DIAG(\(P[0-9]*\),.*/\1/p' compiler/diag/codes.def); do
    grep -q "expect: $code at" tests/check/fail/*.plan && continue
    grep -q "$code" tests/check/*.sh && continue
    echo "no case expects $code"
    failed=1
done
exit $failed
