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

# ---- much out of the ordinary: people who say everything, channels that are lost, odd commands, names of files that the plan's
# own does not import
shop=$root/tests/live/plans/retold/shop.plan
odd=$work/odd
mkdir "$odd"
RETOLD_KEY=sentinel-retold-1
export RETOLD_KEY

says() { has "$1" "$2" || printf '%s\n' "$2" >>"$work/lacking.log"; } # says FILE TEXT
at_terminal() { # at_terminal COMMAND…: with somebody at the keyboard, who says nothing
    /usr/bin/python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' "$@" >>"$odd/screen" </dev/null
}
say() { # say COMMAND WHO [WORD]…
    command=$1 who=$2
    shift 2
    "$PLANVM" "$command" last "$@" --as "$who" --journal "$odd/runs" >>"$work/said.log" 2>&1
}
said() { "$PLANVM" log last --json --journal "$odd/runs" | grep -cF -e "$1"; }
comes_to() { test "$(said "$2")" -ge "$1"; } # comes_to N TEXT: so many rows of the log hold the text

at_terminal "$PLANVM" run "$shop" down --set folder="$odd" --set hook="http://127.0.0.1:1/" --set 'words=Say "yes" * twice' --set count=3 --journal "$odd/runs" &
run_pid=$!
check "the first step fails" await 15 comes_to 1 '"name":"step.failed"'
say alert somebody 'Shop"Down"'
say severity ann S1 --because worse
say note ann "$(printf 'two\nlines, a \\ and a $')"
say retry ann
check "it fails again" await 15 comes_to 2 '"name":"step.failed"'
touch "$odd/there"
say retry ann Look
"$PLANVM" drill --from-run last --journal "$odd/runs" >"$work/half.drill" 2>"$work/half.err"
check "a run that goes on is told as far as it has come" has "$work/half.drill" "  until "
check "and that is noted" has "$work/half.err" "still goes on: it is told as far as it has come"
check "the gate asks" await 15 comes_to 1 '"kind":"approval"'
say approve bob Held
say approve bob Held --emergency --because "ann is away"
check "somebody is asked by hand" await 15 comes_to 1 '"kind":"manual"'
kill -9 "$(cat "$odd"/runs/*/lock)"
reap 15 $run_pid
at_terminal "$PLANVM" resume last --journal "$odd/runs" &
run_pid=$!
sleep 0.3
say "done" ann 'Say "yes" * twice'
check "a number is asked for" await 15 comes_to 1 'How many?'
say answer ann "How many?" 7
reap 30 $run_pid
check "the other plan comes to its end" test $? -eq 0
"$PLANVM" drill --from-run last --journal "$odd/runs" >"$work/odd.drill" 2>"$work/odd.err"
check "nothing is to be noted" test ! -s "$work/odd.err"
for text in 'import "./people.plan" as people' 'of down(words: "Say \"yes\" * twice", count: 3) {' 'alert "Shop\"Down\"" by "somebody"' 'severity people.S1 by people.ann because "worse"' \
    'note "two\nlines, a \\ and a \$" by people.ann' 'retry by people.ann' 'retry "Look" by people.ann' \
    'approve "Held" in emergency by people.bob because "ann is away"' ' kill for ' 'done "Say \"yes\" * twice" by people.ann' 'answer "How many?" with 7 by people.ann' \
    'channel people.lost runs' 'http POST "http://127.0.0.1:1/" fails with ' "command \`printf %s \${\"*\"}\`" 'signal: "KILL"' 'expect severity people.S2 at ' 'expect approved "Held" by people.bob'; do
    says "$work/odd.drill" "$text"
done
check "the drill says all of it" test ! -s "$work/lacking.log"
check "no secret is in it" hasnt "$work/odd.drill" sentinel-

