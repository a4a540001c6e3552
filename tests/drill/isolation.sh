#!/bin/sh
# A drill that runs into a limit of the machine, whose process is ended, or that never ends fails alone: those before and behind it,
# in the same process or in others, hold.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANVM=${PLANVM:-$root/build/planvm}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
result() { # result NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else
        echo "not ok $1"
        failed=1
    fi
}
cat >"$work/limits.plan" <<'END'
service "Shop" { owner "Shop team"; runbook "https://wiki.example.com/shop" }

fn deep(n: int) -> int { return if n == 0 then 0 else deep(n - 1) + 1 }

plan work(kind: string) "Work" {
  step "Work" {
    var words: [string] = []
    var text = "0123456789"
    if kind == "heap" { for i in 0..1000000 { words += "word ${i} ${text}" } }
    if kind == "string" { for i in 0..40 { text = "${text}${text}" } }
    if kind == "stack" { note "${deep(100000000)}" }
    if kind == "instructions" { for i in 0..1000000000 { words = [] } }
    if kind == "list" { for i in 0..1000000 { words += "w" } }
    if kind == "fibers" { for i in 0..5000 at most 5000 at once { wait 1m } }
    if kind == "log" { for i in 0..100000 { wait 1s } }
    if kind == "input" {
      let answer = observe `cat big`
      note "${answer.out.len()}"
    }
    note "${words.len()} ${text}"
  }
}

drill "before" of work("none") { expect done "Work" }
drill "heap" of work("heap") { expect done "Work" }
drill "between" of work("none") { expect done "Work" }
drill "string" of work("string") { expect done "Work" }
drill "stack" of work("stack") { expect done "Work" }
drill "instructions" of work("instructions") { expect done "Work" }
drill "list" of work("list") { expect done "Work" }
drill "fibers" of work("fibers") { expect done "Work" }
drill "log" of work("log") { expect done "Work" }
drill "input" of work("input") {
  command `cat *` gives file "big.txt"
  expect done "Work"
}
drill "behind" of work("none") { expect done "Work" }
END
/usr/bin/python3 -c 'print("x" * 200000)' >"$work/big.txt"
kinds="heap string stack instructions list fibers log input"
for jobs in 1 3; do
    "$PLANVM" drill --jobs $jobs --limit heap=2M --limit instructions=20000000 --limit list=60000 --limit fibers=1000 \
        --limit string=100000 --limit log=5000 --limit input=100000 --format json "$work/limits.plan" >"$work/json" 2>"$work/said"
    [ $? -eq 1 ] && /usr/bin/python3 - "$work/json" "$kinds" <<'PYTHON'
import json, sys
told = json.load(open(sys.argv[1]))
kinds = sys.argv[2].split()
wrong = [one["name"] for one in told["drills"] if one["holds"] == (one["name"] in kinds)]
wrong += [one["name"] + ": " + one["messages"] for one in told["drills"] if one["name"] in kinds
          and f"--limit {one['name']}=" not in one["messages"]]
assert len(told["drills"]) == len(kinds) + 3 and not wrong, wrong
PYTHON
    result "$jobs jobs: each limit is run into, and by one drill" $?
done

# ---- a process that is ended from outside, that finds no memory, that never ends ----

cat >"$work/long.plan" <<'END'
service "Shop" { owner "Shop team"; runbook "https://wiki.example.com/shop" }

plan work(rounds: int) "Work" {
  step "Work" {
    var seen = 0
    for i in 0..rounds {
      seen = seen + 1
      wait 1s
    }
    note "${seen}"
  }
}

drill "before" of work(1) { expect done "Work" }
drill "long" of work(100000000) {
  until 100000000h
  expect done "Work"
}
drill "behind" of work(1) { expect done "Work" }
drill "last" of work(2) { expect done "Work" }
END
others_hold() { # others_hold FILE: all but the long one
    for name in before behind last; do grep -q "^ *ok  *$name " "$1" || return 1; done
    grep -q '^ *FAIL  *long ' "$1" && grep -q '^4 drills: 3 ok, 1 failed' "$1"
}
for signal in SEGV KILL; do
    "$PLANVM" drill "$work/long.plan" >"$work/said" 2>&1 &
    runner=$!
    tries=0
    until grep -q 'before' "$work/said" || [ $tries -ge 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    kill -$signal "$(ps -o pid= --ppid $runner | head -n 1 | tr -d ' ')"
    wait $runner
    [ $? -eq 1 ] && others_hold "$work/said" && grep -q 'planvm broke down in this drill: ' "$work/said"
    result "a process that ends by SIG$signal fails its drill alone" $?
done
"$PLANVM" drill --limit 300ms "$work/long.plan" >"$work/said" 2>&1
[ $? -eq 1 ] && others_hold "$work/said" && grep -q 'it took longer than' "$work/said"
result "a drill that never ends fails alone" $?
cat >"$work/large.plan" <<'END'
service "Shop" { owner "Shop team"; runbook "https://wiki.example.com/shop" }

plan work(kind: string) "Work" {
  step "Work" {
    var words: [string] = []
    if kind == "large" { for i in 0..100000000 { words += "word ${i}" } }
    note "${words.len()}"
  }
}

drill "before" of work("none") { expect done "Work" }
drill "long" of work("large") { expect done "Work" }
drill "behind" of work("none") { expect done "Work" }
drill "last" of work("none") { expect done "Work" }
END
( # the machine's memory is what the shell lets it have
    # shellcheck disable=SC3045
    ulimit -v 400000
    exec "$PLANVM" drill --limit heap=8G --limit list=4000000000 --limit instructions=100000000000 "$work/large.plan"
) >"$work/said" 2>&1
[ $? -eq 1 ] && others_hold "$work/said"
result "a drill for which there is no memory fails alone" $?
[ $failed -eq 0 ] || cat "$work/said"
exit $failed
