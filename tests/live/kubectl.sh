#!/bin/sh
# A literal that begins with kubectl, through the real kubectl and an API server that fails when told: defaults, kinds of failure,
# and changes of which nobody knows.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
# shellcheck source=tests/live/tools/kube.sh
. "$(dirname "$0")/tools/kube.sh"
kube_begin "$work/kube"
kube_app web prod 3
rm -f "$kube/changes" "$kube/requests"

cat >"$work/look.plan" <<'PLAN'
service "shop" { owner "ops" }
param kube_namespace = "prod"
plan look "Looks" {
  step "Look" {
    let one = observe `kubectl get deployment/web -o json`
    note "replicas ${(one.json.spec.replicas as? int) ?? 0}"
    let gone = observe `kubectl get deployment/nosuch`
    note "gone is ${gone.failure ?? "well"}"
    let other = observe `kubectl get deployment/web -n other`
    note "other is ${other.failure ?? "well"}"
    let away = observe `kubectl --server=http://127.0.0.1:1 get pods`
    note "away is ${away.failure ?? "well"}"
    let secret_one = observe `kubectl get secrets`
    note "secrets are ${secret_one.failure ?? "well"}"
    let slow = observe `kubectl get nodes` with (timeout: 2s)
    note "nodes are ${slow.failure ?? "well"}"
  }
}
PLAN
printf '[{"path":"/nodes","delay":5}]' >"$kube/faults.json"
echo "* secrets" >"$kube/denied"
"$PLANVM" run "$work/look.plan" --yes --journal "$work/runs" >"$work/look.log" 2>&1
check "the run ends well" test $? -eq 0
check "json is read, in the default namespace" has "$work/look.log" "replicas 3"
check "not found" has "$work/look.log" "gone is not found"
check "a namespace of its own is kept" has "$work/look.log" "other is not found"
check "refused" has "$work/look.log" "away is refused"
check "forbidden" has "$work/look.log" "secrets are forbidden"
check "timed out, by kubectl's own limit" has "$work/look.log" "nodes are timed out"

cat >"$work/change.plan" <<'PLAN'
service "shop" { owner "ops" }
param kube_namespace: string
plan change "Changes" {
  step "Change" {
    run `kubectl scale deployment/web --replicas=4` else { note "scale failed" }
    let old = run `kubectl patch deployment/web --type=merge -p '{"metadata":{"resourceVersion":"1","labels":{"a":"b"}}}'` else { note "patch failed" }
    note "patch is ${old.failure ?? "well"}"
    run `kubectl annotate deployment/web note=one` on unknown verify (observe `kubectl get deployment/web -o 'jsonpath={.metadata.annotations.note}'`).out == "one"
    let lost = run `kubectl label deployment/web note=two` with (timeout: 2s) on unknown fail else { note "label failed" }
    note "label is ${lost.failure ?? "well"}, unknown ${lost.unknown}"
  }
}
PLAN
rm "$kube/denied"
# Both are done by the server, and the answer does not come.
printf '[{"method":"PATCH","path":"fieldManager=kubectl-annotate","after":true,"times":1},{"method":"PATCH","path":"fieldManager=kubectl-label","delay":4,"times":1}]' >"$kube/faults.json"
"$PLANVM" run "$work/change.plan" --yes --set kube_namespace=prod --journal "$work/runs" >"$work/change.log" 2>&1
check "the changes end well" test $? -eq 0
check "it was scaled" count_is 1 "$kube/changes" "scale deployments/web=4"
check "a conflict" has "$work/change.log" "patch is conflict"
check "a change without an answer is verified" test "$(kubectl get deployment/web -n prod -o 'jsonpath={.metadata.annotations.note}')" = one
check "it was made once" test "$(grep -c kubectl-annotate "$kube/requests")" -eq 1
check "a change that timed out is unknown" has "$work/change.log" "unknown true"

# ---- the same, dry: the server judges, and nothing changes
rm -f "$kube/changes" "$kube/requests" "$kube/faults.json"
"$PLANVM" run "$work/change.plan" --yes --dry-run --set kube_namespace=prod --journal "$work/runs" >"$work/dry.log" 2>&1
check "a dry run ends well" test $? -eq 0
check "the server has judged a change" grep -q 'PATCH .*scale?dryRun=All' "$kube/requests"
check "a conflict shows before it happens" has "$work/dry.log" "patch is conflict"
check "every change was a dry one" sh -c '! grep -E "^(POST|PUT|PATCH|DELETE)" "$1" | grep -v dryRun=All' _ "$kube/requests"
check "nothing was changed" test ! -s "$kube/changes"
finish
