#!/usr/bin/python3
"""Runs plans dry under strace and says what they did to the world: `dry_run.py WORK PLANC PLANVM FILE…`. One line `ok …` or
`not ok …` for each plan of each file. Called by tests/live/dry_run.sh, in a network of its own that holds nothing but this.

Programs are stand-ins that only write down their words; requests go to a proxy here that writes down theirs. What may be
started and sent is what `planc effects` calls a look, and a kubectl with --dry-run=server."""

import fnmatch
import http.server
import json
import os
import re
import subprocess
import sys
import threading

LIMIT = 120  # seconds for one run


class Proxy(http.server.BaseHTTPRequestHandler):
    """Answers everything with `{}`; tunnels are refused."""

    lines = []

    def log_message(self, *args):
        pass

    def answer(self):
        Proxy.lines.append(f"{self.command} {self.path}")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b"{}"
        self.send_response(503 if self.command == "CONNECT" else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = answer


def pattern(text):
    """What a text of `planc effects` can become when the plan runs, as a shell pattern."""
    text = re.sub(r"\$\{[^{}]*(\{[^{}]*\}[^{}]*)*\}", "\0", text.strip("`"))
    quoted = "".join(f"[{char}]" if char in "*?[" else char for char in text)
    return re.sub(r"\s+", " ", quoted).replace("\0", "*").replace('"', "").replace("'", "")


def effects_of(planc, file):
    said = json.loads(subprocess.run([planc, "effects", "--json", file], check=True, capture_output=True, text=True).stdout)
    groups = [step for plan in said["plans"] for step in plan["steps"]]
    for name in ("ladders", "severities", "channels"):
        groups += said[name]
    looks = [one for group in groups for one in group["looks"]]
    changes = [one for group in groups for one in group["changes"]]
    # A plan that is still `missing` has nothing to run.
    missing = set(re.findall(r'(?m)^plan (\w+) "[^"]*" missing ', open(file, encoding="utf-8").read()))
    return [plan["name"] for plan in said["plans"] if plan["name"] not in missing], looks, changes, said["together"]


def stand_ins(folder, programs):
    os.makedirs(folder, exist_ok=True)
    for name in programs:
        name = name.split(" on ")[0]
        if name in ("sh", "") or "/" in name or "$" in name:
            continue
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho '{}'\n")
        os.chmod(os.path.join(folder, name), 0o755)


def run_dry(options, file, plan, environment, folder):
    settings = []
    while True:
        trace = os.path.join(folder, "trace")
        done = subprocess.run(["strace", "-f", "-qq", "-s", "60000", "-o", trace, "-e", "trace=execve,connect", options.planvm, "run",
                               file, plan, "--dry-run", "--yes", "--allow-missing", *settings, "--journal", os.path.join(folder, "runs")],
                              env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT,
                              check=False)
        needed = re.search(r"the plan needs `(\w+)`", done.stderr)
        if not needed:
            break
        settings += ["--set", f"{needed.group(1)}=1"]
    with open(trace, encoding="utf-8", errors="replace") as lines:
        return done, lines.read()


def started(trace):
    """The words of every program that was started."""
    for line in re.findall(r'execve\((".*"), \[(.*)\], 0x[0-9a-f]+ /\*.*\) = 0', trace):
        yield [json.loads(f'"{word}"', strict=False) if "\\x" not in word else word for word in re.findall(r'"((?:[^"\\]|\\.)*)"', line[1])]


def is_look(words, looks, changes):
    text = re.sub(r"\s+", " ", " ".join(words)).replace('"', "").replace("'", "")
    if words[0].endswith("kubectl"):
        if "--dry-run=server" in words:
            return True
        text = re.sub(r" --(context|namespace|request-timeout)=\S+", "", text, count=3)
    if words[0] == "/bin/sh":
        text = re.sub(r"\s+", " ", words[2]).replace('"', "").replace("'", "")
    return any(fnmatch.fnmatchcase(text, pattern(one["text"])) or one["script"] and text in pattern(one["text"]) for one in looks) or \
        not any(fnmatch.fnmatchcase(text, pattern(one["text"])) for one in changes) and words[0].startswith("/bin/sh")


def wrongs_of(trace, looks, changes, port):
    wrongs = []
    for words in list(started(trace))[1:]:
        if words[0].endswith("plan-keeper"):
            wrongs.append("the keeper of changes was started")
        elif words[0] == "sh" or words[0].endswith("ssh"):
            continue
        elif not is_look(words, looks, changes):
            wrongs.append("started: " + " ".join(words)[:300])
    for place in re.findall(r"sin_port=htons\((\d+)\)", trace):
        if int(place) != port:
            wrongs.append(f"a connection to port {place}")
    look_hosts = {re.sub(r"^https?://([^/:]*).*", r"\1", one["url_by_default"] or "") for one in looks if one["op"] == "http"}
    for line in Proxy.lines:
        method, url = line.split(" ", 1)
        if method == "CONNECT" and url.rsplit(":", 1)[0] in look_hosts:
            continue
        said_to_look = any(one["op"] == "http" and one["method"] == method for one in looks)
        if method not in ("GET", "HEAD") and not said_to_look:
            wrongs.append("sent: " + line)
    return wrongs


def main():
    work, planc, options_planvm = sys.argv[1:4]

    class Options:
        planvm = options_planvm

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port, failed = server.server_address[1], 0
    for file in sys.argv[4:]:
        plans, looks, changes, together = effects_of(planc, file)
        for plan in plans:
            folder = os.path.join(work, "dry", os.path.basename(os.path.dirname(file)) + "-" + plan)
            stand_ins(os.path.join(folder, "bin"), together["programs"])
            proxy = f"http://127.0.0.1:{port}"
            environment = {**os.environ, "PATH": f"{folder}/bin:/usr/bin:/bin", "http_proxy": proxy, "https_proxy": proxy, "HTTPS_PROXY": proxy,
                           "no_proxy": "", "NO_PROXY": ""}
            for secret in together["secrets"]:
                environment[secret["value"] or "NONE"] = "https://secret.invalid/x"
            Proxy.lines = []
            done, trace = run_dry(Options, file, plan, environment, folder)
            wrongs = wrongs_of(trace, looks, changes, port)
            if not re.search(r"run ended|would|not done|step ", done.stdout):
                wrongs.append(f"it did not run: {done.stdout[-300:]} {done.stderr[-500:]}")
            failed += bool(wrongs)
            print(("not ok " if wrongs else "ok ") + f"{os.path.relpath(file)} {plan}: nothing is changed")
            for wrong in wrongs:
                print("  " + wrong)
            with open(os.path.join(folder, "out"), "w", encoding="utf-8") as out:
                out.write(done.stdout + done.stderr)
    sys.exit(failed > 0)


main()
