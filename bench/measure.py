"""Interleaved rounds of whole processes, and tables of their medians. Called by bench/run's parts."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile

PACKAGES = ["lua5.4", "luajit", "lua-cjson", "tcc", "nodejs", "python3", "prometheus", "shellcheck", "gcc", "ansible-core"]
LIMIT = 120  # seconds for one process


def install_peers():
    programs = ["lua5.4", "luajit", "tcc", "node", "promtool", "shellcheck", "gcc", "ansible-playbook"]
    if all(shutil.which(program) for program in programs) or os.geteuid() != 0:
        return
    subprocess.run(["apt-get", "install", "-y", "-qq", *PACKAGES], check=False, stdout=subprocess.DEVNULL)


class Sample:
    """One finished process."""

    def __init__(self, cpu, wall, peak, status, output):
        self.cpu, self.wall, self.peak, self.status, self.output = cpu, wall, peak, status, output


class Bench:
    """The tree, its programs and a scratch folder."""

    def __init__(self, root, build, rounds, quick):
        self.root, self.build, self.rounds, self.quick = root, build, rounds, quick
        self.scratch = tempfile.mkdtemp(prefix="plan-bench.")
        self.planc = os.path.join(build, "planc")
        self.planvm = os.path.join(build, "planvm")
        self.machine = os.path.join(build, "bench", "machine")

    def close(self):
        shutil.rmtree(self.scratch)

    def path(self, name):
        return os.path.join(self.scratch, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def compile_c(self, name, source, *flags):
        program = self.path(name)
        subprocess.run(["gcc", "-O2", "-o", program, source, *flags], check=True)
        return program

    def run_once(self, command):
        """A process from start to end; its standard output is kept."""
        launch, output = os.path.join(self.build, "bench", "launch"), self.path("output")
        said = subprocess.run([launch, str(LIMIT), output, *command], check=True, capture_output=True, text=True).stdout
        cpu, wall, peak, status = said.split()
        with open(output, encoding="utf-8", errors="replace") as file:
            text = file.read().strip()
        if int(status) != 0:
            print(f"{' '.join(command)[:120]}: exit {status}", file=sys.stderr)
        return Sample(float(cpu), float(wall), float(peak), int(status), text)

    def compare(self, commands, check_output=False):
        """commands: {peer: command, or what prepares a round and gives its command}. Gives {peer: Sample of medians};
        who lacks or fails is left out."""
        samples = {peer: [] for peer, command in commands.items() if callable(command) or shutil.which(command[0])}
        for _ in range(self.rounds):
            for peer in samples:
                command = commands[peer]
                samples[peer].append(self.run_once(command() if callable(command) else command))
        outputs = {sample.output for several in samples.values() for sample in several if sample.status == 0}
        if check_output and len(outputs) > 1:
            raise SystemExit(f"bench: the peers do not agree: {outputs}")
        return {peer: median_of(several) for peer, several in samples.items() if all(s.status == 0 for s in several)}


def median_of(samples):
    return Sample(statistics.median(s.cpu for s in samples), statistics.median(s.wall for s in samples),
                  statistics.median(s.peak for s in samples), 0, samples[0].output)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def figure(value):
    """Three digits that count."""
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
