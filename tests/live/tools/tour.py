"""Walks a page: puts its pieces of a plan into a file, gives its commands, and compares what they say with the page.

    tour.py PAGE FILE    in the current folder; FILE is what the pieces make

Blocks are told by what stands after their fence. `plan fragment` goes to the end of FILE; `plan draft` too, until the next
fragment takes its place. `console` holds commands after `$ `, each with what it says; `console first` one command that goes on
in a terminal of its own, whose next lines are the blocks `text first`. A line `...` stands for any number of lines. Numbers,
times and ids are compared as such, not by their value, where they change from run to run.
"""
import re
import subprocess
import sys
import time

PATIENCE = 10  # seconds that a line of the page may take to appear
CHANGING = [
    (r"\b\d{8}-\d{4}-[a-z]{4}\b", "RUN"),
    (r"\b\d{4}-\d{2}-\d{2}", "DATE"),
    (r"\d{2}:\d{2}:\d{2}", "TIME"),
    (r"127\.0\.0\.1:\d+", "HOST"),
    (r"\d+(\.\d+)? ms\b", "N ms"),
    (r"process \d+", "process N"),
    (r'"by": "\d+"', '"by": "N"'),
]


def same_form(line):
    for pattern, name in CHANGING:
        line = re.sub(pattern, name, line)
    return line.strip()


def match(wanted, given, start=0):
    """The index after the lines of `given` that `wanted` stands for, from `start` on, or the first wanted line that is not there."""
    place, anywhere = start, False
    for line in wanted:
        if line == "...":
            anywhere = True
            continue
        while place < len(given) and anywhere and same_form(given[place]) != same_form(line):
            place += 1
        if place >= len(given) or same_form(given[place]) != same_form(line):
            return None, line
        place, anywhere = place + 1, False
    return (len(given) if anywhere else place), None


class First:
    """The first terminal: a command that goes on, and how much of what it says the page has shown."""

    def __init__(self, command):
        self.log = open("first.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(["sh", "-c", "exec " + command], stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        self.shown = 0

    def lines(self):
        with open("first.log", encoding="utf-8") as log:
            return log.read().split("\n")[:-1]

    def says(self, wanted):
        # What stands behind a last `...` belongs to the next block.
        wanted = wanted[:-1] if wanted[-1] == "..." else wanted
        until = time.monotonic() + PATIENCE
        while True:
            ended = self.process.poll() is not None  # before looking, so that its last lines are seen
            place, missing = match(wanted, self.lines(), self.shown)
            if missing is None:
                self.shown = place
                return None
            if ended or time.monotonic() > until:
                return "the first terminal does not say: %s\n%s" % (missing, "\n".join(self.lines()[self.shown:]))
            time.sleep(0.05)


def commands(body):
    """Pairs of a command and the lines that it is said to print."""
    pairs = []
    for line in body.splitlines():
        if line.startswith("$ "):
            pairs.append((line[2:], []))
        else:
            pairs[-1][1].append(line)
    return pairs


def obey(command, wanted):
    """None if the command says what the page shows, else what is wrong."""
    done = subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
    given = (done.stdout + done.stderr).splitlines()
    place, missing = match(wanted, given)
    if missing is not None:
        return "it does not say: %s\n%s" % (missing, "\n".join(given))
    if place < len(given):
        return "it says more than the page: %s" % given[place]
    return None


def walk(page, path):
    """What each thing that the page shows came to: pairs of a name and None or what is wrong."""
    kept, first = "", None
    for kind, body in re.findall(r"^```([^\n]*)\n(.*?)^```", open(page, encoding="utf-8").read(), re.M | re.S):
        if kind in ("plan fragment", "plan draft"):
            whole = kept + ("\n" if kept else "") + body
            kept = whole if kind == "plan fragment" else kept
            with open(path, "w", encoding="utf-8") as file:
                file.write(whole)
        elif kind == "console first":
            (command, wanted), = commands(body)
            first = First(command)
            yield command, first.says(wanted)
        elif kind == "text first":
            yield "first terminal: " + body.splitlines()[-1], first.says(body.splitlines())
        elif kind == "console":
            for command, wanted in commands(body):
                yield command, obey(command, wanted)
                with open(path, encoding="utf-8") as file:
                    kept = file.read() if command.startswith("sed -i ") else kept
    if first is not None:
        yield "the run ends well", None if first.process.wait(PATIENCE) == 0 else "it exits %d" % first.process.returncode


wrong = 0
for name, trouble in walk(sys.argv[1], sys.argv[2]):
    print("%s %s" % ("not ok" if trouble else "ok", same_form(name)))
    if trouble:
        print(trouble)
        wrong += 1
sys.exit(1 if wrong else 0)
