"""Coverage of real plans, held against what each of their drills reaches alone.

`coverage.py PLANVM without PLAN`: for each drill of the plan, what no drill ever ran once that drill is taken out of the text must be
exactly what none of the others reaches when it is run alone, points and lines. One `ok`/`not ok` per plan.
`coverage.py PLANVM formats SCHEMA PATH…`: JSON, lcov, Cobertura and text say the same, each as its readers want it, and the text has
the worst first."""
import json, os, re, shutil, subprocess, sys, tempfile
import xml.etree.ElementTree as tree

planvm, what = sys.argv[1:3]
failed = False


def result(name, wrong):
    global failed
    failed = failed or bool(wrong)
    print("not ok" if wrong else "ok", name)
    for line in wrong[:12] if isinstance(wrong, list) else []:
        print("   ", line)


def drill(*args, **more):
    done = subprocess.run([planvm, "drill", *args], capture_output=True, text=True, **more)
    if done.returncode not in (0, 1):
        sys.exit(f"{args}: {done.stderr}")
    return done


def measure(path, *args):
    """The points ({what it is: how many drills}) and the lines ({(file, line): was it run})."""
    told = json.loads(drill("--coverage=json", *args, path).stdout)
    points = {(one["file"], one["line"], one["kind"], one["name"], one["way"]): one["drills"] for one in told["list"]}
    lines, file = {}, None
    for line in drill("--coverage=lcov", *args, path).stdout.splitlines():
        if line.startswith("SF:"):
            file = line[3:]
        elif line.startswith("DA:"):
            number, hits = line[3:].split(",")
            lines[file, int(number)] = int(hits) > 0
    return points, lines


def drills_of(text):
    """(name, first line, last line) of each drill; each begins and ends at the left margin."""
    found, begun = [], None
    for number, line in enumerate(text):
        heading = re.match(r'drill "((?:[^"\\]|\\.)*)"', line)
        if heading:
            begun = (heading.group(1), number)
        if begun and line.rstrip().endswith("}") and (line.startswith("}") or heading and line.count("{") == line.count("}")):
            found.append((*begun, number))
            begun = None
    return found


def without(plan):
    with tempfile.TemporaryDirectory() as folder:
        here = os.path.join(folder, "plans")
        shutil.copytree(os.path.dirname(plan), here)
        path = os.path.join(here, os.path.basename(plan))
        text = open(path, encoding="utf-8").read().split("\n")
        drills = drills_of(text)
        alone = {name: measure(path, "--filter", name) for name, _, _ in drills}
        wrong = []
        for name, first, last in drills:
            others = [alone[other] for other, _, _ in drills if other != name]
            open(path, "w", encoding="utf-8").write("\n".join(text[:first] + [""] * (last - first + 1) + text[last + 1:]))
            points, lines = measure(path)
            for kind, now, before in (("point", points, [one[0] for one in others]), ("line", lines, [one[1] for one in others])):
                for key, hits in now.items():
                    expected = sum(one[key] for one in before) if kind == "point" else any(one[key] for one in before)
                    if hits != expected:
                        wrong.append(f"without {name}: {kind} {key}: {hits}, alone {expected}")
        open(path, "w", encoding="utf-8").write("\n".join(text))
        if len(drills) < 3:
            wrong.append(f"only {len(drills)} drills were found")
        whole = measure(path)
        lost = sum(any(whole[0][key] and not sum(alone[other][0][key] for other, _, _ in drills if other != name) for key in whole[0])
                   for name, _, _ in drills)
        if not lost:
            wrong.append("no drill is the only one at anything: this shows nothing")
        result(f"{os.path.basename(os.path.dirname(plan))}/{os.path.basename(plan)}: {len(drills)} drills, each taken away; "
               f"{lost} are the only ones somewhere", wrong)


def rate(part, whole):
    return f"{part / whole if whole else 1:.4f}"


