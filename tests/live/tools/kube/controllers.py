"""What happens in the cluster after a change: deployments get replica sets and pods, and their status says so.

`settle` is called after every change and by a clock. A template whose image has `broken` in it never becomes ready, and one
that is rolled out takes `rollout` seconds."""

import copy
import hashlib
import json
import time

from kinds import find
from store import ApiError, now_text

DEPLOYMENTS, REPLICA_SETS, PODS = find("apps", "deployments"), find("apps", "replicasets"), find("", "pods")
STATEFUL_SETS, NAMESPACES, JOBS = find("apps", "statefulsets"), find("", "namespaces"), find("batch", "jobs")
CLAIMS = find("", "persistentvolumeclaims")
REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"


def normal(value):
    """Without what says nothing: clients differ in the empty members that they send."""
    if isinstance(value, dict):
        parts = {key: normal(one) for key, one in value.items() if key != HASH}
        return {key: one for key, one in parts.items() if one not in (None, {}, [], "")}
    return [normal(one) for one in value] if isinstance(value, list) else value


def template_hash(template):
    return hashlib.sha256(json.dumps(normal(template), sort_keys=True).encode()).hexdigest()[:10]


def is_broken(template):
    return any("broken" in one.get("image", "") for one in template.get("spec", {}).get("containers", []))


