"""The machine beside other interpreters and C: the same algorithm in each, and the same output."""

import json
import math
import os
import subprocess

import measure

# Program, its size, its size when it is only tried, what it measures.
PROGRAMS = [
    ("fib", 32, 15, "recursive calls"),
    ("loop", 100_000_000, 1000, "integer loop"),
    ("nbody", 100_000, 100, "floats in lists"),
    ("sieve", 2_000_000, 1000, "a list changed in place"),
    ("strings", 1_000_000, 1000, "a growing string; joining"),
    ("map", 1_000_000, 1000, "map: insert and look up"),
    ("list", 1_000_000, 1000, "list: fill, map, filter, sort"),
    ("document", 100_000, 100, "JSON: parse, walk, print"),
    ("switch", 1_000_000, 1000, "fiber switches"),
    ("suspended", 100_000, 100, "suspended fibers"),
    ("effects", 1_000_000, 1000, "effect round trips"),
]
PEERS = ["plan", "lua5.4", "luajit -joff", "python3", "node --jitless", "C -O2"]


def write_document(bench, items):
    rows = [{"id": i, "name": f"server-{i}", "tags": ["x", i % 7, "production"], "where": {"x": i % 100, "y": 1.5},
             "up": True, "note": None} for i in range(items)]
    return bench.write("document.json", json.dumps({"items": rows}, separators=(",", ":")))


def commands_of(bench, name, size, document):
    source = os.path.join(bench.root, "bench", "programs", name)
    last = [str(size), document] if name == "document" else [str(size)]
    plan = [bench.machine, "switch", str(size)]
    if name != "switch":
        image = bench.path(name + ".planc")
        subprocess.run([bench.planc, "build", source + ".plan", "-o", image], check=True)
        plan = [bench.machine, "run", image, *last]
    commands = {"plan": plan, "lua5.4": ["lua5.4", source + ".lua", *last],
                "luajit -joff": ["luajit", "-joff", source + ".lua", *last],
                "python3": ["/usr/bin/python3", source + ".py", *last],
                "node --jitless": ["node", "--jitless", source + ".js", *last]}
    if os.path.exists(source + ".c"):
        flags = ["-ffp-contract=off"] + (["-lcjson"] if name == "document" else [])
        commands["C -O2"] = [bench.compile_c(name, source + ".c", *flags), *last]
    return commands


def mean_row(results):
    cells = ["**geometric mean**, lua5.4 = 1"]
    for peer in PEERS:
        logs = [math.log(times[peer].cpu / times["lua5.4"].cpu) for _, times in results
                if peer in times and "lua5.4" in times and times["lua5.4"].cpu > 0 and times[peer].cpu > 0]
        cells.append(f"**{math.exp(sum(logs) / len(logs)):.2f}** ({len(logs)})" if logs else "–")
    return cells


def programs_table(bench):
    document = write_document(bench, 100 if bench.quick else 100_000)
    results = []
    for name, size, tried, about in PROGRAMS:
        size = tried if bench.quick else size
        results.append((f"{name} {size}: {about}", bench.compare(commands_of(bench, name, size, document), True)))
    rows = [[name] + [measure.figure(times[peer].cpu) if peer in times else "–" for peer in PEERS]
            for name, times in results]
    text = measure.table(["CPU ms", *PEERS], rows + [mean_row(results)])
    peaks = [[name] + [measure.figure(times[peer].peak / 1024) if peer in times else "–" for peer in PEERS]
             for name, times in results if name.split()[0] in ("map", "document", "suspended")]
    return text + "\n" + measure.table(["peak MB", *PEERS], peaks)


def start_table(bench):
    image = bench.path("outage.planc")
    plan = os.path.join(bench.root, "plans", "omendb", "outage.plan")
    subprocess.run([bench.planc, "build", plan, "-o", image], check=True)
    empty = bench.write("empty.c", "int main(void)\n{\n    return 0;\n}\n")
    commands = {"an empty C program": [bench.compile_c("empty", empty)],
                "the image loaded and a machine made": [bench.machine, "start", image],
                "compiled from its source as well": [bench.machine, "start", plan]}
    times = compare_starts(bench, commands)
    first = times["an empty C program"]
    rows = [[name, measure.figure(one.cpu), f"{one.cpu / first.cpu:.2f}", measure.figure(one.peak / 1024)]
            for name, one in times.items()]
    return measure.table(["start-up with plans/omendb/outage.plan", "CPU ms", "ratio", "resident MB"], rows)


def compare_starts(bench, commands):
    """Short processes need more rounds, and several of them in a row each time."""
    rounds, bench.rounds = bench.rounds, 3 if bench.quick else 200
    times = bench.compare(commands)
    bench.rounds = rounds
    return times


def lines_of(bench):
    """What the driver says itself about forks, collections, drills and waiting runs."""
    plan = os.path.join(bench.root, "plans", "omendb", "outage.plan")
    small = os.path.join(bench.root, "bench", "programs", "effects.plan")
    held = os.path.join(bench.root, "bench", "programs", "held.plan")
    scale = 100 if bench.quick else 1
    modes = [["waiting", plan, str(10_000 // scale)], ["forks", small, str(300_000 // scale)],
             ["forks", plan, str(100_000 // scale)],
             *(["pauses", held, str(n)] for n in (10, 1000, *(() if bench.quick else (100_000, 3_000_000)))),
             ["drills", plan, str(300 // scale)]]
    said = []
    for mode in modes:
        sample = bench.run_once([bench.machine, *mode])
        said.append(f"- {sample.output.replace(bench.root + '/', '')}")
    return "\n".join(said) + "\n"


def measure_all(bench):
    return "## The machine\n\n" + "\n".join([programs_table(bench), start_table(bench), lines_of(bench)])
