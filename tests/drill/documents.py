"""The samples of docs/drills.md and docs/language.md are run, not only read.

usage: documents.py PLANVM PAGE [BEFORE]

The pieces of plans on the page (```plan fragment) are put one behind the other into shop.plan, behind BEFORE (a file with what the
page does not declare); each ```console block shows commands and what they print: `...` stands for any lines, and how long
something took is left out. Where a page shows no command, the drills that it has by then must hold."""
import re, shlex, subprocess, sys, tempfile

planvm, page = sys.argv[1:3]
before = open(sys.argv[3], encoding="utf-8").read() if len(sys.argv) > 3 else ""
failed = False


def plain(line):
    line = re.sub(r" in [0-9.]+ ms\)", ")", line.rstrip())
    return re.sub(r" \([0-9.]+ ms\)$", "", line)


def agrees(shown, said):
    """Are the lines shown those said? `...` is any number of them."""
    if not shown:
        return not said
    if shown[0] == "...":
        return any(agrees(shown[1:], said[at:]) for at in range(len(said) + 1))
    return bool(said) and shown[0] == said[0] and agrees(shown[1:], said[1:])


def run(command, folder):
    words = shlex.split(command)
    if words[0] != "planvm":
        sys.exit(f"{page}: what is {command}?")
    done = subprocess.run([planvm, *words[1:]], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return [plain(line) for line in done.stdout.splitlines()], done.returncode


def result(name, wrong, said=()):
    global failed
    failed = failed or wrong
    print("not ok" if wrong else "ok", name)
    if wrong:
        print("\n".join(said))


with tempfile.TemporaryDirectory() as folder:
    plan, drills = before, 0
    for kind, body in re.findall(r"^```([^\n]*)\n(.*?)^```", open(page, encoding="utf-8").read(), re.M | re.S):
        if kind == "plan fragment" and (re.search('^drill "', body, re.M) or not before):
            plan += body + "\n"
            drills += len(re.findall('^drill "', body, re.M))
            with open(f"{folder}/shop.plan", "w", encoding="utf-8") as file:
                file.write(plan)
            if before:
                said, status = run("planvm drill shop.plan", folder)
                result(f"{page}: {body.splitlines()[0]}", status != 0, said)
        elif kind == "console":
            for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
                command, *shown = part.rstrip("\n").split("\n")
                said, _ = run(command, folder)
                result(command, not agrees([plain(line) for line in shown], said), said)
    if not drills:
        result(f"{page}: it shows no drill", True)
sys.exit(failed)
