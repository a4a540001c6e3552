#!/usr/bin/python3
"""A small Kubernetes API server, for tests with the real kubectl: `api.py FOLDER [--port N] [--rollout SECONDS]`. README.md says
what it can do and how a test tells it to fail. It listens on 127.0.0.1 only."""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import kinds  # noqa: E402
import remote  # noqa: E402
import wire  # noqa: E402
from controllers import Controllers  # noqa: E402
from store import ApiError, Store, fields_fit, json_patch, labels_fit, merge_patch  # noqa: E402

SUBRESOURCES = ("log", "exec", "eviction", "scale", "status", "binding")
KUBECONFIG = """apiVersion: v1
kind: Config
current-context: test
contexts:
- {name: test, context: {cluster: test, user: test}}
- {name: other, context: {cluster: test, user: test, namespace: kube-system}}
clusters:
- {name: test, cluster: {server: "http://127.0.0.1:%d"}}
users:
- {name: test, user: {}}
"""


class Cluster:
    """The folder, the store, the controllers, and what the test has ordered."""

    def __init__(self, folder, rollout):
        self.folder = folder
        self.store = Store(self.path("state.json"))
        self.controllers = Controllers(self.store, rollout)
        self.controllers.seed()
        self.lock = threading.Lock()

    def path(self, name):
        return os.path.join(self.folder, name)

    def note(self, name, line):
        with self.lock, open(self.path(name), "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def take_fault(self, method, path):
        """The first fault that fits; one with `times` is used up. The file is the test's to write, also while this runs."""
        with self.lock:
            try:
                with open(self.path("faults.json"), encoding="utf-8") as file:
                    faults = json.load(file)
            except (OSError, ValueError):
                return None
            for fault in faults:
                if fault.get("method", method) != method or fault.get("path", "") not in path or fault.get("times", 1) <= 0:
                    continue
                if "times" in fault:
                    fault["times"] -= 1
                    with open(self.path("faults.json"), "w", encoding="utf-8") as file:
                        json.dump(faults, file)
                return fault
        return None

    def is_denied(self, verb, resource):
        """Lines of `denied`: `VERB RESOURCE`, either may be `*`; a subresource is `pods/exec`."""
        try:
            with open(self.path("denied"), encoding="utf-8") as file:
                rows = [line.split() for line in file if line.strip()]
        except OSError:
            return False
        return any(row[0] in ("*", verb) and row[1] in ("*", resource) for row in rows)

    def changed(self, verb, what):
        """A change that was made: into `changes`, to the controllers, and to the program `hook` if there is one."""
        self.note("changes", f"{verb} {what}")
        self.controllers.settle()
        if os.access(self.path("hook"), os.X_OK):
            subprocess.run([self.path("hook"), verb, what], cwd=self.folder, check=False, stdin=subprocess.DEVNULL)


class Request:
    """Where a request points to: /apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME/SUB."""

    def __init__(self, target):
        url = urllib.parse.urlsplit(target)
        self.path = url.path
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        self.all = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        parts = [urllib.parse.unquote(part) for part in url.path.split("/") if part]
        self.kind, self.namespace, self.name, self.sub = None, "", "", ""
        if parts[:1] == ["api"]:
            self.group, rest = "", parts[2:]
        elif parts[:1] == ["apis"] and len(parts) > 2:
            self.group, rest = parts[1], parts[3:]
        else:
            return
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            self.namespace, rest = rest[1], rest[2:]
        if rest:
            self.resource = rest[0]
            self.kind = kinds.find(self.group, rest[0])
            self.name = rest[1] if len(rest) > 1 else ""
            self.sub = rest[2] if len(rest) > 2 and rest[2] in SUBRESOURCES else ""


class Handler(BaseHTTPRequestHandler):
    """One connection of a kubectl."""

    protocol_version = "HTTP/1.1"
    cluster = None
    status_sent = 0
    mute = False  # what is asked for is done, and the answer gets lost
    body_bytes = b""

    def log_message(self, *args):
        pass

    # ---- answers

    def answer(self, body, code=200, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status_sent = code
        if self.mute:
            self.close_connection = True
            return
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, error):
        self.answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": error.message,
                     "reason": error.reason, "code": error.code}, error.code)

    def body(self):
        data = self.body_bytes
        if not data:
            return {}
        if data.startswith(wire.MAGIC):
            thing = wire.decode(data)
            if thing is None:
                raise ApiError(415, "UnsupportedMediaType", "this server knows that kind as JSON only")
            return thing
        try:
            return json.loads(data)
        except ValueError as error:
            raise ApiError(415, "UnsupportedMediaType", "this server reads JSON and protobuf only") from error

    # ---- dispatch

    def handle_request(self):
        request, method = Request(self.path), self.command
        self.status_sent = 0
        # Also of a request that is refused: what is left would be taken for the next one.
        self.body_bytes = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.cluster.take_fault(method, self.path)
        try:
            if fault and fault.get("delay"):
                time.sleep(fault["delay"])
            if fault and fault.get("close"):
                self.close_connection = True
                return
            if fault and "status" in fault:
                raise ApiError(fault["status"], fault.get("reason", "InternalError"), fault.get("message", "the test says so"))
            self.mute = bool(fault and fault.get("after"))
            self.dispatch(request, method)
        except ApiError as error:
            self.refuse(error)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            self.cluster.note("requests", f"{method} {self.path} {self.status_sent}")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

    def dispatch(self, request, method):
        if request.kind is None:
            self.answer_about(request, method)
            return
        resource = request.resource + (f"/{request.sub}" if request.sub else "")
        verb = {"GET": "get" if request.name else "list", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[method]
        if request.query.get("watch") in ("true", "1"):
            verb = "watch"
        if request.sub == "exec":
            verb = "create"
        if self.cluster.is_denied(verb, resource):
            raise ApiError(403, "Forbidden", f'{request.resource} "{request.name}" is forbidden: User "test" cannot {verb} resource '
                           f'"{resource}" in API group "{request.group}" in the namespace "{request.namespace}"')
        if request.sub:
            getattr(self, "sub_" + request.sub)(request, method)
        else:
            getattr(self, "verb_" + verb)(request)

    def answer_about(self, request, method):
        """Discovery, versions, and who may do what."""
        path = request.path.rstrip("/")
        if path.endswith("/selfsubjectaccessreviews") and method == "POST":
            review = self.body()
            asked = review["spec"].get("resourceAttributes", {})
            resource = asked.get("resource", "") + (f"/{asked['subresource']}" if asked.get("subresource") else "")
            review["status"] = {"allowed": not self.cluster.is_denied(asked.get("verb", ""), resource)}
            self.answer(review, 201)
        elif path == "/version":
            self.answer({"major": "1", "minor": "32", "gitVersion": "v1.32.0", "platform": "linux/amd64"})
        elif path == "/api":
            self.answer({"kind": "APIVersions", "versions": ["v1"]})
        elif path == "/api/v1":
            self.answer(kinds.discovery("", "v1"))
        elif path == "/apis":
            self.answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": [
                {"name": group, "versions": [{"groupVersion": f"{group}/{version}", "version": version}],
                 "preferredVersion": {"groupVersion": f"{group}/{version}", "version": version}}
                for group, version in kinds.groups()]})
        elif path.startswith("/apis/") and path.count("/") == 3 and tuple(path.split("/")[2:]) in kinds.groups():
            self.answer(kinds.discovery(*path.split("/")[2:]))
        elif path == "/openapi/v2":
            self.answer(wire.openapi_v2(), kind="application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
        elif path.startswith("/openapi/v3"):
            self.answer(wire.openapi_v3(path[len("/openapi/v3/"):]))
        elif path in ("/healthz", "/readyz", "/livez"):
            self.answer(b"ok", kind="text/plain")
        else:
            raise ApiError(404, "NotFound", "the server could not find the requested resource")

    # ---- verbs

    def answer_things(self, request, things, one):
        version = str(self.cluster.store.version)
        if "as=Table" in self.headers.get("Accept", "") and request.kind:
            self.answer(kinds.table(request.kind, things, version))
        elif one:
            self.answer(things[0])
        else:
            self.answer({"kind": request.kind.kind + "List", "apiVersion": request.kind.api_version,
                         "metadata": {"resourceVersion": version}, "items": things})

    def verb_get(self, request):
        self.answer_things(request, [self.cluster.store.get(request.kind, request.namespace, request.name)], True)

    def verb_list(self, request):
        found = self.cluster.store.list(request.kind, request.namespace, request.query.get("labelSelector", ""),
                                        request.query.get("fieldSelector", ""))
        self.answer_things(request, found, False)

    def verb_watch(self, request):
        store, query = self.cluster.store, request.query
        end = time.monotonic() + float(query.get("timeoutSeconds", 600))
        since = int(query.get("resourceVersion") or store.version)
        fields = query.get("fieldSelector", "") or (f"metadata.name={request.name}" if request.name else "")
        self.status_sent = 200
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while time.monotonic() < end:
            with store.changed:
                fresh = [row for row in store.history if row[0] > since]
                if not fresh:
                    store.changed.wait(min(0.5, max(0.0, end - time.monotonic())))
                    continue
            for version, event, plural, thing in fresh:
                since = version
                if plural == request.kind.plural and self.watch_fits(request, thing, query, fields):
                    self.chunk({"type": event, "object": thing})
        self.wfile.write(b"0\r\n\r\n")

    @staticmethod
    def watch_fits(request, thing, query, fields):
        where = thing["metadata"].get("namespace", "")
        return (not request.namespace or where == request.namespace) and labels_fit(thing, query.get("labelSelector", "")) \
            and fields_fit(thing, fields)

    def chunk(self, thing):
        data = json.dumps(thing).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    @staticmethod
    def is_dry(request):
        return "All" in request.all.get("dryRun", [])

    def made(self, request, verb, thing):
        if not self.is_dry(request):
            self.cluster.changed(verb, f"{request.resource}/{thing['metadata']['name']}")

    def verb_create(self, request):
        thing = self.body()
        if request.kind.namespaced:
            self.cluster.controllers.check_namespace(request.namespace)
        thing = self.cluster.store.create(request.kind, request.namespace, thing, self.is_dry(request))
        self.made(request, "create", thing)
        self.answer_things(request, [thing], True)

    def verb_update(self, request):
        old = self.cluster.store.get(request.kind, request.namespace, request.name)
        thing = self.cluster.store.update(request.kind, old, self.body(), self.is_dry(request))
        self.made(request, "update", thing)
        self.answer_things(request, [thing], True)

    def patched(self, old):
        patch, kind = self.body(), self.headers.get("Content-Type", "").split(";")[0]
        if kind == "application/json-patch+json":
            return json_patch(old, patch)
        if kind in ("application/merge-patch+json", "application/strategic-merge-patch+json"):
            fresh = merge_patch(old, patch, kind != "application/merge-patch+json")
            fresh["metadata"]["resourceVersion"] = patch.get("metadata", {}).get("resourceVersion", old["metadata"]["resourceVersion"])
            return fresh
        raise ApiError(415, "UnsupportedMediaType", f"this server does not take {kind}")

    def verb_patch(self, request):
        with self.cluster.store.changed:
            old = self.cluster.store.get(request.kind, request.namespace, request.name)
            thing = self.cluster.store.update(request.kind, old, self.patched(old), self.is_dry(request))
        self.made(request, "patch", thing)
        self.answer_things(request, [thing], True)

    def verb_delete(self, request):
        options = self.body()
        store = self.cluster.store
        names = [request.name] if request.name else [
            one["metadata"]["name"] for one in store.list(request.kind, request.namespace, request.query.get("labelSelector", ""))]
        dry = self.is_dry(request) or "All" in options.get("dryRun", [])
        for name in names:
            thing = store.get(request.kind, request.namespace, name) if dry else store.delete(request.kind, request.namespace, name)
            if not dry:
                self.cluster.changed("delete", f"{request.resource}/{thing['metadata']['name']}")
        self.answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                     "details": {"name": request.name, "kind": request.resource}})

    # ---- subresources

    def sub_log(self, request, _method):
        self.cluster.store.get(request.kind, request.namespace, request.name)
        lines = []
        for name in (f"logs/{request.name}", "logs/default"):
            if os.path.exists(self.cluster.path(name)):
                with open(self.cluster.path(name), "rb") as file:
                    lines = file.read().splitlines(keepends=True)
                break
        if "tailLines" in request.query:
            lines = lines[-int(request.query["tailLines"]):] if request.query["tailLines"] != "0" else []
        self.answer(b"".join(lines), kind="text/plain")

    def sub_scale(self, request, method):
        thing = self.cluster.store.get(request.kind, request.namespace, request.name)
        if method != "GET":
            change = self.body()
            wanted = change.get("metadata", {}).get("resourceVersion")
            if wanted:
                thing["metadata"]["resourceVersion"] = wanted
            thing["spec"]["replicas"] = change["spec"]["replicas"]
            old = self.cluster.store.get(request.kind, request.namespace, request.name)
            thing = self.cluster.store.update(request.kind, old, thing, self.is_dry(request))
            if not self.is_dry(request):
                self.cluster.changed("scale", f"{request.resource}/{request.name}={thing['spec']['replicas']}")
        selector = thing["spec"].get("selector", {}).get("matchLabels", {})
        self.answer({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": thing["metadata"],
                     "spec": {"replicas": thing["spec"].get("replicas", 1)},
                     "status": {"replicas": thing.get("status", {}).get("replicas", 0),
                                "selector": ",".join(f"{key}={value}" for key, value in selector.items())}})

    def sub_eviction(self, request, _method):
        self.body()
        self.cluster.store.delete(request.kind, request.namespace, request.name)
        self.cluster.changed("evict", f"pods/{request.name}")
        self.answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}, 201)

    def sub_exec(self, request, _method):
        self.cluster.store.get(request.kind, request.namespace, request.name)
        if not os.path.isdir(self.cluster.path("exec")):
            raise ApiError(403, "Forbidden", f'pods "{request.name}" is forbidden: nothing may be executed in this cluster')
        command = request.all.get("command", [])
        self.status_sent = 101
        done = remote.serve(self, command, self.cluster.folder)
        self.close_connection = True
        self.cluster.note("execs", json.dumps(command))
        if done is None:
            raise ApiError(400, "BadRequest", "exec needs a WebSocket or SPDY connection")


class Server(ThreadingHTTPServer):
    """Many kubectls at once; a port that was just left is taken again."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


def main():
    parser = argparse.ArgumentParser(description="a small Kubernetes API server for tests")
    parser.add_argument("folder")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rollout", type=float, default=0.0, help="seconds until a new template is ready")
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    cluster = Cluster(os.path.abspath(options.folder), options.rollout)
    Handler.cluster = cluster
    server = Server(("127.0.0.1", options.port), Handler)
    with open(cluster.path("kubeconfig.new"), "w", encoding="utf-8") as file:
        file.write(KUBECONFIG % server.server_address[1])
    os.replace(cluster.path("kubeconfig.new"), cluster.path("kubeconfig"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while True:
        time.sleep(0.25)
        if cluster.controllers.rollout:
            cluster.controllers.settle()


if __name__ == "__main__":
    main()
