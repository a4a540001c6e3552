"""The examples of docs/errors: what a page says is found is found, and what it says is meant is not.

    pages.py PLANC PAGE…
    pages.py PLANC --fragments DOCUMENT…    the pieces of plans in other documents

An example is a piece of a plan. It is tried as a whole file, among declarations, as the body of a plan, of a step, of a
function, of a drill, and so on; what it does not declare itself is declared around it. A page is right if in one of these
places the first example gives the page's code and the second one gives no error and not that code. What is no plan alone
(bytes, a policy besides) is a script, marked `sh`, that makes its files and checks them.
"""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

# What examples speak of without declaring it: name, the declaration.
AROUND = [
    ("service", 'service "Shop" { owner "Team"; runbook "https://wiki.example.com" }'),
    ("slack", 'import "std/slack"'),
    ("webhook", 'import "std/webhook"'),
    ("terminal", 'import "std/terminal"'),
    ("ns", 'param ns = "shop"'),
    ("base", 'param base = "http://shop.test"'),
    ("lb", 'param lb = "http://lb.test"'),
    ("url", 'param url = "http://shop.test"'),
    ("app", 'param app = "deployment/shop"'),
    ("name", 'param name = "shop"'),
    ("pod", 'param pod = "shop-0"'),
    ("count", "param count = 3"),
    ("hosts", "param hosts = [\"a\", \"b\"]"),
    ("key", 'secret key = env "SHOP_KEY"'),
    ("token", 'secret token = env "SHOP_TOKEN"'),
    ("password", 'secret password = env "SHOP_PASSWORD"'),
    ("hook", 'secret hook = env "SHOP_HOOK"'),
    ("db1", 'host db1 = ssh("db1.example.com", user: "ops")'),
    ("log", 'channel log = terminal.channel("log")'),
    ("incidents", 'channel incidents = slack.channel("#incidents", webhook: hook)'),
    ("oncall", 'contact oncall "On call" { phone "1"; sms "2"; answer within 5m; backup lead }'),
    ("lead", 'contact lead "Lead" { phone "3"; sms "4"; answer within 5m }'),
    ("ann", 'contact ann "Ann" { phone "5"; sms "6"; answer within 5m }'),
    ("bob", 'contact bob "Bob" { phone "7"; sms "8"; answer within 5m }'),
    ("head", 'contact head "Head" { phone "9"; sms "10"; answer within 5m }'),
    ("vp", 'contact vp "VP" { phone "11"; sms "12"; answer within 5m }'),
    ("commander", 'role commander "Commander" { primary lead; backup head }'),
    ("office", 'calendar office { zone "Europe/Berlin"; open mon..fri 09:00..17:00 }'),
    ("SEV1", 'severity SEV1 "Down" { respond within 15m; resolve within 1h; escalate by ladder }'),
    ("SEV2", 'severity SEV2 "Slow" { respond within 1h; resolve within 8h; escalate by ladder }'),
    ("SEV3", 'severity SEV3 "Odd" { respond within 4h; resolve within 3d; escalate by ladder }'),
    ("ladder", "escalation ladder { at once page oncall; when unacknowledged for 15m page lead; at last page lead every 10m }"),
    ("leadership", "escalation leadership { at once page oncall; when unacknowledged for 15m page lead; at last page lead every 10m }"),
    ("progress", 'template progress { title "x"; body "y" }'),
    ("healthy", 'fn healthy() -> bool { return observe http.get("http://shop.test").ok }'),
    ("outage", 'plan outage "Outage" { severity SEV1; step "Look" { page lead "x"; run `kubectl delete pod x -n shop`; resolve "ok" } }'),
    ("check", 'fn check() -> bool { return observe http.get("http://shop.test").ok }'),
]
PLACES = {
    "whole": "%s\n",
    "file": "%s\n",
    "plan": 'plan sample "Sample" {\n%s\n}\n',
    "step": 'plan sample "Sample" {\n  step "Sample" {\n%s\n  }\n}\n',
    "phase": 'plan sample "Sample" {\n  phase "Sample" {\n%s\n  }\n}\n',
    "incident": 'plan sample "Sample" {\n  severity SEV1\n  step "Sample" {\n%s\n    resolve "done"\n  }\n}\n',
    "incident plan": 'plan sample "Sample" {\n  severity SEV1\n%s\n}\n',
    "value": 'plan sample "Sample" {\n  step "Sample" {\n    let sample = (%s)\n    note "${sample}"\n  }\n}\n',
    "fn": "fn sample() {\n%s\n}\n",
    "drill": 'drill "sample" of outage {\n%s\n}\n',
    "severity": 'severity SEV9 "Sample" {\n%s\n}\n',
    "escalation": "escalation sample {\n%s\n}\n",
    "contact": 'contact sample "Sample" {\n%s\n}\n',
    "service field": 'service "Shop" {\n%s\n}\n',
    "template": "template sample {\n%s\n}\n",
    "remedies": 'plan sample "Sample" {\n  step "Sample" {\n    remedies "Sample" until healthy() within 1m every 10s {\n%s\n    }\n  }\n}\n',
}


