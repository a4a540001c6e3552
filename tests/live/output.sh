#!/bin/sh
# What commands print: shown line by line while they run, above the panel, in a log, as JSON and to those who attach; with
# no secret, no control character, no half of a line, and no flood. All of it is in the record, however long, and memory
# stays bounded. A process that dies loses nothing of it; a file that is damaged or gone is said.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
cd "$work" || exit 1
mkdir go
OUTPUT_SECRET=sentinel-7f3a9c
export OUTPUT_SECRET

cat >output.plan <<'END'
service "Output" { owner "tests" }
secret key = env "OUTPUT_SECRET"

plan talk "A command that talks" {
  step "Talk" {
    run sh `printf 'first\nhal'; until [ -e go/1 ]; do sleep 0.05; done; printf 'f\nsecond\n'; until [ -e go/2 ]; do sleep 0.05; done`
    run sh `printf '\033[31mred\033[0m\033]0;title\007 10%%\r20%%\r100%%\n'`
    run sh `printf 'key sent'; sleep 0.3; printf 'inel-7f3a9c\n'; echo "$K" | base64` with (env: {K: key})
    run sh `seq 1 100000`
  }
  step "Look" {
    observe sh `echo quick look`
  }
}

plan long "A command that prints much" {
  step "Print" {
    run sh `seq 1 1500000; echo "$K"` with (env: {K: key})
    let look = observe sh `seq 1 1500000`
    note "truncated ${look.truncated}, begins with ${look.out.take(3)}"
    observe sh `seq 1 1500000; until [ -e go/3 ]; do sleep 0.05; done`
  }
}

plan flood "Much more" {
  step "Print" { observe sh `seq 1 7000000` }
}

plan parse "No JSON" {
  step "Parse" {
    let look = observe sh `printf '[0'; seq -f ,%g 1 1500000; echo ']'`
    note "${look.json.to_text()}"
  }
}

plan kill "A process that dies" {
  step "Print" { run sh `echo begun; seq 1 1500000; until [ -e go/4 ]; do sleep 0.05; done; echo end` }
}
END
"$PLANC" check output.plan >check.log 2>&1
check "the plan checks" test ! -s check.log

"$PLANVM" run output.plan talk --journal runs --yes >talk.log 2>&1 </dev/null &
pid=$!
check "a line is shown while its command runs" await 5 has talk.log '  Talk | first'
check "half a line waits for its end" hasnt talk.log 'hal'
"$PLANVM" attach last --journal runs >attach.log 2>&1 </dev/null &
attached=$!
await 5 test -s attach.log
sleep 0.3
touch go/1
check "the next line, whole" await 5 has talk.log '  Talk | half'
check "whoever attaches sees it, too" await 5 has attach.log '  Talk | second'
touch go/2
reap 20 $pid
check "the run ends" test $? -eq 0
reap 10 $attached
check "nothing that a terminal would obey" hasnt talk.log "$(printf '\033')"
check "of a progress bar the last state" has talk.log '  Talk | 100%'
check "a secret that came in pieces is redacted" has talk.log '  Talk | key [secret key]'
check "encoded, too" hasnt talk.log "$(printf '%s\n' $OUTPUT_SECRET | base64)"
check "a flood is bounded" test "$(grep -c '  Talk | ' talk.log)" -lt 200
check "what is not shown is counted" grep -qE '  Talk \| \[[0-9]+ lines are not shown\]' talk.log
check "its end is shown" has talk.log '  Talk | 100000'
check "a quick look is not" hasnt talk.log '  Look | quick look'
check "the picture goes with the process" test -z "$(find runs -name shown)"

"$PLANVM" run output.plan talk --journal runs --yes --show none >none.log 2>&1 </dev/null
check "--show none is silent" hasnt none.log '  Talk | '
"$PLANVM" run output.plan talk --journal runs --yes --show all >all.log 2>&1 </dev/null
check "--show all shows looks" has all.log '  Look | quick look'
"$PLANVM" run output.plan talk --journal runs --yes --json >json.log 2>&1 </dev/null
check "--json has an object for each line" grep -q '"kind":"output","step":"Talk","args":{"effect":1,"stream":"out","text":"half"}}' json.log
check "and counts what it leaves out" grep -q '"kind":"output".*"skipped":[0-9]' json.log
"$PLANVM" run output.plan talk --journal runs --show some >usage.log 2>&1 </dev/null
check "another word is misuse" has usage.log 'say changes, all or none'
check "and begins no run" hasnt usage.log 'run 2'

