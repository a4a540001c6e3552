#!/bin/sh
# Every provider that sends, against a sink that holds each request against what its service takes, field by field: sent,
# refused, too much at first, and lost on the way. Secrets are in nothing that is written, shown, or sent elsewhere, although
# the services throw them back.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
here=$root/tests/live
command -v openssl >/dev/null || {
    echo "openssl is not installed"
    exit 77
}
cd "$work" || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" \
    -keyout key.pem -out cert.pem 2>/dev/null
/usr/bin/python3 "$here/tools/sink.py" "$work" </dev/null >"$work/sink.log" 2>&1 &
sink_pid=$!
at_end "kill $sink_pid 2>/dev/null"
await 10 test -s http.port && await 10 test -s smtp.port || exit 1
http=http://127.0.0.1:$(cat http.port)
smtp=smtp://127.0.0.1:$(cat smtp.port)

# What is secret, as its service knows it; each with what its encodings change.
SLACK_BOT=xoxb-sentinel-slack-bot~2
PAGER_KEY=sentinelpagerdutyroutingkey00003
PAGE_KEY=sentinel-statuspage~4
SMS_TOKEN=sentinel-twilio~5
BOT_TOKEN=12:sentinel-telegram_7
HOOK_KEY=sentinel-hmac~10
GENIE_KEY=sentinel-genie~11
GRAFANA_TOKEN=sentinel-grafana~12
DATADOG_KEY=sentinel-datadog~13
GITHUB_TOKEN=sentinel-github~14
MAIL_PASSWORD=sentinel-mail~15
export SLACK_BOT PAGER_KEY PAGE_KEY SMS_TOKEN BOT_TOKEN HOOK_KEY GENIE_KEY GRAFANA_TOKEN DATADOG_KEY GITHUB_TOKEN MAIL_PASSWORD
no_proxy=127.0.0.1
export no_proxy

tell() { # tell MODE: everything is told once more; the run's output is in MODE.log
    base=$http/$1
    SLACK_HOOK=$base/slack/services/T0/B0/sentinel-slack-hook~1 TEAMS_HOOK="$base/teams/workflows/1/triggers/manual/paths/invoke?sig=sentinel-teams~6" \
        CHAT_HOOK=$base/discord/api/webhooks/1/sentinel-discord_8 HOOK_URL=$base/hook/hook/sentinel-webhook~9 \
        "$PLANVM" run "$here/plans/providers.plan" telling --yes --set sink="$base" --set mail="$smtp" --set ca="$work/cert.pem" \
        --journal "$work/runs/$1" >"$work/$1.log" 2>&1 </dev/null
    status=$?
    "$PLANVM" log last --json --journal "$work/runs/$1" >"$work/$1.json" 2>&1
    "$PLANVM" report last --format md --journal "$work/runs/$1" >"$work/$1.md" 2>&1
    cat "$work/wrong" 2>/dev/null
    return $status
}
marks() { # marks MODE NAME: how many marks of that name the run made
    grep -c "\"name\":\"$2\"" "$work/$1.json"
}

check "the run ends well" tell ok
check "each service took what it was sent" test ! -e wrong
check "everything was delivered" test "$(marks ok notify.sent)" -eq 35
check "nothing failed" test "$(marks ok notify.failed)" -eq 0
for service in slack pagerduty statuspage twilio teams telegram discord hook opsgenie jsm grafana datadog github; do
    check "$service was told" grep -q "^$service POST" requests
done
for service in slack telegram github; do
    check "$service has the second message in the thread of the first" grep -qx "thread $service" requests
done

