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

# The file size limit, of the new journal and a little more, stands for a disk that is full. A folder that is made
# twice would fail the run.
world_end
cat >"$work/many.plan" <<'EOF'
service "Shop" { owner "Nobody" }
param folder = "."
plan many "Many" { step "Make" { for i in 1..100 { run `mkdir ${folder}/${i}` } } }
EOF
mkdir "$work/made"
"$PLANC" build "$work/many.plan" -o "$work/many.planc"
size=$(wc -c <"$work/many.planc")
(
    ulimit -f $((size / 512 + 100))
    trap '' XFSZ
    exec "$PLANVM" run "$work/many.plan" many --set folder="$work/made" --yes --journal "$work/full"
) >"$work/full.log" 2>&1 </dev/null
check "a journal that is full ends planvm" test $? -eq 1
check "it says how to go on" has "$work/full.log" "planvm resume"
check "it was full under way" test -d "$work/made/1" -a ! -d "$work/made/100"
"$PLANVM" resume last --yes --journal "$work/full" >"$work/resumed.log" 2>&1 </dev/null
check "the run is resumed" test $? -eq 0
check "nothing was done twice, nothing left out" test -d "$work/made/100"
finish
