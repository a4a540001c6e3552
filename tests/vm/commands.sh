#!/bin/sh
# planvm's command line: exit statuses, settings, showing runs, signals to runs that live and to those that do not.
set -u
cd "${root:-$(dirname "$0")/../..}" || exit 2
PLANVM=${PLANVM:-build/planvm}
case $PLANVM in /*) ;; *) PLANVM=$(pwd)/$PLANVM ;; esac
work=$(mktemp -d) || exit 2
run_pid=
trap '[ -z "$run_pid" ] || kill -9 $run_pid 2>/dev/null; rm -rf "$work"' EXIT
failed=0
unset PLAN_WHERE PLAN_WAIT
export XDG_STATE_HOME="$work/state"

check() { # check NAME STATUS COMMAND…: the status it ends with; what it says is in $work/out
    name=$1
    expected=$2
    shift 2
    "$@" >"$work/out" 2>&1 </dev/null
    status=$?
    if [ $status -eq "$expected" ]; then
        echo "ok $name"
    else
        echo "status $status, expected $expected; it said:"
        cat "$work/out"
        echo "not ok $name"
        failed=1
    fi
}
says() { # says NAME TEXT: the last command said it
    if grep -qF -- "$2" "$work/out"; then
        echo "ok $1"
    else
        echo "\"$2\" is not in:"
        cat "$work/out"
        echo "not ok $1"
        failed=1
    fi
}
await() { # await COMMAND…: up to 5 seconds
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.2
    done
    return 1
}

cat >"$work/one.plan" <<'PLAN'
service "Test" { owner "T" }
param where: string        ## the place
param wait  = 1s           ## how long
plan good "It goes well" {
  step "Look" {
    let answer = observe `echo ${where}` with (timeout: 5s)
    note "at ${answer.out.trim()} for ${wait}"
  }
}
PLAN
cat >"$work/two.plan" <<'PLAN'
service "Test" { owner "T" }
plan bad "It fails" {
  step "Change" { run `sh -c "echo boom >&2; exit 3"` with (timeout: 5s) }
}
plan slow "It asks" {
  step "Ask" { manual "Look at the lamp" by oncall within 10m }
}
contact oncall "On-call" { phone "+1-555-0100"; reach by phone; answer within 5m }
PLAN

check "no command is misuse" 2 "$PLANVM"
check "an unknown command is misuse" 2 "$PLANVM" frobnicate
check "help" 0 "$PLANVM" --help
says "help lists the commands" "planvm resume"
check "help of a command" 0 "$PLANVM" run --help
says "it lists its options" "--severity S"
check "an option of another command is misuse" 2 "$PLANVM" ack last --set a=b
check "too few words are misuse" 2 "$PLANVM" severity last
check "no runs yet" 0 "$PLANVM" list
check "a run that is not there" 2 "$PLANVM" status last
check "a file that is not there" 2 "$PLANVM" run "$work/none.plan"
printf 'plan {' >"$work/broken.plan"
check "a plan that does not check" 2 "$PLANVM" run "$work/broken.plan"
head -c 300 /dev/zero >"$work/broken.planc"
check "an image that is none" 2 "$PLANVM" run "$work/broken.planc"

check "a setting is missing" 2 "$PLANVM" run "$work/one.plan"
says "it says which" "where"
check "an unknown setting" 2 "$PLANVM" run "$work/one.plan" --set where=x --set nonsense=1
says "it says which there are" "where wait"
check "a setting of another type" 2 "$PLANVM" run "$work/one.plan" --set where=x --set wait=soon
check "a run" 0 "$PLANVM" run "$work/one.plan" --set where=there --set wait=90s
says "settings have arrived" "at there for 1m30s"
# As if planvm had been killed after it made the run and before anything had happened.
sqlite3 "$(echo "$work"/state/plan/runs/*/journal.db)" \
    "DELETE FROM event; UPDATE run SET last_seq = 0, ended = 0" || failed=1
