#!/bin/sh
# planvm is killed with -9 in the middle of the demo, while a remedy is under way; `planvm resume` ends the run as if
# nothing had happened, and no remedy ran twice.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
# shellcheck source=plans/demo/world.sh
. "$demo/world.sh"

TMPDIR=$work
export TMPDIR
at_end world_end
world_begin "$demo" || exit 1
# A restart that takes its time, so that the kill falls into it.
mkdir "$work/slow"
printf '#!/bin/sh\n[ "$3" != unlock ] || sleep 1\nexec "%s/shopctl" "$@"\n' "$demo" >"$work/slow/shopctl"
chmod +x "$work/slow/shopctl"
PATH=$work/slow:$PATH

# shellcheck disable=SC2046
"$PLANVM" run "$demo/outage.plan" $(world_plan) --yes --journal "$world/runs" >"$work/run.log" 2>&1 </dev/null &
run_pid=$!
check "the second remedy begins" await 20 has "$work/run.log" "Clear the stale lock"
check "its first command is under way" await 5 pgrep -f "shopctl --dir $world unlock"
kill -9 $run_pid
wait $run_pid 2>/dev/null
"$PLANVM" list --journal "$world/runs" >"$work/list.log" 2>&1
check "list says that the run was interrupted" grep -qiE 'interrupted' "$work/list.log"

"$PLANVM" resume last --journal "$world/runs" --yes >"$work/resume.log" 2>&1 </dev/null
status=$?
check "the resumed run succeeds" test $status -eq 0
check "the shop is up" sh -c 'curl -sf "$1/health" >/dev/null' _ "$shop_url"
check "the lock was cleared once" count_is 1 "$world/calls" unlock
check "each remedy restarted the shop once" count_is 2 "$world/calls" restart
check "one order was placed" sh -c 'curl -s "$1/orders" | grep -q "\"count\": 1}"' _ "$shop_url"
"$PLANVM" report last --journal "$world/runs" --format md >"$work/report.log" 2>&1
check "the report says resolved" grep -qi resolved "$work/report.log"
"$PLANVM" resume last --journal "$world/runs" --yes >"$work/again.log" 2>&1 </dev/null
check "an ended run is not run again" count_is 2 "$world/calls" restart
finish
