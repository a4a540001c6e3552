#!/bin/sh
# Native functions are called for real: the C library's own.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANVM=${PLANVM:-$root/build/planvm}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
plan=$root/tests/live/native.plan
failed=0

said() { # said NAME TEXT
    if grep -qF -e "$2" "$work/said"; then
        echo "ok $1"
    else
        echo "not ok $1"
        cat "$work/said"
        failed=1
    fi
}

"$PLANVM" drill "$plan" >"$work/said" 2>&1
said 'mocked' '1 ok, 0 failed'
"$PLANVM" run "$plan" --yes --allow-native --journal "$work/runs" >"$work/said" 2>&1
said 'what comes out' 'loads 3 3 true'
said 'a text that comes out' 'host false 0'
said 'declared pure' 'numbers true 4 5'
said 'a handle goes round' 'step "Load" done'
said 'a NULL is a failure' 'is NULL'
"$PLANVM" run "$plan" --yes --journal "$work/runs" >"$work/said" 2>&1
said 'only where it is allowed' '--allow-native'
exit $failed
