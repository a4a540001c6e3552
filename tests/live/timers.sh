#!/bin/sh
# A thousand timers of a live run: none fires early, all fire. How late they are is said, not judged: see docs/performance.md.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"

"$PLANVM" run "$root/tests/live/timers.plan" --yes --journal "$work/runs" >"$work/run.log" 2>&1 </dev/null
check "the run ends well" test $? -eq 0
"$PLANVM" log last --json --journal "$work/runs" >"$work/rows"
check "all fire and none is early" python3 - "$work/rows" <<'END'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
late = sorted(row["now"] - int(row["payload"]["text"][4:]) for row in rows if row.get("name") == "note")
print(f"{len(late)} timers; the earliest {late[0]} ms late, half {late[len(late) // 2]}, 99 of 100 {late[len(late) * 99 // 100]}, the last {late[-1]}")
sys.exit(len(late) != 1000 or late[0] < 0)
END
finish
