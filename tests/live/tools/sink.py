#!/usr/bin/python3
"""The services that plans talk to, on loopback: every request is held against what its service takes, field by field.

sink.py DIR. HTTP listens on the port in DIR/http.port, SMTP with STARTTLS (certificate DIR/cert.pem, key DIR/key.pem) on that in
DIR/smtp.port. A path is /MODE/SERVICE/…; MODE is

    ok      as the service answers what it has done
    busy    too much at first, each path once, then as ok: two seconds are to be waited, said as the service says it
    refuse  403, with all that was sent in the answer, as careless services do
    drop    the connection breaks after the request was read

DIR/requests has a line for each request: SERVICE METHOD PATH BODY, one "thread SERVICE" for each that answers an earlier one, and
"waited SERVICE" for each that came again when it was told to. DIR/wrong has one for each request that its service would
not take, and why. DIR/mail has the mails as JSON.
"""
import base64
import email
import email.header
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import re
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse

folder = sys.argv[1]
guard = threading.Lock()
due = {}
LEFT_ALONE = 2


def write(name, line):
    with guard, open(os.path.join(folder, name), "a", encoding="utf-8") as file:
        file.write(line + "\n")


class Wrong(Exception):
    pass


def need(fits, why):
    if not fits:
        raise Wrong(why)


def words(value, most, why):
    need(isinstance(value, str) and 0 < len(value) <= most, f"{why}: {value!r}")


def only(body, names):
    extra = set(body) - set(names.split())
    need(not extra, f"the service does not know {sorted(extra)}")


def moment(text):
    need(isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text), f"no time: {text!r}")


class Request:
    def __init__(self, handler, path, raw):
        self.method, self.path, self.headers, self.raw = handler.command, path, handler.headers, raw

    def json(self):
        need(self.headers.get("Content-Type", "").startswith("application/json"), "the body is not said to be JSON")
        return json.loads(self.raw)

    def form(self):
        need(self.headers.get("Content-Type") == "application/x-www-form-urlencoded", "the body is not said to be a form")
        pairs = urllib.parse.parse_qsl(self.raw.decode(), keep_blank_values=True, strict_parsing=True)
        need(len(dict(pairs)) == len(pairs), "a field stands twice")
        return dict(pairs)

    def authorization(self, wanted):
        need(self.headers.get("Authorization") == wanted, f"Authorization: {self.headers.get('Authorization')}")

    def at(self, method, pattern):
        need(self.method == method, f"{self.method}, not {method}")
        match = re.fullmatch(pattern, self.path)
        need(match, f"no such path: {self.path}")
        return match.groups()


def blocks(body):
    need(1 <= len(body["blocks"]) <= 50, "blocks")
    head, rest = body["blocks"][0], body["blocks"][1:]
    need(head["type"] == "header" and head["text"]["type"] == "plain_text", "the header block")
    words(head["text"]["text"], 150, "the header's text")
    for block in rest:
        need(block["type"] == "section" and block["text"]["type"] == "mrkdwn", "a section block")
        words(block["text"]["text"], 3000, "a section's text")
        need("<!" not in block["text"]["text"], "markup that nobody wrote")


def slack(r):
    if "/services/" in r.path:
        r.at("POST", r"/services/T0/B0/sentinel-slack-hook~1")
        body = r.json()
        only(body, "channel text blocks")
        words(body["text"], 4000, "text")
        blocks(body)
        return 200, "ok"
    r.authorization("Bearer xoxb-sentinel-slack-bot~2")
    if r.method == "GET":
        return 200, {"ok": True, "channels": []}
    (call,) = r.at("POST", r"/api/(chat\.postMessage|conversations\.create)")
    body = r.json()
    if call == "conversations.create":
        need(re.fullmatch(r"[a-z0-9_-]{1,80}", body["name"]), "the channel's name")
        return 200, {"ok": True, "channel": {"id": "C77"}}
    only(body, "channel text blocks thread_ts")
    blocks(body)
    if "thread_ts" in body:
        need(body["thread_ts"] == "1503435956.000247", "the thread")
        write("requests", "thread slack")
    return 200, {"ok": True, "channel": body["channel"], "ts": "1503435956.000247"}


