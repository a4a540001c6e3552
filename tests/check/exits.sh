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
exit $failed
