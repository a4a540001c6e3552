"""A drill of drills: every construct of the drill grammar has a drill that holds and one that fails as it should.

In: grammar/plan.y and keywords.def, and the plans of tests/drill/grammar. There a comment `# RULE: SYMBOL SYMBOL …`, as plan.y has the
construct, stands above two drills (several comments may share them): the first must hold; the second must fail, and its comments
`# says: …` are what is said of it. Both must hold the construct's own words. Out: `ok`/`not ok` per construct. A construct
without a pair, a pair without a construct, and a drill that belongs to none are failures, too. `# sentence: …` stands for what the
language says of drills in words, and is held in the same way.

usage: grammar.py PLANVM ROOT"""
import glob, json, os, re, subprocess, sys

planvm, root = sys.argv[1:]
failed = False


def result(name, wrong):
    global failed
    print("not ok" if wrong else "ok", name)
    if wrong:
        failed = True
        print(wrong)


def productions(text):
    """{"drill_line: UNTIL duration", …} of the part of plan.y that is about drills."""
    part = text[text.index("/* ---- drills and promises ---- */"):text.index("\npromise: ")]
    part = re.sub(r"/\*.*?\*/", "", part, flags=re.S)
    bare, depth, quoted = "", 0, False
    for char in part:  # without the actions
        quoted ^= char == '"'
        depth += char == "{" and not quoted
        bare += char if depth == 0 else ""
        depth -= char == "}" and not quoted
    found = []
    for rule in bare.split("\n    ;"):
        head, _, alternatives = rule.strip().partition(":")
        for alternative in alternatives.split("|") if head else []:
            symbols = alternative.replace("%empty", "").split()
            if "error" not in symbols:
                found.append(" ".join([head + ":"] + symbols))
    return found


def words(construct, keywords):
    return [keywords[symbol] for symbol in construct.split()[1:] if symbol in keywords]


def bare_source(lines):
    return "\n".join(re.sub(r"(^|\s)#.*", "", line) for line in lines)


def read(path):
    """Yields (constructs, [(name, lines of the drill)]), one for each group of comments."""
    constructs, drills, open_drill = [], [], None
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        comment = re.match(r"# ([a-z_]+:( .*)?)$", line)
        if comment:
            if drills:
                yield constructs, drills
                constructs, drills = [], []
            constructs.append(comment.group(1))
        heading = re.match(r'drill "((?:[^"\\]|\\.)*)" of ', line)
        if heading:
            open_drill = (heading.group(1), [line])
            drills.append(open_drill)
        elif open_drill:
            open_drill[1].append(line)
            if line == "}":
                open_drill = None
    yield constructs, drills


keywords = {}
for match in re.finditer(r'^KEYWORD\((\w+), "([^"]*)"', open(f"{root}/grammar/keywords.def").read(), re.M):
    keywords[match.group(1)] = match.group(2)
wanted = productions(open(f"{root}/grammar/plan.y").read())
folder = f"{root}/tests/drill/grammar"
said = subprocess.run([planvm, "drill", "--format", "json", "."], cwd=folder, capture_output=True, text=True)
if said.stderr:
    result("the drills can be read", said.stderr)
told = {(one["file"], one["name"]): one for one in json.loads(said.stdout or '{"drills":[]}')["drills"]}
held = set()
for path in sorted(glob.glob(f"{folder}/*.plan")):
    file = os.path.basename(path)
    for constructs, drills in read(path):
        if not drills:
            continue
        wrong = ""
        if len(drills) != 2 or not constructs:
            wrong = f"{file}: {constructs} have the drills {[name for name, _ in drills]}, not one that holds and one that fails\n"
        for position, (name, lines) in enumerate(drills[:2]):
            one = told.pop((file, name), None)
            if not one:
                wrong += f"{file}: {name}: no report\n"
                continue
            if one["holds"] != (position == 0):
                wrong += f"{file}: {name}: it {'holds' if one['holds'] else 'fails'}\n{one['messages']}"
            says = [line.strip()[8:] for line in lines if line.strip().startswith("# says: ")]
            if position == 1 and not says:
                wrong += f"{file}: {name}: nothing tells what is said of it; that is\n{one['messages']}{one.get('table', '')}"
            for line in says:
                if line not in one["messages"] and line not in one.get("table", ""):
                    wrong += f"{file}: {name}: not said: {line}\n{one['messages']}{one.get('table', '')}"
            for construct in constructs:
                if construct.startswith("sentence: "):
                    continue
                pattern = r"\b.*\b".join(re.escape(word) for word in words(construct, keywords))
                if not re.search(pattern, bare_source(lines), re.S):
                    wrong += f"{file}: {name}: it has no {construct}\n"
        for construct in constructs:
            twice = construct in held and "it has a pair already\n"
            sentence = construct.startswith("sentence: ")
            unknown = construct not in wanted and not sentence and "the grammar has no such construct\n"
            held.add(construct)
            result(construct, wrong + (twice or "") + (unknown or ""))
for construct in wanted:
    if construct not in held:
        result(construct, "no drill that holds and none that fails")
for file, name in told:
    result(f"{file}: {name}", "it belongs to no construct")
sys.exit(failed)
