"""`planc check` beside other front ends on inputs of the same length, and on shapes whose checking must be linear."""

import os

import generate
import measure

# What a peer does not finish in measure.LIMIT is given a tenth of the lines.
SHORTER = {"shellcheck": 100}


def commands_of(bench, lines):
    plan = bench.write(f"service{lines}.plan", generate.service(lines))
    files = {kind: bench.write(f"peer{lines}.{kind}", text) for kind, text in generate.peers(lines).items()}
    short = bench.write(f"short{lines}.sh", generate.peers(max(100, lines // SHORTER["shellcheck"]))["sh"])
    return {
        "the recogniser": [os.path.join(bench.build, "bench", "recogniser"), plan],
        "planc check": [bench.planc, "check", plan],
        "luac -p": ["luac5.4", "-p", files["lua"]],
        "tcc -c": ["tcc", "-c", files["c"], "-o", files["c"] + ".o"],  # as root it would put a file where /dev/null is
        "gcc -fsyntax-only": ["gcc", "-fsyntax-only", files["c"]],
        "node --check": ["node", "--check", files["js"]],
        "promtool check rules": ["promtool", "check", "rules", files["yml"]],
        "shellcheck": ["shellcheck", short],
    }


def long_table(bench):
    lines = 1000 if bench.quick else 100_000
    times = bench.compare(commands_of(bench, lines))
    floor = times["the recogniser"].cpu
    rows = []
    for peer, one in times.items():
        count = max(100, lines // SHORTER.get(peer, 1)) if peer in SHORTER else lines
        per_line = one.cpu * 1000 / count
        name = f"{peer} ({count} lines)" if count != lines else peer
        rows.append([name, measure.figure(one.cpu), measure.figure(per_line), f"{per_line / (floor * 1000 / lines):.1f}",
                     measure.figure(one.peak / 1024)])
    return measure.table([f"{lines} lines", "CPU ms", "µs a line", "ratio", "peak MB"], rows)


def short_table(bench):
    empty = bench.write("empty.c", "int main(void)\n{\n    return 0;\n}\n")
    commands = {"an empty C program": [bench.compile_c("empty", empty)], **commands_of(bench, 100)}
    commands["planc check plans/omendb/outage.plan"] = [bench.planc, "check",
                                                        os.path.join(bench.root, "plans", "omendb", "outage.plan")]
    rounds, bench.rounds = bench.rounds, 2 if bench.quick else 60
    times = bench.compare(commands)
    bench.rounds = rounds
    floor = times["an empty C program"]
    rows = [[peer, measure.figure(one.cpu), f"{one.cpu / floor.cpu:.2f}", measure.figure(one.peak / 1024)]
            for peer, one in times.items()]
    return measure.table(["100 lines, process start included", "CPU ms", "ratio", "resident MB"], rows)


SHAPES = [
    ("lines of a service", generate.service, 10_000),
    ("nested parentheses", generate.deep_expression, 200),
    ("terms of one sum", generate.long_sum, 1_000),
    ("characters of one string", generate.long_string, 1_000_000),
    ("contacts in a chain of backups", generate.many_contacts, 1_000),
    ("rules of one ladder", generate.many_rules, 1_000),
    ("plans whose drills expect what ran", generate.many_expectations, 300),
]


def linear_table(bench):
    rows = []
    for name, make, size in SHAPES:
        size = size // 10 if bench.quick else size
        commands = {}
        for factor in (1, 10):
            path = bench.write(f"shape{factor}-{len(rows)}.plan", make(size * factor))
            commands[factor] = ["sh", "-c", f'"{bench.planc}" check "$1" >/dev/null; [ $? -le 1 ]', "sh", path]
        times = bench.compare(commands)
        nothing = bench.compare({"start": [bench.planc, "help"]})["start"].cpu
        ratio = (times[10].cpu - nothing) / max(0.01, times[1].cpu - nothing)
        rows.append([name, f"{size} → {size * 10}", measure.figure(times[1].cpu), measure.figure(times[10].cpu),
                     f"{ratio:.1f}"])
    return measure.table(["ten times as many", "", "CPU ms", "CPU ms", "ratio without start-up"], rows)


def measure_all(bench):
    return "## planc check\n\n" + "\n".join([long_table(bench), short_table(bench), linear_table(bench)])
