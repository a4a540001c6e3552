#!/usr/bin/python3
"""A company's HTTP world for the runbooks' plans: company.py DIR.

It listens on the loopback port in DIR/company.port. Every request is a line of DIR/requests: `METHOD PATH BODY`. What serves
customers is well while DIR/healthy is there: else health, scores and metrics are bad.
Slack, Teams, PagerDuty and Statuspage take what they are told, each with the status that it has for that. A mail relay listens
on the port in DIR/mail.port; what it is handed is appended to DIR/mail.
"""
import http.server
import json
import os
import socketserver
import sys
import threading

folder = sys.argv[1]


def is_there(name):
    return os.path.exists(os.path.join(folder, name))


class Company(http.server.BaseHTTPRequestHandler):
    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0) or 0)).decode(errors="replace")
        with open(os.path.join(folder, "requests"), "a", encoding="utf-8") as file:
            file.write(f"{self.command} {self.path} {' '.join(body.split())}\n")
        well = is_there("healthy")
        path = self.path.split("?")[0]
        if self.command == "POST" and path.endswith("/rollback/CourtCaseCluster/web"):
            open(os.path.join(folder, "healthy"), "w").close()
        if path == "/v2/enqueue":
            self.answer(202, {"status": "success", "dedup_key": "1"})
        elif path.startswith("/services/") or path.startswith("/teams/"):
            self.answer(200, "ok")
        elif path.startswith("/v1/pages/"):
            self.answer(201 if self.command == "POST" else 200, [] if self.command == "GET" else {"id": "i1"})
        elif path.endswith("/health/score"):
            self.answer(200, {"score": 95 if well else 12})
        elif "/monitoring/metrics/" in path:
            self.answer(200, {"error_rate": 0.01 if well else 0.9, "response_time_seconds": 0.2})
        elif "health" in path and not well:
            self.answer(503, {"status": "down"})
        else:
            self.answer(200, {"status": "ok"})

    do_GET = do_POST = do_PATCH = do_PUT = do_HEAD = serve

    def answer(self, status, content):
        body = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format, *args):
        pass


class Relay(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.say("220 relay")
        inside = False
        for raw in self.rfile:
            line = raw.decode(errors="replace").rstrip("\r\n")
            with open(os.path.join(folder, "mail"), "a", encoding="utf-8") as file:
                file.write(line + "\n")
            if inside:
                inside = line != "."
                if not inside:
                    self.say("250 taken")
            elif line == "DATA":
                inside = True
                self.say("354 go on")
            elif line == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")


def serve(server, name):
    path = os.path.join(folder, name)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(str(server.server_address[1]))
    os.rename(path + ".new", path)
    server.serve_forever()


socketserver.ThreadingTCPServer.daemon_threads = True
threading.Thread(target=serve, args=(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay), "mail.port"), daemon=True).start()
serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Company), "company.port")
