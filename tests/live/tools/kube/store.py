"""The objects of the small API server: versions, conflicts, patches, selectors, watches. It knows no HTTP and no controllers.

Every change of an object gets the next resource version of the whole cluster. The state is written to state.json after each
change, and read from there at the start."""

import copy
import datetime
import json
import os
import threading
import uuid


class ApiError(Exception):
    """An answer that is a Status with a code, a reason and a message."""

    def __init__(self, code, reason, message):
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message


def now_text():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    """All objects, by (plural, namespace, name)."""

    def __init__(self, path):
        self.path, self.things, self.version, self.history = path, {}, 1, []
        self.changed = threading.Condition(threading.RLock())
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                state = json.load(file)
            self.version = state["version"]
            self.things = {tuple(row["key"]): row["object"] for row in state["objects"]}

    def save(self):
        rows = [{"key": list(key), "object": thing} for key, thing in sorted(self.things.items())]
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump({"version": self.version, "objects": rows}, file, indent=1)
        os.replace(self.path + ".new", self.path)

    # ---- reading

    def get(self, kind, namespace, name):
        thing = self.things.get((kind.plural, namespace if kind.namespaced else "", name))
        if thing is None:
            where = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
            raise ApiError(404, "NotFound", f'{where} "{name}" not found')
        return copy.deepcopy(thing)

    def list(self, kind, namespace, labels="", fields=""):
        found = [thing for (plural, where, _), thing in sorted(self.things.items())
                 if plural == kind.plural and (not namespace or not kind.namespaced or where == namespace)]
        return [copy.deepcopy(one) for one in found if labels_fit(one, labels) and fields_fit(one, fields)]

    # ---- writing; every one under the lock

    def put(self, kind, thing, event, spec_changed=False):
        with self.changed:
            meta = thing["metadata"]
            self.version += 1
            meta["resourceVersion"] = str(self.version)
            if spec_changed:
                meta["generation"] = meta.get("generation", 0) + 1
            key = (kind.plural, meta.get("namespace", ""), meta["name"])
            self.things[key] = copy.deepcopy(thing)
            self.history.append((self.version, event, kind.plural, copy.deepcopy(thing)))
            self.save()
            self.changed.notify_all()
        return thing

    def create(self, kind, namespace, thing, dry=False):
        with self.changed:
            thing = copy.deepcopy(thing)
            meta = thing.setdefault("metadata", {})
            if "name" not in meta:
                meta["name"] = meta.get("generateName", kind.kind.lower() + "-") + uuid.uuid4().hex[:5]
            if kind.namespaced:
                meta["namespace"] = meta.get("namespace", namespace)
            if (kind.plural, meta.get("namespace", ""), meta["name"]) in self.things:
                where = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
                raise ApiError(409, "AlreadyExists", f'{where} "{meta["name"]}" already exists')
            thing.update(apiVersion=kind.api_version, kind=kind.kind)
            meta.setdefault("uid", str(uuid.uuid4()))
            meta.setdefault("creationTimestamp", now_text())
            return thing if dry else self.put(kind, thing, "ADDED", spec_changed=True)

    def update(self, kind, old, new, dry=False):
        """Puts `new` in the place of `old`, which was just read; a stale version in `new` is a conflict."""
        with self.changed:
            meta = new.setdefault("metadata", {})
            current = self.get(kind, old["metadata"].get("namespace", ""), old["metadata"]["name"])
            wanted = meta.get("resourceVersion")
            if wanted and wanted != current["metadata"]["resourceVersion"]:
                where = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
                raise ApiError(409, "Conflict", f'Operation cannot be fulfilled on {where} "{meta.get("name")}": the object has been '
                               "modified; please apply your changes to the latest version and try again")
            for name in ("uid", "creationTimestamp", "name", "namespace", "generation"):
                if name in current["metadata"]:
                    meta[name] = current["metadata"][name]
            new.update(apiVersion=kind.api_version, kind=kind.kind)
            if "status" in current:
                new.setdefault("status", current["status"])
            meta["resourceVersion"] = current["metadata"]["resourceVersion"]
            if new == current or dry:
                return new
            return self.put(kind, new, "MODIFIED", spec_changed=new.get("spec") != current.get("spec"))

    def delete(self, kind, namespace, name):
        with self.changed:
            thing = self.get(kind, namespace, name)
            del self.things[(kind.plural, namespace if kind.namespaced else "", name)]
            self.version += 1
            thing["metadata"]["resourceVersion"] = str(self.version)
            self.history.append((self.version, "DELETED", kind.plural, thing))
            self.save()
            self.changed.notify_all()
            return thing


