#!/bin/sh
# A policy holds at the moment of the effect, whatever the plan computes; what wants an approval waits for one.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
cd "$work" || exit 1
cat >rules.policy <<'EOP'
deny    command `touch forbidden*`
deny    command `rm *`
approve command `touch approved` by lead
deny    host    "127.0.0.2"
deny    file    "/etc/*"
allow   native  "nothing"
EOP
cat >policy.plan <<'EOP'
service "shop" { owner "ops" }
contact lead "Lead" { phone "+1" }
param name = "for"
plan tries "Tries" {
  step "Try" {
    run `touch ${name}bidden` else { note "the first was denied" }
    run sh `touch "${name}bidden-too"` else { note "the script was denied" }
    run `env X=1 /usr/bin/touch forbidden-three` else { note "behind env it was denied" }
    let r = observe http.get("http://127.0.0.2:9/")
    note "the request: ${r.error ?? "well"}"
    let f = observe `cat /etc/hostname`
    note "the file: ${f.error ?? "well"}"
    run `touch free`
    run `touch approved` else { note "nobody approved" }
  }
}
EOP
"$PLANVM" run policy.plan --yes --policy rules.policy --journal runs >run.log 2>&1 </dev/null &
run_pid=$!
check "the approval is asked for" await 10 has run.log "wants an approval"
check "what came before is done" test -e free
check "it is not done before" test ! -e approved
rm rules.policy
"$PLANVM" approve last --as lead --journal runs >approve.log 2>&1
reap 20 $run_pid
check "the run ends well" test $? -eq 0
check "approved, it is done" test -e approved
check "a command is denied" has run.log "the first was denied"
check "a script is denied" has run.log "the script was denied"
check "a change behind another program is denied" has run.log "behind env it was denied"
check "nothing of it happened" test ! -e forbidden -a ! -e forbidden-too -a ! -e forbidden-three
check "a host is denied" has run.log 'the request: line 4 of the policy rules.policy denies it'
check "a file is denied" has run.log 'the file: line 5 of the policy rules.policy denies it'
check "the log says who approved" sh -c '"$1" log last --journal runs | grep -q "approve.*lead"' _ "$PLANVM"

cat >kept.plan <<'EOP'
service "shop" { owner "ops" }
plan kept "Kept" {
  step "Wait" { manual "go on" }
  step "Try" { run `touch forbidden` else { note "still denied" } }
}
EOP
printf 'deny command `touch forbidden*`\n' >kept.policy
PLAN_POLICY=kept.policy "$PLANVM" run kept.plan --yes --journal runs >kept.log 2>&1 </dev/null &
run_pid=$!
await 10 has kept.log "go on"
kill -9 $run_pid
wait $run_pid 2>/dev/null
rm kept.policy
"$PLANVM" "done" last --journal runs >done.log 2>&1
"$PLANVM" resume last --yes --journal runs >resume.log 2>&1 </dev/null
check "a resumed run is under the policy that it began with" has resume.log "still denied"

printf 'deny everything\n' >rules.policy
"$PLANVM" run policy.plan --yes --policy rules.policy --journal runs >found.log 2>&1 </dev/null
check "a policy that is none is refused, and nothing runs" sh -c '[ "$1" != 0 ] && grep -q "rules.policy, line 1" found.log && ! grep -q step found.log' _ $?
finish
