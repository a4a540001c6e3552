#!/usr/bin/python3
"""The demo's pager and chat: takes every POST and appends it to DIR/messages, one JSON object per line.

sink.py DIR. It listens on a free port of the loopback, which is written to DIR/sink.port.
"""
import http.server
import json
import os
import sys
import threading
import time

folder = sys.argv[1]
guard = threading.Lock()


class Sink(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            message = json.loads(body)
        except ValueError:
            message = {"text": body.decode(errors="replace")}
        line = json.dumps({"to": self.path, "at": round(time.time(), 3), "message": message})
        with guard, open(os.path.join(folder, "messages"), "a", encoding="utf-8") as file:
            file.write(line + "\n")
        # A pager that takes PagerDuty's events says 202, as PagerDuty does.
        self.send_response(202 if self.path == "/v2/enqueue" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
with open(os.path.join(folder, "sink.port.new"), "w", encoding="utf-8") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "sink.port.new"), os.path.join(folder, "sink.port"))
server.serve_forever()
