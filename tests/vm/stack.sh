#!/bin/sh
# A run error shows the plan's own functions that were under way, from the inside out, with plan, phase and step: in a
# drill's output, on the terminal, in the log and in the report. The standard library's are not among them.
set -u
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
cat >"$scratch/shop.plan" <<'E2'
service "Shop" { owner "Shop team"; runbook "https://wiki.example.com/shop" }
fn ratio(a: int, b: int) -> int { return a / b }
fn price(n: int) -> int {
  return ratio(100, n) + 1
}
plan over "Too much" {
  phase "Fix" {
    step "Grow" {
      let answer = observe `echo hello`
      note "${price(answer.exit)}"
    }
  }
}
drill "it is too much" of over {
  command `echo hello` gives "hello"
  expect done "Grow"
}
E2
cd "$scratch" || exit 2
stack='100 / 0 is a division by zero, in ratio at shop.plan:2, from price at shop.plan:4, from plan over, phase "Fix", step "Grow" at shop.plan:10'
shows() { # shows NAME COMMAND…: its output has the stack, and nothing behind it
    name=$1
    shift
    "$@" >out 2>&1
    if grep -F "$stack" out | grep -qv 'shop.plan:10, from'; then
        echo "ok $name"
    else
        echo "not ok $name"
        cat out
        failed=1
    fi
}
shows drill "$PLANVM" drill shop.plan
shows run "$PLANVM" run --yes --journal runs shop.plan
shows log "$PLANVM" log --journal runs last
shows report "$PLANVM" report --journal runs last
"$PLANVM" log --json --journal runs last | grep -q '"stack":"in ratio at shop.plan:2, from price' && echo "ok log --json" || {
    echo "not ok log --json"
    failed=1
}
exit $failed
