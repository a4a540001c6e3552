"""The kinds that the small API server knows: where they live, what they are called, and their columns in `kubectl get`."""

import datetime


class Kind:
    """One resource of the API: group "" is the core group."""

    def __init__(self, group, version, plural, kind, short=(), namespaced=True, scale=False):
        self.group, self.version, self.plural, self.kind = group, version, plural, kind
        self.short, self.namespaced, self.scale = list(short), namespaced, scale
        self.api_version = f"{group}/{version}" if group else version


KINDS = [
    Kind("", "v1", "namespaces", "Namespace", ["ns"], namespaced=False),
    Kind("", "v1", "nodes", "Node", ["no"], namespaced=False),
    Kind("", "v1", "persistentvolumes", "PersistentVolume", ["pv"], namespaced=False),
    Kind("", "v1", "pods", "Pod", ["po"]),
    Kind("", "v1", "services", "Service", ["svc"]),
    Kind("", "v1", "endpoints", "Endpoints", ["ep"]),
    Kind("", "v1", "configmaps", "ConfigMap", ["cm"]),
    Kind("", "v1", "secrets", "Secret"),
    Kind("", "v1", "serviceaccounts", "ServiceAccount", ["sa"]),
    Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", ["pvc"]),
    Kind("", "v1", "events", "Event", ["ev"]),
    Kind("apps", "v1", "deployments", "Deployment", ["deploy"], scale=True),
    Kind("apps", "v1", "replicasets", "ReplicaSet", ["rs"], scale=True),
    Kind("apps", "v1", "statefulsets", "StatefulSet", ["sts"], scale=True),
    Kind("apps", "v1", "daemonsets", "DaemonSet", ["ds"]),
    Kind("batch", "v1", "jobs", "Job"),
    Kind("batch", "v1", "cronjobs", "CronJob", ["cj"]),
    Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", ["hpa"]),
    Kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", ["pdb"]),
    Kind("networking.k8s.io", "v1", "ingresses", "Ingress", ["ing"]),
    Kind("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", ["netpol"]),
    Kind("storage.k8s.io", "v1", "storageclasses", "StorageClass", ["sc"], namespaced=False),
]
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


def find(group, plural):
    for kind in KINDS:
        if (kind.group, kind.plural) == (group, plural):
            return kind
    return None


def groups():
    return sorted({(kind.group, kind.version) for kind in KINDS if kind.group} | {("authorization.k8s.io", "v1")})


def discovery(group, version):
    """The APIResourceList of one group and version."""
    rows = []
    for kind in KINDS:
        if (kind.group, kind.version) != (group, version):
            continue
        rows.append({"name": kind.plural, "singularName": kind.kind.lower(), "namespaced": kind.namespaced, "kind": kind.kind,
                     "verbs": VERBS, "shortNames": kind.short, "categories": ["all"] if kind.kind in ALL else []})
        if kind.scale:
            rows.append({"name": kind.plural + "/scale", "singularName": "", "namespaced": True, "group": "autoscaling",
                         "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"]})
        if kind.kind == "Pod":
            for name, what in (("log", "Pod"), ("exec", "PodExecOptions"), ("eviction", "Eviction")):
                extra = {"group": "policy", "version": "v1"} if name == "eviction" else {}
                rows.append({"name": f"pods/{name}", "singularName": "", "namespaced": True, "kind": what,
                             "verbs": ["create", "get"], **extra})
    if group == "authorization.k8s.io":
        rows.append({"name": "selfsubjectaccessreviews", "singularName": "", "namespaced": False,
                     "kind": "SelfSubjectAccessReview", "verbs": ["create"]})
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{group}/{version}" if group else version,
            "resources": rows}


ALL = {"Pod", "Service", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob"}


def age(thing):
    made = thing["metadata"].get("creationTimestamp")
    if not made:
        return "<unknown>"
    then = datetime.datetime.strptime(made, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    seconds = int((datetime.datetime.now(datetime.timezone.utc) - then).total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{max(seconds, 0)}s"


def pod_cells(pod):
    status = pod.get("status", {})
    containers = status.get("containerStatuses", [])
    ready = sum(1 for one in containers if one.get("ready"))
    restarts = sum(one.get("restartCount", 0) for one in containers)
    reason = status.get("reason") or status.get("phase", "Unknown")
    for one in containers:
        reason = one.get("state", {}).get("waiting", {}).get("reason", reason)
    return [f"{ready}/{max(len(containers), 1)}", reason, restarts]


def deployment_cells(one):
    status = one.get("status", {})
    return [f"{status.get('readyReplicas', 0)}/{one.get('spec', {}).get('replicas', 1)}", status.get("updatedReplicas", 0),
            status.get("availableReplicas", 0)]


def node_cells(node):
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in node.get("status", {}).get("conditions", []))
    text = ("Ready" if ready else "NotReady") + (",SchedulingDisabled" if node.get("spec", {}).get("unschedulable") else "")
    return [text, "<none>"]


COLUMNS = {
    "Pod": (["Ready", "Status", "Restarts"], pod_cells),
    "Deployment": (["Ready", "Up-to-date", "Available"], deployment_cells),
    "StatefulSet": (["Ready"], lambda one: deployment_cells(one)[:1]),
    "ReplicaSet": (["Desired", "Current", "Ready"],
                   lambda one: [one["spec"].get("replicas", 0), one.get("status", {}).get("replicas", 0),
                                one.get("status", {}).get("readyReplicas", 0)]),
    "Node": (["Status", "Roles"], node_cells),
    "Namespace": (["Status"], lambda one: [one.get("status", {}).get("phase", "Active")]),
    "PersistentVolumeClaim": (["Status", "Capacity"],
                              lambda one: [one.get("status", {}).get("phase", "Bound"),
                                           one.get("status", {}).get("capacity", {}).get("storage", "")]),
    "Event": (["Type", "Reason", "Object", "Message"],
              lambda one: [one.get("type", ""), one.get("reason", ""),
                           f"{one['involvedObject'].get('kind', '').lower()}/{one['involvedObject'].get('name', '')}",
                           one.get("message", "")]),
    "Job": (["Completions"], lambda one: [f"{one.get('status', {}).get('succeeded', 0)}/{one['spec'].get('completions', 1)}"]),
}


def table(kind, things, version):
    """What `kubectl get` without -o asks for."""
    names, cells = COLUMNS.get(kind.kind, ([], lambda one: []))
    columns = [{"name": name, "type": "string", "format": "name" if name == "Name" else "", "description": "", "priority": 0}
               for name in ["Name", *names, "Age"]]
    rows = [{"cells": [one["metadata"]["name"], *cells(one), age(one)],
             "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": one["metadata"]}}
            for one in things]
    return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": version},
            "columnDefinitions": columns, "rows": rows}
