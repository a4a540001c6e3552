#!/usr/bin/python3
"""Every run below a folder is retold as a drill, which must hold and tell the same: `retell.py PLANVM WORK`. One line
`ok …` or `not ok …` for each run. Called by tests/live/tools/lib.sh when a test ends.

Of a dry run, and of one that ended before it began, there is nothing to tell."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from itertools import zip_longest

MEMBERS = ("name", "contact", "way", "target", "by", "to", "what", "how", "error")


def story(lines):
    """What a log tells, one mark a line (its expectations know when): rows as `planvm log --json` or `planvm drill --log` has them."""
    told, start = [], None
    for line in lines:
        row = json.loads(line)
        start = start or row.get("now")
        if row.get("row", row.get("kind")) != "mark" or row["name"] in ("condition.tried", "signal.refused"):
            continue
        args = row.get("json") or row.get("payload") or {}
        told.append([row["name"], row["now"] - start, *(str(args.get(member, "")) for member in MEMBERS)])
    return told


def same(was, told):
    """Who is no contact of the plan is `drill` in a drill."""
    named = zip(("mark", "time", *MEMBERS), was, told)
    return len(was) == len(told) and all(one == other or (member == "by" and other == "drill") for member, one, other in named)


def journal_run(path):
    """The run's file and the arguments of its start."""
    with sqlite3.connect(path) as store:
        file, start = store.execute("SELECT file, start FROM run").fetchone()
    return file, json.loads(start)


def source_of(file, work):
    """Tests name their plans from where they are or from their folder."""
    return file if os.path.exists(file) else f"{work}/{file}"


def plan_beside(file, work, name):
    """A path for a plan beside the run's own, within the test's folder, so that what it imports and reads is there."""
    folder = os.path.dirname(os.path.abspath(file))
    if os.path.commonpath([folder, work]) != work:
        shutil.copytree(folder, f"{work}/retold", dirs_exist_ok=True)
        folder = f"{work}/retold"
    return f"{folder}/retold-{name}.plan"


def call(*words):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def retell(planvm, work, runs, name):
    """What is wrong with the run's drill; empty: nothing."""
    file, start = journal_run(f"{runs}/{name}/journal.db")
    file = source_of(file, work)
    drill = call(planvm, "drill", "--from-run", name, "--journal", runs)
    if "nothing to tell" in drill.stderr and (start.get("dry_run") or "before it began" in drill.stderr):
        return ""
    if drill.returncode:
        return drill.stderr
    plan, again = plan_beside(file, work, name), f"{work}/retold.log"
    with open(file, encoding="utf-8") as source, open(plan, "w", encoding="utf-8") as out:
        out.write(source.read() + "\n" + drill.stdout)
    held = call(planvm, "drill", "--filter", "run *", "--log", again, plan)
    if held.returncode:
        return drill.stdout + held.stdout + held.stderr
    was = story(call(planvm, "log", name, "--json", "--journal", runs).stdout.rstrip("\n").split("\n"))
    with open(again, encoding="utf-8", newline="\n") as rows:
        told = story(rows)
    for at, (one, other) in enumerate(zip_longest(was, told, fillvalue=[])):
        if not same(one, other):
            return f"{drill.stdout}\nmark {at + 1} was\n  {one}\nand is told as\n  {other}"
    return "" if was else "there is no story"


def main():
    planvm, work = sys.argv[1:3]
    failed = False
    for place, _, files in os.walk(work):
        if "journal.db" not in files or os.path.basename(place).startswith("."):
            continue
        wrong = retell(planvm, work, os.path.dirname(place), os.path.basename(place))
        print("not ok" if wrong else "ok", "retold: the run", os.path.basename(place))
        if wrong:
            print(wrong)
            failed = True
    return 1 if failed else 0


sys.exit(main())
