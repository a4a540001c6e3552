#!/usr/bin/python3
"""A stand-in for the parts of AWS that std/aws speaks to, for the real command line: cloud.py DIR.

It listens on the loopback port in DIR/cloud.port, checks that requests are signed and what they ask for, and remembers in
DIR/cloud what was changed. ECS and logs speak JSON, RDS and load balancers forms and XML.
"""
import http.server
import json
import os
import sys
import urllib.parse

folder = sys.argv[1]
tasks = {"desired": 2, "running": 2, "deployments": 1}


def note(line):
    with open(os.path.join(folder, "cloud"), "a", encoding="utf-8") as file:
        file.write(line + "\n")


def xml(action, inside):
    return f'<{action}Response xmlns="http://x/"><{action}Result>{inside}</{action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>'


class Cloud(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        signed = self.headers.get("Authorization", "")
        if not signed.startswith("AWS4-HMAC-SHA256 Credential=AKIDTEST/") or "/eu-west-1/" not in signed:
            self.answer(403, "application/json", json.dumps({"__type": "AccessDenied", "message": "not signed"}))
        elif "X-Amz-Target" in self.headers:
            self.answer(*self.by_json(self.headers["X-Amz-Target"].split(".")[-1], json.loads(raw)))
        else:
            form = dict(urllib.parse.parse_qsl(raw.decode()))
            self.answer(*self.by_form(form.pop("Action"), form))

    def by_json(self, action, body):
        kind = "application/x-amz-json-1.1"
        if action == "DescribeServices":
            if body["services"] != ["web"]:
                return 400, kind, json.dumps({"__type": "ServiceNotFoundException", "message": "no such service"})
            deployments = [{"id": str(n)} for n in range(tasks["deployments"])]
            return 200, kind, json.dumps({"services": [{"runningCount": tasks["running"], "desiredCount": tasks["desired"], "deployments": deployments}]})
        if action == "UpdateService":
            note("UpdateService " + json.dumps({key: body[key] for key in sorted(body)}))
            tasks["desired"] = body.get("desiredCount", tasks["desired"])
            return 200, kind, json.dumps({"service": {}})
        if action == "FilterLogEvents":
            note("FilterLogEvents " + body["filterPattern"])
            return 200, kind, json.dumps({"events": [{"message": "ERROR no ünicode lost\n"}, {"message": "second"}]})
        return 400, kind, json.dumps({"__type": "UnknownOperation", "message": action})

    def by_form(self, action, form):
        if action == "DescribeTargetHealth":
            member = "<member><Target><Id>{}</Id><Port>80</Port></Target><TargetHealth><State>{}</State></TargetHealth></member>"
            return 200, "text/xml", xml(action, "<TargetHealthDescriptions>" + member.format("i-1", "healthy") + member.format("i-2", "unhealthy") + "</TargetHealthDescriptions>")
        if action == "DescribeDBInstances":
            return 200, "text/xml", xml(action, "<DBInstances><DBInstance><DBInstanceStatus>available</DBInstanceStatus></DBInstance></DBInstances>")
        note(action + " " + json.dumps({key: form[key] for key in sorted(form) if key != "Version"}))
        return 200, "text/xml", xml(action, "")

    def answer(self, status, kind, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
path = os.path.join(folder, "cloud.port")
with open(path + ".new", "w", encoding="utf-8") as file:
    file.write(str(server.server_address[1]))
os.rename(path + ".new", path)
server.serve_forever()
