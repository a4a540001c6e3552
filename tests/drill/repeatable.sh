#!/bin/sh
# Two runs of a drill give byte-identical logs, and the hours of a drill take milliseconds.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANVM=${PLANVM:-$root/build/planvm}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
plan=$root/plans/omendb/outage.plan
failed=0
result() { # result NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else
        echo "not ok $1"
        failed=1
    fi
}
for turn in first second; do
    "$PLANVM" drill --log "$work/$turn" "$plan" >"$work/$turn.out" 2>&1
    result "the drills are green ($turn time)" $?
done
test -s "$work/first"
result "there is a log" $?
cmp "$work/first" "$work/second"
result "both logs are the same bytes" $?

began=$(date +%s%N)
"$PLANVM" drill --filter "nobody acknowledges" "$plan" >"$work/long.out" 2>&1
result "the drill of two hours is green" $?
took=$((($(date +%s%N) - began) / 1000000))
# Compiling is part of it, and the sanitizers slow it down; asleep it would be two hours.
[ $took -lt 2000 ]
result "it takes milliseconds (took $took)" $?
[ $failed -eq 0 ] || cat "$work"/*.out
exit $failed
