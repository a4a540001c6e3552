#!/bin/sh
# `planc check`: three independent mistakes of a file are all named, with their places, and it exits 1; a file that cannot
# be read is exit 2; a clean file is silence and exit 0.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANC=${PLANC:-$root/build/planc}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

cat >"$work/wrong.plan" <<'PLAN'
service "Shop" { owner "Team" }
param url = "http://127.0.0.1:8080"
fn broken() -> int { return "text" }
plan repair "Repair the shop" {
  step "Look" {
    observe `kubectl get pods | grep shop`
    let x = observe http.get("${ulr}/health", timeout: 5s)
    if x.ok { note "it answers" }
  }
}
PLAN
failed=0
expect() { # expect NAME CONDITION…
    name=$1
    shift
    if "$@"; then echo "ok $name"; else
        echo "not ok $name"
        cat "$work/said"
        failed=1
    fi
}
"$PLANC" check "$work/wrong.plan" >"$work/said" 2>&1
expect "three mistakes exit 1" test $? -eq 1
for line in 3 6 7; do
    expect "line $line is named with its column" grep -qE "wrong\.plan:$line:[0-9]+: error\[P[0-9]{4}\]" "$work/said"
done
expect "there are three messages" test "$(grep -cE 'wrong\.plan:[0-9]+:[0-9]+: error\[' "$work/said")" -eq 3
"$PLANC" check "$work/absent.plan" >"$work/said" 2>&1
expect "a file that is not there exits 2" test $? -eq 2
expect "and is named" grep -q 'absent\.plan' "$work/said"
"$PLANC" check "$root/tests/drill/sample.plan" >"$work/said" 2>&1
expect "a clean file exits 0" test $? -eq 0
expect "and nothing is said" test ! -s "$work/said"

# What is found does not depend on the day, where one is said.
cat >"$work/review.plan" <<'PLAN'
service "Shop" { owner "Team"; review by 2026-03-02 }
PLAN
for day in 2026-03-01:0 2026-03-02:1 2026-03-03:1; do
    "$PLANC" check --today "${day%:*}" --deny warnings "$work/review.plan" >"$work/said" 2>&1
    expect "as of ${day%:*}" test $? -eq "${day#*:}"
done
SOURCE_DATE_EPOCH=1772323200 "$PLANC" check --deny warnings "$work/review.plan" >"$work/said" 2>&1
expect "as of the epoch that the environment says" test $? -eq 0
SOURCE_DATE_EPOCH=soon "$PLANC" check "$work/review.plan" >"$work/said" 2>&1
expect "an epoch that is no number is misuse" test $? -eq 2
"$PLANC" check --today soon "$work/review.plan" >"$work/said" 2>&1
expect "a day that is none is misuse" test $? -eq 2

"$PLANC" dump --tokens "$root/tests/drill/sample.plan" >"$work/said" 2>&1
expect "one view is shown" test $? -eq 0
"$PLANC" dump --tokens --core "$root/tests/drill/sample.plan" >"$work/said" 2>&1
expect "two views at once are misuse" test $? -eq 2
expect "and nothing is shown of either" test "$(wc -l <"$work/said")" -eq 1
"$PLANC" dump "$root/tests/drill/sample.plan" >"$work/said" 2>&1
expect "and so is none" test $? -eq 2

for code in P0312 p0312 312 0312; do
    "$PLANC" explain $code >"$work/said" 2>&1
    expect "$code is explained" grep -q '^# P0312: ' "$work/said"
done
for code in P9999 p 31 P03123; do
    "$PLANC" explain $code >"$work/said" 2>&1
    expect "$code is none" test $? -eq 2
done

# A long text of another notation is given up as any other: recovering from each of its lines would take forever.
awk 'BEGIN { for (i = 0; i < 60000; i++) print "- look at server " i }' >"$work/pasted.plan"
"$PLANC" check --format json "$work/pasted.plan" >"$work/said" 2>&1
expect "a long pasted list is one mistake" test "$(grep -o '"code": *"P0102"' "$work/said" | wc -l)" -eq 1
expect "and is not read to its end" grep -q P0120 "$work/said"

# A file may allow what only another program shows; whether it silences something is judged where it is checked itself.
cat >"$work/shared.plan" <<'PLAN'
# plan: allow P0804 because she has a pager of her own
contact ann "Ann" { phone "1"; answer within 5m }
PLAN
cat >"$work/user.plan" <<'PLAN'
import "./shared.plan" as shared
service "Shop" { owner "Team" }
plan tell "Tell" { step "Tell" { manual "Say it" by shared.ann within 5m } }
PLAN
"$PLANC" check --deny warnings "$work/user.plan" >"$work/said" 2>&1
expect "an imported file's allow is not judged" test $? -eq 0
"$PLANC" check --deny warnings "$work/shared.plan" >"$work/said" 2>&1
expect "but when the file itself is checked" grep -q P1103 "$work/said"
exit $failed
