#!/bin/sh
# --trace tells every event, instruction and output, of drills and of runs, and changes nothing of what they do.
set -u
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
say() { # say NAME STATUS
    if [ "$2" = 0 ]; then echo "ok $1"; else echo "not ok $1"; failed=1; fi
}
cat >"$scratch/plan.plan" <<'E2'
service "Shop" { owner "Shop team"; runbook "https://wiki.example.com/shop" }
fn twice(n: int) -> int { return n * 2 }
plan small "Small" {
  step "Look" {
    let answer = observe `echo hello`
    note "${answer.out} ${twice(21)}"
  }
}
drill "it looks" of small {
  command `echo hello` gives "hello"
  expect done "Look"
}
E2
told() { # told NAME FILE: are the parts of a trace in it?
    for part in '^event start at ' '^fiber [0-9]* in fn.twice, .*plan.plan:2$' 'mul.i .*S0, 2    # S0 = 21$' \
        '^effect 1 command {"argv":\["echo","hello"\]' '^event result of effect 1 at ' '^mark note {"text":"hello.* 42"' '^done null$'; do
        grep -q "$part" "$2"
        say "$1 tells $part" $?
    done
}
"$PLANVM" drill --verbose "$scratch/plan.plan" >"$scratch/plain" 2>&1
"$PLANVM" drill --verbose --trace "$scratch/plan.plan" >"$scratch/out" 2>"$scratch/trace"
say "a traced drill holds" $?
sed 's/[0-9.]* *m*s\b//g' "$scratch/plain" >"$scratch/plain.untimed"
sed 's/[0-9.]* *m*s\b//g' "$scratch/out" | cmp - "$scratch/plain.untimed"
say "a traced drill says the same" $?
told drill "$scratch/trace"
"$PLANVM" run --yes --trace --journal "$scratch/runs" "$scratch/plan.plan" >"$scratch/out" 2>"$scratch/trace"
say "a traced run ends well" $?
told run "$scratch/trace"
exit $failed
