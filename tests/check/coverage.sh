#!/bin/sh
# `planc coverage`: what it says of ladders is what planvm does when nobody answers; its text is the expected one.
set -u
cd "${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}" || exit 2
PLANC=${PLANC:-$PWD/build/planc}
PLANVM=${PLANVM:-$PWD/build/planvm}
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
plan=tests/check/coverage/ladders.plan
"$PLANC" coverage $plan >"$work/text"
expect "the text" diff -u tests/check/coverage/ladders.expected "$work/text"
"$PLANC" coverage --json $plan >"$work/json"
python3 tests/check/ladder_drills.py "$work/json" $plan >"$work/drills.plan"
expect "there is a drill for each ladder that pages" test "$(grep -c '^drill' "$work/drills.plan")" -eq 3
expect "every page comes when coverage says so" "$PLANVM" drill "$work/drills.plan"
expect "each phase with what it can take" python3 -c '
import json, sys
phases = json.load(open(sys.argv[1]))["plans"][0]["phases"]
found = [(p["name"], p["window"], p["needs"], p["fits"], p["unlimited"]) for p in phases]
print(found)
sys.exit(found != [("Look", 300000, 200000, True, 0), ("Repair", 2700000, 1080000, True, 0), ("After", None, 0, True, 1)])' "$work/json"
"$PLANC" coverage tests/check/formats/one.plan >"$work/out" 2>"$work/messages"
expect "a plan with errors exits 1" test $? -eq 1
expect "and says them instead" sh -c "test ! -s '$work/out' && grep -q 'error\\[P0301\\]' '$work/messages'"
"$PLANC" coverage "$work/absent.plan" >"$work/out" 2>"$work/messages"
expect "an absent file exits 2" test $? -eq 2
exit $failed
