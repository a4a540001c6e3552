#!/bin/sh
# Every finding of the checker has its page, with the number and title that codes.def gives it; no page is about a finding
# that there is not; and its examples are what it says.
set -u
cd "${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}" || exit 2
failed=0
codes=$(sed -n 's/^DIAG(\(P[0-9]*\), [A-Z]*, "\([^"]*\)".*/\1:\2/p' compiler/diag/codes.def)
for entry in $codes; do
    code=${entry%%:*}
    page=docs/errors/$code.md
    if [ "$(head -n 1 "$page" 2>/dev/null)" != "# $code: ${entry#*:}" ]; then
        echo "$page does not begin with '# $code: ${entry#*:}'"
        failed=1
    fi
done
for page in docs/errors/P*.md; do
    code=$(basename "$page" .md)
    case "$codes" in *"$code:"*) ;; *)
        echo "$page is about no finding"
        failed=1
        ;;
    esac
done
python3 tests/check/pages.py "${PLANC:-build/planc}" docs/errors/P*.md || failed=1
exit $failed
