#!/usr/bin/python3
"""Looks for secrets where they must not be; prints each find.

sentinel.py DIR. The secrets are those of tests/live/providers.sh, every one with "sentinel" in it, taken from the environment. In
no form (as it is, percent-encoded, in base64 however it stands in its group, escaped as JSON) may one be in the runs' folders,
logs and reports; in DIR/requests, which the sink wrote, only in lines of the service that it belongs to.
"""
import base64
import json
import os
import sqlite3
import sys
import urllib.parse

folder = sys.argv[1]
owners = {
    "SLACK_BOT": "slack", "PAGER_KEY": "pagerduty", "PAGE_KEY": "statuspage", "SMS_TOKEN": "twilio", "BOT_TOKEN": "telegram",
    "HOOK_KEY": "", "GENIE_KEY": "opsgenie jsm", "GRAFANA_TOKEN": "grafana", "DATADOG_KEY": "datadog", "GITHUB_TOKEN": "github",
    "MAIL_PASSWORD": "",
}
secrets = {name: os.environ[name] for name in owners}
secrets.update({"SLACK_HOOK": "sentinel-slack-hook~1", "TEAMS_HOOK": "sentinel-teams~6", "CHAT_HOOK": "sentinel-discord_8", "HOOK_URL": "sentinel-webhook~9"})
owners.update({"SLACK_HOOK": "slack", "TEAMS_HOOK": "teams", "CHAT_HOOK": "discord", "HOOK_URL": "hook"})


def forms(value):
    raw = value.encode()
    yield raw
    yield urllib.parse.quote(value, safe="").encode()
    yield urllib.parse.quote(value, safe="").lower().encode()
    yield json.dumps(value)[1:-1].encode()
    for before in range(3):
        text = base64.b64encode(b"x" * before + raw).rstrip(b"=")
        yield text[(before * 8 + 5) // 6:len(text) - 1]
        yield text[(before * 8 + 5) // 6:len(text) - 1].replace(b"+", b"-").replace(b"/", b"_")


def contents(path):
    with open(path, "rb") as file:
        yield path, file.read()
    if open(path, "rb").read(15) == b"SQLite format 3":
        store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        for (table,) in store.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in store.execute(f"select * from {table}"):
                yield f"{path} {table}", repr(row).encode()


looked = 0
for place, _, names in os.walk(folder):
    for name in names:
        path = os.path.join(place, name)
        if name in ("requests", "mail", "sentinel.log"):
            continue
        for where, text in contents(path):
            looked += 1
            for secret, value in secrets.items():
                for form in forms(value):
                    if form in text:
                        print(f"{secret} as {form!r} is in {where}")
for line in open(os.path.join(folder, "requests"), "rb"):
    service = line.split(b" ", 1)[0].decode()
    for secret, value in secrets.items():
        if service not in owners[secret].split() and any(form in line for form in forms(value)):
            print(f"{secret} was sent to {service}: {line[:300]!r}")
if looked < 20:
    print(f"only {looked} places were looked at")
