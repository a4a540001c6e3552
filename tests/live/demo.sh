#!/bin/sh
# The demo ends well within 30 seconds and leaves nothing behind; with a remedy that does not work it fails and says why.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"

TMPDIR=$work
export TMPDIR
began=$(date +%s)
BUILD=$BUILD sh "$demo/run" >"$work/demo.log" 2>&1
status=$?
check "the demo succeeds" test $status -eq 0
check "it ends within 30 seconds" test $(($(date +%s) - began)) -le 30
check "the shop was down" has "$work/demo.log" "(503)"
check "the shop is up" has "$work/demo.log" "(200)"
check "the first remedy failed" grep -qE 'Restart the shop.*fail|fail.*Restart the shop' "$work/demo.log"
check "the on-call engineer and the lead were paged" sh -c 'grep "\"to\": \"/pager\"" "$1" | grep -c . | grep -qE "^([2-9]|[0-9]{2,})$"' _ "$work/demo.log"
check "the report names the remedy that helped" has "$work/demo.log" "Clear the stale lock"
check "nothing is left in the temporary folder" sh -c '! ls -d "$1"/plan-demo.* 2>/dev/null' _ "$work"
check "no process is left" sh -c '! pgrep -f "$1/plan-demo" >/dev/null' _ "$work"

cp -r "$demo" "$work/broken"
sed -i 's|^    unlock) unlock ;;|    unlock) echo "the disk is read-only" >\&2; exit 1 ;;|' "$work/broken/shopctl"
BUILD=$BUILD sh "$work/broken/run" >"$work/broken.log" 2>&1
status=$?
check "with a broken remedy it fails" test $status -ne 0
check "and says why" has "$work/broken.log" "the disk is read-only"
check "the shop stayed down" hasnt "$work/broken.log" "(200)"
finish
