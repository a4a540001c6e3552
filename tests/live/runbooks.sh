#!/bin/sh
# One whole procedure of each runbook's plans, from alert to report, before real peers: kubectl and the API server, the aws
# command and a stand-in for AWS, Redis, and a company's HTTP world with its Slack, PagerDuty and status page, and a mail relay. The people are
# another process that answers whatever is asked. (OmenDB has a test of its own: omendb.sh.)
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
# shellcheck source=tests/live/tools/kube.sh
. "$(dirname "$0")/tools/kube.sh"
# shellcheck source=tests/live/tools/postgres.sh
. "$(dirname "$0")/tools/postgres.sh"
tools=$root/tests/live/tools
if ! command -v redis-server >/dev/null 2>&1 || ! [ -x /usr/bin/aws ]; then
    echo "redis-server or aws is not installed"
    exit 77
fi
cd "$work" || exit 1

serve() { # serve PROGRAM FOLDER: starts it, until the test ends; its port stands in FOLDER/PROGRAM.port
    mkdir -p "$2"
    /usr/bin/python3 "$tools/$1.py" "$2" >"$2/$1.log" 2>&1 </dev/null &
    at_end "kill $! 2>/dev/null; wait $! 2>/dev/null"
    await 10 test -s "$2/$1.port"
}
company() { echo "http://127.0.0.1:$(cat "$work/$1/company.port")"; } # company NAME: where its world is

answer_to() {
    case $1 in
        *"How many users"*) echo 1200 ;;
        *"How bad is it?"*) echo P1 ;;
        *) echo yes ;;
    esac
}

# Whoever is asked does it, approves it, or says the word, in the name of the first who may.
people() { # people NAME: until its run is over
    while ! [ -s "$work/$1/status" ]; do
        "$PLANVM" status last --journal "$work/$1/runs" 2>/dev/null |
            sed -nE 's/^question ([0-9]+) \((.*)\): .*/\1 \2 &/p' | while read -r id kind rest; do
            who=$(printf '%s' "$rest" | sed -nE 's/.*; for ([a-z_]+).*/\1/p')
            case $kind in
                manual | call) set -- "$1" "done" last "$id" ;;
                approval) set -- "$1" approve last "$id" ;;
                ask) set -- "$1" answer last "$id" "$(answer_to "$rest")" ;;
                *) continue ;;
            esac
            folder=$1
            shift
            "$PLANVM" "$@" --as "${who:-somebody}" --journal "$work/$folder/runs" >>"$work/$folder/people.log" 2>&1
            set -- "$folder"
        done
        sleep 0.2
    done
}

incident() { # incident NAME FILE PLAN WHO SETTING…: runs it with people around it; its exit status goes to NAME/status
    (
        name=$1
        file=$2
        plan=$3
        who=$4
        shift 4
        people "$name" &
        "$PLANVM" run "$root/plans/$file" "$plan" --allow-missing --journal "$work/$name/runs" "$@" >"$work/$name.log" 2>&1 </dev/null &
        run_pid=$!
        await 20 sh -c '"$1" ack last --as "$2" --journal "$3" | grep -q acknowledged' _ "$PLANVM" "$who" "$work/$name/runs"
        reap 180 $run_pid
        echo $? >"$work/$name/ended"
        mv "$work/$name/ended" "$work/$name/status"
        wait
        "$PLANVM" report last --journal "$work/$name/runs" >"$work/$name.report" 2>&1
    )
}
ended_well() { test "$(cat "$work/$1/status")" = 0; }

for name in alchemorsel courtcase dinner; do serve company "$work/$name" || exit 1; done
slack() { echo "$(company "$1")/services/T0/B0/hidden-from-all"; }
ALCHEMORSEL_SLACK_WEBHOOK=$(slack alchemorsel) ALCHEMORSEL_TEAMS_WEBHOOK=$(company alchemorsel)/teams/hook ALCHEMORSEL_PAGERDUTY_KEY=key-hidden-from-all
ALCHEMORSEL_STATUSPAGE_KEY=page-hidden-from-all ALCHEMORSEL_SLACK_TOKEN=token-hidden-from-all
COURTCASE_SLACK_WEBHOOK=$(slack courtcase) DINNER_SLACK_WEBHOOK=$(slack dinner) DINNER_PAGERDUTY_KEY=key-hidden-from-all DINNER_DB_PASSWORD=db-hidden-from-all
export ALCHEMORSEL_SLACK_WEBHOOK ALCHEMORSEL_TEAMS_WEBHOOK ALCHEMORSEL_PAGERDUTY_KEY ALCHEMORSEL_STATUSPAGE_KEY ALCHEMORSEL_SLACK_TOKEN
export COURTCASE_SLACK_WEBHOOK DINNER_SLACK_WEBHOOK DINNER_PAGERDUTY_KEY DINNER_DB_PASSWORD

