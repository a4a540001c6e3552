#!/bin/sh
# `planc check --policy` finds what a policy denies whatever the rest is, and leaves open what only the run knows.
set -u
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 2
failed=0
say() { # say STATUS NAME
    if [ "$1" = 0 ]; then echo "ok $2"; else
        echo "not ok $2"
        cat out
        failed=1
    fi
}
cat >one.plan <<'EOP'
service "shop" { owner "ops" }
param name: string
param place = "api.example.com"
plan one "One" {
  step "Try" {
    run `rm -rf /srv/${name}`
    run `touch ${name}`
    run sh `cp -r "${name}" /tmp && rm -rf x`
    observe http.get("https://${place}/health")
  }
}
EOP
printf 'deny command `rm -rf *`\nallow host "*.example.org"\n' >rules.policy
"$PLANC" check --policy rules.policy one.plan >out 2>&1
test $? -eq 1
say $? "it makes planc fail"
test "$(grep -c 'P0524' out)" -eq 3
say $? "three things are denied"
grep -q '^one.plan:6:.*line 1 of the policy rules.policy denies it: deny command `rm -rf \*`' out
say $? "a command, by its line"
grep -q '^one.plan:8:.*P0524' out
say $? "a script"
grep -q '^one.plan:9:.*no `allow host` line of the policy rules.policy fits' out
say $? "a host that no line allows"
printf 'allow host "*"\n' >rules.policy
"$PLANC" check --policy rules.policy one.plan >out 2>&1
test $? -eq 0
say $? "a policy that allows it says nothing"
printf 'deny everything\n' >rules.policy
"$PLANC" check --policy rules.policy one.plan >out 2>&1
test $? -eq 2 && grep -q 'rules.policy, line 1' out
say $? "a policy that is none is misuse"
exit $failed