check "a run that was killed before its first event begins at resume" 0 "$PLANVM" resume
says "with its settings" "at there for 1m30s"
check "the environment sets, too" 0 env PLAN_WHERE=elsewhere "$PLANVM" run "$work/one.plan" good
says "what it set has arrived" "at elsewhere for 1s"
check "JSON" 0 "$PLANVM" run "$work/one.plan" --set where=x --json
cp "$work/out" "$work/rows"
check "each line is an object" 0 /usr/bin/python3 -c 'import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
assert "run" in rows[0] and len(rows) > 2' "$work/rows"
check "a setting with strange characters" 0 "$PLANVM" run "$work/one.plan" --set "where=a \"b\" \$(id) \`c\` ö"
says "it is what it was" "at a \"b\" \$(id) \`c\` ö for"

check "which plan" 2 "$PLANVM" run "$work/two.plan"
says "the plans are listed" "slow"
check "no such plan" 2 "$PLANVM" run "$work/two.plan" other
check "a plan that fails" 1 "$PLANVM" run "$work/two.plan" bad
says "it says why" "boom"
check "list" 0 "$PLANVM" list
says "list says what failed" "failed"
says "list says what was completed" "completed"
check "log of an ended run, followed" 0 "$PLANVM" log last --follow
says "the log shows effects" "exit 3: boom"
check "log as JSON" 0 "$PLANVM" log last --json
cp "$work/out" "$work/rows"
check "rows are objects, numbered" 0 /usr/bin/python3 -c 'import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
assert [r["seq"] for r in rows] == list(range(1, len(rows) + 1)) and rows[-1]["kind"] == "end"' "$work/rows"
check "signals to an ended run are refused" 1 "$PLANVM" note last "too late"
check "an ended run is not resumed" 0 "$PLANVM" resume last
check "nothing is left to resume" 2 "$PLANVM" resume

"$PLANVM" run "$work/two.plan" slow >"$work/slow.log" 2>&1 </dev/null &
run_pid=$!
await grep -q "Look at the lamp" "$work/slow.log" || echo "(the question did not come)"
check "status of a run that asks" 0 "$PLANVM" status last
says "it waits" "waiting"
says "the question is shown" "Look at the lamp"
check "a second process cannot take it" 2 "$PLANVM" resume last
says "it says who has it" "another process ($run_pid)"
check "a signal is taken" 0 "$PLANVM" note last "I am looking" --as lead
says "what came of it is told" "I am looking"
check "a signal that fits nothing is refused" 1 "$PLANVM" approve last --as oncall
kill -9 $run_pid
wait $run_pid 2>/dev/null
check "it was interrupted" 0 "$PLANVM" list
says "list says so" "interrupted"
check "a signal for later" 0 "$PLANVM" "done" last --as oncall
says "it is kept" "planvm resume"
check "resume takes it" 0 "$PLANVM" resume --yes
says "the step is done" "Ask"
check "the report" 0 "$PLANVM" report last
says "the report has the answer" "| Look at the lamp | done |"
check "the report as JSON" 0 "$PLANVM" report last --format json
cat >"$work/given.plan" <<'PLAN'
service "Words" { owner "Words team" }
plan say(word: string, times: int = 1) "Says a word" {
  step "Say" { observe `echo ${word} ${times}` }
}
PLAN
check "a procedure takes its parameters" 0 "$PLANVM" run "$work/given.plan" --yes --set word=hello --set times=3
says "as they were given" "echo hello 3: ok"
check "one that has no default is needed" 2 "$PLANVM" run "$work/given.plan" --yes
says "it is named" "--set word="
check "others are not taken" 2 "$PLANVM" run "$work/given.plan" --yes --set word=x --set wrod=y
says "those that are there are named" "it has: word times"
check "no such format" 2 "$PLANVM" report last --format docx

rm "$work/slow.log" # or the question of the run before would be seen
"$PLANVM" run "$work/two.plan" slow >"$work/slow.log" 2>&1 </dev/null &
run_pid=$!
await grep -q "Look at the lamp" "$work/slow.log" || echo "(the question did not come)"
check "cancel" 0 "$PLANVM" cancel last --because "a mistake"
wait $run_pid
status=$?
run_pid=
if [ $status -eq 3 ]; then echo "ok a cancelled run exits with 3"; else echo "status $status"; echo "not ok a cancelled run exits with 3"; failed=1; fi
# shellcheck disable=SC2016
check "runs are for their owner only" 1 sh -c 'find "$1" -perm /077 | grep .' _ "$work/state/plan/runs"
exit $failed
