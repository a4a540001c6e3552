#!/bin/sh
# Each limit is a run error of the plan that names the limit, the place and the option; the machine lives on.
set -u
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

try() { # try NAME OPTION STATEMENTS: the drill says what the option's limit is
    cat >"$scratch/plan.plan" <<EOF
service "Shop" { owner "Shop team"; runbook "https://wiki.example.com/shop" }
fn deep(n: int) -> int { return deep(n + 1) + 1 }
plan over "Too much" {
  step "Grow" {
    var words: [string] = []
    var text = "x"
    $3
    observe \`report \${text} \${words.len()}\`
  }
}
drill "it is too much" of over {
  command \`report *\` gives "ok"
  answer "*" with "skip" after 1m
  expect done "Grow"
}
EOF
    "$PLANVM" drill --limit "$2" "$scratch/plan.plan" >"$scratch/out" 2>&1
    status=$?
    if [ $status = 1 ] && grep -q "the limit is .*--limit ${2%=*}=" "$scratch/out" && grep -q "plan.plan:" "$scratch/out"; then
        echo "ok $1"
    else
        echo "not ok $1: exits $status"
        cat "$scratch/out"
        failed=1
    fi
}

try heap heap=100K 'for i in 0..1000000 { words += "${i}" }'
try string string=1000 'for i in 0..1000000 { text = "${text}xx" }'
try list list=100 'for i in 0..1000000 { words += "w" }'
try stack stack=50 'text = "${deep(1)}"'
try instructions instructions=10000 'for i in 0..1000000000 { text = "y" }'
try 'instructions, by large copies' instructions=10000 'for i in 0..15 { text = "${text}${text}${text}" }
    for i in 0..1000 { words = [text.upper()] }'
try 'instructions, by one operation' instructions=100000 'var row: [int] = []
    for i in 0..10000 { row += i }
    var rows: [[int]] = []
    for i in 0..10000 { rows += row }
    var other = row
    other[9999] = 5
    text = "${rows == [other]} ${rows.contains(other)}"'
try fibers fibers=3 'parallel { note "a"
      note "b"
      note "c"
      note "d" }'
try log log=20 'repeat every 1s until false within 10m { text = "y" }'
for wrong in heap=x nothing=5 heap=0; do
    if "$PLANVM" drill --limit "$wrong" "$scratch/plan.plan" >"$scratch/out" 2>&1; then
        echo "not ok --limit $wrong"
        failed=1
    fi
done
exit $failed
