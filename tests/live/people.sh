#!/bin/sh
# Every signal from another process: it reaches the running plan, is told with its sender and reason, and does what it says,
# also when it is sent twice. What cannot be meant is refused with one line and exit 2. Signals to a run that sleeps are kept.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"

plan=$root/tests/live/people.plan
runs=$work/runs
run() { # run [OPTION]…: a run of the plan in the background
    : >"$work/run.log"
    "$PLANVM" run "$plan" down --yes --journal "$runs" "$@" >"$work/run.log" 2>&1 </dev/null &
    run_pid=$!
    await 10 has "$work/run.log" "incident opened"
}
say() { # say NAME EXIT TEXT COMMAND ARGUMENT…: planvm COMMAND last ARGUMENT… ends with EXIT and answers with TEXT
    name=$1 exits=$2 text=$3 command=$4
    shift 4
    "$PLANVM" "$command" last "$@" --journal "$runs" >"$work/said" 2>&1
    status=$?
    check "$name" test $status -eq "$exits"
    check "$name: it says so" has "$work/said" "$text" || cat "$work/said"
}

check "the run begins" run --since 40m
say "what is due already is listed" 0 "at once page ann" status
say "answer by its text" 0 "false, says ann" answer "the rules that are due already" no --as ann
check "what was due is passed over" await 5 has "$work/run.log" "passed over, ann said so"
check "and nobody is paged" hasnt "$work/run.log" "paging"

say "ack" 0 "acknowledged by ann" ack --as ann
say "ack twice is once" 0 "taken" ack --as ann
say "unack" 0 "ann: ill" unack --as ann --because ill
say "severity" 0 "S2 is now S1, says ann: worse" severity S1 --as ann --because worse
say "severity twice is once" 0 "taken" severity S1 --as ann --because worse
say "ack by another" 0 "acknowledged by bob" ack --as bob
say "set" 0 "impact: nobody buys" set impact "nobody buys" --as ann
say "note" 0 "note of ann: look at that" note "look at that" --as ann
say "escalate" 0 "the next rung is called now: help" escalate --as ann --because help
say "escalate to somebody" 0 "ann is called" escalate ann --as bob
say "assign" 0 "commander is now bob, says ann" assign commander bob --as ann
say "handover" 0 "commander is now ann" handover ann --as bob
say "met" 0 "deadline met: Tell the owner" met "Tell the owner" --as ann

say "next: what follows from silence" 0 "run ended: failed: nobody did it in time: Unplug it" next
say "next: with countdowns" 0 "in " next
say "next: gates and questions that nobody answers" 0 "question 2: false (silence)" next
say "next: what if" 0 "resolved, says ann" next --if resolve --as ann
say "next: what if there is no such signal" 2 "there is no such signal" next --if dance
say "next: for programs" 0 '"kind":"question.answered"' next --json

say "answer" 0 "true, says ann" answer yes --as ann
say "an answer that nobody waits for" 1 "no question is open" answer yes --as ann
say "done by who is not asked" 1 "it is not for bob to say" "done" --as bob
say "done" 0 "done, says ann" "done" "Unplug it" --as ann
say "approve by who is not asked" 1 "it is not for ann to say" approve --as ann
say "approve" 0 "approve, says bob" approve Gate --as bob
say "emergency" 0 "in an emergency: no time" approve --as ann --emergency --because "no time"
check "the gate lets through" await 5 has "$work/run.log" "passed in an emergency"

say "goto" 0 "goes to the phase Repair" goto Repair --as ann
check "it is there" await 5 has "$work/run.log" 'step "Skipped"'
say "skip" 0 "Skipped is to be skipped: known" skip Skipped --as ann --because known
check "the next step begins" await 5 has "$work/run.log" 'step "Taken over"'
say "takeover" 0 "Taken over is taken over" takeover --as ann
say "done by hand" 0 "done, says ann" "done" "Taken over" --as ann
say "pause" 0 "note of ann: paused" pause --as ann
say "continue" 0 "note of ann: goes on" continue --as ann
say "follow" 0 "follows dump" follow dump --as ann
check "the procedure is followed" await 5 has "$work/run.log" "a dump was taken"
say "mitigated" 0 "mitigated, says ann" mitigated --as ann
say "mitigated twice is once" 0 "taken" mitigated --as ann
say "resolve" 0 "resolved, says ann: fixed" resolve --as ann --because fixed
say "resolve twice is once" 0 "taken" resolve --as ann --because fixed
check "what follows has begun" await 5 has "$work/run.log" 'step "Watch it"'
say "reopen" 0 "reopened, says ann: not fixed" reopen --as ann --because "not fixed"
say "reopen twice is once" 0 "taken" reopen --as ann --because "not fixed"

# ---- what cannot be meant ----
"$PLANVM" ack 99999999 --journal "$runs" >"$work/said" 2>&1
check "an unknown run is misuse" test $? -eq 2
check "in one line" test "$(wc -l <"$work/said")" -eq 1
say "an unknown severity" 2 "there is no severity S9; there are: S1, S2" severity S9 --because x
say "an unknown fact" 2 "there is no fact colour; there are: summary, impact" set colour red
say "an unknown role" 2 "there is no role cook; there are: commander" assign cook ann
say "an unknown phase" 2 "there is no phase Dance; there are: Ask, Never, Repair" goto Dance
say "an unknown procedure" 2 "there is no procedure dance; there are: down, dump" follow dance
say "an unknown contact" 2 "there is no contact eve" handover eve
say "an unknown contact to be called" 2 "there is no contact eve" escalate eve
say "an unknown deadline" 1 "there is no deadline Lunch" met Lunch
for command in "severity S2" unack reopen cancel "skip Pause" "approve --emergency"; do
    # shellcheck disable=SC2086
    set -- $command
    word=$1
    shift
    say "$word owes a reason" 2 "say why" "$word" "$@"
done
say "too many words" 2 "usage: planvm ack RUN" ack now
say "too few words" 2 "usage: planvm goto RUN PHASE" goto

# ---- asleep, and the end ----
kill -9 $run_pid
wait $run_pid 2>/dev/null
say "a run that sleeps keeps what is said to it" 0 "kept; the run is not live" note "good night" --as bob
say "in the order in which it was said" 0 "kept" cancel --as bob --because "a mistake"
"$PLANVM" resume last --yes --journal "$runs" >"$work/resumed.log" 2>&1 </dev/null
check "it is heard at the next resume: cancelled" test $? -eq 3
check "and in order" has "$work/resumed.log" "note of bob: good night"
say "an ended run takes nothing" 1 "has ended" ack

check "another run" run
await 5 has "$work/run.log" "Was there a deployment?"
say "to be asked" 0 "false, says ann" answer no --as ann
say "to be done" 0 "done, says ann" "done" --as ann
say "refuse" 0 "refuse, says bob" refuse --as bob --because "not now"
reap 10 $run_pid
check "a gate that is refused ends a plan that nobody attends" test $? -eq 1
finish
