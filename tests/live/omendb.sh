#!/bin/sh
# The OmenDB plan, run for real: nginx is the load balancer, kubectl talks to the small API server, what it executes in the pods
# are programs of this test, Slack and PagerDuty a sink on loopback, and its people answer from another process.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
# shellcheck source=tests/live/tools/kube.sh
. "$(dirname "$0")/tools/kube.sh"
tools=$root/tests/live/tools
nginx=$(command -v nginx || echo /usr/sbin/nginx)
[ -x "$nginx" ] || {
    echo "nginx is not installed"
    exit 77
}

free_ports() {
    /usr/bin/python3 -c '
import socket
held = [socket.socket() for _ in range(3)]
for one in held:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in held))'
}

cluster() { # cluster CURE: a broken cluster that CURE (a change, as the API server names it) repairs
    [ ! -d "$work/runs" ] || mv "$work/runs" "$keep_runs/$(echo "$1" | tr -c "a-z" _)"
    rm -rf "$work/messages" "$CLUSTER/healthy" "$CLUSTER/full" "$CLUSTER/changes"
    printf '#!/bin/sh\ncase "$1 $2" in (%s) : >healthy ;; esac\n' "$1" >"$CLUSTER/hook"
    chmod +x "$CLUSTER/hook"
}

CLUSTER=$work/cluster
kube_begin "$CLUSTER"
mkdir "$CLUSTER/exec" "$CLUSTER/logs"
cp "$tools/pod/"* "$CLUSTER/exec/"
echo "2026-03-02T03:11:58Z ERROR no space left on device" >"$CLUSTER/logs/default"
kube_apply <"$tools/omendb.yaml"
check "the cluster is there" kubectl rollout status deployment/prod-omendb -n omendb-prod --timeout=10s
cluster "patch\ deployments/prod-omendb"
# shellcheck disable=SC2046
set -- $(free_ports)
# Started by root, nginx would let another user's workers look into a folder that is root's alone.
user=
[ "$(id -u)" -ne 0 ] || user="user root root;"
sed -e "s|^@USER@|$user|" -e "s|@WORK@|$work|g" -e "s|@LB@|$1|" -e "s|@API@|$2|" -e "s|@STATS@|$3|" "$tools/nginx.conf" >"$work/nginx.conf"
"$nginx" -c "$work/nginx.conf" -p "$work" >"$work/nginx.log" 2>&1 </dev/null &
nginx_pid=$!
at_end "kill $nginx_pid 2>/dev/null; wait $nginx_pid 2>/dev/null"
/usr/bin/python3 "$demo/sink.py" "$work" </dev/null >/dev/null 2>&1 &
sink_pid=$!
at_end "kill $sink_pid 2>/dev/null"
await 5 test -s "$work/sink.port" || exit 1
BALANCER=http://127.0.0.1:$1
check "nginx answers 503" await 5 sh -c 'test "$(curl -s -o /dev/null -w "%{http_code}" "$1/health")" = 503' _ "$BALANCER"

sink=http://127.0.0.1:$(cat "$work/sink.port")
OMENDB_SLACK_WEBHOOK=$sink/services/T000/B000/not-for-anybodys-eyes
OMENDB_PAGERDUTY_KEY=0123456789abcdef-routing-key
PATH=$tools/bin:$PATH
export BALANCER OMENDB_SLACK_WEBHOOK OMENDB_PAGERDUTY_KEY PATH
cp "$tools/health_check.sh" "$work/"
cd "$work" || exit 1

set_world="--set lb=$BALANCER --set api=http://127.0.0.1:$2 --set stats=http://127.0.0.1:$3 --set events=$sink"
signal() { # signal LOG QUESTION COMMAND WORDS…: waits until the run asks, then answers
    log=$1
    question=$2
    command=$3
    shift 3
    await 20 has "$log" "$question" || return 1
    "$PLANVM" "$command" last "$@" --journal "$work/runs" >>"$work/signals.log" 2>&1
}

# ---- a restart is enough
# shellcheck disable=SC2086
"$PLANVM" run "$root/plans/omendb/outage.plan" $set_world --journal "$work/runs" >"$work/restart.log" 2>&1 </dev/null &
run_pid=$!
check "PagerDuty hears of it" await 10 has "$work/messages" '/v2/enqueue'
check "the page is acknowledged" signal "$work/restart.log" "paged oncall" ack --as oncall
check "the status page is set" signal "$work/restart.log" "Investigating service disruption" "done" --as lead
check "it is set again at the end" signal "$work/restart.log" "Service restored" "done" --as lead
reap 20 $run_pid
check "the run ends well" test $? -eq 0
check "nginx answers 200" curl -sf -o /dev/null "$BALANCER/health"
check "one change was made" sh -c 'test "$(cat "$1")" = "patch deployments/prod-omendb"' _ "$CLUSTER/changes"
check "Slack was told" has "$work/messages" "Investigating service disruption of OmenDB"
check "no secret is in a journal or on a screen" sh -c '! grep -rqaF -e not-for-anybodys-eyes -e 0123456789abcdef-routing-key "$1/runs" "$1"/*.log' _ "$work"
"$PLANVM" report last --journal "$work/runs" --format md >"$work/report.log" 2>&1
check "the report names the remedy" has "$work/report.log" "Restart the pods"

# ---- the disk is full: an approval and an answer from people
cluster "patch\ deployments/prod-omendb"
: >"$CLUSTER/full"
# shellcheck disable=SC2086
"$PLANVM" run "$root/plans/omendb/outage.plan" $set_world --journal "$work/runs" >"$work/disk.log" 2>&1 </dev/null &
run_pid=$!
check "the status page is set (full disk)" signal "$work/disk.log" "Investigating service disruption" "done" --as lead
check "the clean-up is asked for and approved" signal "$work/disk.log" "Pattern 3: disk full" approve --as lead
check "the size is asked for and answered" signal "$work/disk.log" "The volume has 100Gi" answer true --as lead
check "the end is announced" signal "$work/disk.log" "Service restored" "done" --as lead
reap 20 $run_pid
check "the run ends well (full disk)" test $? -eq 0
check "what was approved was done, once and in order" sh -c 'test "$(tr "\n" "," <"$1")" = "patch persistentvolumeclaims/omendb-data,patch deployments/prod-omendb,"' _ "$CLUSTER/changes"
check "the pod was cleaned once" sh -c 'test "$(grep -c "rm -rf" "$1")" = 1' _ "$CLUSTER/execs"
check "the volume has grown" sh -c 'test "$(kubectl get pvc omendb-data -n omendb-prod -o "jsonpath={.spec.resources.requests.storage}")" != 100Gi'
finish
