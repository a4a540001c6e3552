"""Every effect fn and every channel of the standard library can be answered in a drill at its own boundary or inside.

usage: stdlib.py PLANVM ROOT

From the sources of stdlib/ a plan is made that calls each effect fn once, and tells each channel once. At the boundary a line
`slack.post(*) …` answers: what stands inside is not asked for, and a failure there is the step's. Inside, no line answers at first;
the line that the drill says is to be added is added, as it is, until none is wanted any more: then requests, commands and mails were
answered one by one. A new function needs nothing here."""
import glob, json, os, re, subprocess, sys, tempfile

planvm, root = sys.argv[1:]
failed = False


def result(name, wrong):
    global failed
    failed = failed or bool(wrong)
    print("not ok" if wrong else "ok", name)
    if wrong:
        print(wrong)


def parts(text):
    """What commas divide, outside of brackets and texts."""
    found, depth, quoted, part = [], 0, False, ""
    for char in text:
        quoted ^= char == '"'
        depth += (char in "([{") - (char in ")]}") if not quoted else 0
        if char == "," and depth == 0 and not quoted:
            found.append(part.strip())
            part = ""
        else:
            part += char
    return found + [part.strip()] if part.strip() else found


def parameters(text):
    """(name, type) of those that must be given."""
    for part in parts(text):
        name, _, rest = part.partition(":")
        if " = " not in f" {rest} ":
            yield name.strip(), rest.strip()


SIMPLE = {"secret": "key", "string": '"x"', "int": "3", "bool": "true", "duration": "5m", "json": "{a: 1}", "[string]": '["x"]',
          "{string: string}": '{a: "b"}', "Message": 'Message(title: "It is down", body: "x", fields: {}, key: "k", level: 1)',
          "Settling": 'Settling(ref: "r", what: "resolved")'}
modules = {}
for path in sorted(glob.glob(f"{root}/stdlib/*.plan")):
    name = os.path.basename(path)[:-5]
    if not name.startswith("prelude"):
        modules[name] = open(path, encoding="utf-8").read()


def value(module, kind):
    if kind in SIMPLE:
        return SIMPLE[kind]
    record = re.search(rf"^record {re.escape(kind)} \{{\n(.*?)^\}}", modules[module], re.M | re.S)
    if record:
        fields = [line.strip() for line in record.group(1).splitlines()]
        return f"{module}.{kind}({arguments(module, ', '.join(fields))})"
    enum = re.search(rf"^enum {re.escape(kind)} \{{ (\w+)", modules[module], re.M)
    if enum:
        return f"{module}.{kind}.{enum.group(1)}"
    sys.exit(f"stdlib/{module}.plan: what is a {kind}? Say it in tests/drill/stdlib.py")


def arguments(module, text):
    return ", ".join(f"{name}: {value(module, kind)}" for name, kind in parameters(text))


SIGNATURE = r"^{}fn (\w+)\((.*)\)( -> [^{{]*)? \{{"
calls, channels = [], []
for module, text in modules.items():
    calls += [(module, name, arguments(module, given), gives.strip() == "-> Delivery") for name, given, gives in re.findall(SIGNATURE.format("effect "), text, re.M)]
    channels += [(module, name, arguments(module, given)) for name, given, gives in re.findall(SIGNATURE.format(""), text, re.M)
                 if gives.strip() == "-> Channel"]
used = sorted({one[0] for one in calls + channels})
head = "".join(f'import "std/{module}"\n' for module in used)
head += 'service "Shop" { owner "Shop team"; runbook "https://wiki.example.com/shop" }\nsecret key = env "SHOP_KEY"\n'
# What serves a way of contacts is called like the way.
WAYS = {("twilio", "sms"): "sms", ("twilio", "call"): "phone"}
names = [WAYS.get((module, name), f"c{number}") for number, (module, name, _) in enumerate(channels)]
for number, (module, name, given) in enumerate(channels):
    head += f"channel {names[number]} = {module}.{name}({given})\n"
    head += f'contact p{number} "Somebody" {{ phone "+1-555-0100"; sms "+1-555-0100"; email "a@shop.test"; reach by {names[number]} }}\n'
for number, (module, name, given, delivers) in enumerate(calls):
    call = f"run {module}.{name}({given})"
    if delivers:
        call = f'let d = {call}\n    if not d.ok {{ fail "${{d.error ?? "it was not sent"}}" }}'
    head += f'plan f{number} "Call" {{\n  step "Call" {{\n    on failure stop\n    {call}\n  }}\n}}\n'
for number in range(len(channels)):
    head += f'plan t{number} "Tell" {{\n  step "Call" {{\n    on failure stop\n    notify required p{number} "It is down"\n  }}\n}}\n'

cases = []  # [name, plan, lines, expectation]
for number, (module, name, *_) in enumerate(calls):
    cases.append([f"{module}.{name}: answered at its boundary", f"f{number}", [f'{module}.{name}(*) gives "ok"'], 'done "Call"'])
    cases.append([f"{module}.{name}: fails at its boundary", f"f{number}", [f'{module}.{name}(*) fails with "not today"'],
                  'failed "Call" matching "not today"'])
    cases.append([f"{module}.{name}: answered inside", f"f{number}", [], 'started "Call"'])
for number, (module, name, _) in enumerate(channels):
    cases.append([f"channel {module}.{name}: answered", f"t{number}", [f'channel {names[number]} gives "ok"'], f"notified p{number}"])
    cases.append([f"channel {module}.{name}: fails", f"t{number}", [f'channel {names[number]} fails with "not today"'],
                  'failed "Call" matching "not today"'])
    cases.append([f"channel {module}.{name}: answered inside", f"t{number}", [f"channel {names[number]} runs"], 'started "Call"'])


def rehearse(folder):
    text = head
    for name, plan, lines, expectation in cases:
        text += f'drill "{name}" of {plan} {{\n' + "".join(f"  {line}\n" for line in lines) + f"  expect {expectation}\n}}\n"
    with open(f"{folder}/all.plan", "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run([planvm, "drill", "--format", "json", "--log", f"{folder}/log", "all.plan"], cwd=folder, capture_output=True,
                          text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    logs, drill = {}, None
    for line in open(f"{folder}/log", encoding="utf-8"):
        row = json.loads(line)
        drill = row.get("drill", drill)
        logs.setdefault(drill, []).append(row)
    return {one["name"]: one for one in json.loads(done.stdout)["drills"]}, logs


with tempfile.TemporaryDirectory() as folder:
    for rounds in range(12):
        told, logs = rehearse(folder)
        wanted = 0
        for case in cases:
            message = told[case[0]]["messages"]
            add = re.search(r"Add to the drill:\n\s*(.*)", message)
            if add and case[0].endswith("inside"):
                case[2].append(add.group(1))
                wanted += 1
        if not wanted:
            break
    for name, plan, lines, expectation in cases:
        wrong = "" if told[name]["holds"] else told[name]["messages"] + "\n".join(lines)
        inner = [row for row in logs[name] if row.get("row") == "intent" and row.get("name") not in ("call", "deliver")]
        if "boundary" in name and inner:
            wrong += f"\nit was gone into: {inner[0]}"
        if name.endswith("inside") and not inner:
            wrong += "\nnothing in it was asked for"
        result(name, wrong)
if len(calls) < 40 or len(channels) < 15:
    result("the standard library is found", f"{len(calls)} effect fns, {len(channels)} channels")
sys.exit(failed)
