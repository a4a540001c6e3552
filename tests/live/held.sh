#!/bin/sh
# Looks share a commit, which is made before anything that could depend on them: a planvm that is killed by a change has
# the looks before it in its log, and neither is done again; one that is killed among looks makes those again that it lost.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
cd "$work" || exit 1

for word in look change; do
    printf '#!/bin/sh\necho $1 >> %s/%ss\n[ "$2" != kill ] || [ -e killed ] || { touch killed; kill -9 $(cat pid); }\n' "$work" "$word" >"$word"
    chmod +x "$word"
done
cat >held.plan <<'EOT'
service "Shop" { owner "Nobody" }
param dir = "."
plan changes "Looks and a change" {
  step "Both" {
    for i in 0..3 { observe `${dir}/look ${i}` }
    run `${dir}/change it kill`
    observe `${dir}/look 4`
  }
}
plan looks "Looks" {
  step "Look" {
    for i in 0..3 { observe `${dir}/look ${i}` }
    observe `${dir}/look 4 kill`
  }
}
EOT

killed_and_resumed() { # killed_and_resumed PLAN: its first process is killed by a program of its own
    rm -f looks changes killed
    sh -c 'echo $$ >pid; exec "$@"' sh "$PLANVM" run held.plan "$1" --yes --set dir="$work" --journal "$1.runs" >"$1.log" 2>&1 </dev/null
    check "$1: it was killed" test $? -eq 137
    "$PLANVM" log last --json --journal "$1.runs" >"$1.rows" 2>&1
    "$PLANVM" resume last --yes --journal "$1.runs" >"$1.resumed.log" 2>&1 </dev/null
    check "$1: it is resumed" test $? -eq 0
}

killed_and_resumed changes
check "the looks were in the log before the change began" test "$(grep -c '"kind":"result"' changes.rows)" -ge 3
check "and so was the change" grep -q '"class":"change"' changes.rows
check "it was done once" count_is 1 changes it
for i in 0 1 2 3 4; do check "look $i was made once" count_is 1 looks $i; done
killed_and_resumed looks
for i in 0 1 2 3 4; do check "look $i was made" has looks $i; done
finish
