"""Answers that are cut short, contradict another, or are not those of Google's API: no row passes because of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from cloudguard import pipeline
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_gcp import ADAPTER
from gcp_clusters import behind_balancer, kops, open_ssh
from gcp_discovery import find
from gcp_judged import DISKS, IDENTITY, NODE, Build, report_of
from gcp_project import ZONE, Project
from gcp_proxy import Proxy
from gcp_server import Google

Change = Callable[[bytes], bytes]
"""A function from the body of an answer to another body."""
FIREWALLS, RULES = "compute.firewalls.list", "compute.forwardingRules.aggregatedList"
POLICY, ROLE = "cloudresourcemanager.projects.getIamPolicy", "iam.roles.get"
SNAPSHOTS, DISK = "compute.snapshots.list", "compute.disks.getIamPolicy"


@dataclass
class OddGoogle(Google):
    """The APIs, with one method whose answers are changed."""

    method: str = ""
    change: Change = bytes

    def answer(self, host: str, verb: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
        """Return the status and the body for a request."""
        status, answered = super().answer(host, verb, target, body)
        method = find(host, verb, urlsplit(target).path)
        return status, self.change(answered) if method and method.id == self.method else answered


def of(body: object) -> Change:
    return lambda _: json.dumps(body).encode()


def with_fields(**fields: Any) -> Change:  # noqa: ANN401 - JSON
    return lambda body: json.dumps({**json.loads(body), **fields}).encode()


def half(body: bytes) -> bytes:
    return body[: len(body) // 2]


ERROR = of({"error": {"code": 403, "message": "denied"}})
PAGE = of({"message": "sign in", "login": "https://proxy.example.com"})
OTHER = of({"kind": "compute#routeList", "items": []})
EDITOR = "roles/editor"


def shared_disk() -> Project:
    project, name = kops(), "projects/acme-prod/zones/europe-west1-b/disks/etcd-main"
    project.role("roles/compute.storageAdmin", "compute.disks.useReadOnly")
    bindings = [{"role": "roles/compute.storageAdmin", "members": ["allUsers"]}]
    project.answer("compute", f"{name}/getIamPolicy", {"bindings": bindings})
    return project


def shared_snapshot() -> Project:
    project = shared_disk()
    disk = project.link(f"zones/{ZONE}/disks/etcd-main")
    project.add("global", "snapshots", "copy", sourceDisk=disk)
    own = project.answers.pop(f"projects/acme-prod/zones/{ZONE}/disks/etcd-main/getIamPolicy")
    project.answer("compute", "projects/acme-prod/global/snapshots/copy/getIamPolicy", own)
    project.role("roles/compute.storageAdmin", "compute.snapshots.useReadOnly")
    return project


def balanced() -> Project:
    return behind_balancer(denied=False)


def edited() -> Project:
    return kops(editor=True)


ODD: dict[str, tuple[Build, str, str, Change]] = {
    "an error with the status of success": (open_ssh, NODE, FIREWALLS, ERROR),
    "the page of a proxy": (open_ssh, NODE, FIREWALLS, PAGE),
    "the list of another resource": (open_ssh, NODE, FIREWALLS, OTHER),
    "a list that is null": (open_ssh, NODE, FIREWALLS, with_fields(items=None)),
    "half of a list": (open_ssh, NODE, FIREWALLS, half),
    "an error in place of all scopes": (balanced, NODE, RULES, ERROR),
    "scopes that are null": (balanced, NODE, RULES, of({"items": None})),
    "a number in place of scopes": (balanced, NODE, RULES, of({"items": 5})),
    "a list in place of scopes": (balanced, NODE, RULES, of({"items": []})),
    "a scope with another list": (balanced, NODE, RULES, of({"items": {"global": {"routes": []}}})),
    "a scope that did not answer": (balanced, NODE, RULES, of({"items": {}, "unreachables": ["regions/europe-west1"]})),
    "an error in place of a policy": (edited, IDENTITY, POLICY, ERROR),
    "an empty answer in place of a policy": (edited, IDENTITY, POLICY, of({})),
    "bindings that are null": (edited, IDENTITY, POLICY, of({"bindings": None})),
    "bindings that are a text": (edited, IDENTITY, POLICY, of({"bindings": "none"})),
    "a binding without members": (edited, IDENTITY, POLICY, of({"bindings": [{"role": EDITOR}]})),
    "another answer in place of a policy": (edited, IDENTITY, POLICY, PAGE),
    "an error in place of a role": (edited, IDENTITY, ROLE, ERROR),
    "another role than the one that was asked for": (
        edited,
        IDENTITY,
        ROLE,
        of({"name": "roles/viewer", "includedPermissions": []}),
    ),
    "a role without a name": (edited, IDENTITY, ROLE, of({"title": "Editor"})),
    "an error in place of the snapshots": (shared_snapshot, DISKS, SNAPSHOTS, ERROR),
    "snapshots without the items that the next page promises": (
        shared_snapshot,
        DISKS,
        SNAPSHOTS,
        of({"warning": {"code": "PARTIAL_SUCCESS", "message": "some are missing"}}),
    ),
    "an error in place of a disk's policy": (shared_disk, DISKS, DISK, ERROR),
    "a disk's policy with bindings that are a number": (shared_disk, DISKS, DISK, of({"bindings": 5})),
    "a disk's policy with a binding that is a text": (shared_disk, DISKS, DISK, of({"bindings": ["all"]})),
}


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize(("build", "row", "method", "change"), ODD.values(), ids=ODD)
def test_an_odd_answer_makes_no_row_pass(
    google_cloud: Proxy, build: Build, row: str, method: str, change: Change
) -> None:
    google_cloud.google = OddGoogle(build(), method=method, change=change)
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
    assert [gap.call for gap in snapshot.gaps if gap.call == method], snapshot.gaps
    result = pipeline.evaluate(snapshot).row(row)
    assert result.verdict in {Verdict.UNKNOWN, Verdict.FAIL}
    assert result.unknown


@pytest.mark.parametrize("build", [shared_disk, shared_snapshot, edited, balanced, open_ssh])
def test_the_answers_as_they_are_make_the_row_fail(google_cloud: Proxy, build: Build) -> None:
    rows = {each[0]: each[1] for each in ODD.values()}
    google_cloud.google = Google(build())
    assert pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod"))).row(rows[build]).verdict is Verdict.FAIL


def test_an_account_without_a_policy_answers_an_empty_one(google_cloud: Proxy) -> None:
    expected = report_of(google_cloud, kops()).row(IDENTITY).verdict
    google_cloud.google = OddGoogle(kops(), method="iam.projects.serviceAccounts.getIamPolicy", change=of({}))
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
    assert not snapshot.gaps
    assert pipeline.evaluate(snapshot).row(IDENTITY).verdict is expected
