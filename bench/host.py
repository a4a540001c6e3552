"""The live world beside bare loops over the same calls: commands, requests, durable events. Called by bench/run.

CPU is that of all the processes of a row, the keeper of changes with its programs included."""

import os
import shutil
import socket
import subprocess
import sys
import time

import measure

SLOW = """
import asyncio, sys
async def serve(reader, writer):
    try:
        while True:
            await reader.readuntil(b"\\r\\n\\r\\n")
            await asyncio.sleep(0.05)
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=1000)
    async with server:
        await server.serve_forever()
asyncio.run(main())
"""

NGINX = """worker_processes 1; daemon off; pid {0}/nginx.pid; error_log {0}/nginx.log crit; {2}
events {{ worker_connections 1024; }}
http {{ access_log off; client_body_temp_path {0}/b; proxy_temp_path {0}/p; fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;
keepalive_requests 100000; server {{ listen 127.0.0.1:{1}; location / {{ return 200 "ok"; }} }} }}
"""

PLAN = """service "Bench" {{ owner "Nobody" }}
plan looks "Looks" {{ step "Look" {{ for i in 1..{0} {{ observe `true` }} }} }}
plan changes "Changes" {{ step "Change" {{ for i in 1..{0} {{ run `true` }} }} }}
plan gets "Requests" {{
  step "Get" {{
    var urls: [string] = []
    for i in 1..{0} {{ urls += "{1}" }}
    for url in urls at most 100 at once {{ observe http.get(url) }}
  }}
}}
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def plan_of(bench, name, count, url="http://localhost/"):
    source = bench.write(name + ".plan", PLAN.format(count, url))
    image = bench.path(name + ".planc")
    subprocess.run([bench.planc, "build", source, "-o", image], check=True, stderr=subprocess.DEVNULL)
    return image


def run_plan(bench, image, plan):
    """Each run in a folder of its own, which is removed where it is not measured."""
    def command():
        shutil.rmtree(bench.path("runs"), ignore_errors=True)
        return [bench.planvm, "run", image, plan, "--yes", "--journal", bench.path("runs")]
    return command


def rows_of(times, floor):
    return [[peer, measure.figure(one.cpu), f"{one.cpu / times[floor].cpu:.2f}", measure.figure(one.wall),
             f"{one.wall / times[floor].wall:.2f}", measure.figure(one.peak / 1024)] for peer, one in times.items()]


def command_table(bench):
    count = 20 if bench.quick else 1000
    spawn, image = os.path.join(bench.build, "bench", "spawn"), plan_of(bench, "commands", count)
    loop = f"i=0; while [ $i -lt {count} ]; do x=$(/bin/true); i=$((i+1)); done"
    bench.write("many.mk", "all:" + "".join(f" t{i}" for i in range(count)) + "\nt%:\n\t@/bin/true\n")
    commands = {
        "posix_spawn loop": [spawn, str(count)],
        "posix_spawn loop, two commits": [spawn, str(count), bench.path("spawn.db")],
        "plan: observe": run_plan(bench, image, "looks"),
        "plan: run": run_plan(bench, image, "changes"),
        "dash": ["dash", "-c", loop],
        "bash": ["bash", "-c", loop],
        "make": ["make", "-s", "-f", bench.path("many.mk")],
    }
    if shutil.which("ansible-playbook") and not bench.quick:
        book = bench.write("book.yml", "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n" +
                           "  - command: /bin/true\n" * (count // 50))
        commands[f"ansible ({count // 50} tasks)"] = ["ansible-playbook", "-i", "localhost,", book]
    times = bench.compare(commands)
    return measure.table([f"{count} times `true`", "CPU ms", "ratio", "wall ms", "ratio", "peak MB"], rows_of(times, "posix_spawn loop"))


def wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)


def request_table(bench, title, server, port):
    count = 200 if bench.quick else 1000
    wait_for(port)
    url = f"http://127.0.0.1:{port}/"
    config = bench.write("urls", "".join(f'url = "{url}"\noutput = "/dev/null"\n' for _ in range(count)))
    commands = {
        "curl_multi loop": [os.path.join(bench.build, "bench", "gets"), str(count), "100", url],
        "plan: at most 100 at once": run_plan(bench, plan_of(bench, "gets", count, url), "gets"),
        "curl --parallel": ["curl", "-s", "--parallel", "--parallel-immediate", "--parallel-max", "100", "--config", config],
    }
    times = bench.compare(commands)
    server.kill()
    server.wait()
    return measure.table([f"{count} GETs, 100 in flight, {title}", "CPU ms", "ratio", "wall ms", "ratio", "peak MB"],
                         rows_of(times, "curl_multi loop"))


def nginx_table(bench):
    port, program = free_port(), shutil.which("nginx") or "/usr/sbin/nginx"
    if not os.path.exists(program):
        return "nginx is not installed\n"
    user = "user root root;" if os.geteuid() == 0 else ""
    config = bench.write("nginx.conf", NGINX.format(bench.scratch, port, user))
    with open(os.devnull, "wb") as nothing:
        server = subprocess.Popen([program, "-c", config, "-p", bench.scratch], stdout=nothing, stderr=nothing)
    return request_table(bench, "nginx", server, port)


def slow_table(bench):
    port = free_port()
    return request_table(bench, "answered after 50 ms", subprocess.Popen([sys.executable, "-c", SLOW, str(port)]), port)


def write_events(events, way, folder, count, batch):
    def command():
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        return [events, way, folder, str(count), str(batch)]
    return command


def event_table(bench):
    events, folder, rows = os.path.join(bench.build, "bench", "events"), bench.path("events"), []
    count = 100 if bench.quick else 3000
    for batch in (1, 100):
        times = bench.compare({way: write_events(events, way, folder, count, batch) for way in ("sqlite", "journal")})
        rows.append([f"{batch} in a commit", *(f"{count / times[way].wall * 1000:.0f}" for way in ("sqlite", "journal")),
                     f"{times['sqlite'].wall / times['journal'].wall:.2f}", *(measure.figure(times[way].cpu) for way in ("sqlite", "journal"))])
    return measure.table([f"{count} durable events", "bare SQLite, events/s", "journal, events/s", "ratio", "SQLite CPU ms", "journal CPU ms"], rows)


def measure_all(bench):
    return "## The live world\n\n" + "\n".join([command_table(bench), nginx_table(bench), slow_table(bench), event_table(bench)])
