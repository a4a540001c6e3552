"""The two places where a kubectl speaks protobuf instead of JSON: bodies of `kubectl create` and `auth can-i` (from 1.32 on), and the
OpenAPI document by which an older one asks what takes a dry run. Only the fields that these need are known."""

import kinds

MAGIC = b"k8s\0"

# ---- reading: {number: (name, how)}; how is "text", "int", "map", a schema, or [how] for what may come many times

META = {1: ("name", "text"), 2: ("generateName", "text"), 3: ("namespace", "text"), 5: ("uid", "text"), 6: ("resourceVersion", "text"),
        11: ("labels", "map"), 12: ("annotations", "map")}
ENV = {1: ("name", "text"), 2: ("value", "text")}
CONTAINER = {1: ("name", "text"), 2: ("image", "text"), 3: ("command", ["text"]), 4: ("args", ["text"]), 7: ("env", [ENV])}
POD_SPEC = {2: ("containers", [CONTAINER]), 3: ("restartPolicy", "text")}
TEMPLATE = {1: ("metadata", META), 2: ("spec", POD_SPEC)}
SELECTOR = {1: ("matchLabels", "map")}
ACCESS = {1: ("namespace", "text"), 2: ("verb", "text"), 3: ("group", "text"), 4: ("version", "text"), 5: ("resource", "text"),
          6: ("subresource", "text"), 7: ("name", "text")}
SCHEMAS = {
    "Namespace": {1: ("metadata", META)},
    "ServiceAccount": {1: ("metadata", META)},
    "ConfigMap": {1: ("metadata", META), 2: ("data", "map")},
    "Pod": {1: ("metadata", META), 2: ("spec", POD_SPEC)},
    "Deployment": {1: ("metadata", META), 2: ("spec", {1: ("replicas", "int"), 2: ("selector", SELECTOR), 3: ("template", TEMPLATE)})},
    "Job": {1: ("metadata", META), 2: ("spec", {1: ("parallelism", "int"), 2: ("completions", "int"), 6: ("template", TEMPLATE)})},
    "Eviction": {1: ("metadata", META)},
    "Scale": {1: ("metadata", META), 2: ("spec", {1: ("replicas", "int")})},
    "DeleteOptions": {5: ("dryRun", ["text"])},
    "SelfSubjectAccessReview": {1: ("metadata", META), 2: ("spec", {1: ("resourceAttributes", ACCESS)})},
}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    """(number, value) of each field; a value is an int or bytes."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = 8 if tag & 7 == 1 else 4
            value, at = data[at:at + size], at + size
        yield tag >> 3, value


def read(data, schema):
    result = {}
    for number, value in fields(data):
        if number not in schema:
            continue
        name, how = schema[number]
        if how == "map":
            pair = dict(fields(value))
            result.setdefault(name, {})[pair.get(1, b"").decode()] = pair.get(2, b"").decode()
        elif isinstance(how, list):
            result.setdefault(name, []).append(read_one(value, how[0]))
        else:
            result[name] = read_one(value, how)
    return {name: value for name, value in result.items() if value != ""}


def read_one(value, how):
    if how == "text":
        return value.decode()
    return value if how == "int" else read(value, how)


def decode(data):
    """The object of a Kubernetes protobuf body; None: its kind is not known here."""
    unknown = dict(fields(data[len(MAGIC):]))
    kind = dict(fields(unknown.get(1, b""))).get(2, b"").decode()
    if kind not in SCHEMAS:
        return None
    return {"apiVersion": dict(fields(unknown[1])).get(1, b"").decode(), "kind": kind, **read(unknown.get(2, b""), SCHEMAS[kind])}


# ---- writing: the OpenAPI v2 document

def number_bytes(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    data = value.encode() if isinstance(value, str) else value
    return number_bytes(number << 3 | 2) + number_bytes(len(data)) + data


def openapi_v2():
    """Every kind can be patched, with the query parameter dryRun."""
    query = field(2, "query") + field(4, "dryRun")
    parameter = field(8, field(1, field(2, field(3, query))))
    paths = b""
    for kind in kinds.KINDS:
        what = f"group: \"{kind.group}\"\nkind: {kind.kind}\nversion: {kind.version}\n"
        extension = field(13, field(1, "x-kubernetes-group-version-kind") + field(2, field(2, what)))
        operation = parameter + field(9, b"") + extension
        paths += field(2, field(1, f"/{kind.api_version}/{kind.plural}/{{name}}") + field(2, field(8, operation)))
    return field(1, "2.0") + field(2, field(1, "Kubernetes") + field(2, "v1.32.0")) + field(8, paths)


def openapi_v3(group_version):
    """The same for a newer kubectl, one document for each group and version; "" lists them."""
    versions = {(f"apis/{kind.api_version}" if kind.group else "api/v1"): kind.api_version for kind in kinds.KINDS}
    if not group_version:
        return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash=1"} for path in versions}}
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("dryRun", "fieldValidation", "fieldManager")]
    paths = {}
    for kind in kinds.KINDS:
        if kind.api_version == versions.get(group_version):
            paths[f"/{group_version}/{kind.plural}/{{name}}"] = {"patch": {
                "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
                "parameters": parameters, "responses": {"200": {"description": "OK"}}}}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.32.0"}, "paths": paths}


