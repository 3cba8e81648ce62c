"""The handling of writes about disks and keys: a disk is attached or detached while its instance is stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fixture_error import FixtureError
from gcp_project import ROOT, Item, Project

Query = Mapping[str, str]
_ENCRYPTS = "roles/cloudkms.cryptoKeyEncrypterDecrypter"


def _at(project: Project, path: str) -> Item:
    found = project.resource(path)
    if found is None:
        message = f"there is no {path}"
        raise FixtureError(message)
    return found


def _set_status(status: str) -> Callable[[Project, str, Query, Item], None]:
    def set_status(project: Project, path: str, _: Query, __: Item) -> None:
        _at(project, path.rpartition("/")[0])["status"] = status

    return set_status


def _stopped(project: Project, path: str) -> Item:
    """Return the stopped instance of a path that ends in a verb. Raises FixtureError if it runs."""
    found = _at(project, path.rpartition("/")[0])
    if found["status"] != "TERMINATED":
        message = f"{found['name']} runs"
        raise FixtureError(message)
    return found


def _detach(project: Project, path: str, query: Query, _: Item) -> None:
    held = _stopped(project, path)["disks"]
    left = [item for item in held if item["deviceName"] != query["deviceName"]]
    if len(left) != len(held) - 1:
        message = f"no disk is {query['deviceName']}"
        raise FixtureError(message)
    held[:] = left


def _attach(project: Project, path: str, _: Query, body: Item) -> None:
    _at(project, body["source"])
    _stopped(project, path)["disks"].append({**body, "source": f"{ROOT}/{body['source']}", "type": "PERSISTENT"})


def _snapshot(project: Project, path: str, _: Query, body: Item) -> None:
    source = _at(project, path.rpartition("/")[0])
    project.add("global", "snapshots", body["name"], sourceDisk=source["selfLink"])


def _make_disk(project: Project, path: str, _: Query, body: Item) -> None:
    """Make a disk. Raises FixtureError if Compute Engine may not use its key."""
    _at(project, body["sourceSnapshot"])
    key = body["diskEncryptionKey"]["kmsKeyName"]
    agent = f"serviceAccount:service-{project.number}@compute-system.iam.gserviceaccount.com"
    if {"role": _ENCRYPTS, "members": [agent]} not in project.bindings(key):
        message = f"{agent} may not use {key}"
        raise FixtureError(message)
    rest = {name: value for name, value in body.items() if name != "name"}
    project.add(path.split("/", 2)[2].rpartition("/")[0], "disks", body["name"], status="READY", **rest)


def _delete(project: Project, path: str, _: Query, __: Item) -> None:
    used = [each["source"] for one in project.scoped("instances") for item in one[1] for each in item["disks"]]
    if any(link.endswith(f"/{path}") for link in used):
        message = f"{path} is attached"
        raise FixtureError(message)
    project.lists[path.rpartition("/")[0]].remove(_at(project, path))


def _make_key(project: Project, path: str, query: Query, body: Item) -> None:
    name = f"{path}/{query['cryptoKeyId']}"
    project.answer("kms", name, {**body, "name": name, "primary": {"state": "ENABLED"}})
    project.policy(name, "kms")


def _nothing(*_: Any) -> None:  # noqa: ANN401 - any request
    """Change nothing that is read."""


WRITES: Mapping[str, Callable[[Project, str, Query, Item], None]] = {
    ".instances.stop": _set_status("TERMINATED"),
    ".instances.start": _set_status("RUNNING"),
    ".detachDisk": _detach,
    ".attachDisk": _attach,
    ".setDiskAutoDelete": _nothing,
    ".disks.createSnapshot": _snapshot,
    ".disks.insert": _make_disk,
    ".disks.delete": _delete,
    ".snapshots.delete": _delete,
    ".keyRings.create": _nothing,
    ".cryptoKeys.create": _make_key,
}
"""What each method does, by the end of its name."""
