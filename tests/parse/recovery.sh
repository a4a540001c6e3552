#!/bin/sh
# A file with many mistakes: each is named once, on its own line, and nothing that is right is called wrong.
set -u
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/bad.plan" <<'PLAN'
severity S { respond in 1h }                 # wrong
contact c "C" { reach pager; phone "1" }     # wrong
plan p "x" {
  phase "one" in 5m {                        # wrong
    step "a" {
      need approval from c                   # wrong
      note "fine"
      run kubectl get pods                   # wrong
      if a = b { note "x" }                  # wrong
      wait 5min                              # wrong
      let x = f({a: 1
        b 2                                  # wrong
        c: 3})
      note "${a b} and ${c}"                 # wrong
      for i on xs { noet "y" }               # wrong
      note "fine"
    }
    step x {                                 # wrong
      noet "x"                               # wrong
    }
  }
}
drill "d" of p {
  comand `x` gives "ok"                      # wrong
  c aknowledges after 5m                     # wrong
  expect resolved
}
PLAN
grep -n '# wrong' "$scratch/bad.plan" | cut -d: -f1 >"$scratch/expected"
"$PLANC" dump --ast "$scratch/bad.plan" 2>&1 >/dev/null | sed -n 's/^[^ ]*:\([0-9]*\):[0-9]*: error.*/\1/p' >"$scratch/actual"
if diff -u "$scratch/expected" "$scratch/actual"; then echo "ok recovery"; else echo "not ok recovery"; exit 1; fi
