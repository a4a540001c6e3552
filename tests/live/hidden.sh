#!/bin/sh
# What a look with `secret: true` gives, and the answer to `ask secret`, reach the commands that need them and nothing that is
# kept or shown, but the folder of the run's secrets.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"

runs=$work/runs
"$PLANVM" run "$root/tests/live/hidden.plan" --set url=http://127.0.0.1:1 --journal "$runs" >"$work/run.log" 2>&1 </dev/null &
run_pid=$!
check "it asks" await 10 has "$work/run.log" 'Which token?'
echo 'hunter-2718' | "$PLANVM" answer last - --journal "$runs" >"$work/answer.log" 2>&1
check "the answer is taken" test $? -eq 0
reap 30 $run_pid
check "the run goes through" has "$work/run.log" 'step "Look" done'
check "the value of a look reached its command" has "$work/run.log" 'as text: 11'
check "and came back as its name" has "$work/run.log" '[secret look-1]'
check "the answer reached its command" has "$work/run.log" 'asked: 11'
check "and came back as its name" has "$work/run.log" '[secret answer-2]'
"$PLANVM" report last --journal "$runs" --format json >"$work/report.json" 2>&1
for value in sesame-4711 hunter-2718; do
    check "$value is shown nowhere" sh -c '! grep -q "$1" "$2"/*.log "$2"/*.json' _ "$value" "$work"
    check "$value is kept in one file" sh -c 'test "$(grep -rla "$1" "$2" | grep -cv /secrets/)" -eq 0' _ "$value" "$runs"
done
check "that only its owner reads" sh -c 'test -z "$(find "$1" -path "*/secrets/*" -perm /077)"' _ "$runs"
finish
