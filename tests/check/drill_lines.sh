#!/bin/sh
# A line of a drill that is nearly right is told what to write instead: tests/check/drill-lines.txt has `LINE => what the help
# says`, each of which is checked in a drill of its own.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANC=${PLANC:-$root/build/planc}
exec /usr/bin/python3 - "$PLANC" "$root/tests/check/drill-lines.txt" <<'PYTHON'
import json, subprocess, sys, tempfile

planc, table = sys.argv[1:]
head = """service "Shop" { owner "Shop team"; runbook "https://wiki.example.com/shop" }
contact ann "Ann" { phone "1"; sms "2"; answer within 5m }
plan p "P" {
  step "Gate" {
    needs approval from ann within 10m
    page ann "x"
    run `kubectl scale deployment/shop --replicas=3 -n shop`
  }
}
"""
cases = [line.rstrip("\n").split(" => ") for line in open(table, encoding="utf-8")]
plan, first = head, head.count("\n") + 1
for number, (line, _) in enumerate(cases):
    plan += f'drill "{number}" of p {{\n  {line}\n  expect done "Gate"\n}}\n'
with tempfile.NamedTemporaryFile("w", suffix=".plan", encoding="utf-8") as file:
    file.write(plan)
    file.flush()
    said = subprocess.run([planc, "check", "--format", "json", file.name], capture_output=True, text=True)
findings = {}
for one in json.loads(said.stdout):
    findings.setdefault(one["line"], []).append(one)
failed = 0
for number, (line, wanted) in enumerate(cases):
    found = findings.pop(first + 4 * number + 1, [])
    if len(found) == 1 and wanted in (found[0].get("help") or ""):
        print("ok", line)
        continue
    failed = 1
    print("not ok", line)
    print("wanted:", wanted, "\nsaid:", json.dumps(found))
if findings:
    failed = 1
    print("not ok nothing else is found\n", json.dumps(findings))
sys.exit(failed)
PYTHON
