#!/bin/sh
# A run of the past is printed as a drill, and that drill gives the run's timeline again: with people who act, with a process
# that dies, with nobody there.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
# shellcheck source=plans/demo/world.sh
. "$demo/world.sh"

TMPDIR=$work
export TMPDIR
at_end world_end

# What a log tells, one mark a line (its expectations know when); rows as `planvm log --json` or as `planvm drill --log` has them.
story() { # story FILE
    /usr/bin/python3 - "$1" <<'END'
import json, sys

for line in open(sys.argv[1]):
    row = json.loads(line)
    kind = row.get("row", row.get("kind"))
    if kind != "mark" or row["name"] == "condition.tried":
        continue
    args = row.get("json") or row.get("payload") or {}
    words = [str(args.get(key, "")) for key in ("name", "contact", "way", "target", "by", "to", "what", "how", "error")]
    print(row["name"], *words)
END
}

retold() { # retold NAME: the last run, as a drill that holds and tells the same
    "$PLANVM" drill --from-run last --journal "$world/runs" >"$work/$1.drill" 2>"$work/$1.err"
    check "$1: the run is printed as a drill" test $? -eq 0
    cat "$demo/outage.plan" "$work/$1.drill" >"$work/$1.plan"
    "$PLANVM" drill --filter "run *" --log "$work/$1.again" "$work/$1.plan" >"$work/$1.out" 2>&1
    check "$1: the drill holds" test $? -eq 0
    "$PLANVM" log last --json --journal "$world/runs" >"$work/$1.log"
    story "$work/$1.log" >"$work/$1.was"
    story "$work/$1.again" >"$work/$1.is"
    check "$1: there is a story" test -s "$work/$1.was"
    diff -u "$work/$1.was" "$work/$1.is" >"$work/$1.diff"
    check "$1: it tells the same" test $? -eq 0 || cat "$work/$1.drill" "$work/$1.out" "$work/$1.diff"
}

begin() { # begin NAME: a fresh world and a run in it
    world_end
    world_begin "$demo" || exit 1
    # shellcheck disable=SC2046
    "$PLANVM" run "$demo/outage.plan" $(world_plan) --yes --journal "$world/runs" >"$work/$1.run" 2>&1 </dev/null &
    run_pid=$!
}

begin acknowledged
await 5 has "$world/messages" '"/pager"'
"$PLANVM" ack last --as oncall --journal "$world/runs" >"$work/ack.log" 2>&1
"$PLANVM" note last "I look at the \"lock\"" --as oncall --journal "$world/runs" >>"$work/ack.log" 2>&1
reap 30 $run_pid
retold acknowledged

begin nobody
reap 60 $run_pid
retold nobody

begin killed
await 5 has "$world/calls" restart
kill -9 $run_pid
reap 5 $run_pid
"$PLANVM" resume last --journal "$world/runs" --yes >"$work/resumed.log" 2>&1 </dev/null
retold killed
finish
