#!/usr/bin/env python3
"""Random incidents, lived through by planvm and by the model (escalation.py), which must agree on every page and its second.

    tests/model/incidents.py [--count N] [--seed N] [--drills N] [--keep DIR] [--jobs N]

Ten thousand: `tests/model/incidents.py --count 10000`. Each program has random contacts, severities and ladders, each of its
drills random people, signals, deliveries that fail and times in which no process runs. What differs is printed with the drill.
PLANVM names the program (default: build/planvm).
"""

import argparse
import concurrent.futures
import json
import os
import random
import subprocess
import sys
import tempfile

import escalation

START = 1767603600000  # of a drill that does not say when: 2026-01-05 09:00 UTC
NAMES = ["ann", "bob", "cat", "dan", "eve", "fay"]
WAYS = ["phone", "sms", "email"]
DURATIONS = [3, 5, 7, 10, 12, 15, 20, 25, 30, 40, 60, 90]


def duration(seconds):
    parts = [(seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s")]
    return "".join(f"{n}{unit}" for n, unit in parts if n) or "0s"


# ---- programs ----


def make_contacts(rng):
    contacts = {}
    for place, name in enumerate(NAMES):
        later = NAMES[place + 1 :]
        contacts[name] = {
            "ways": rng.sample(WAYS, rng.choice([1, 2, 2, 3])),
            "within": rng.choice([1, 2, 3, 5, 5, 10]) * 60,
            "backup": rng.choice(later) if later and rng.random() < 0.4 else None,
        }
    return contacts


def make_rule(rng, kind):
    rule = {"kind": kind, "names": rng.sample(NAMES, rng.choice([1, 1, 1, 2])), "pages": rng.random() < 0.85}
    if kind in ("unacknowledged", "unresolved"):
        rule["after"] = rng.choice(DURATIONS) * 60
    if rule["pages"] and len(rule["names"]) > 1:
        rule["each"] = rng.random() < 0.6
    if rng.random() < 0.2:
        rule["repeat"] = (rng.choice([1, 2, 3, None]), rng.choice([1, 3, 5, 10]) * 60)
    return rule


def rule_text(rule):
    names = ", ".join(rule["names"])
    when = {
        "once": "at once",
        "raised": "when severity raised",
        "missed": "when target missed",
    }.get(rule["kind"]) or f"when {rule['kind']} for {duration(rule['after'])}"
    deed = f"page each of {names}" if rule.get("each") else f"page {names}"
    if len(rule["names"]) > 1 and not rule.get("each"):
        deed = f"page [{names}]"
    if not rule["pages"]:
        deed = f'notify [{names}] "look"'
    text = f"{when} {deed}"
    if "repeat" in rule:
        times, every = rule["repeat"]
        text += f" repeat every {duration(every)}" + (f" at most {times} times" if times is not None else "")
    return text


def make_ladder(rng):
    kinds = ["once"] * rng.choice([0, 1, 1, 1, 2])
    kinds += rng.choices(["unacknowledged", "unresolved"], k=rng.choice([0, 1, 2, 3, 4]))
    kinds += [kind for kind in ("raised", "missed") if rng.random() < 0.25]
    rng.shuffle(kinds)
    rules = []
    for kind in kinds or ["once"]:
        rule = make_rule(rng, kind)
        same = [one for one in rules if (one["kind"], one.get("after")) == (kind, rule.get("after"))]
        if not any(set(one["names"]) & set(rule["names"]) for one in same):
            rules.append(rule)
    if not any(rule["pages"] for rule in rules):
        rules[0]["pages"] = True
    for rule in rules:
        rule["text"] = rule_text(rule)
    return {"rules": rules, "last": {"names": rng.sample(NAMES, rng.choice([1, 1, 2])), "every": rng.choice([5, 10, 30, 60]) * 60}}


def make_program(rng):
    return {
        "contacts": make_contacts(rng),
        "severities": [
            {"holds": rng.choice([4, 10, 20, 30, 60]) * 60, "respond": rng.choice([5, 15, 30, 60]) * 60, "ladder": make_ladder(rng)}
            for _ in range(3)
        ],
        "cap": (rng.choice([1, 2, 3, 5]), rng.choice([5, 10, 30]) * 60) if rng.random() < 0.3 else None,
    }


def program_text(program):
    lines = ['service "Shop" {', '  owner "Shop team"', '  runbook "https://wiki.example.com/shop"']
    if program["cap"]:
        lines.append(f"  pages at most {program['cap'][0]} per {duration(program['cap'][1])} to one contact")
    lines.append("}")
    for name, contact in program["contacts"].items():
        ways = "".join(f'{way} "1"; ' for way in contact["ways"])
        backup = f"; backup {contact['backup']}" if contact["backup"] else ""
        reach = ", ".join(contact["ways"])
        lines.append(f'contact {name} "{name}" {{ {ways}reach by {reach}; answer within {duration(contact["within"])}{backup} }}')
    for level, severity in enumerate(program["severities"]):
        lines.append(
            f'severity S{level} "S{level}" {{ respond within {duration(severity["respond"])}; resolve within 30d; '
            f'escalate by ladder{level}; acknowledgement holds {duration(severity["holds"])} }}'
        )
    for level, severity in enumerate(program["severities"]):
        lines.append(f"escalation ladder{level} {{")
        lines += ["  " + rule["text"] for rule in severity["ladder"]["rules"]]
        last = severity["ladder"]["last"]
        lines.append(f"  at last page [{', '.join(last['names'])}] every {duration(last['every'])}")
        lines.append("}")
    lines += ['plan down "The shop is down" {', "  severity S0", '  step "Wait" { wait 2d }', '  step "End" { resolve "over" }']
    lines += ['  afterwards { step "Watch it" { wait 2d } }', "}"]
    return "\n".join(lines) + "\n"


# ---- drills ----


def moment(rng, until):
    """Often at a full minute, where clocks end, or a second beside it; no other event falls on :37 and :11."""
    return min(until, max(1, rng.randrange(1, until // 60) * 60 + rng.choice([0, 0, 0, 0, -1, 1, 17])))


def make_signal(rng, at):
    kind = rng.choices(["ack", "unack", "severity", "note", "resolve", "reopen", "escalate"], [30, 12, 22, 12, 4, 6, 6])[0]
    value = None
    if kind == "severity":
        value = rng.randrange(3)
    if kind == "escalate" and rng.random() < 0.4:
        value = rng.choice(NAMES)
    return (at, kind, rng.choice(NAMES), value)


def make_person(rng, contact, place):
    after = rng.choice([rng.randrange(0, 12) * 60 + 3 + 5 * place, contact["within"], contact["within"] - 1])
    return (rng.choice(["answers", "answers", "acknowledges"]), after)


def make_case(rng, program):
    until = rng.choice([1, 2, 4, 6]) * 3600
    case = dict(program, until=until, level=rng.randrange(3), people={}, failures=[], downtimes=[])
    case["signals"] = sorted((make_signal(rng, moment(rng, until)) for _ in range(rng.choice([0, 1, 2, 3, 5, 8]))), key=lambda one: one[0])
    for place, name in enumerate(NAMES):
        if rng.random() < 0.4:
            case["people"][name] = make_person(rng, program["contacts"][name], place)
        for way in program["contacts"][name]["ways"]:
            if rng.random() < 0.12:
                before = rng.choice([until + 1, rng.randrange(1, until // 60) * 60])
                case["failures"].append({"who": name, "way": way, "before": before})
    begin = 0
    while rng.random() < 0.25:
        begin += rng.randrange(0, until // 60) * 60 + 37
        lasts = rng.randrange(0, 60) * 60 + 34
        if begin + lasts >= until:
            break
        case["downtimes"].append((begin, lasts))
        begin = (begin + lasts) // 60 * 60 + 60
    return case


def drill_text(name, case):
    lines = [f'drill "{name}" of down {{', f"  with severity S{case['level']}", f"  until {duration(case['until'])}"]
    for failure in case["failures"]:
        before = f" before {duration(failure['before'])}" if failure["before"] <= case["until"] else ""
        lines.append(f"  {failure['way']} of {failure['who']} fails{before}")
    lines += [f"  {who} {does} after {duration(after)}" for who, (does, after) in case["people"].items()]
    for at, kind, by, value in case["signals"]:
        word = {
            "severity": f"severity S{value} by {by} because \"so\"",
            "note": f'note "here" by {by}',
            "unack": f'unack by {by} because "ill"',
            "resolve": f'resolve "over" by {by}',
            "reopen": f'reopen "not over" by {by}',
            "escalate": f"escalate{f' to {value}' if value else ''} by {by}",
        }.get(kind, f"{kind} by {by}")
        lines.append(f"  at {duration(at)} {word}")
    lines += [f"  at {duration(begin)} kill for {duration(lasts)}" for begin, lasts in case["downtimes"]]
    return "\n".join(lines + ["}"]) + "\n"


# ---- comparing ----


def machine_record(rows):
    record = []
    for row in rows:
        if row.get("row") != "mark":
            continue
        at, name, args = (row["now"] - START) / 1000, row["name"], row["json"]
        if name in ("page.sent", "page.failed", "page.capped"):
            what = {"page.sent": "paged", "page.failed": "failed", "page.capped": "capped"}[name]
            record.append((at, what, args["contact"], args["way"]))
        elif name in ("notify.sent", "notify.failed"):
            record.append((at, "told" if name == "notify.sent" else "not told", args["target"], ""))
        elif name in ("rung.due", "rung.passed") and not args["rule"].startswith("at last"):
            late = f"{args['late'] / 1000:g}" if name == "rung.due" else ""
            record.append((at, name[5:], f"{args['escalation']}: {args['rule']}", late))
        elif name == "ack.lapsed":
            record.append((at, "lapsed", args["by"], ""))
        elif name == "target.missed" and args["what"] == "respond":
            record.append((at, "target missed", "", ""))
    return sorted(record)


def model_record(case):
    record = []
    for at, what, who, how in escalation.Incident(case).run():
        if what in ("due", "passed"):
            level, index = who
            who = f"ladder{level}: {case['severities'][level]['ladder']['rules'][index]['text']}"
            how = f"{how:g}" if what == "due" else ""
        record.append((at, what, who, how))
    return sorted(record)


def differences(machine, model):
    """The first instant at which the two differ, and what each says of it."""
    for at in sorted({row[0] for row in machine + model}):
        one, other = [row for row in machine if row[0] == at], [row for row in model if row[0] == at]
        if one != other:
            yield f"at {duration(int(at))}:"
            yield from (f"  only planvm: {row[1:]}" for row in one if row not in other or one.count(row) > other.count(row))
            yield from (f"  only the model: {row[1:]}" for row in other if row not in one or other.count(row) > one.count(row))
            return


def run_planvm(path):
    planvm, log = os.environ.get("PLANVM", "build/planvm"), path + ".log"
    result = subprocess.run([planvm, "drill", path, "--log", log], capture_output=True, text=True)
    drills = {}
    if not os.path.exists(log):
        return drills, result
    with open(log) as file:
        for line in file:
            row = json.loads(line)
            if "drill" in row:
                current = drills.setdefault(row["drill"], [])
            else:
                current.append(row)
    os.unlink(log)
    return drills, result


def try_program(seed, drills, folder):
    """What differs among this seed's drills, as text."""
    rng = random.Random(seed)
    program = make_program(rng)
    cases = {f"{seed}-{number}": make_case(rng, program) for number in range(drills)}
    text = program_text(program)
    path = os.path.join(folder, f"{seed}.plan")
    with open(path, "w") as file:
        file.write(text + "".join(drill_text(name, case) for name, case in cases.items()))
    found, result = run_planvm(path)
    wrong, pages = [], 0
    for name, case in cases.items():
        if name not in found:
            wrong.append(f"drill {name} did not run: {result.stderr[-1500:]}{result.stdout[-500:]}")
            break
        model = model_record(case)
        pages += sum(row[1] == "paged" for row in model)
        lines = list(differences(machine_record(found[name]), model))
        if lines:
            wrong.append("\n".join([f"drill {name} in {path}"] + lines))
    if not wrong:
        os.unlink(path)
    return wrong, len(cases), pages


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=500, help="how many incidents")
    parser.add_argument("--seed", type=int, default=1, help="of the first program; each has the next one")
    parser.add_argument("--drills", type=int, default=25, help="of each program")
    parser.add_argument("--keep", help="the folder for programs with differences")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    programs = (args.count + args.drills - 1) // args.drills
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or scratch
        os.makedirs(folder, exist_ok=True)
        with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
            seeds = range(args.seed, args.seed + programs)
            results = list(pool.map(try_program, seeds, [args.drills] * programs, [folder] * programs))
    wrong = [text for texts, _, _ in results for text in texts]
    for text in wrong[:10]:
        print(text)
    print(f"{sum(count for _, count, _ in results)} incidents, {sum(pages for _, _, pages in results)} pages, {len(wrong)} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
