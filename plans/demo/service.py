#!/usr/bin/python3
"""The demo's shop: a small HTTP service that guards its orders with a lock file.

service.py DIR PORT. It writes its process id into DIR/shop.lock and removes it when it is asked to end. Where a lock of
another process is found at the start, it serves, but refuses orders and answers 503 to /health until it is started
again without that lock. PORT 0 takes a free port, which is written to DIR/port.
"""
import http.server
import json
import os
import signal
import sys

folder, port = sys.argv[1], int(sys.argv[2])
lock = os.path.join(folder, "shop.lock")
orders = []


def take_lock():
    """The owner of a foreign lock, or None when the lock is now ours."""
    try:
        handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        with open(lock, encoding="utf-8") as held:
            return held.read().strip() or "nobody"
    os.write(handle, str(os.getpid()).encode())
    os.close(handle)
    return None


owner = take_lock()


class Shop(http.server.BaseHTTPRequestHandler):
    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/health":
            if owner is None:
                self.answer(200, {"status": "ok"})
            else:
                self.answer(503, {"status": "locked", "by": owner})
        elif self.path == "/orders":
            self.answer(200, {"count": len(orders)})
        else:
            self.answer(404, {"error": "there is no such page"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/orders":
            self.answer(404, {"error": "there is no such page"})
        elif owner is not None:
            self.answer(503, {"error": "the orders are locked by process " + owner})
        else:
            orders.append(json.loads(body))
            self.answer(201, {"count": len(orders)})

    def log_message(self, format, *args):
        print(format % args, flush=True)


def stop(_signal, _frame):
    if owner is None:
        os.unlink(lock)
    os._exit(0)


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, signal.SIG_IGN)
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Shop)
with open(os.path.join(folder, "port.new"), "w", encoding="utf-8") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
print("started as process %d%s" % (os.getpid(), "" if owner is None else "; the orders are locked by process " + owner), flush=True)
server.serve_forever()
