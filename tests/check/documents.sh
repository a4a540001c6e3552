#!/bin/sh
# The plans shown in the documents are plans: whole ones check without a finding, and their drills are green; pieces
# (```plan fragment) check where they could stand.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANC=${PLANC:-$root/build/planc}
PLANVM=${PLANVM:-$root/build/planvm}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
for page in "$root/README.md" "$root"/docs/*.md; do
    awk -v stem="$work/$(basename "$page" .md)" '
        /^```plan$/ { inside = 1; count++; next }
        /^```/ { inside = 0 }
        inside { print > (stem "-" count ".plan") }
    ' "$page"
done
for plan in "$work"/*.plan; do
    name=$(basename "$plan")
    if "$PLANC" check --deny warnings "$plan" && { ! grep -q '^drill ' "$plan" || "$PLANVM" drill "$plan" >"$work/said" 2>&1; }; then
        echo "ok $name"
    else
        cat "$work/said" 2>/dev/null
        echo "not ok $name"
        failed=1
    fi
done
if python3 "$root/tests/check/pages.py" "$PLANC" --fragments "$root/README.md" "$root"/docs/*.md "$root"/docs/decisions/*.md; then
    echo "ok fragments"
else
    echo "not ok fragments"
    failed=1
fi
exit $failed