mails() { # mails PYTHON-EXPRESSION: does it hold for the list `mails`
    /usr/bin/python3 -c '
import json, sys
mails = [json.loads(line) for line in open("mail", encoding="utf-8")]
assert eval(sys.argv[1]), json.dumps(mails, indent=1)' "$1"
}
check "mails come over TLS from whom the server knows" mails 'len(mails) == 4 and all(m["safe"] and m["user"] for m in mails)'
check "their subject is the title" mails 'all(m["subject"] == "Checkout is \"down\" <now> — 50 % & more" for m in mails)'
check "their body is the text, also its single point" mails 'all(m["body"].startswith("first line\n.\n<!channel> & \"quotes\" identified\n") for m in mails)'
check "they go to the channel's address, or to the contact's own" mails '[m["to"] for m in mails] == [["ops@example.com"], ["eve@example.com"]] * 2'
check "later ones answer the first" mails '[m["answers"] for m in mails] == [None, None, mails[0]["id"], mails[1]["id"]]'
check "each has an identity of its own" mails 'len({m["id"] for m in mails}) == 4 and all("@example.com>" in m["id"] for m in mails)'
check "no line is too long or ends wrong" mails 'all(m["longest"] <= 998 and m["bare"] == 0 for m in mails)'
check "they say that no person wrote them" mails 'all(m["auto"] == "auto-generated" and m["date"] for m in mails)'

mail_to() { # mail_to NAME ADDRESS MORE…
    log=$work/$1.log
    to=$2
    shift 2
    SLACK_HOOK=x TEAMS_HOOK=x CHAT_HOOK=x HOOK_URL=x "$PLANVM" run "$here/plans/providers.plan" mailing --yes --set sink="$http" --set mail="$smtp" \
        --set ca="$work/cert.pem" --set addressee="$to" "$@" --journal "$work/runs/mail" >"$log" 2>&1 </dev/null
}
# The rest waits for services that want to be left alone for a moment: all at once.
tell refuse &
refuse=$!
tell busy &
busy=$!
tell drop &
drop=$!
mail_to later later@example.com &
later=$!
mail_to nobody nobody@example.com
check "an address that is not there is refused" has nobody.log "550 5.1.1 there is no nobody here"
wait $later
check "one that is to come later is tried again, and then refused" has later.log "451 4.7.1 try again later"
mail_to lost lost@example.com
check "one that was lost on its way is said to be unknown" has lost.log "nobody knows whether it arrived"
mail_to forged "$(printf 'a@example.com>\nBcc: b')"
check "an address that would be two is refused" has forged.log "is no e-mail address"
mail_to title a@example.com --set title="$(printf 'one\nBcc: b@example.com')"
check "a title that would be two headers is refused" has title.log "holds a line break"
mail_to untrusted a@example.com --set ca=/dev/null
check "a server that nobody vouches for gets no mail" hasnt mail '"a@example.com"'

# ---- refused, too much at first, lost on the way
wait $refuse
check "what is refused is told" test "$(marks refuse notify.failed)" -eq 31
check "it is told why" has refuse.log "it answered 403: forbidden"
wait $busy
check "what was too much at first arrives" test "$(marks busy notify.failed)" -eq 0
for service in slack pagerduty statuspage twilio teams telegram discord hook opsgenie jsm grafana datadog github; do
    check "$service is left alone for as long as it asked" grep -qx "waited $service" requests
done
wait $drop
unknown=$(grep -c '"name":"notify.sent".*"unknown":true' drop.json)
check "what was lost on the way is unknown, and said to be" test "$unknown" -eq 31
# Two rounds, one message each; the ladder tells the room once more.
while read -r times path; do
    check "of what has no key, each is sent once: $path" test "$(grep -c "^[a-z]* POST /drop/$path " requests)" -eq "$times"
done <<EOF
3 slack/services/[^ ]*
2 slack/api/chat.postMessage
2 statuspage/v1/pages/page1/incidents
2 twilio/2010-04-01/Accounts/AC0123/Messages.json
2 twilio/2010-04-01/Accounts/AC0123/Calls.json
2 teams/[^ ]*
2 telegram/[^ ]*
2 discord/[^ ]*
2 grafana/api/annotations
2 datadog/api/v1/events
2 github/repos/shop/ops/issues
EOF

# ---- secrets: sent to their own service, and nowhere else
/usr/bin/python3 "$here/tools/sentinel.py" "$work" >sentinel.log 2>&1
check "no secret is written, shown or sent elsewhere" test ! -s sentinel.log
finish
