# shellcheck shell=sh
# A cluster for a test: the real kubectl against the small API server of tests/live/tools/kube (README.md there). Sourced after
# lib.sh.
#
# kube_begin FOLDER [OPTION…]  starts the server (ends with the test) and points kubectl at it; a test without kubectl is skipped
# kube_apply < OBJECTS         creates what the YAML on standard input says
# kube_app NAME NS REPLICAS    a namespace and a deployment in it

kube_begin() {
    kube=$1
    shift
    command -v kubectl >/dev/null 2>&1 || {
        echo "kubectl is not installed"
        exit 77
    }
    mkdir -p "$kube"
    rm -f "$kube/kubeconfig"
    # shellcheck disable=SC2154 # lib.sh says where the tree is
    /usr/bin/python3 "$root/tests/live/tools/kube/api.py" "$kube" "$@" >"$kube/server.log" 2>&1 </dev/null &
    kube_pid=$!
    at_end "kill $kube_pid 2>/dev/null; wait $kube_pid 2>/dev/null"
    await 10 test -s "$kube/kubeconfig" || {
        cat "$kube/server.log"
        exit 1
    }
    KUBECONFIG=$kube/kubeconfig
    KUBECACHEDIR=$kube/cache
    export KUBECONFIG KUBECACHEDIR
}
kube_apply() { kubectl apply --validate=false -f - >>"$kube/apply.log" 2>&1; }
kube_app() {
    kubectl create namespace "$2" >>"$kube/apply.log" 2>&1
    kubectl create deployment "$1" -n "$2" --image="$1:1" --replicas="$3" >>"$kube/apply.log" 2>&1
}
