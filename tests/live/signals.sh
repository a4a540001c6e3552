#!/bin/sh
# What people get wrong is refused in words and changes nothing: roles and severities that are not there, a start that lies
# in the future; a journal that cannot be written ends planvm and says how to go on.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
# shellcheck source=plans/demo/world.sh
. "$demo/world.sh"

TMPDIR=$work
export TMPDIR
at_end world_end
world_begin "$demo" || exit 1
for since in 2099-01-01T00:00:00Z -5m; do
    # shellcheck disable=SC2046
    "$PLANVM" run "$demo/outage.plan" $(world_plan) --yes --since "$since" --journal "$world/runs" >"$work/since.log" 2>&1 </dev/null
    check "--since $since is refused" test $? -eq 2
    check "--since $since: it says why" has "$work/since.log" "is in the future"
done
# shellcheck disable=SC2046
"$PLANVM" run "$demo/outage.plan" $(world_plan) --yes --journal "$world/runs" >"$work/run.log" 2>&1 </dev/null &
run_pid=$!
check "the on-call engineer is paged" await 5 has "$world/messages" '"/pager"'
"$PLANVM" assign last oncall nobody --journal "$world/runs" >"$work/assign.log" 2>&1
check "a contact is no role" has "$work/assign.log" "there is no role oncall"
"$PLANVM" severity last SEV9 --because x --journal "$world/runs" >"$work/severity.log" 2>&1
check "a severity must be there" has "$work/severity.log" "there is no severity SEV9"
reap 30 $run_pid
check "the run succeeds" test $? -eq 0

# The file size limit stands for a disk that is full.
world_end
world_begin "$demo" || exit 1
# shellcheck disable=SC2046
(
    ulimit -f 520
    trap '' XFSZ
    exec "$PLANVM" run "$demo/outage.plan" $(world_plan) --yes --journal "$world/runs"
) >"$work/full.log" 2>&1 </dev/null
check "a journal that is full ends planvm" test $? -eq 1
check "it says how to go on" has "$work/full.log" "planvm resume"
"$PLANVM" resume last --yes --journal "$world/runs" >"$work/resumed.log" 2>&1 </dev/null
check "the run is resumed" test $? -eq 0
check "no remedy ran twice" count_is 2 "$world/calls" restart
finish
