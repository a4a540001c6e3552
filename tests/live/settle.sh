#!/bin/sh
# The alerts that a run's pages have left at PagerDuty, Opsgenie and Jira Service Management are acknowledged with the incident
# and closed with it, each by its own key and no other; what cannot be told is said.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
command -v openssl >/dev/null || {
    echo "openssl is not installed"
    exit 77
}
cd "$work" || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem 2>/dev/null
/usr/bin/python3 "$root/tests/live/tools/sink.py" "$work" </dev/null >sink.log 2>&1 &
sink=$!
at_end 'kill "$sink" 2>/dev/null'
await 10 test -s http.port || exit 1
PAGER_KEY=sentinelpagerdutyroutingkey00003
GENIE_KEY=sentinel-genie~11
export PAGER_KEY GENIE_KEY

cat >settle.plan <<'END'
import "std/pagerduty"
import "std/opsgenie"
import "std/jsm"
service "Settling" { owner "tests" }
param sink: string
secret pager_key = env "PAGER_KEY"
secret genie_key = env "GENIE_KEY"
channel pager = pagerduty.service(routing_key: pager_key, url: "${sink}/ok/pagerduty")
channel genie = opsgenie.channel(genie_key, url: "${sink}/ok/opsgenie")
channel desk  = jsm.channel(genie_key, url: "${sink}/ok/jsm")
contact ann { phone "+1-555-0101"; reach by pager, phone; answer within 1h }
contact bob { phone "+1-555-0102"; reach by genie, phone; answer within 1h }
contact eve { phone "+1-555-0103"; reach by desk, phone; answer within 1h }
severity SEV1 "Down" { means "down"; respond within 1h; resolve within 2h; escalate by ladder }
escalation ladder {
  at once page [ann, bob, eve]
  when unresolved for 1h page bob
  at last page ann every 1h
}
plan outage "It is down" {
  severity SEV1
  phase "Repair" within 1h {
    step "Repair" { manual "Repair it" within 30m }
    step "Over" { resolve "repaired" }
  }
}
END
check "the plan has no error" "$PLANC" check settle.plan
requests_are() { test "$(grep -cE "$2" requests)" -eq "$1"; }
begin() { # begin NAME
    "$PLANVM" run settle.plan --set "sink=http://127.0.0.1:$(cat http.port)" --journal "$1" >"$1.log" 2>&1 </dev/null &
    pid=$!
    await 10 has "$1.log" 'paged ann by pager' && await 10 has "$1.log" 'paged bob by genie' && await 10 has "$1.log" 'paged eve by desk'
}

check "all are paged" begin first
"$PLANVM" ack last --as ann --journal first >ack.log 2>&1
check "the alerts are acknowledged" await 10 has first.log 'the alerts at pager are acknowledged'
check "all of them" await 10 sh -c 'test "$(grep -c "the alerts at .* are acknowledged" first.log)" -eq 3'
"$PLANVM" "done" last --as ann --journal first >done.log 2>&1
reap 20 $pid
check "the run ends well" test $? -eq 0
check "the alerts are closed" test "$(grep -c 'the alerts at .* are closed' first.log)" -eq 3
key=$(sed -n 's/^pagerduty POST.*"dedup_key":"\([^"]*\)".*/\1/p' requests | sort -u)
check "one alert has one key" test "$(printf '%s\n' "$key" | wc -l)" -eq 1
check "PagerDuty hears of it" requests_are 1 '^pagerduty POST.*"event_action":"acknowledge"'
check "and of its end" requests_are 1 '^pagerduty POST.*"event_action":"resolve"'
check "Opsgenie" requests_are 1 '^opsgenie POST /ok/opsgenie/v2/alerts/[^/]*/close'
check "its successor" requests_are 1 '^jsm POST /ok/jsm/v2/alerts/[^/]*/close'
check "both by the alias of their alert" sh -c 'for s in opsgenie jsm; do
    alias=$(sed -n "s|^$s POST /ok/$s/v2/alerts .*\"alias\":\"\([^\"]*\)\".*|\1|p" requests)
    test -n "$alias" && grep -q "^$s POST /ok/$s/v2/alerts/$alias/close" requests || exit 1
done'
check "each service took what it was sent" test ! -e wrong
check "the report has it" sh -c '"$1" report last --journal first --format md | grep -q "the alerts at pager are closed"' _ "$PLANVM"

check "another incident" begin second
kill "$sink"
"$PLANVM" "done" last --as ann --journal second >done.log 2>&1
reap 40 $pid
check "a run ends although nobody can be told" test $? -eq 0
check "and says so" test "$(grep -c 'the alerts at .* could not be closed: ' second.log)" -eq 3
finish