def formats(schema, paths):
    import jsonschema
    text = drill("--coverage", *paths).stdout
    told = json.loads(drill("--coverage=json", *paths).stdout)
    jsonschema.validate(told, json.load(open(schema)))
    points, kinds = told["list"], told["kinds"]
    wrong = []
    if told["points"] != len(points) or told["reached"] != sum(one["drills"] > 0 for one in points):
        wrong.append("the sums are not those of the list")
    for kind, sums in kinds.items():
        mine = [one for one in points if one["kind"] == kind]
        if (sums["points"], sums["reached"]) != (len(mine), sum(one["drills"] > 0 for one in mine)):
            wrong.append(f"{kind}: the sums are not those of the list")
    result("JSON: its schema, its sums", wrong)

    unreached = sorted((one for one in points if not one["drills"]),
                       key=lambda one: (kinds[one["kind"]]["rank"], one["file"], one["line"]))
    shown, wrong = re.findall(r"^    (\S+):(\d+)  (.*)$", text[text.index("no drill ever ran"):], re.M), []
    if [(file, int(line)) for file, line, _ in shown] != [(one["file"], one["line"]) for one in unreached]:
        wrong.append("the text does not have what no drill ran, the worst first")
    for (_, _, said), one in zip(shown, unreached):
        if not said.startswith(one["name"] + (": " + one["way"] if one["way"] else "")):
            wrong.append(f"{said} is not {one['name']}")
    for sums in {one["kind"] for one in unreached}:
        if kinds[sums]["risk"] not in text:
            wrong.append(f"the text does not say why {sums} is bad")
    if [kinds[kind]["rank"] for kind in ("change", "handler", "remedy", "rung", "step", "answer", "branch")] != list(range(1, 8)):
        wrong.append("a change is not the worst, or a branch not the least")
    result("text: what no drill ran, the worst first, and why that is bad", wrong)

    wrong, sections = [], []
    for line in drill("--coverage=lcov", *paths).stdout.splitlines():
        key, _, value = line.partition(":")
        if key == "SF":
            sections.append({"SF": value, "FN": [], "FNDA": [], "BRDA": [], "DA": []})
        elif key in ("FN", "FNDA", "BRDA", "DA"):
            sections[-1][key].append(value.split(","))
        elif key in ("FNF", "FNH", "BRF", "BRH", "LF", "LH"):
            sections[-1][key] = int(value)
        elif line not in ("TN:", "end_of_record"):
            wrong.append(f"what is {line}?")
    for one in sections:
        names = [name for _, name in one["FN"]]
        lines = [int(line) for line, _ in one["DA"]]
        if len(names) != len(set(names)) or names != [name for _, name in one["FNDA"]]:
            wrong.append(f"{one['SF']}: its functions are not told apart")
        if lines != sorted(set(lines)):
            wrong.append(f"{one['SF']}: its lines are not in order")
        sums = (one["FNF"], one["FNH"], one["BRF"], one["BRH"], one["LF"], one["LH"])
        if sums != (len(names), sum(int(hits) > 0 for hits, _ in one["FNDA"]), len(one["BRDA"]),
                    sum(int(way[3]) > 0 for way in one["BRDA"]), len(lines), sum(int(hits) > 0 for _, hits in one["DA"])):
            wrong.append(f"{one['SF']}: its sums are wrong")
    if sum(one["FNF"] + one["BRF"] for one in sections) != told["points"]:
        wrong.append("lcov has other points than JSON")
    result("lcov: its records, its sums", wrong)

    wrong, root = [], tree.fromstring(drill("--coverage=cobertura", *paths).stdout)
    classes = {one.get("filename"): one for one in root.iter("class")}
    if sorted(classes) != sorted(one["SF"] for one in sections):
        wrong.append("Cobertura has other files than lcov")
    for one in sections:
        lines = {line.get("number"): line for line in classes[one["SF"]].iter("line")}
        if {number: line.get("hits") for number, line in lines.items()} != dict(one["DA"]):
            wrong.append(f"{one['SF']}: Cobertura has other lines than lcov")
        for number in {way[0] for way in one["BRDA"]}:
            ways = [int(way[3]) > 0 for way in one["BRDA"] if way[0] == number]
            expected = f"{sum(ways) * 100 // len(ways)}% ({sum(ways)}/{len(ways)})"
            if number in lines and lines[number].get("condition-coverage") != expected:
                wrong.append(f"{one['SF']}:{number}: {lines[number].get('condition-coverage')}, not {expected}")
    total = {key: sum(one[key] for one in sections) for key in ("LF", "LH", "BRF", "BRH")}
    expected = {"lines-valid": str(total["LF"]), "lines-covered": str(total["LH"]), "branches-valid": str(total["BRF"]),
                "branches-covered": str(total["BRH"]), "line-rate": rate(total["LH"], total["LF"]),
                "branch-rate": rate(total["BRH"], total["BRF"])}
    for key, value in expected.items():
        if root.get(key) != value:
            wrong.append(f"Cobertura: {key} is {root.get(key)}, not {value}")
    result("Cobertura: the lines and rates that lcov has", wrong)


if what == "without":
    for plan in sys.argv[3:]:
        without(plan)
else:
    formats(sys.argv[3], sys.argv[4:])
sys.exit(failed)
