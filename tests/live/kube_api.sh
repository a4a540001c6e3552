#!/bin/sh
# The small API server, as the real kubectl sees it: changes, conflicts, refusals, dry runs, roll-outs, exec.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
# shellcheck source=tests/live/tools/kube.sh
. "$(dirname "$0")/tools/kube.sh"
kube_begin "$work/kube"
kube_app web prod 3
says() { # says TEXT COMMAND…: the command's output, of whatever kind, holds TEXT
    text=$1
    shift
    "$@" >"$work/said.log" 2>&1
    has "$work/said.log" "$text"
}
quietly() { "$@" >"$work/said.log" 2>&1; }
refused() { ! "$@" >"$work/said.log" 2>&1; }

check "pods are there" says "web-" kubectl get pods -n prod
check "the deployment is ready" says "3/3" kubectl get deployment/web -n prod
check "it is scaled" quietly kubectl scale deployment/web --replicas=5 -n prod
check "another image" quietly kubectl set image deployment/web web=web:2 -n prod
check "it is rolled out" says "successfully rolled out" kubectl rollout status deployment/web -n prod --timeout=20s
check "and back" says "rolled back" kubectl rollout undo deployment/web -n prod
check "the image is the old one" says "web:1" kubectl get deployment/web -n prod -o 'jsonpath={.spec.template.spec.containers[0].image}'
check "revision 1 has become 3" says 3 kubectl rollout history deployment/web -n prod
: >"$work/kube/changes"
check "a dry run is taken" quietly kubectl scale deployment/web --replicas=1 -n prod --dry-run=server
check "a dry run changes nothing" test ! -s "$work/kube/changes"
check "an old version is a conflict" says Conflict kubectl patch deployment/web -n prod --type=merge -p '{"metadata":{"resourceVersion":"1","labels":{"a":"c"}}}'
check "what is not there" says NotFound kubectl get pod nosuch -n prod
check "exec is forbidden" says Forbidden kubectl exec -n prod deployment/web -- tool
mkdir "$work/kube/exec"
printf '#!/bin/sh\necho "out $1"\nexit "$2"\n' >"$work/kube/exec/tool"
chmod +x "$work/kube/exec/tool"
check "exec runs a program" says "out x" kubectl exec -n prod deployment/web -- tool x 0
kubectl exec -n prod deployment/web -- tool x 3 >"$work/said.log" 2>&1
check "with its exit" test $? -eq 3
echo "delete pods" >"$work/kube/denied"
check "can-i says no" says no kubectl auth can-i delete pods -n prod
check "and it is refused" says Forbidden kubectl delete pod x -n prod
printf '[{"path":"configmaps","status":500,"message":"boom","times":1}]' >"$work/kube/faults.json"
check "it fails when told" says boom kubectl get configmaps -n prod
check "once" refused says boom kubectl get configmaps -n prod
check "a broken image is never ready" quietly sh -c 'kubectl set image deployment/web web=broken:1 -n prod && ! kubectl rollout status deployment/web -n prod --timeout=1s'
finish