# ---- selectors

def labels_fit(thing, selector):
    labels = thing["metadata"].get("labels", {})
    for term in split_terms(selector):
        if " in " in term or " notin " in term:
            key, word, rest = term.split(None, 2)
            values = [one.strip() for one in rest.strip("() ").split(",")]
            if (labels.get(key) in values) != (word == "in"):
                return False
        elif "!=" in term:
            key, value = term.split("!=")
            if labels.get(key.strip()) == value.strip():
                return False
        elif "=" in term:
            key, value = term.replace("==", "=").split("=")
            if labels.get(key.strip()) != value.strip():
                return False
        elif term.startswith("!"):
            if term[1:] in labels:
                return False
        elif term not in labels:
            return False
    return True


def split_terms(selector):
    """Commas in parentheses belong to one term."""
    terms, depth, term = [], 0, ""
    for char in selector:
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            terms.append(term)
            term = ""
        else:
            term += char
    return [one.strip() for one in [*terms, term] if one.strip()]


def fields_fit(thing, selector):
    for term in split_terms(selector):
        unequal = "!=" in term
        path, value = (term.split("!=") if unequal else term.replace("==", "=").split("="))
        at = thing
        for part in path.split("."):
            at = at.get(part, "") if isinstance(at, dict) else ""
        if (str(at) == value) == unequal:
            return False
    return True


# ---- patches

KEYS = {"containers": "name", "initContainers": "name", "env": "name", "volumes": "name", "ports": "containerPort",
        "volumeMounts": "mountPath", "conditions": "type"}


def merge_patch(target, patch, strategic=False, name=""):
    """RFC 7396; with `strategic` lists whose items have names are merged by them, as the API server does."""
    if isinstance(patch, list) and strategic and KEYS.get(name) and isinstance(target, list):
        return merge_lists(target, patch, KEYS[name])
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = copy.deepcopy(target) if isinstance(target, dict) else {}
    if strategic and patch.get("$patch") == "replace":
        return {key: copy.deepcopy(value) for key, value in patch.items() if key != "$patch"}
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value, strategic, key)
    return result


def merge_lists(target, patch, key):
    result = copy.deepcopy(target)
    for item in patch:
        at = next((i for i, one in enumerate(result) if one.get(key) == item.get(key)), None)
        if item.get("$patch") == "delete":
            if at is not None:
                del result[at]
        elif at is None:
            result.append(copy.deepcopy(item))
        else:
            result[at] = merge_patch(result[at], item, True)
    return result


def json_patch(target, operations):
    """RFC 6902: add, replace, remove and test."""
    result = copy.deepcopy(target)
    for operation in operations:
        parts = [one.replace("~1", "/").replace("~0", "~") for one in operation["path"].split("/")[1:]]
        at = result
        try:
            for part in parts[:-1]:
                at = at[int(part)] if isinstance(at, list) else at[part]
            apply_one(at, parts[-1], operation)
        except (KeyError, IndexError, ValueError) as error:
            raise ApiError(422, "Invalid", f"the server rejected our request due to an error in our request: {error}") from error
    return result


def apply_one(at, last, operation):
    what = operation["op"]
    if isinstance(at, list):
        index = len(at) if last == "-" else int(last)
        if what == "add":
            at.insert(index, operation["value"])
        elif what == "replace":
            at[index] = operation["value"]
        elif what == "remove":
            del at[index]
        elif what == "test" and at[index] != operation["value"]:
            raise ValueError("the test failed")
    elif what in ("add", "replace"):
        at[last] = operation["value"]
    elif what == "remove":
        del at[last]
    elif what == "test" and at.get(last) != operation["value"]:
        raise ValueError("the test failed")
