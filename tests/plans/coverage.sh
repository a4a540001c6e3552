#!/bin/sh
# The drills of each folder that replaces a runbook run more than 95 of 100 of its steps, remedies, branches and escalation
# rules.
set -u
cd "${root:-$(dirname "$0")/../..}" || exit 2
PLANVM=${PLANVM:-build/planvm}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
status=0
for folder in plans/*/; do
    [ -f "$folder/runbook.trace" ] || continue
    "$PLANVM" drill --coverage "$folder" >"$work/said" 2>&1
    awk -v folder="$folder" '
        $1 == "remedies" || $1 == "steps" || $1 == "branches" { reached += $2; all += $4 }
        $1 == "escalation" && $2 == "rules" { reached += $3; all += $5 }
        /^no drill ever ran/ { exit }
        END {
            good = all && reached * 100 > all * 95
            printf "%s %s: %d of %d\n", good ? "ok" : "not ok", folder, reached, all
            exit !good
        }' "$work/said" || { tail -n 40 "$work/said"; status=1; }
done
exit $status