def pagerduty(r):
    if r.path.startswith("/v2/change"):
        r.at("POST", "/v2/change/enqueue")
        body = r.json()
        only(body, "routing_key payload links")
        words(body["payload"]["summary"], 1024, "summary")
        moment(body["payload"]["timestamp"])
        return 202, {"status": "success"}
    r.at("POST", "/v2/enqueue")
    need("Authorization" not in r.headers, "this API takes no Authorization")
    body = r.json()
    only(body, "routing_key event_action dedup_key payload client client_url links images")
    need(body["routing_key"] == "sentinelpagerdutyroutingkey00003", "the routing key")
    need(len(body["routing_key"]) == 32, "the routing key has 32 characters")
    need(body["event_action"] in ("trigger", "acknowledge", "resolve"), "event_action")
    words(body["dedup_key"], 255, "dedup_key")
    if body["event_action"] == "trigger":
        payload = body["payload"]
        only(payload, "summary source severity timestamp component group class custom_details")
        words(payload["summary"], 1024, "summary")
        words(payload["source"], 1024, "source")
        need(payload["severity"] in ("critical", "error", "warning", "info"), "severity")
    else:
        need("payload" not in body, "only a trigger has a payload")
    need(len(r.raw) <= 512 * 1024, "too long")
    return 202, {"status": "success", "message": "Event processed", "dedup_key": body["dedup_key"]}


def statuspage(r):
    r.authorization("OAuth sentinel-statuspage~4")
    if r.method == "GET":
        return 200, []
    if "/components/" in r.path:
        r.at("PATCH", "/v1/pages/page1/components/c1")
        need(r.json() == {"component": {"status": "major_outage"}}, "the component")
        return 200, {"id": "c1"}
    body = r.json()["incident"]
    only(body, "name status impact_override body component_ids components metadata deliver_notifications")
    words(body["name"], 255, "name")
    words(body["body"], 25000, "body")
    need(body["status"] in ("investigating", "identified", "monitoring", "resolved"), "status")
    need(body.get("impact_override", "none") in ("none", "maintenance", "minor", "major", "critical"), "impact")
    if r.method == "PATCH":
        r.at("PATCH", "/v1/pages/page1/incidents/inc1")
        return 200, {"id": "inc1"}
    r.at("POST", "/v1/pages/page1/incidents")
    need(all(isinstance(one, dict) for one in body["metadata"].values()), "metadata is an object of objects")
    return 201, {"id": "inc1", "shortlink": "http://stspg.io/x", "impact": "major"}


def twilio(r):
    r.authorization("Basic " + base64.b64encode(b"AC0123:sentinel-twilio~5").decode())
    (call,) = r.at("POST", r"/2010-04-01/Accounts/AC0123/(Messages|Calls)\.json")
    form = r.form()
    need(re.fullmatch(r"\+\d{7,15}", form["To"]), "To")
    need(re.fullmatch(r"\+\d{7,15}", form["From"]), "From")
    if call == "Messages":
        only(form, "To From MessagingServiceSid Body StatusCallback")
        words(form["Body"], 1600, "Body")
        return 201, {"sid": "SM1", "status": "queued"}
    only(form, "To From Url Twiml")
    words(form["Twiml"], 4000, "Twiml")
    import xml.dom.minidom
    need(xml.dom.minidom.parseString(form["Twiml"]).documentElement.tagName == "Response", "Twiml")
    return 201, {"sid": "CA1", "status": "queued"}


def teams(r):
    r.at("POST", r"/workflows/1/triggers/manual/paths/invoke\?sig=sentinel-teams~6")
    body = r.json()
    only(body, "type attachments")
    need(body["type"] == "message" and len(body["attachments"]) == 1, "one attachment")
    one = body["attachments"][0]
    need(one["contentType"] == "application/vnd.microsoft.card.adaptive" and one["contentUrl"] is None, "the attachment")
    card = one["content"]
    need(card["$schema"] == "http://adaptivecards.io/schemas/adaptive-card.json", "$schema")
    need((card["type"], card["version"], card["msteams"]) == ("AdaptiveCard", "1.2", {"width": "full"}), "the card")
    need(all(block["type"] in ("TextBlock", "FactSet") for block in card["body"]) and card["body"], "the card's body")
    need(len(r.raw) <= 28 * 1024, "too long")
    return 202, ""


def telegram(r):
    r.at("POST", "/bot12:sentinel-telegram_7/sendMessage")
    body = r.json()
    only(body, "chat_id text reply_parameters")
    words(body["text"], 4096, "text")
    if "reply_parameters" in body:
        need(body["reply_parameters"] == {"message_id": 41, "allow_sending_without_reply": True}, "reply_parameters")
        write("requests", "thread telegram")
    return 200, {"ok": True, "result": {"message_id": 41}}


def discord(r):
    r.at("POST", r"/api/webhooks/1/sentinel-discord_8\?wait=true")
    body = r.json()
    only(body, "content embeds allowed_mentions")
    words(body["content"], 2000, "content")
    need(body["allowed_mentions"] == {"parse": []}, "everybody could be mentioned")
    for embed in body["embeds"]:
        words(embed["description"], 4096, "description")
    return 200, {"id": "d1"}


