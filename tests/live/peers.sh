#!/bin/sh
# The providers that look and repair, against the real thing on loopback: PostgreSQL, Redis, Prometheus, Alertmanager, git, and the
# aws command line before a stand-in for AWS. Each server is started once, on a free port, and stopped at the end.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
here=$root/tests/live
# shellcheck source=tests/live/tools/postgres.sh
. "$here/tools/postgres.sh"
PATH=$PATH:/usr/sbin
export PATH
no_proxy=127.0.0.1
DB_PASSWORD=sentinel-db-1
CACHE_PASSWORD=sentinel-cache-2
export no_proxy DB_PASSWORD CACHE_PASSWORD
cd "$work" || exit 1

free_ports() { # free_ports N
    /usr/bin/python3 -c '
import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in held:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in held))' "$1"
}
# shellcheck disable=SC2046
set -- $(free_ports 4)
pg_port=$1
redis_port=$2
prom_port=$3
alerts_port=$4

at_work() { # at_work PROGRAM…: is each there? A machine without them skips their part
    for program in "$@"; do
        command -v "$program" >/dev/null 2>&1 || {
            echo "$program is not installed" >>missing
            return 1
        }
    done
}
start() { # start NAME COMMAND…: runs it until the test ends
    name=$1
    shift
    "$@" >"$work/$name.log" 2>&1 </dev/null &
    at_end "kill $! 2>/dev/null; wait $! 2>/dev/null"
}
run() { # run PLAN SETTINGS…
    plan=$1
    shift
    "$PLANVM" run "$here/plans/peers.plan" "$plan" --yes "$@" --journal "$work/runs/$plan" >"$work/$plan.log" 2>&1 </dev/null
}

# ---- the servers
if at_work initdb postgres psql redis-server redis-cli; then
    postgres_start "$pg_port" "$DB_PASSWORD"
    start redis redis-server --bind 127.0.0.1 --port "$redis_port" --requirepass "$CACHE_PASSWORD" --save "" --appendonly no --dir "$work"
fi
if at_work prometheus prometheus-alertmanager; then
    cat >prometheus.yml <<END
global: {evaluation_interval: 1s}
rule_files: [rules.yml]
END
    echo '{groups: [{name: shop, rules: [{alert: ShopDown, expr: vector(1), labels: {severity: SEV1}}]}]}' >rules.yml
    echo '{route: {receiver: none}, receivers: [{name: none}]}' >alertmanager.yml
    start prometheus prometheus --config.file=prometheus.yml --storage.tsdb.path="$work/tsdb" --web.listen-address="127.0.0.1:$prom_port"
    start alertmanager prometheus-alertmanager --config.file=alertmanager.yml --storage.path="$work/alerts" \
        --web.listen-address="127.0.0.1:$alerts_port" --cluster.listen-address=
fi
/usr/bin/python3 "$here/tools/cloud.py" "$work" >cloud.log 2>&1 </dev/null &
at_end "kill $! 2>/dev/null"

# ---- git, while they start
GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=ann GIT_AUTHOR_EMAIL=ann@example.com GIT_COMMITTER_NAME=ann GIT_COMMITTER_EMAIL=ann@example.com
export GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
if at_work git; then
    {
        git init -q --bare origin.git
        git clone -q origin.git clone
        echo one >clone/config
        git -C clone add config
        git -C clone commit -qm "better: one"
        echo two >clone/config
        git -C clone commit -qam "worse: two"
        git -C clone push -q origin HEAD
    } >git.log 2>&1
    rm -f /tmp/written-by-git
    run configuration --set clone="$work/clone"
    check "the last commit is taken back and handed over" sh -c 'test "$(git -C origin.git show HEAD:config)" = one'
    check "git works" has configuration.log "git works"
    check "a commit that looks like an option is none" test ! -e /tmp/written-by-git
    check "and git says so" has configuration.log 'step "a commit that is an option" failed'
fi

# ---- databases
if command -v initdb >/dev/null 2>&1; then
    check "PostgreSQL is up" await 30 pg_isready -q -h 127.0.0.1 -p "$pg_port"
    check "the databases' plan ends" run databases --set pg_port="$pg_port" --set redis_port="$redis_port"
    check "values arrive in PostgreSQL and come back as they are" has databases.log "postgres works"
    check "a look changes nothing, and says why" has databases.log "cannot execute DELETE in a read-only transaction"
    check "of statements that fail none is done" has databases.log "3 orders are left"
    check "values arrive in Redis and come back as they are" has databases.log "redis works"
fi

# ---- measurements
if command -v prometheus >/dev/null 2>&1; then
    check "the measurements' plan ends" run measurements --set prom="http://127.0.0.1:$prom_port" --set alerts="http://127.0.0.1:$alerts_port"
    check "Prometheus answers" has measurements.log "prometheus works"
    check "a query that is none is told in its own words" has measurements.log "Prometheus: it answered 400: invalid parameter"
    check "Alertmanager takes alerts and silences" has measurements.log "alertmanager works"
fi

# ---- AWS
if at_work /usr/bin/aws && await 10 test -s cloud.port; then
    PATH=/usr/bin:$PATH AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY=sentinel-aws-3 AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null \
        AWS_EC2_METADATA_DISABLED=true run the_cloud --set cloud="http://127.0.0.1:$(cat cloud.port)"
    check "AWS answers" has the_cloud.log "aws works"
    check "the service is scaled" has cloud 'UpdateService {"cluster": "shop", "desiredCount": 5, "service": "web"}'
    check "the sick target is taken out" has cloud 'DeregisterTargets {"TargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/1", "Targets.member.1.Id": "i-2"}'
    check "a pattern arrives as it is" has cloud 'FilterLogEvents -x "$(id)"'
    check "a service that is not there is told in AWS's words" has the_cloud.log "ServiceNotFoundException"
fi
check "no password is in a journal or on a screen" sh -c '! grep -rqaF sentinel- runs ./*.log'
[ ! -s missing ] || cat missing
finish
