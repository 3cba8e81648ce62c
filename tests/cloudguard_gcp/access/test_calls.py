"""The role that ``permissions`` prints covers exactly the calls. A refused call is a gap, and makes no row pass."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from cloudguard import pipeline
from cloudguard.errors import AccessError
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import Reason
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_gcp import ADAPTER
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import CALLS, Call
from cloudguard_gcp.iam_catalog.catalog_of_cluster import TABLES
from cloudguard_gcp.iam_catalog.need_values import PLACES
from gcp_everything import everything
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_scenes import SCENES
from gcp_server import Google, permissions
from refused_calls import RESTS_ON
from remembered import remembering

PROD = CollectRequest(cluster="prod")
TAKES_AWAY = {
    "iam.denypolicies.list",
    "iam.denypolicies.get",
    "compute.addresses.list",
    "compute.globalAddresses.list",
    "compute.projects.get",
    "compute.regionSecurityPolicies.list",
    "compute.securityPolicies.list",
    "compute.networks.getRegionEffectiveFirewalls",
}
"""Permissions whose refusal hides no row: their facts can only remove access, or show the cluster's own addresses."""
EVERY_PERMISSION = 63


def collected(google_cloud: Proxy, project: Project, *refused: str) -> Snapshot:
    google_cloud.google = Google(project, refused=frozenset(refused))
    return ADAPTER.collect(PROD)


def test_the_role_has_exactly_the_permissions_of_the_calls(google_cloud: Proxy) -> None:
    assert collected(google_cloud, everything()).gaps == ()
    asked = {request.method for request in google_cloud.google.asked}
    shared = Google(SCENES["shared-vpc"].build(), beside=SCENES["shared-vpc"].beside())
    google_cloud.google = shared
    ADAPTER.collect(PROD)
    asked |= {request.method for request in shared.asked}
    google_cloud.google = Google(everything(), refused=frozenset({"compute.networks.getRegionEffectiveFirewalls"}))
    ADAPTER.collect(PROD)
    asked |= {request.method for request in google_cloud.google.asked}
    declared = {permission for call in CALLS for permission in call.permissions}
    assert set(json.loads(ADAPTER.permissions())["includedPermissions"]) == declared
    taken = {permission for method in asked for permission in permissions().get(method, ())}
    assert taken | {"iam.roles.get"} == declared
    named = {call.name for call in CALLS} | {"iam.projects.roles.get", "iam.organizations.roles.get"}
    assert asked == named


def test_every_declared_permission_only_reads() -> None:
    verbs = {permission.rpartition(".")[2] for call in CALLS for permission in call.permissions}
    assert verbs <= {"get", "list", "getIamPolicy", "getEffectiveFirewalls", "getRegionEffectiveFirewalls"}


def test_a_proxy_allowed_by_google_lets_in_the_internet(google_cloud: Proxy) -> None:
    report = pipeline.evaluate(collected(google_cloud, everything()), Declarations())
    found = {
        finding.resource.name: finding
        for row in report.rows
        for finding in row.findings
        if finding.severity.name == "CRITICAL"
    }
    assert {"api-by-targettcpproxies", "api-by-targetsslproxies"} & found.keys()


def test_a_refused_permission_is_named_and_makes_no_row_pass(
    google_cloud: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refuse each permission in turn, on a cluster with every kind of resource around it."""
    problems, tried, project = list[str](), 0, everything()

    def may_be_refused(call: Call) -> bool:
        taken = {*call.permissions, *permissions().get(call.name, ())}
        return not google_cloud.google.refused.isdisjoint(taken)

    monkeypatch.setattr(Api, "fetch", remembering(Api.fetch, may_be_refused))
    for permission in sorted({each for named in permissions().values() for each in named}):
        google_cloud.google = Google(project, refused=frozenset({permission}))
        try:
            snapshot = ADAPTER.collect(PROD)
        except AccessError as error:
            problems += [] if permission in str(error) else [f"{permission}: {error}"]
            tried += 1
            continue
        if permission not in google_cloud.google.taken:
            continue
        tried += 1
        problems += [f"{permission}: {text}" for text in _faults(snapshot, permission)]
    assert problems == []
    assert tried == EVERY_PERMISSION


def _faults(snapshot: Snapshot, permission: str) -> Iterator[str]:
    gaps = [gap for gap in snapshot.gaps if permission in gap.permission]
    hidden = {facet for gap in gaps for facet in gap.hides}
    if not gaps or any(gap.reason is not Reason.DENIED for gap in gaps):
        yield f"no gap says that it was denied: {snapshot.gaps}"
    if not hidden and permission not in TAKES_AWAY:
        yield "what is hidden is not told"
    for row in pipeline.evaluate(snapshot, Declarations()).rows:
        if row.verdict is Verdict.PASS and hidden & RESTS_ON[row.row]:
            yield f"{row.row} passes though {hidden} is hidden"
        if hidden & RESTS_ON[row.row] and not row.unknown:
            yield f"{row.row} does not say that it is incomplete"


def test_needs_and_escalation_paths_name_their_sources() -> None:
    for need in TABLES.needs({"project": ["acme-prod"]}, PLACES):
        assert re.match(r"https://(?!github.com/)|https://github.com/[^/]+/[^/]+/blob/[0-9a-f]{40}/", need.source), (
            need.id
        )
        assert need.release, need.id
        assert need.statements or need.unplaced, need.id
    assert all(path.source.startswith("https://") for path in TABLES.escalation_paths)
