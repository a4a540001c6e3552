#!/bin/sh
# A run of the past is printed as a drill, and that drill gives the run's timeline again: with people who act, with a process
# that dies, with nobody there. What is compared, for these runs as for those of every other live test, stands in
# tests/live/tools/retell.py. A run that --record keeps needs no journal.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
# shellcheck source=plans/demo/world.sh
. "$demo/world.sh"

TMPDIR=$work
export TMPDIR
at_end world_end

begin() { # begin RECORDING: a fresh world and a run in it
    world_end
    world_begin "$demo" || exit 1
    # shellcheck disable=SC2046
    "$PLANVM" run "$demo/outage.plan" $(world_plan) --yes --journal "$world/runs" --record "$work/$1.run" >"$work/$1.log" 2>&1 </dev/null &
    run_pid=$!
}

begin acknowledged
await 5 has "$world/messages" '"/pager"'
"$PLANVM" ack last --as oncall --journal "$world/runs" >"$work/ack.log" 2>&1
"$PLANVM" note last "I look at the \"lock\"" --as oncall --journal "$world/runs" >>"$work/ack.log" 2>&1
reap 30 $run_pid
"$PLANVM" drill --from-run last --journal "$world/runs" >"$work/journal.drill" 2>&1
check "the run is told" has "$work/journal.drill" 'note "I look at the \"lock\"" by oncall'
"$PLANVM" drill --from-run "$work/acknowledged.run" >"$work/record.drill" 2>&1
check "its recording tells the same" cmp "$work/journal.drill" "$work/record.drill"
check "it is nobody else's to read" test "$(stat -c %a "$work/acknowledged.run")" = 600
# shellcheck disable=SC2046
"$PLANVM" run "$demo/outage.plan" $(world_plan) --yes --journal "$work/none" --record "$work/acknowledged.run" >"$work/twice.log" 2>&1 </dev/null
check "a recording is not written over" test $? -eq 2
check "it says so" has "$work/twice.log" "there is something in"
check "and nothing ran" test ! -e "$work/none"
"$PLANVM" run "$demo/outage.plan" --yes --journal "$work/none" --record "$work/no/such/folder" >"$work/nowhere.log" 2>&1 </dev/null
check "what cannot be written is said before anything runs" has "$work/nowhere.log" "cannot be written: No such file"
"$PLANVM" drill --from-run "$work/ack.log" >"$work/other.log" 2>&1
check "another file is none" test $? -eq 2

begin nobody
reap 60 $run_pid

begin killed
await 5 has "$world/calls" restart
kill -9 $run_pid
reap 5 $run_pid
"$PLANVM" drill --from-run "$work/killed.run" >"$work/empty.log" 2>&1
check "of a run that was killed there is no recording" test $? -eq 2
"$PLANVM" resume last --journal "$world/runs" --yes --record "$work/killed.run" >"$work/resumed.log" 2>&1 </dev/null
"$PLANVM" drill --from-run "$work/killed.run" >"$work/killed.drill" 2>&1
check "resume keeps it whole" has "$work/killed.drill" " kill for "
finish
