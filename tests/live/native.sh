#!/bin/sh
# Native functions are called for real: the C library's own.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
plan=$root/tests/live/native.plan
said() { check "$1" has "$work/said.log" "$2"; } # said NAME TEXT

"$PLANVM" drill "$plan" >"$work/said.log" 2>&1
said 'mocked' '1 ok, 0 failed'
"$PLANVM" run "$plan" --yes --allow-native --journal "$work/runs" >"$work/said.log" 2>&1
said 'what comes out' 'loads 3 3 true'
said 'a text that comes out' 'host false 0'
said 'declared pure' 'numbers true 4 5'
said 'a handle goes round' 'step "Load" done'
said 'a NULL is a failure' 'is NULL'
"$PLANVM" run "$plan" --yes --journal "$work/runs" >"$work/said.log" 2>&1
said 'only where it is allowed' '--allow-native'
finish
