#!/bin/sh
# The runner: formats that programs read, order whatever the number of processes, patterns, a drill that takes too long.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANVM=${PLANVM:-$root/build/planvm}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$root/tests/drill" || exit 1
failed=0
result() { # result NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else
        echo "not ok $1"
        failed=1
    fi
}
plain() { sed -e 's/ in [0-9.]* ms)/)/' -e 's/ ([0-9]* ms)$//' "$1"; }

"$PLANVM" drill effects.plan people.plan kill.plan wrong/expectations.plan >"$work/one" 2>&1
"$PLANVM" drill --jobs 4 effects.plan people.plan kill.plan wrong/expectations.plan >"$work/four" 2>&1
[ $? -eq 1 ]
result "a failure is exit 1" $?
plain "$work/one" >"$work/one.plain"
plain "$work/four" >"$work/four.plain"
cmp "$work/one.plain" "$work/four.plain"
result "four processes report like one" $?
"$PLANVM" drill --format junit effects.plan wrong/expectations.plan >"$work/junit" 2>/dev/null
/usr/bin/python3 -c '
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
assert root.get("tests") == "3" and root.get("failures") == "1"
suites = list(root)
assert [suite.get("name") for suite in suites] == ["effects.plan", "wrong/expectations.plan"]
failure = suites[1][0][0]
assert failure.tag == "failure" and "that step: started at 0s" in failure.text
' "$work/junit"
result "junit" $?
"$PLANVM" drill --format json effects.plan wrong/expectations.plan >"$work/json" 2>/dev/null
/usr/bin/python3 -c '
import json, sys
told = json.load(open(sys.argv[1]))
assert (told["passed"], told["failed"]) == (2, 1)
assert [one["holds"] for one in told["drills"]] == [True, True, False]
assert told["drills"][0]["elapsed"] == 95000 and "refused" not in told["drills"][0]["messages"]
' "$work/json"
result "json" $?
"$PLANVM" drill 'e[f]*.plan' >"$work/pattern" 2>&1
result "a pattern that the shell left alone" $?
"$PLANVM" drill 'nothing*.plan' >"$work/pattern" 2>&1
[ $? -eq 2 ] && grep -q 'nothing is called like that' "$work/pattern"
result "a pattern that nothing fits" $?
"$PLANVM" drill --jobs many effects.plan >"$work/jobs" 2>&1
[ $? -eq 2 ] && grep -q 'many is no number' "$work/jobs"
result "a number of jobs that is none" $?
"$PLANVM" drill --coverage=paper effects.plan >"$work/paper" 2>&1
[ $? -eq 2 ] && grep -q 'text, json, lcov and cobertura' "$work/paper"
result "a coverage that is none" $?
sed 's/every 5m/every 1m/; s/0m\.\.2h/0m..160h/' sweeps.plan >"$work/long.plan"
"$PLANVM" drill --limit 100ms --filter 'whenever*' "$work/long.plan" effects.plan >"$work/long" 2>&1
[ $? -eq 1 ] && grep -q 'it took longer than' "$work/long"
result "a drill that takes too long is ended" $?
exit $failed
