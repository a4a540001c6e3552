#!/usr/bin/python3
"""10,000 values that somebody could slip into a plan, and what becomes of them on their way to other programs.

hostile.py plan         prints the plan that sends them
hostile.py serve DIR    hands them out on the loopback port in DIR/port, and keeps what comes back by HTTP and SMTP (DIR/mail.port)
hostile.py check DIR    compares what arrived with what was sent; prints each difference
"""
import base64
import email
import email.header
import http.server
import json
import os
import random
import socketserver
import sys
import threading
import urllib.parse

BATCH, BATCHES, MAILS, HEADERS = 100, 100, 200, 50
PIECES = ["'", '"', "\\", "\\'", "\n", "\r", "\t", "`id`", "$(id)", "${HOME}", "$HOME", "$1", "$@", ";", "&&", "||", "|", ">/tmp/x", "<", "*", "?", "[a]",
          "~", "-rf", "--", "-", "!", "#", "%s", "%n", "%27", "%0d%0a", "%EF%B7%90key%EF%B7%91", " ", "  ", "é", "\u202e", "😀", "\u2028", "\u0085", "\ufeff", "\x01",
          "\x1b[31m", "\x7f", "{}", "==", "a", "b c", "/*", "*/", " OR 1=1; DROP TABLE v; --", "E'", "$$", "\\x00", "\\n", ":name", ":'name'", "\\!id", ".", "\n.\n",
          "\r\nBcc: x@example.com", "=?UTF-8?B?eA==?=", "[secret key]", "${", "$((1))", "EOF", "&", "+", "=", "a=b&c=d", "?x#y", "../", "(", ")", "^", "@", ","]


def values():
    dice = random.Random(20260302)
    found = dict.fromkeys(["", " ", "-", "--", "-n", "'", '"', "\\", "\n", "$", "`", "%"] + PIECES)
    while len(found) < BATCH * BATCHES:
        found.setdefault("".join(dice.choice(PIECES) for _ in range(dice.randint(1, 8))))
    return list(found)


VALUES = values()
CLEAN = [v for v in VALUES if not any(ord(c) < 32 or ord(c) == 127 for c in v)]
SPECIAL = ["a\0b", "\0", "x\r\ny", "y\nz", "m" * (1 << 20), "'" * (1 << 17)]


