"""`planc coverage --json` in, a drill for each severity out: nobody answers, and every page comes when coverage says so.

    ladder_drills.py COVERAGE-JSON DECLARATIONS.plan > FILE.plan

DECLARATIONS is the plan that coverage was asked about; its declarations are kept, its plan is replaced by one that waits.
Each drill also says how many attempts there are for each person and way up to the last that coverage lists.
"""

import json
import sys
from collections import Counter


def duration(ms):
    return f"{ms}ms" if ms % 1000 else f"{ms // 1000}s"


with open(sys.argv[1], encoding="utf-8") as file:
    coverage = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    print(file.read().split("\nplan ")[0])
print('plan idle "Nothing is done" {\n  severity S1\n  step "Wait" { wait 2d }\n}')
for severity in coverage["severities"]:
    pages = [one for one in severity["moments"] if one["do"] == "page"]
    if not pages:
        continue
    end = pages[-1]["at"] + 1000
    print(f'drill "{severity["name"]}" of idle {{\n  with severity {severity["name"]}\n  until {duration(end)}')
    for page in pages:
        print(f'  expect paged {page["who"]} by {page["way"]} at {duration(page["at"])}')
    for (who, way), count in Counter((one["who"], one["way"]) for one in pages).items():
        print(f"  expect paged {who} by {way} {count} times")
    print("}")
