"""Is a document SARIF 2.1.0, as the standard and GitHub's code scanning want it?

    sarif.py DOCUMENT [SCHEMA]

Checks every member that planc writes: required ones are there, no others than the standard's, values of their kinds,
places that exist (from 1, ends not before starts), rules that results name, texts that are not empty and not too long.
With SCHEMA (the official sarif-schema-2.1.0.json) and Python's jsonschema the document is validated against that, too.
Says what is wrong and exits 1.
"""

import json
import re
import sys

LEVELS = {"none", "note", "warning", "error"}
wrong = []


def say(where, what):
    wrong.append(f"{where}: {what}")


def members(where, value, required, optional=()):
    if not isinstance(value, dict):
        say(where, "is no object")
        return False
    for name in required:
        if name not in value:
            say(where, f"has no {name}")
    for name in value:
        if name not in required and name not in optional:
            say(where, f"has a member {name}")
    return all(name in value for name in required)


def text(where, value, most=None):
    if not isinstance(value, str) or not value:
        say(where, "is no text")
    elif most and len(value) > most:
        say(where, f"is longer than {most}")


def message(where, value, most=None, optional=()):
    if members(where, value, ["text"], optional):
        text(where + ".text", value["text"], most)
    for name in optional:
        if isinstance(value, dict) and name in value:
            text(f"{where}.{name}", value[name])


def place(where, value):
    if not members(where, value, ["artifactLocation", "region"]):
        return
    if members(where, value["artifactLocation"], ["uri"]):
        uri = value["artifactLocation"]["uri"]
        text(where + ".uri", uri)
        if not re.fullmatch(r"(file://)?([A-Za-z0-9/._~-]|%[0-9A-F]{2})+", uri):
            say(where, f"{uri} is no URI")
    region = value["region"]
    names = ["startLine", "startColumn", "endLine", "endColumn"]
    if not members(where, region, names):
        return
    if any(type(region[name]) is not int or region[name] < 1 for name in names):
        say(where, "has a place that is not from 1")
    elif (region["startLine"], region["startColumn"]) > (region["endLine"], region["endColumn"]):
        say(where, "ends before it begins")


def rule(where, value):
    names = ["id", "name", "shortDescription", "fullDescription", "help", "defaultConfiguration"]
    if not members(where, value, names):
        return
    text(where + ".id", value["id"])
    message(where + ".shortDescription", value["shortDescription"], 1024)
    message(where + ".fullDescription", value["fullDescription"], 1024)
    message(where + ".help", value["help"], optional=["markdown"])
    if value["defaultConfiguration"].get("level") not in LEVELS - {"none"}:
        say(where, "has no level")


def result(where, value, rules):
    names = ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"]
    if not members(where, value, names, ["relatedLocations"]):
        return
    index = value["ruleIndex"]
    if not 0 <= index < len(rules) or rules[index].get("id") != value["ruleId"]:
        say(where, "names no rule")
    if value["level"] not in LEVELS:
        say(where, "has no level")
    message(where + ".message", value["message"])
    if len(value["locations"]) != 1:
        say(where, "has not one location")
    for location in value["locations"]:
        if members(where, location, ["physicalLocation"]):
            place(where + ".location", location["physicalLocation"])
    ids = set()
    for location in value.get("relatedLocations", []):
        if members(where, location, ["id", "message", "physicalLocation"]):
            ids.add(location["id"])
            message(where + ".related", location["message"])
            place(where + ".related", location["physicalLocation"])
    if len(ids) != len(value.get("relatedLocations", [])):
        say(where, "has related locations with one id")
    if not re.fullmatch(r"[0-9a-f]{16}:[1-9][0-9]*", value["partialFingerprints"].get("primaryLocationLineHash", "")):
        say(where, "has no fingerprint")


def run(where, value):
    names = ["tool", "automationDetails", "columnKind", "invocations", "results"]
    if not members(where, value, names):
        return
    driver = value["tool"]["driver"]
    members(where + ".tool.driver", driver, ["name", "version", "rules"])
    for i, one in enumerate(driver["rules"]):
        rule(f"rules[{i}]", one)
    if len({one["id"] for one in driver["rules"]}) != len(driver["rules"]):
        say(where, "has a rule twice")
    text(where + ".automationDetails.id", value["automationDetails"].get("id"))
    if value["columnKind"] != "unicodeCodePoints":
        say(where, "counts columns in some other way")
    for invocation in value["invocations"]:
        if not members("invocation", invocation, ["executionSuccessful", "toolExecutionNotifications"]):
            continue
        for notification in invocation["toolExecutionNotifications"]:
            members("notification", notification, ["message", "level"])
            message("notification", notification["message"])
        failed = any(one["level"] == "error" for one in invocation["toolExecutionNotifications"])
        if invocation["executionSuccessful"] == failed:
            say("invocation", "says both that it succeeded and that it did not")
    if len(value["results"]) > 25000:
        say(where, "has more than 25,000 results")
    for i, one in enumerate(value["results"]):
        result(f"results[{i}]", one, driver["rules"])
    prints = [(one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], one["partialFingerprints"]["primaryLocationLineHash"])
              for one in value["results"] if one.get("locations")]
    if len(set(prints)) != len(prints):
        say(where, "has a fingerprint twice in one file")


with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)
if members("document", document, ["$schema", "version", "runs"]):
    if document["version"] != "2.1.0":
        say("document", "is of another version")
    if len(document["runs"]) != 1:
        say("document", "has not one run")
    for one_run in document["runs"]:
        run("run", one_run)
if len(sys.argv) > 2:
    import jsonschema

    with open(sys.argv[2], encoding="utf-8") as file:
        schema = json.load(file)
    checker = jsonschema.validators.validator_for(schema)(schema)
    for error in checker.iter_errors(document):
        say("/".join(str(part) for part in error.path), error.message)
for line in wrong:
    print(line)
sys.exit(1 if wrong else 0)
