#!/bin/sh
# `planc effects`: everything that a plan can touch, looks and changes apart, also what it reaches through functions.
set -u
cd "${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}" || exit 2
PLANC=${PLANC:-$PWD/build/planc}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
expect() { # expect NAME CONDITION…
    name=$1
    shift
    if "$@" >"$work/why" 2>&1; then echo "ok $name"; else
        cat "$work/why"
        echo "not ok $name"
        failed=1
    fi
}
holds() { # holds EXPRESSION: of Python, over the document in $work/json
    python3 -c 'import json, sys
document = json.load(open(sys.argv[1]))
steps = {step["name"]: step for plan in document["plans"] for step in plan["steps"]}
found = eval(sys.argv[2])
sys.exit(not found)' "$work/json" "$1"
}
plan=tests/check/effects/everything.plan
"$PLANC" effects $plan >"$work/text"
expect "the text" diff -u tests/check/effects/everything.expected "$work/text"
"$PLANC" effects $plan --json >"$work/json"
expect "a look through two functions" holds 'steps["See"]["looks"][3]["through"] == ["get", "healthy"]'
expect "its URL with what the functions are called with" holds 'steps["See"]["looks"][3]["url_by_default"] == "http://shop.test:8080/health"'
expect "its secret" holds 'steps["See"]["looks"][3]["secrets"] == ["token"]'
expect "changes apart from looks" holds '[c["op"] for c in steps["Act"]["changes"]] == ["call", "command", "http"] and steps["Act"]["looks"] == []'
expect "a script and a POST that only asks are taken on the author's word" holds '[l["on_word"] for l in steps["See"]["looks"]] == [False, True, True, False]'
expect "folder and user" holds 'steps["See"]["looks"][0]["dir"] == "\"infra\"" and steps["See"]["looks"][0]["user"] == "\"deploy\""'
expect "who is told, each target" holds '[p["who"] for p in steps["Act"]["people"] if p["do"] == "notify"] == ["desk", "talk"]'
expect "a step that touches nothing is there" holds 'steps["Nothing"]["looks"] == [] and steps["Nothing"]["changes"] == []'
expect "a ladder's condition looks" holds 'len(document["ladders"][0]["looks"]) == 1'
expect "a channel's secret" holds 'document["channels"][1]["changes"][1]["secrets"] == ["hook"]'
expect "secrets with where they come from" holds 'document["together"]["secrets"][0] == {"name": "hook", "from": "file", "value": "/run/secrets/hook"}'
for file in plans/*/*.plan tests/drill/*.plan tests/check/ok/*.plan; do
    "$PLANC" effects --json "$file" >"$work/json" || { echo "not ok $file"; failed=1; }
    expect "$file is a document" holds 'document["together"]'
done 2>/dev/null
"$PLANC" effects tests/check/formats/one.plan >"$work/out" 2>"$work/messages"
expect "a plan with errors exits 1" test $? -eq 1
expect "and says them instead" sh -c "test ! -s '$work/out' && grep -q 'error\\[P0301\\]' '$work/messages'"
"$PLANC" effects --jsn $plan >"$work/out" 2>"$work/messages"
expect "an unknown option exits 2" test $? -eq 2
expect "and gets the nearest" grep -q 'did you mean --json?' "$work/messages"
exit $failed