def hook(r):
    r.at("POST", "/hook/sentinel-webhook~9")
    body = r.json()
    only(body, "key kind title body fields values severity to sent")
    need(r.headers["Idempotency-Key"] == body["key"] == r.headers["webhook-id"], "the key")
    stamp = r.headers["webhook-timestamp"]
    need(abs(int(stamp) - time.time()) < 300, "the timestamp")
    text = f"{body['key']}.{stamp}.".encode() + r.raw
    mac = hmac.new(b"sentinel-hmac~10", text, hashlib.sha256).digest()
    need(r.headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode(), "the signature")
    return 204, ""


def opsgenie(r):
    r.authorization("GenieKey sentinel-genie~11")
    if r.method == "GET":
        r.at("GET", "/v2/alerts/requests/req1")
        return 200, {"data": {"success": True, "isSuccess": True, "status": "Created alert"}}
    if r.path != "/v2/alerts":
        r.at("POST", r"/v2/alerts/[^/]+/(acknowledge|close)\?identifierType=alias")
        return 202, {"result": "Request will be processed", "requestId": "req1"}
    body = r.json()
    only(body, "message alias description responders tags details entity source priority note")
    words(body["message"], 130, "message")
    words(body["alias"], 512, "alias")
    need(body["priority"] in ("P1", "P2", "P3", "P4", "P5"), "priority")
    need(all(isinstance(value, str) for value in body["details"].values()), "details")
    return 202, {"result": "Request will be processed", "took": 0.1, "requestId": "req1"}


def grafana(r):
    r.authorization("Bearer sentinel-grafana~12")
    r.at("POST", "/api/annotations")
    body = r.json()
    only(body, "time tags text dashboardUID panelId timeEnd")
    need(isinstance(body["time"], int) and abs(body["time"] / 1000 - time.time()) < 300, "time is in milliseconds")
    need(isinstance(body["tags"], list) and body["text"], "tags and text")
    return 200, {"id": 1, "message": "Annotation added"}


def datadog(r):
    need(r.headers["DD-API-KEY"] == "sentinel-datadog~13", "DD-API-KEY")
    r.at("POST", "/api/v1/events")
    body = r.json()
    only(body, "title text alert_type aggregation_key date_happened tags priority host source_type_name")
    words(body["title"], 100, "title")
    words(body["text"], 4000, "text")
    words(body["aggregation_key"], 100, "aggregation_key")
    need(body["alert_type"] in ("error", "warning", "info", "success"), "alert_type")
    return 202, {"status": "ok", "event": {"id": 1}}


def github(r):
    r.authorization("Bearer sentinel-github~14")
    need(r.headers["Accept"] == "application/vnd.github+json", "Accept")
    need(r.headers["X-GitHub-Api-Version"] == "2022-11-28", "X-GitHub-Api-Version")
    need(r.headers["User-Agent"], "GitHub refuses whoever has no User-Agent")
    if r.method == "GET":
        return 200, []
    if r.path.endswith("/comments"):
        r.at("POST", "/repos/shop/ops/issues/7/comments")
        only(r.json(), "body")
        write("requests", "thread github")
        return 201, {"id": 1}
    r.at("POST", "/repos/shop/ops/issues")
    body = r.json()
    only(body, "title body labels assignees milestone")
    words(body["title"], 256, "title")
    words(body["body"], 65536, "body")
    return 201, {"number": 7, "html_url": "https://github.com/shop/ops/issues/7"}


services = {name: globals()[name] for name in "slack pagerduty statuspage twilio teams telegram discord hook opsgenie grafana datadog github".split()}
services["jsm"] = opsgenie


def too_much(service):
    """What a service says to whom it has no time for: status, headers, body."""
    header = {"Retry-After": str(LEFT_ALONE)}
    if service == "telegram":
        said = {"ok": False, "error_code": 429, "description": f"Too Many Requests: retry after {LEFT_ALONE}", "parameters": {"retry_after": LEFT_ALONE}}
        return 429, {}, said
    if service == "discord":
        return 429, {}, {"message": "You are being rate limited.", "retry_after": LEFT_ALONE - 0.35, "global": False}
    if service == "slack":
        return 429, header, {"ok": False, "error": "ratelimited"}
    if service == "github":
        return 403, header, {"message": "You have exceeded a secondary rate limit."}
    return 420 if service == "statuspage" else 429, header, {"message": "slow down"}


