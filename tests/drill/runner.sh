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

# ---- what is named ----

mkdir -p "$work/tree/inner/.hidden" "$work/tree/empty"
small() { # small FILE NAME…: a plan with a drill of each name
    file=$1
    shift
    {
        printf 'service "Shop" { owner "Shop team"; runbook "https://wiki.example.com/shop" }\n'
        printf 'plan one "One" {\n  step "One" { note "done" }\n}\n'
        for name; do printf 'drill "%s" of one { expect done "One" }\n' "$name"; done
    } >"$file"
}
small "$work/tree/b.plan" "second" "third"
small "$work/tree/inner/a.plan" "fourth"
small "$work/tree/inner/.hidden/c.plan" "hidden"
small "$work/tree/none.plan"
ln -s .. "$work/tree/inner/up"
printf 'this is no plan\n' >"$work/tree/notes.txt"
names() { "$PLANVM" drill --format json "$@" 2>/dev/null | /usr/bin/python3 -c 'import json, sys
print(*[one["name"] for one in json.load(sys.stdin)["drills"]])'; }
(cd "$work/tree" && [ "$(names .)" = "second third fourth" ])
result "a folder: the plans below it in order, nothing hidden, no link to a folder" $?
(cd "$work/tree" && [ "$(names)" = "second third fourth" ])
result "nothing named is the folder that one is in" $?
[ "$(names "$work/tree/inner" "$work/tree" "$work/tree/b.plan" "$work/tree/./b.plan")" = "fourth second third" ]
result "a plan that is named twice is drilled once" $?
[ "$(names --filter '*h' "$work/tree")" = "fourth" ] && [ "$(names --filter '?h*' "$work/tree")" = "" ]
result "a filter, where only the star stands for others" $?
(cd "$work/tree" && [ "$(names -- ./*.plan)" = "second third" ])
result "-- ends the options" $?

# ---- how it ends ----

ends() { # ends STATUS ARG…
    wanted=$1
    shift
    "$PLANVM" drill "$@" >"$work/ends" 2>&1
    status=$?
    [ $status -eq "$wanted" ]
    result "exit $wanted: $(printf '%s ' "$@" | sed "s|$work/||g")" $?
    [ $status -eq "$wanted" ] || cat "$work/ends"
}
ends 0 "$work/tree"
ends 0 --help
ends 1 wrong/expectations.plan "$work/tree"
ends 2 "$work/tree/empty"
ends 2 "$work/tree/none.plan"
ends 2 --filter nobody "$work/tree"
ends 2 "$work/tree/notes.txt"
ends 2 --format
ends 2 --jobs -1 "$work/tree"
ends 2 --limit never "$work/tree"
ends 2 --limit pears=3 "$work/tree"
ends 2 --threshold 101 "$work/tree"
ends 2 --log "$work/no/folder" "$work/tree"
ends 1 --threshold 100 keyboard.plan
ends 0 --threshold 1 effects.plan

# ---- what programs read ----

later=$(echo todo | tr '[:lower:]' '[:upper:]') # a directive of TAP

small "$work/odd.plan" 'a # skip "quoted" <b> & c' "later # $later" 'back\\slash'
sed -i 's/"a # skip "quoted" <b> & c"/"a # skip \\"quoted\\" <b> \& c"/' "$work/odd.plan"
printf 'plan broken "Broken" { step "One" { nonsense # <here> } }\n' >"$work/broken.plan"
if command -v prove >/dev/null 2>&1; then
    prove --exec "$PLANVM drill --format tap" "$work/odd.plan" effects.plan >"$work/prove" 2>&1
    result "prove takes what holds, whatever the drills are called" $?
    grep -q '^Files=2, Tests=5,' "$work/prove" && ! grep -qi 'skipped\|todo' "$work/prove"
    result "prove counts them, and no name is a directive" $?
    prove --exec "$PLANVM drill --format tap" wrong/expectations.plan >"$work/prove" 2>&1
    [ $? -ne 0 ] && grep -q 'Failed test:  1' "$work/prove"
    result "prove tells which failed" $?
    "$PLANVM" drill --format tap effects.plan "$work/broken.plan" >"$work/tap" 2>/dev/null
    prove --exec cat "$work/tap" >"$work/prove" 2>&1
    [ $? -ne 0 ] && grep -q 'Failed test:  3' "$work/prove" && grep -q '^# .*error.P0' "$work/tap"
    result "a plan that cannot be loaded is a test that fails" $?
else
    echo "prove is not installed"
fi
"$PLANVM" drill --format junit "$work/odd.plan" effects.plan wrong/expectations.plan "$work/broken.plan" >"$work/junit" 2>/dev/null
/usr/bin/python3 "$root/tests/check/junit.py" "$work/junit"
result "JUnit as its readers want it, a plan that cannot be loaded in it" $?
if command -v xmllint >/dev/null 2>&1; then
    xmllint --noout "$work/junit"
    result "JUnit is XML" $?
fi
"$PLANVM" drill --format json "$work/odd.plan" "$work/broken.plan" 2>/dev/null |
    /usr/bin/python3 -c '
import json, sys
told = json.load(sys.stdin)
assert [one["name"] for one in told["drills"]] == ["a # skip \"quoted\" <b> & c", "later # " + "todo".upper(), "back\\slash"]
assert len(told["unloaded"]) == 1 and "error[P0" in told["unloaded"][0]["messages"]
assert (told["passed"], told["failed"]) == (3, 0)'
result "JSON tells what could not be loaded" $?
"$PLANVM" drill --verbose --filter 'every line*' effects.plan >"$work/verbose" 2>&1
grep -q '^ *+0s  *step ' "$work/verbose" && grep -q '^ *+[0-9a-z]*  *run ended' "$work/verbose"
result "--verbose tells what happened, and when" $?
"$PLANVM" drill --log - --filter 'every line*' effects.plan 2>/dev/null | grep '^{' | /usr/bin/python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
assert rows[0]["drill"] == "every line answers" and len(rows) > 5'
result "--log is JSON lines" $?
exit $failed
