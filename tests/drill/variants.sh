#!/bin/sh
# A sweep that fails says how each of its variants is run alone, and that command, as it stands, fails with the same words.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANVM=${PLANVM:-$root/build/planvm}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
result() { # result NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else
        echo "not ok $1"
        failed=1
    fi
}
planvm() { "$PLANVM" "$@"; }
cat >shop.plan <<'END'
service "Shop" { owner "Shop team"; runbook "https://wiki.example.com/shop" }

contact ann "Ann" { phone "1"; sms "2"; reach by phone, sms; answer within 5m }
contact bob "Bob" { phone "3"; sms "4"; reach by phone, sms; answer within 5m }

severity SEV1 "Down" { means "down"; respond within 30m; resolve within 8h; escalate by ladder; acknowledgement holds 6h }

escalation ladder {
  at once                      page ann
  when unacknowledged for 10m  page bob
  at last                      page ann every 2h
}

plan down "Down" {
  severity SEV1
  step "Look" {
    on failure continue
    observe `look at it`
    run `restart it`
  }
  step "Over" {
    wait 1h
    resolve "over"
  }
}

drill "it's late" of down {
  command `*` gives "ok"
  sweep acknowledged at 0m..20m every 4m or never
  expect not paged bob
}
drill "something fails" of down {
  command `*` gives "ok"
  ann acknowledges after 1m
  sweep any effect is unknown once
  answer "*" with "not done"
  expect done "Look"
}
drill "no sweep" of down {
  command `*` gives "ok"
  expect resolved
}
END
"$PLANVM" drill shop.plan >said 2>/dev/null
[ $? -eq 1 ] && grep -q '7 variants, 4 failed' said && grep -q '^ *FAIL  12m to never (4): ' said
result "one table tells of all variants" $?
sed -n 's/^ *this one alone: //p' said >commands
[ "$(wc -l <commands)" -eq 4 ] && grep -q -- "--variant 'effect 3' shop.plan" commands
result "each variant that fails has its command" $?
while IFS= read -r command; do
    eval "$command" >alone 2>/dev/null
    [ $? -eq 1 ] && grep -q '1 variant, 1 failed' alone && ! grep -q 'no sweep' alone && ! grep -q 'this one alone' alone
    result "$command" $?
done <commands
"$PLANVM" drill --variant '4m' shop.plan >alone 2>&1
[ $? -eq 1 ] && grep -q '^ *ok  *it.s late' alone && grep -q 'this sweep has no variant like 4m' alone
result "a variant that holds, and a sweep that has none like it" $?
"$PLANVM" drill --filter 'some*' --variant 'effect *' shop.plan >alone 2>&1
[ $? -eq 1 ] && grep -q '3 variants, 1 failed' alone
result "a pattern takes several" $?
"$PLANVM" drill --filter 'no sweep' --variant never shop.plan >alone 2>&1
[ $? -eq 2 ] && grep -q 'there is no drill with a sweep of such a name' alone
result "a drill without a sweep has no variants" $?
[ $failed -eq 0 ] || cat said alone
exit $failed