def owner_of(thing):
    return [{"apiVersion": thing["apiVersion"], "kind": thing["kind"], "name": thing["metadata"]["name"],
             "uid": thing["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}]


def owned(store, kind, owner):
    return [one for one in store.list(kind, owner["metadata"].get("namespace", ""))
            if any(ref["uid"] == owner["metadata"]["uid"] for ref in one["metadata"].get("ownerReferences", []))]


class Controllers:
    """The cluster's own work."""

    def __init__(self, store, rollout):
        self.store, self.rollout, self.since = store, rollout, {}

    def settle(self):
        with self.store.changed:
            self.collect_orphans()
            for deployment in self.store.list(DEPLOYMENTS, ""):
                self.settle_deployment(deployment)
            for owner in self.store.list(STATEFUL_SETS, "") + self.store.list(JOBS, ""):
                self.settle_pods(owner, owner["spec"].get("replicas", owner["spec"].get("parallelism", 1)))
                self.settle_owner(owner)
            for claim in self.store.list(CLAIMS, ""):
                wanted = claim.get("spec", {}).get("resources", {}).get("requests", {})
                self.put_status(CLAIMS, claim, {"phase": "Bound", "capacity": wanted})

    def collect_orphans(self):
        """What is owned goes with its owner."""
        living = {thing["metadata"].get("uid") for thing in self.store.things.values()}
        for kind in (REPLICA_SETS, PODS):
            for one in self.store.list(kind, ""):
                owners = one["metadata"].get("ownerReferences", [])
                if owners and not any(ref["uid"] in living for ref in owners):
                    self.store.delete(kind, one["metadata"]["namespace"], one["metadata"]["name"])

    def put_status(self, kind, thing, status):
        if {**thing.get("status", {}), **status} != thing.get("status"):
            thing["status"] = {**thing.get("status", {}), **status}
            self.store.put(kind, thing, "MODIFIED")

    def is_ready(self, uid, template):
        since = self.since.setdefault(uid, time.monotonic())
        return not is_broken(template) and time.monotonic() - since >= self.rollout

    # ---- deployments

    def settle_deployment(self, deployment):
        meta, spec = deployment["metadata"], deployment["spec"]
        template, wanted = spec["template"], spec.get("replicas", 1)
        sets = owned(self.store, REPLICA_SETS, deployment)
        current = next((one for one in sets if one["metadata"]["labels"][HASH] == template_hash(template)), None)
        newest = max([int(one["metadata"]["annotations"][REVISION]) for one in sets] or [0])
        if current is None or int(current["metadata"]["annotations"][REVISION]) < newest:
            current = self.revise(deployment, current, newest + 1)
        if not spec.get("paused"):
            self.scale_sets(deployment, current, wanted)
        revision = current["metadata"]["annotations"][REVISION]
        if meta.get("annotations", {}).get(REVISION) != revision:
            meta.setdefault("annotations", {})[REVISION] = revision
            self.store.put(DEPLOYMENTS, deployment, "MODIFIED")
        self.deployment_status(deployment, current, wanted)

    def revise(self, deployment, current, revision):
        meta, template = deployment["metadata"], copy.deepcopy(deployment["spec"]["template"])
        if current is not None:
            current["metadata"]["annotations"][REVISION] = str(revision)
            self.since.pop(current["metadata"]["uid"], None)
            return self.store.put(REPLICA_SETS, current, "MODIFIED")
        mark = template_hash(template)
        labels = {**template.get("metadata", {}).get("labels", {}), HASH: mark}
        template.setdefault("metadata", {})["labels"] = labels
        notes = {REVISION: str(revision)}
        if "kubernetes.io/change-cause" in meta.get("annotations", {}):
            notes["kubernetes.io/change-cause"] = meta["annotations"]["kubernetes.io/change-cause"]
        return self.store.create(REPLICA_SETS, meta["namespace"], {
            "metadata": {"name": f"{meta['name']}-{mark}", "labels": labels, "annotations": notes,
                         "ownerReferences": owner_of(deployment)},
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}})

    def scale_sets(self, deployment, current, wanted):
        for one in owned(self.store, REPLICA_SETS, deployment):
            is_current = one["metadata"]["uid"] == current["metadata"]["uid"]
            ready = self.is_ready(current["metadata"]["uid"], current["spec"]["template"])
            count = wanted if is_current else (0 if ready else one["spec"]["replicas"])
            if one["spec"]["replicas"] != count:
                one["spec"]["replicas"] = count
                self.store.put(REPLICA_SETS, one, "MODIFIED", spec_changed=True)
            self.settle_pods(one, count)
            self.settle_owner(self.store.get(REPLICA_SETS, one["metadata"]["namespace"], one["metadata"]["name"]))

    def deployment_status(self, deployment, current, wanted):
        ready = wanted if self.is_ready(current["metadata"]["uid"], current["spec"]["template"]) else 0
        total = sum(one["spec"]["replicas"] for one in owned(self.store, REPLICA_SETS, deployment))
        status = {"observedGeneration": deployment["metadata"].get("generation", 1), "replicas": total, "updatedReplicas": wanted,
                  "readyReplicas": ready, "availableReplicas": ready, "unavailableReplicas": wanted - ready,
                  "conditions": [{"type": "Available", "status": "True" if ready >= wanted else "False"},
                                 {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable" if ready else "ReplicaSetUpdated"}]}
        self.put_status(DEPLOYMENTS, deployment, status)

    # ---- pods

    def settle_pods(self, owner, wanted):
        pods = owned(self.store, PODS, owner)
        for one in pods[wanted:]:
            self.store.delete(PODS, one["metadata"]["namespace"], one["metadata"]["name"])
        for number in range(len(pods), wanted):
            self.start_pod(owner, number)
        for one in owned(self.store, PODS, owner):
            self.pod_status(owner, one)

    def start_pod(self, owner, number):
        template, meta = copy.deepcopy(owner["spec"]["template"]), owner["metadata"]
        names = {one["metadata"]["name"] for one in owned(self.store, PODS, owner)}
        while f"{meta['name']}-{number}" in names:
            number += 1
        self.store.create(PODS, meta["namespace"], {
            "metadata": {"name": f"{meta['name']}-{number}", "labels": template.get("metadata", {}).get("labels", {}),
                         "annotations": template.get("metadata", {}).get("annotations", {}), "ownerReferences": owner_of(owner)},
            "spec": {**template.get("spec", {}), "nodeName": "node-1"}})

    def pod_status(self, owner, pod):
        ready = self.is_ready(owner["metadata"]["uid"], owner["spec"]["template"])
        if pod.get("status", {}).get("reason") == "Evicted":
            return
        state = {"running": {"startedAt": pod["metadata"]["creationTimestamp"]}}
        if is_broken(owner["spec"]["template"]):
            state = {"waiting": {"reason": "ImagePullBackOff"}}
        before = pod.get("status", {}).get("containerStatuses", [])
        containers = [{"name": one["name"], "image": one.get("image", ""), "imageID": "", "ready": ready, "started": ready,
                       "restartCount": next((old["restartCount"] for old in before if old["name"] == one["name"]), 0), "state": state}
                      for one in pod["spec"].get("containers", [])]
        self.put_status(PODS, pod, {"phase": "Running" if ready else "Pending", "podIP": "10.0.0.7", "hostIP": "10.0.0.1",
                                    "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
                                    "containerStatuses": containers})

    def settle_owner(self, owner):
        kind = {"ReplicaSet": REPLICA_SETS, "StatefulSet": STATEFUL_SETS, "Job": JOBS}[owner["kind"]]
        count = len(owned(self.store, PODS, owner))
        ready = count if self.is_ready(owner["metadata"]["uid"], owner["spec"]["template"]) else 0
        if kind is JOBS:
            done = {"succeeded": ready, "conditions": [{"type": "Complete", "status": "True"}]} if ready else {"active": count}
            self.put_status(kind, owner, {"startTime": owner["metadata"]["creationTimestamp"], **done})
            return
        self.put_status(kind, owner, {"replicas": count, "readyReplicas": ready, "availableReplicas": ready, "currentReplicas": count,
                                      "updatedReplicas": count, "currentRevision": "1", "updateRevision": "1",
                                      "observedGeneration": owner["metadata"].get("generation", 1)})

    def check_namespace(self, name):
        try:
            self.store.get(NAMESPACES, "", name)
        except ApiError as error:
            raise ApiError(404, "NotFound", f'namespaces "{name}" not found') from error

    def seed(self):
        """What every cluster has."""
        for name in ("default", "kube-system"):
            if (NAMESPACES.plural, "", name) not in self.store.things:
                self.store.create(NAMESPACES, "", {"metadata": {"name": name, "creationTimestamp": now_text()},
                                                   "status": {"phase": "Active"}})
        if ("nodes", "", "node-1") not in self.store.things:
            self.store.create(find("", "nodes"), "", {
                "metadata": {"name": "node-1"}, "spec": {},
                "status": {"conditions": [{"type": "Ready", "status": "True"}], "capacity": {"cpu": "4", "memory": "16Gi"},
                           "allocatable": {"cpu": "4", "memory": "16Gi"}, "nodeInfo": {"kubeletVersion": "v1.32.0"}}})