if command -v tmux >/dev/null 2>&1; then
    rm go/*
    server=plan-output-$$
    at_end 'tmux -L "$server" kill-server 2>/dev/null'
    screen() { tmux -L "$server" capture-pane -p -t one; }
    shows() { screen | grep -qF -e "$1"; }
    tmux -L "$server" -f /dev/null new-session -d -s one -x 100 -y 30 -e LC_ALL=C.UTF-8 -e "PLAN_KEEPER=${PLAN_KEEPER:-}" \
        -e "OUTPUT_SECRET=$OUTPUT_SECRET" "cd '$work'; '$PLANVM' run output.plan talk --journal runs; exec cat"
    check "a terminal shows it" await 10 shows '  Talk | first'
    check "above its panel" sh -c 'test "$(printf "%s\n" "$1" | grep -n "^── " | cut -d: -f1)" -gt "$(printf "%s\n" "$1" | grep -n "Talk | first" | cut -d: -f1)"' _ "$(screen)"
    touch go/1 go/2
    check "to the end" await 10 shows 'run ended: completed'
fi

# ---- the record ----

seq 1 1500000 >expected
touch go/3
"$PLANVM" run output.plan long --journal runs --yes --show none >long.log 2>&1 </dev/null
check "a plan sees that it sees not all" has long.log 'truncated true, begins with 1'
check "the log says how long it is" sh -c '"$1" log last --journal runs | grep -q "2: ok, 10 MiB printed"' _ "$PLANVM"
check "all of a look is kept" sh -c '"$1" output last 2 --journal runs | cmp - expected' _ "$PLANVM"
(cat expected; echo '[secret key]') >clean
check "all of a change, without its secret" sh -c '"$1" output last 1 --journal runs | cmp - clean' _ "$PLANVM"
check "the same is kept once" test "$(find runs/*/outputs -name '*.zst' | wc -l)" -eq 2
check "packed" test "$(cat runs/*/outputs/*.zst | wc -c)" -lt 12000000
check "no secret is in any file" test -z "$(grep -rlF $OUTPUT_SECRET runs)"
check "a short stream is as it was" sh -c '"$1" output last 1 err --journal runs | cmp - /dev/null' _ "$PLANVM"
"$PLANVM" output last 99 --journal runs >missing.log 2>&1
check "an effect that is not there" has missing.log 'there is no effect 99'
file=$(find runs/*/outputs -name '*.zst' | head -n 1)
cp "$file" saved
printf 'x' | dd of="$file" bs=1 seek=100000 conv=notrunc 2>/dev/null
for n in 1 2; do "$PLANVM" output last $n --journal runs >/dev/null 2>>damage.log || echo "failed $n" >>damage.log; done
check "damage is said" has damage.log "$file: it is damaged"
check "and fails, once" test "$(grep -c failed damage.log)" -eq 1
head -c 100000 saved >"$file"
for n in 1 2; do "$PLANVM" output last $n --journal runs >/dev/null 2>>torn.log; done
check "a file that was cut" has torn.log "$file: it is damaged"
rm "$file"
for n in 1 2; do "$PLANVM" output last $n --journal runs >/dev/null 2>>gone.log; done
check "a file that is gone" has gone.log "$file cannot be read: No such file"
check "the log says so" sh -c '"$1" log last --journal runs | grep -q "its file is missing"' _ "$PLANVM"

"$PLANVM" run output.plan parse --journal runs --yes >parse.log 2>&1 </dev/null
check "a part is no JSON" has parse.log 'more than the 8 MiB that a plan can read: it is no whole JSON'

resident() { # resident PLAN: KiB at most, of the run
    /usr/bin/python3 -c 'import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "resident.log", os.O_WRONLY | os.O_CREAT, 0o600)])
print(os.wait4(pid, 0)[2].ru_maxrss)' "$PLANVM" run output.plan "$1" --journal memory --yes
}
short=$(resident long)
more=$(resident flood)
check "memory is bounded: $short KiB for 10 MB, $more KiB for 55 MB" test "$more" -lt $((short + 4096))

# ---- a process that dies ----

"$PLANVM" run output.plan kill --journal dead --yes >kill.log 2>&1 </dev/null &
pid=$!
check "a change prints" await 10 has kill.log 'Print | begun'
kill -9 $pid
wait $pid 2>/dev/null
touch go/4
(cat expected; echo end) | sed '1i begun' >clean
"$PLANVM" resume last --journal dead --yes >resume.log 2>&1 </dev/null
check "the run is resumed" test $? -eq 0
check "and has all that was printed" sh -c '"$1" output last 1 --journal dead | cmp - clean' _ "$PLANVM"
finish