class Sink(http.server.BaseHTTPRequestHandler):
    def take(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        _, mode, service, rest = self.path.split("/", 3)
        write("requests", f"{service} {self.command} {self.path} {self.headers.as_string()!r} {raw.decode(errors='replace')}")
        if mode == "drop":
            self.close_connection = True
            return
        if mode == "refuse":
            said = {"message": f"forbidden: {self.path} {self.headers.as_string()} {raw.decode(errors='replace')}"}
            self.answer(403, said, {})
            return
        if mode == "busy" and self.holds_back(service, raw):
            status, headers, said = too_much(service)
            self.answer(status, said, headers)
            return
        try:
            status, said = services[service](Request(self, "/" + rest, raw))
        except (Wrong, KeyError, TypeError, ValueError, AttributeError, IndexError) as why:
            write("wrong", f"{service} {self.command} {self.path}: {why!r}: {raw.decode(errors='replace')[:2000]}")
            status, said = 400, {"message": str(why)}
        self.answer(status, said, {})

    def holds_back(self, service, raw):
        """Is it the first on its path? What comes again, known by its body but for numbers, as of time, must have waited."""
        path, what = (self.command, self.path), re.sub(rb"\d+", b"", raw)
        with guard:
            first = path not in due
            if first:
                due[path] = (what, time.monotonic() + LEFT_ALONE)
            held, moment = due[path]
            again = not first and held == what and moment is not None
            if again:
                due[path] = (what, None)
        if again and time.monotonic() < moment - 0.4:
            write("wrong", f"{service} {self.command} {self.path} came again {moment - time.monotonic():.2f} s too early")
        elif again:
            write("requests", f"waited {service}")
        return first

    def answer(self, status, said, headers):
        body = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(said, str) else "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = take

    def log_message(self, format, *args):
        pass


class Mail(socketserver.StreamRequestHandler):
    """Just enough of SMTP: a session begins TLS, says who it is, and hands over mails."""

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        envelope, safe, user = {"to": []}, False, None
        self.say("220 sink ESMTP")
        while True:
            line = self.rfile.readline(4096).decode(errors="replace").rstrip("\r\n")
            verb = line.upper()
            if verb.startswith("EHLO"):
                self.wfile.write(("250-sink\r\n" + ("250-AUTH PLAIN\r\n" if safe else "250-STARTTLS\r\n") + "250 8BITMIME\r\n").encode())
            elif verb == "STARTTLS":
                self.say("220 go on")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                safe = True
            elif verb.startswith("AUTH PLAIN"):
                said = line.split(" ")[2] if line.count(" ") > 1 else None
                if said is None:
                    self.say("334 ")
                    said = self.rfile.readline(4096).decode().strip()
                user = base64.b64decode(said)
                if user != b"\0plan\0sentinel-mail~15":
                    self.say(f"535 not {user!r}")
                    continue
                self.say("235 welcome")
            elif verb.startswith("MAIL FROM:"):
                envelope = {"from": line[10:].split(" ")[0].strip("<>"), "to": []}
                self.say("250 ok")
            elif verb.startswith("RCPT TO:"):
                address = line[8:].strip("<>")
                if address.startswith("nobody"):
                    self.say("550 5.1.1 there is no nobody here")
                    continue
                if address.startswith("later"):
                    self.say("451 4.7.1 try again later")
                    continue
                envelope["to"].append(address)
                self.say("250 ok")
            elif verb == "DATA":
                self.say("354 go on")
                raw = b""
                while not raw.endswith(b"\r\n.\r\n"):
                    part = self.rfile.readline()
                    if not part:
                        return
                    raw += part
                if any(address.startswith("lost") for address in envelope["to"]):
                    write("requests", "mail dropped")
                    return
                self.take(envelope, safe, user, re.sub(rb"(?m)^\.", b"", raw[:-3]))
                self.say("250 2.0.0 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            elif not line:
                return
            else:
                self.say("250 ok")

    def take(self, envelope, safe, user, raw):
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        def text(name):
            return str(email.header.make_header(email.header.decode_header(email.message_from_bytes(raw)[name] or "")))
        write("mail", json.dumps({
            "from": envelope["from"], "to": envelope["to"], "safe": safe, "user": user is not None,
            "headers": sorted(mail.keys()), "subject": text("Subject"), "id": mail["Message-ID"], "date": str(mail["Date"]),
            "answers": mail["In-Reply-To"], "auto": mail["Auto-Submitted"], "type": mail.get_content_type(),
            "body": mail.get_payload(decode=True).decode().replace("\r\n", "\n"),
            "longest": max(len(line) for line in raw.split(b"\r\n")), "bare": raw.replace(b"\r\n", b"").count(b"\n"),
        }))


class MailServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


def serve(server, name):
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = os.path.join(folder, name)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(str(server.server_address[1]))
    os.rename(path + ".new", path)


serve(MailServer(("127.0.0.1", 0), Mail), "smtp.port")
serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink), "http.port")
threading.Event().wait()