def around(text):
    """The declarations that the text mentions and lacks, and those that these mention."""
    wanted, known = [], {}
    for name, line in AROUND:
        known[name] = line
    declared = set(re.findall(
        r"^\s*(?:effect\s+)?(?:contact|role|rotation|channel|param|secret|host|severity(?=\s+\w+\s+\")|escalation|template|fn|plan|let|var|record|enum|calendar|classify)\s+(\w+)",
        text, re.M))
    if re.search(r"^\s*service\s+[\"m]", text, re.M):
        declared.add("service")
    for path in re.findall(r'^\s*import\s+"std/(\w+)"', text, re.M):
        declared.add(path)
    todo, rest = {"service"}, text
    while True:
        found = {name for name in known if name not in declared and name not in wanted
                 and (name in todo or re.search(r"(?<![\w.\"-])%s\b" % re.escape(name), rest))}
        if not found:
            break
        wanted += sorted(found)
        rest = "\n".join(known[name] for name in found)
    order = [name for name, _ in AROUND]
    return "\n".join(known[name] for name in sorted(wanted, key=order.index)) + "\n"


def whole(place, text):
    return text if place == "whole" else around(text) + text


def codes(planc, text):
    """Severity and code of each finding. Where lines `# NAME.plan` part the text it is several files; the last is checked."""
    with tempfile.TemporaryDirectory() as folder:
        parts = re.split(r"^# (\w+\.plan)\n", text, flags=re.M)
        names = parts[1::2] or ["sample.plan"]
        bodies = parts[2::2] or [text]
        for name, body in zip(names, bodies):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(body)
        command = [planc, "check", os.path.join(folder, names[-1])]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return re.findall(r"^\S+: (error|warning|note)\[(P\d+)\]", said, re.M)


def examples(page):
    text = open(page, encoding="utf-8").read()
    parts = re.split(r"^(What is found:|What is meant, perhaps:)$", text, flags=re.M)
    given = {"What is found:": [], "What is meant, perhaps:": []}
    for title, body in zip(parts[1::2], parts[2::2]):
        given[title] += re.findall(r"^```(\w*)\n(.*?)^```", body, re.M | re.S)
    return given["What is found:"], given["What is meant, perhaps:"]


def said_by_script(planc, script):
    """The same of an example that is a script: it makes its files and checks them."""
    path = os.path.dirname(os.path.abspath(planc)) + os.pathsep + os.environ["PATH"]
    with tempfile.TemporaryDirectory() as folder:
        said = subprocess.run(["sh", "-c", script], cwd=folder, env={**os.environ, "PATH": path},
                              capture_output=True, check=False).stdout.decode("utf-8", "replace")
    return re.findall(r"^\S+: (error|warning|note)\[(P\d+)\]", said, re.M)


def try_script(planc, code, bad, good):
    if any(all(found != code for _, found in said_by_script(planc, script)) for script in bad):
        return "its first script does not give the code"
    after = [pair for script in good for pair in said_by_script(planc, script)]
    wrong = sorted({found for kind, found in after if kind == "error" or found == code})
    return "its second script gives " + ", ".join(wrong) if wrong else None


def try_page(planc, page):
    """None if the page is right, else what is wrong with it."""
    code = re.search(r"P\d+", page).group()
    bad, good = examples(page)
    if not bad or not good:
        return "has not both examples"
    scripts = {language == "sh" for language, _ in bad + good}
    bad, good = [text for _, text in bad], [text for _, text in good]
    if True in scripts:
        return try_script(planc, code, bad, good) if scripts == {True} else "has scripts beside plans"
    near = "its first example gives the code nowhere"
    for place, frame in PLACES.items():
        outcome = [codes(planc, whole(place, frame % text)) for text in bad]
        if not all(any(found == code for _, found in one) for one in outcome):
            continue
        after = [codes(planc, whole(place, frame % text)) for text in good]
        wrong = sorted({found for one in after for kind, found in one if kind == "error" or found == code})
        if not wrong:
            return None
        near = "as %s its second example gives %s" % (place, ", ".join(wrong))
    return near


def try_fragments(planc, page):
    """The same for the pieces of plans in another document: marked as such, and without an error in one of the places, or
    behind the pieces above it, where a page makes one plan of them."""
    wrong, above = [], ""
    for kind, body in re.findall(r"^```([^\n]*)\n(.*?)^```", open(page, encoding="utf-8").read(), re.M | re.S):
        if kind == "plan fragment":
            places = [codes(planc, whole(place, frame % body)) for place, frame in PLACES.items()]
            places.append(codes(planc, whole("file", above + body)))
            above += body + "\n"
            if all(any(severity == "error" for severity, _ in found) for found in places):
                wrong.append("gives errors everywhere: " + body.splitlines()[0])
        elif not kind and re.search(r"^(plan|step|phase|severity|escalation|drill|contact|service|fn|extern) ", body, re.M):
            wrong.append("has a piece of a plan that is not marked: " + body.splitlines()[0])
    return "; ".join(wrong) or None


fragments = sys.argv[2] == "--fragments"
paths = sys.argv[3:] if fragments else sys.argv[2:]
trying = try_fragments if fragments else try_page
with ThreadPoolExecutor(2) as pool:
    outcomes = list(pool.map(lambda page: trying(sys.argv[1], page), paths))
for path, outcome in zip(paths, outcomes):
    if outcome:
        print("%s: %s" % (path, outcome))
sys.exit(1 if any(outcomes) else 0)