refused() { # refused TEXT ARGUMENT…: exit 2, one line on standard error that says so, and no drill
    text=$1
    shift
    "$PLANVM" drill --from-run "$@" >"$work/refused" 2>"$work/refused.err"
    status=$?
    check "$text" test "$status" -eq 2 -a ! -s "$work/refused" -a "$(wc -l <"$work/refused.err")" -eq 1
    check "$text: it is said" has "$work/refused.err" "$text"
}

# ---- values, words, outputs and ends of commands
odd_run() { "$PLANVM" run "$root/tests/live/plans/retold/odd.plan" odd --yes "$@" --journal "$work/odds" >>"$work/odds.log" 2>&1 </dev/null; }
check "the odd run ends well" odd_run
check "another one ends badly" sh -c '! "$@"' _ "$PLANVM" run "$root/tests/live/plans/retold/odd.plan" odd --yes --set n=-3 --set f=2 --set d=90s --set ends=true \
    --set when=2026-03-02T03:12:07Z --set pause=1500ms --set share=3 --journal "$work/odds" >"$work/ends.log" 2>&1
"$PLANVM" drill --from-run last --journal "$work/odds" >"$work/odds.drill" 2>&1
for text in 'of odd(n: -3, f: 2.0, d: 1m30s, ends: true)' 'when = 2026-03-02 03:12:07, pause = 1s500ms, share = 3.0' 'bidi:\u{202e}:zwj:\u{200d}:bom:\u{feff}:cr:\u{d}:del:\u{7f}:c1:\u{85} \u{7b}d}' \
    'timed_out: true' 'exits: [1, 0]' 'failure: "no program"' 'exits 4 gives "out\n" with "err\n"'; do
    says "$work/odds.drill" "$text"
done
check "the drill says what was odd" test ! -s "$work/lacking.log"

(cd "$work" && "$PLANVM" drill --from-run last --journal "$work/odds" --files outputs) >"$work/files.drill" 2>&1
check "long outputs are files" grep -q 'command `seq 1 2000` gives file "outputs/[^"]*.txt"' "$work/files.drill"
check "as they were" sh -c 'seq 1 2000 | cmp - "$1"/outputs/*.txt' _ "$work"
cat "$root/tests/live/plans/retold/odd.plan" "$work/files.drill" >"$work/files.plan"
"$PLANVM" drill "$work/files.plan" >"$work/read.log" 2>"$work/read.err"
check "and the drill reads them" test $? -eq 0
check "nothing in it looks like something else" test ! -s "$work/read.err"
refused "nowhere/folder/" last --journal "$work/odds" --files "$work/nowhere/folder"

# ---- what cannot be told is said in one line
refused "there is no run \`nonsense\`" nonsense --journal "$odd/runs"
refused "there are no runs in" last --journal "$work/none"
: >"$work/empty.run"
refused "is empty: the planvm that was to record its run there was killed" "$work/empty.run"
echo "no run" >"$work/other.run"
refused "other.run is no record of a run" "$work/other.run"
cp "$work/killed.run" "$work/damaged.run"
/usr/bin/python3 -c '
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute("UPDATE event SET now = now + 1 WHERE seq = 3")
store.commit()' "$work/damaged.run"
refused "the journal is damaged at row 3" "$work/damaged.run"
"$PLANVM" run "$demo/outage.plan" --dry-run --yes --set dir="$odd" --journal "$work/dry" >"$work/dry.log" 2>&1 </dev/null
refused "it was a dry run" last --journal "$work/dry"

# ---- what is told, with a note
cp -r "$root/tests/live/plans/retold" "$work/changing"
RETOLD_KEY=x "$PLANVM" run "$work/changing/shop.plan" dump --set folder="$odd" --yes --journal "$work/changed" >"$work/changed.log" 2>&1 </dev/null
echo "# one line more" >>"$work/changing/service.plan"
"$PLANVM" drill --from-run last --journal "$work/changed" >"$work/changed.drill" 2>"$work/changed.err"
check "a plan that has changed is noted" has "$work/changed.err" "changing/service.plan has changed since this run"
check "and the run is told" has "$work/changed.drill" "expect done \"Dump\""
finish