def plan():
    def unrolled(step, count, form):
        return " ".join(form.replace("V", f'b[{step * count + i}] ?? ""') for i in range(count))
    scripts = "\n".join(
        "      run sh `printf '%s\\0' " + unrolled(n, 20, "${V} \"${V}\" '${V}' \"a ${V} b\" 'c'${V}'d'") + " >> ${folder}/sh`" for n in range(BATCH // 20))
    codes = "\n".join(
        f"      run `{shell} -c \"printf '%s\\\\0' " + unrolled(n, 20, "${(V).for_shell}") + f" >> ${{folder.for_shell}}/code.{shell}\"`"
        for n in range(BATCH // 20) for shell in ("sh", "bash"))
    print(f'''## Hostile values, sent wherever values go. Made by tests/live/tools/hostile.py.
import "std/smtp"
import "std/postgres"
service "Shop" {{ owner "Team"; runbook "https://wiki.example.com" }}
param base: string
param mail: string
param folder: string
param pg_port = 0
secret key = env "KEY"
secret db_password = env "DB_PASSWORD"
host far = ssh("127.0.0.1")
fn db() -> postgres.Database {{ return postgres.Database(host: "127.0.0.1", port: pg_port, user: "shop") }}

plan feed "Feed" {{
  step "All" {{
    run postgres.execute(db(), "CREATE TABLE v (n int, t text)", db_password)
    for number in 0..{BATCHES - 1} {{
      let b = (observe http.get("${{base}}/batch/${{number}}")).json as [string]
      run `recv ${{folder}}/argv ${{b...}}`
      run sh `recv ${{folder}}/spread ${{b...}}`
      run on far `recv ${{folder}}/far ${{b...}}`
{scripts}
{codes}
      var rows: [string] = []
      var query: [string] = []
      var form: {{string: string}} = {{}}
      var at = number * {BATCH}
      for v in b {{
        rows += "(${{at}}, ${{v.for_sql}})"
        query += "v=${{v.for_url}}"
        form["${{at}}"] = v
        at = at + 1
      }}
      run postgres.execute(db(), "INSERT INTO v VALUES ${{rows.join(", ")}}", db_password)
      run http.post("${{base}}/url/${{(b[7] ?? "").for_url}}?${{query.join("&")}}")
      run http.post("${{base}}/json", json: {{values: b, map: form}})
      run http.post("${{base}}/form", form: form)
    }}
    for row in postgres.rows(db(), "SELECT n, t FROM v ORDER BY n", db_password) {{
      if row.len() != 2 {{ fail "a row has ${{row.len()}} columns" }}
    }}
  }}
  step "Headers" {{
    for number in 0..{BATCHES - 1} {{
      let b = (observe http.get("${{base}}/clean/${{number}}")).json as [string]
      var headers: {{string: string}} = {{}}
      var at = 0
      for v in b {{
        headers["X-${{at}}"] = v
        at = at + 1
      }}
      run http.post("${{base}}/headers", headers: headers)
    }}
  }}
  step "Mail" {{
    for number in 0..{MAILS // BATCH - 1} {{
      for v in (observe http.get("${{base}}/batch/${{number + 5}}")).json as [string] {{
        let d = run smtp.send(smtp.Server(url: mail, tls: "none"), "plan@example.com", ["ops@example.com"], Message(title: v, body: v, fields: {{}}, key: v))
        if not d.ok {{ note "mail refused: ${{d.error ?? ""}}" }}
      }}
    }}
  }}
  step "Special" {{
    for v in (observe http.get("${{base}}/special", bearer: key)).json as [string] {{
      run `recv ${{folder}}/special.argv ${{v}}` else {{ note "refused argv" }}
      run sh `recv ${{folder}}/special.sh ${{v}}` else {{ note "refused sh" }}
      run on far `recv ${{folder}}/special.far ${{v}}` else {{ note "refused far" }}
      run `sh -c ${{v.for_shell}}` else {{ note "refused code" }}
      run http.post("${{base}}/special", json: {{values: [v]}}) else {{ note "refused json" }}
      run http.post("${{base}}/special", form: {{values: v}}) else {{ note "refused form" }}
      run http.post("${{base}}/headers", headers: {{"X-Special": v}}) else {{ note "refused header" }}
      run http.post("${{base}}/${{v}}") else {{ note "refused url" }}
      let d = run smtp.send(smtp.Server(url: mail, tls: "none"), "plan@example.com", ["ops@example.com"], Message(title: v, body: v, fields: {{}}, key: v))
      if not d.ok {{ note "refused mail" }}
      run postgres.execute(db(), "INSERT INTO v VALUES (-1, ${{v.for_sql}})", db_password) else {{ note "refused sql" }}
    }}
  }}
}}''')


class Lines:
    """Reads as a file does, and remembers lines: Python's own reader of headers splits them at more than line ends."""

    def __init__(self, file):
        self.file, self.lines = file, []

    def readline(self, size=-1):
        line = self.file.readline(size)
        self.lines.append(line)
        return line

    def __getattr__(self, name):
        return getattr(self.file, name)


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.rfile = Lines(self.rfile)

    def header(self, name):
        for line in reversed(self.rfile.lines):
            key, _, value = line.rstrip(b"\r\n").partition(b":")
            if key.decode(errors="replace").lower() == name.lower():
                return value.strip(b" ").decode()
        return None

    def do_GET(self):
        kind, _, number = self.path.strip("/").partition("/")
        size = HEADERS if kind == "clean" else BATCH
        start = size * int(number or 0)
        source = {"batch": VALUES, "clean": CLEAN, "special": SPECIAL}[kind]
        self.answer(json.dumps(source[start:start + size] if number else source))

    def do_POST(self):
        body = self.rfile.read(int(self.header("Content-Length") or 0))
        kind = urllib.parse.urlsplit(self.path).path.split("/")[1]
        if kind == "url":
            path, query = self.path.split("?")
            keep("url", [urllib.parse.unquote(path[5:])] + [pair[1] for pair in urllib.parse.parse_qsl(query, keep_blank_values=True)])
        elif kind == "json":
            body = json.loads(body)
            keep("json", body["values"])
            keep("map", list(body["map"].values()))
        elif kind == "form":
            keep("form", [pair[1] for pair in urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)])
        elif kind == "headers":
            if self.header("X-0") is None:
                keep("special.header", [self.header("X-Special")])
            else:
                keep("headers", [self.header(f"X-{at}") for at in range(HEADERS)])
        elif kind == "special" and self.path == "/special":
            raw = json.loads(body)["values"][0] if body[:1] == b"{" else dict(urllib.parse.parse_qsl(body.decode()))["values"]
            keep("special.http", [raw])
        else:
            keep("special.url", [self.path])
        self.answer("{}")

    def answer(self, text):
        self.rfile.lines.clear()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format, *args):
        pass


class Mail(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 x\r\n")
        while line := self.rfile.readline():
            verb = line.strip().upper()
            if verb == b"DATA":
                self.wfile.write(b"354 x\r\n")
                raw = b""
                while not raw.endswith(b"\r\n.\r\n"):
                    raw += self.rfile.readline()
                mail = email.message_from_bytes(raw[:-3].replace(b"\r\n..", b"\r\n."))
                subject = str(email.header.make_header(email.header.decode_header(mail["Subject"])))
                text = mail.get_payload(decode=True).decode().replace("\r\n", "\n")
                keep("mail", [subject, text, sorted(mail.keys())])
            self.wfile.write(b"250 x\r\n" if verb != b"QUIT" else b"221 x\r\n")
            if verb == b"QUIT":
                return


guard = threading.Lock()


def keep(name, one):
    with guard, open(os.path.join(sys.argv[2], name), "a", encoding="utf-8") as file:
        file.write(json.dumps(one) + "\n")


class MailServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


def serve():
    for name, server in (("mail.port", MailServer(("127.0.0.1", 0), Mail)), ("port", http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server))):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with open(os.path.join(sys.argv[2], name + ".new"), "w", encoding="utf-8") as file:
            file.write(str(server.server_address[1]))
        os.rename(os.path.join(sys.argv[2], name + ".new"), os.path.join(sys.argv[2], name))
    threading.Event().wait()


def check():
    folder = sys.argv[2]
    wrong = []

    def same(name, arrived, sent):
        if arrived == sent:
            return
        wrong.append(f"{name}: {len(arrived)} arrived, {len(sent)} were sent")
        for at, (is_there, wanted) in enumerate(zip(arrived, sent)):
            if is_there != wanted:
                wrong.append(f"{name} {at}: {is_there!r:.300} instead of {wanted!r:.300}")
                break

    def words(name):
        path = os.path.join(folder, name)
        return open(path, "rb").read().decode(errors="surrogateescape").split("\0")[:-1] if os.path.exists(path) else []

    def lines(name):
        path = os.path.join(folder, name)
        return [json.loads(line) for line in open(path, encoding="utf-8")] if os.path.exists(path) else []

    def flat(lists):
        return [one for part in lists for one in part]
    for name in ("argv", "spread", "far", "code.sh", "code.bash"):
        same(name, words(name), VALUES)
    same("sh", words("sh"), flat([v, v, v, f"a {v} b", f"c{v}d"] for v in VALUES))
    same("url's path", [one[0] for one in lines("url")], VALUES[7::BATCH])
    same("url", flat(one[1:] for one in lines("url")), VALUES)
    for name in ("json", "map", "form"):
        same(name, flat(lines(name)), VALUES)
    same("headers", flat(lines("headers")), [v.strip(" ") for v in CLEAN[:HEADERS * BATCHES]])
    sent = VALUES[5 * BATCH:5 * BATCH + MAILS]
    can_go = [v for v in sent if not any(ord(c) < 32 or ord(c) == 127 for c in v)]
    mails = lines("mail")
    same("subjects", [one[0] for one in mails[:len(can_go)]], can_go)
    same("bodies", [one[1].rstrip("\n") for one in mails[:len(can_go)]], [(v or v).rstrip("\n") for v in can_go])
    wrong += [f"a mail has headers that nobody wrote: {one[2]}" for one in mails if "Bcc" in one[2]]
    same("sql", sorted(open(os.path.join(folder, "sql"), encoding="utf-8").read().replace("\n", "").split("\x1e")[:-1]), sorted(v.encode().hex() for v in VALUES))
    for name in ("special.argv", "special.sh", "special.far"):
        wrong += [f"{name}: {one!r:.60} is none of those that were sent" for one in words(name) if one not in SPECIAL]
    for name in ("special.http", "special.header", "special.url"):
        wrong += [f"{name}: {one!r:.60} is none of those that were sent" for one in flat(lines(name)) if one not in SPECIAL]
    if "m" * (1 << 20) not in flat(lines("special.http")):
        wrong.append("a megabyte did not arrive in a body")
    print("\n".join(wrong))


{"plan": plan, "serve": serve, "check": check}[sys.argv[1]]()
