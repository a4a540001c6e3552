#!/bin/sh
# A drill that runs into a limit of the machine fails alone: those before and behind it, in the same process or in others, hold.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANVM=${PLANVM:-$root/build/planvm}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
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
    note "${words.len()} ${text}"
  }
}

drill "before" of work("none") { expect done "Work" }
drill "heap" of work("heap") { expect done "Work" }
drill "between" of work("none") { expect done "Work" }
drill "string" of work("string") { expect done "Work" }
drill "stack" of work("stack") { expect done "Work" }
drill "instructions" of work("instructions") { expect done "Work" }
drill "behind" of work("none") { expect done "Work" }
END
for jobs in 1 3; do
    "$PLANVM" drill --jobs $jobs --limit heap=2M --limit instructions=20000000 "$work/limits.plan" >"$work/said" 2>&1
    wrong=$?
    [ $wrong -eq 1 ] && wrong=
    for name in before between behind; do grep -q "^ *ok  *$name " "$work/said" || wrong="$wrong $name"; done
    for name in heap string stack instructions; do grep -q "^ *FAIL  *$name " "$work/said" || wrong="$wrong $name"; done
    grep -q '^7 drills: 3 ok, 4 failed' "$work/said" || wrong="$wrong count"
    if [ -z "$wrong" ]; then echo "ok $jobs jobs"; else
        echo "not ok $jobs jobs:$wrong"
        cat "$work/said"
        failed=1
    fi
done
exit $failed
