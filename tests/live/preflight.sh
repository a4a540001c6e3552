#!/bin/sh
# planvm preflight says what a machine lacks for a plan, and changes nothing: programs, versions, secrets, servers, and what the
# cluster lets us do.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
# shellcheck source=tests/live/tools/kube.sh
. "$(dirname "$0")/tools/kube.sh"
kube_begin "$work/kube"
kube_app web prod 1
: >"$kube/changes"
cd "$work" || exit 1
port=$(sed -n 's|.*http://127.0.0.1:\([0-9]*\).*|\1|p' "$KUBECONFIG")
cat >ready.plan <<EOP
service "shop" { owner "ops"; needs program "kubectl" >= "1.10"; needs program "sh" }
secret token = env "PREFLIGHT_TOKEN"
param ns = "prod"
plan ready "Ready" {
  step "Do" {
    observe \`kubectl get pods -n \${ns}\`
    run \`kubectl scale deployment/web -n \${ns} --replicas=2\`
    run \`kubectl delete pod x -n \${ns}\`
    observe \`no-such-program --version\`
    observe http.get("http://127.0.0.1:$port/x", bearer: token)
    observe http.get("http://127.0.0.1:1/x")
  }
}
EOP
"$PLANVM" preflight ready.plan >first.log 2>&1
check "what lacks makes it fail" test $? -eq 1
check "a program that is there" grep -q '^ok  *program  *kubectl: /' first.log
check "one that is not" grep -q '^LACKING  *program  *no-such-program' first.log
check "a version" grep -q '^ok  *version  *kubectl: >= 1.10 is wanted' first.log
check "a secret that is not there" grep -q '^LACKING  *secret  *token, env PREFLIGHT_TOKEN' first.log
check "a server that answers" grep -q "^ok  *server  *http://127.0.0.1:$port" first.log
check "one that does not" grep -q '^LACKING  *server  *http://127.0.0.1:1' first.log
check "what the cluster allows" grep -q '^ok  *permission  *patch deployment/scale in prod' first.log
echo "delete pods" >"$kube/denied"
PREFLIGHT_TOKEN=x "$PLANVM" preflight ready.plan >second.log 2>&1
check "what it does not" grep -q '^LACKING  *permission  *delete pod in prod: no' second.log
check "a secret that is there" grep -q '^ok  *secret  *token' second.log
check "nothing was changed" test ! -s "$kube/changes"
finish