CLUSTER=$work/cluster
kube_begin "$CLUSTER"
kube_app alchemorsel-api alchemorsel 3
kube_app whats-for-dinner-app whats-for-dinner 5

for app in alchemorsel-api whats-for-dinner-app; do
    ns=${app%-api}
    ns=${ns%-app}
    kubectl rollout status "deployment/$app" -n "$ns" --timeout=10s >>kube.log 2>&1
    kubectl set image "deployment/$app" "$app=$app:2" -n "$ns" >>kube.log 2>&1
done
rm -f "$CLUSTER/changes"
cat >"$CLUSTER/hook" <<HOOK
#!/bin/sh
case "\$2" in (*alchemorsel*) : >"$work/alchemorsel/healthy" ;; (*dinner*) : >"$work/dinner/healthy" ;; esac
HOOK
chmod +x "$CLUSTER/hook"

# Redis, PostgreSQL and AWS.
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
redis=$(free_port)
redis-server --port "$redis" --bind 127.0.0.1 --save '' --dir "$work" >redis.out 2>&1 </dev/null &
at_end "kill $! 2>/dev/null; wait $! 2>/dev/null"
serve cloud "$work/courtcase"
mkdir bin
printf '#!/bin/sh\nexec /usr/bin/redis-cli -p %s "$@"\n' "$redis" >bin/redis-cli
printf '#!/bin/sh\nexec /usr/bin/aws --endpoint-url http://127.0.0.1:%s "$@"\n' "$(cat courtcase/cloud.port)" >bin/aws
chmod +x bin/redis-cli bin/aws
PGPORT=$(free_port)
postgres_start "$PGPORT" db-hidden-from-all
PATH=$work/bin:$PATH AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY=aws-hidden-from-all AWS_CONFIG_FILE=/dev/null
AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
export PATH PGPORT AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_EC2_METADATA_DISABLED
check "Redis is there" await 10 redis-cli ping
check "PostgreSQL is there" await 30 pg_isready -q -h 127.0.0.1

# A deployment failed and the quick rollback repairs it; everything is down and the rollback is approved; nobody knows what it
# is and a rollback is tried first. They wait to see that all stays well, so they run at once.
incident alchemorsel alchemorsel/deployment.plan failed_deployment oncall --set "site=$(company alchemorsel)" --set "api=$(company alchemorsel)" \
    --set "events=$(company alchemorsel)" --set "statuspage_api=$(company alchemorsel)/v1" &
alchemorsel=$!
incident courtcase courtcase/scenarios.plan outage ops --set "lb=$(company courtcase)" --set "mail=smtp://127.0.0.1:$(cat courtcase/mail.port)" --set db_group=sg-1 --set ecs=web --set region=eu-west-1 &
courtcase=$!
incident dinner whats-for-dinner/incident.plan respond oncall --set "site=$(company dinner)" --set "events=$(company dinner)" \
    --set redis_host=127.0.0.1 --set db_host=127.0.0.1 --set db_user=shop --set db_name=postgres &
wait $alchemorsel $courtcase $!

check "Alchemorsel: the run ends well" ended_well alchemorsel
check "PagerDuty has paged" has alchemorsel/requests "POST /v2/enqueue"
check "the rollback was made, once" test "$(grep -c 'patch deployments/alchemorsel-api' "$CLUSTER/changes")" -eq 1
check "the first image runs again" test "$(kubectl get deployment alchemorsel-api -n alchemorsel -o 'jsonpath={.spec.template.spec.containers[0].image}')" = alchemorsel-api:1
check "the status page was told" has alchemorsel/requests "POST /v1/pages/alchemorsel/incidents"
check "the report tells it" has alchemorsel.report "Quick rollback"

check "court case: the run ends well" ended_well courtcase
check "the rollback was asked for as it should be" has courtcase/requests 'rollback/CourtCaseCluster/web {"snapshot_id":"latest","dry_run":false}'
check "the operations team has mail" has courtcase/mail "RCPT TO:<ops-team@company.com>"
check "it says what it is about" has courtcase/mail "INCIDENT ALERT"
check "AWS was looked at" has courtcase.report "service.json"
check "validation followed" has courtcase/requests "POST /api/v1/deployment-validation/smoke-test/CourtCaseCluster/web"

check "What's for Dinner: the run ends well" ended_well dinner
check "PostgreSQL answered" has dinner.report "the database answers: true"
check "Redis answered" has dinner.report "Redis answers: true"
check "the application was rolled back" has dinner.report "Roll the application back"
check "once" test "$(grep -c 'patch deployments/whats-for-dinner-app' "$CLUSTER/changes")" -eq 1

check "no secret is in a journal or on a screen" sh -c '! grep -rqaF hidden-from-all "$1"/*/runs "$1"/*.log "$1"/*.report' _ "$work"
finish
