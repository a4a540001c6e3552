"""What is said of beginners' mistakes: each gets the messages that are written below it, no more and no less.

    mistakes.py PLANC FILE…            compares
    mistakes.py --write PLANC FILE…    writes what is said now: read it before it is kept

A file holds cases: a line `=== KIND NAME`, the text, a line `---`, and what is said of it: place (line and column of the
text), code, sentence, and the help below. KIND is where the text stands: s in a step, p in a plan, d among declarations,
f alone in its file. A NAME that ends in `!` means that the text is written with escapes. Warnings about unused declarations
of the frame are left out.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

FRAME = '''service "Shop" { owner "Team"; runbook "https://wiki.example.com" }
param ns = "prod"
contact ann "Ann" { phone "1"; sms "2"; answer within 5m }
contact bob "Bob" { phone "3"; sms "4"; answer within 5m }
role commander "Commander" { primary ann; backup bob }
severity SEV1 "Down" { respond within 15m; resolve within 4h; escalate by ladder }
severity SEV2 "Slow" { respond within 1h; resolve within 8h; escalate by ladder }
escalation ladder {
  at once page ann
  when unacknowledged for 10m page bob
  at last page ann every 10m
}
'''
STEP = 'plan frame "Frame" {\n  severity SEV1\n  step "Frame" {\n%s\n  }\n  step "Over" { resolve "done" }\n}\n'
PLAN = 'plan frame "Frame" {\n  severity SEV1\n%s\n  step "Over" { resolve "done" }\n}\n'


def framed(kind, text):
    """The whole plan, and the number of lines and columns before the text."""
    if kind == "f":
        return text + "\n", 0, 0
    before = FRAME.count("\n")
    if kind == "d":
        return FRAME + text + "\n" + STEP % '    note "x"', before, 0
    inset = "\n".join("    " + line for line in text.split("\n"))
    return FRAME + (STEP if kind == "s" else PLAN) % inset, before + (3 if kind == "s" else 2), 4


def said(planc, kind, text):
    whole, lines, columns = framed(kind, text)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mistake.plan")
        with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(whole)
        done = subprocess.run([planc, "check", "--format", "json", path], capture_output=True, check=False, timeout=60)
    if done.returncode not in (0, 1):
        return "exit %d" % done.returncode
    out, below = [], len(text.split("\n"))
    for finding in json.loads(done.stdout):
        line = finding["line"] - lines
        if finding["code"] == "P0906" and not 1 <= line <= below:
            continue
        out.append("%d:%d %s %s" % (line, finding["column"] - columns, finding["code"], finding["message"].replace(folder + "/", "")))
        if finding["help"]:
            out.append("    " + finding["help"])
    return "\n".join(out)


def main():
    write = sys.argv[1] == "--write"
    planc, paths = sys.argv[1 + write], sys.argv[2 + write:]
    failed = 0
    for path in paths:
        text = open(path, encoding="utf-8").read()
        parts = re.split(r"^=== (\w) (.*)\n", text, flags=re.M)
        new = parts[0]
        for kind, name, case in zip(parts[1::3], parts[2::3], parts[3::3]):
            body, _, wanted = case.partition("\n---\n")
            body, wanted = body.rstrip("\n"), wanted.strip("\n")
            plain = body.encode("utf-8").decode("unicode_escape") if name.endswith("!") else body
            found = said(planc, kind, plain)
            new += "=== %s %s\n%s\n---\n%s\n\n" % (kind, name, body, found)
            if found != wanted and not write:
                failed += 1
                print("%s: %s\n%s\n  wanted:\n%s\n  said:\n%s" % (path, name, body, wanted, found))
        if write:
            open(path, "w", encoding="utf-8").write(new.rstrip("\n") + "\n")
    return 1 if failed else 0


sys.exit(main())
