#!/bin/sh
# `planvm ack` from another process reaches the running plan within a second, and the ladder stops; ^C leaves a run that
# can be resumed.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
# shellcheck source=plans/demo/world.sh
. "$demo/world.sh"

TMPDIR=$work
export TMPDIR
at_end world_end
world_begin "$demo" || exit 1
# shellcheck disable=SC2046
"$PLANVM" run "$demo/outage.plan" $(world_plan) --yes --journal "$world/runs" >"$work/run.log" 2>&1 </dev/null &
run_pid=$!
check "the on-call engineer is paged" await 5 has "$world/messages" '"/pager"'
"$PLANVM" ack last --as oncall --journal "$world/runs" >"$work/ack.log" 2>&1
check "ack succeeds" test $? -eq 0
check "the run hears of it within a second" await 1 grep -qi 'acknowledged' "$work/run.log"
reap 30 $run_pid
check "the run succeeds" test $? -eq 0
check "nobody else was paged" sh -c 'test "$(grep -c "\"/pager\"" "$1")" -eq 1' _ "$world/messages"
"$PLANVM" report last --journal "$world/runs" --format md >"$work/report.log" 2>&1
check "the report says who acknowledged" grep -qiE 'acknowledged.*(oncall|on-call)' "$work/report.log"
check "it holds the ladder against what it did" has "$work/report.log" "| at once page oncall | "
check "a rule that was not due is said to be so" has "$work/report.log" "| was not due |"
check "follow-ups have an owner and a day" grep -qE '^\| Why did .* \| Team lead \(lead\) \| 20' "$work/report.log"
check "the post-mortem has what is known" has "$work/report.log" "- Clear the stale lock: done"
"$PLANVM" report last --journal "$world/runs" --format html >"$work/report.html" 2>"$work/html.log"
check "the report as HTML" has "$work/report.html" "<h2>Escalation, as planned and as it went</h2>"
check "it needs nothing else" test -z "$(grep -E '<(script|link|img|iframe)|src=|href=' "$work/report.html")"

world_end
world_begin "$demo" || exit 1
# Background jobs of a shell ignore ^C; python starts this one with it restored.
# shellcheck disable=SC2046
/usr/bin/python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' \
    "$PLANVM" run "$demo/outage.plan" $(world_plan) --yes --journal "$world/runs" >"$work/interrupted.log" 2>&1 </dev/null &
run_pid=$!
await 5 has "$world/calls" restart
kill -INT $run_pid
reap 30 $run_pid
check "^C ends planvm with 130" test $? -eq 130
check "it says how to go on" has "$work/interrupted.log" "planvm resume"
"$PLANVM" resume last --journal "$world/runs" --yes >"$work/resumed.log" 2>&1 </dev/null
check "the resumed run succeeds" test $? -eq 0
check "no remedy ran twice" count_is 2 "$world/calls" restart
finish
