#!/bin/sh
# A thousand timers of a live run: none fires early, all fire. How late they are, by the clock of who reads planvm's output, is
# said, not judged: see docs/performance.md.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"

{
    "$PLANVM" run "$root/tests/live/timers.plan" --yes --journal "$work/runs" 2>&1 </dev/null
    echo "status $?"
} | python3 -c '
import re, sys, time
late = []
for line in sys.stdin:
    now = int(time.time() * 1000)
    note = re.search(r"due (\d+)", line)
    if note:
        late.append(now - int(note[1]))
    elif line.startswith("status"):
        print(line, end="")
late.sort()
print(f"{len(late)} timers; the earliest {late[0]} ms late, half {late[len(late) // 2]}, 99 of 100 {late[len(late) * 99 // 100]}, the last {late[-1]}")
sys.exit(len(late) != 1000 or late[0] < -2) # the two clocks are read one after the other' >"$work/run.log"
check "all fire and none is early" test $? -eq 0
check "the run ends well" has "$work/run.log" "status 0"
cat "$work/run.log"
finish
