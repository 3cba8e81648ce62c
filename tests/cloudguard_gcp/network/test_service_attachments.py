"""Service attachments: who may connect to a balancer that is published to other projects."""

from __future__ import annotations

import pytest

from cloudguard import collection, pipeline
from cloudguard.model.source import FactKind
from cloudguard.results.report import RowResult, Verdict
from gcp_project import REGION, ROOT, Project
from gcp_proxy import Proxy
from gcp_server import Google
from gcp_ways_in import balancer_published

LISTED = [{"projectIdOrNum": "partner"}, {"networkUrl": "projects/other/global/networks/n"}]


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize(
    ("preference", "offered"),
    [
        ("ACCEPT_MANUAL", (("partner", "projects/other/global/networks/n"), False)),
        ("ACCEPT_AUTOMATIC", (("*",), False)),
        ("CONNECTION_PREFERENCE_UNSPECIFIED", (("*",), False)),
    ],
)
def test_the_attachment_says_which_projects_may_connect(
    preference: str, offered: tuple[tuple[str, ...], bool], google_cloud: Proxy
) -> None:
    google_cloud.google = Google(balancer_published(connectionPreference=preference, consumerAcceptLists=LISTED))
    snapshot = collection.collect("gcp", cluster="prod")
    (published,) = [balancer.published for balancer in snapshot.topology.balancers]
    assert [(service.allowed, service.accepts_each) for service in published] == [offered]
    assert "serviceAttachments/api" in _reached(pipeline.evaluate(snapshot).row("api-server-access"))


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize(
    ("states", "connected"),
    [((), False), (("ACCEPTED",), True), (("PENDING", "CLOSED"), False), (("NEEDS_ATTENTION",), None)],
)
def test_the_attachment_says_whether_an_endpoint_is_accepted(
    states: tuple[str, ...], google_cloud: Proxy, *, connected: bool | None
) -> None:
    endpoints = [{"status": state} for state in states]
    google_cloud.google = Google(balancer_published(connectionPreference="ACCEPT_MANUAL", connectedEndpoints=endpoints))
    ((published,),) = [balancer.published for balancer in collection.collect("gcp", cluster="prod").topology.balancers]
    assert (published.allowed, published.connected, published.has_consumers) == ((), connected, connected)


def _reached(row: RowResult) -> str:
    """Return what the row says of the senders that reach the API, or may reach it."""
    return "\n".join((*row.unknown, *(finding.message for finding in row.findings)))


@pytest.mark.mistake("way-in-left-out")
def test_an_attachment_without_a_balancer_is_a_gap(google_cloud: Proxy) -> None:
    project = balancer_published()
    (items,) = [items for path, items in project.lists.items() if path.endswith("/serviceAttachments")]
    del items[0]["targetService"]
    google_cloud.google = Google(project)
    snapshot = collection.collect("gcp", cluster="prod")
    assert [gap.hides for gap in snapshot.gaps] == [(FactKind.BALANCERS,)]
    assert pipeline.evaluate(snapshot).row("api-server-access").verdict is not Verdict.PASS


def api_row(google_cloud: Proxy, project: Project) -> RowResult:
    google_cloud.google = Google(project)
    return pipeline.evaluate(collection.collect("gcp", cluster="prod")).row("api-server-access")


def private(*sources: str, subnets: tuple[str, ...] = ("psc",)) -> Project:
    """Return a published balancer in front of an API that the firewall opens only to ``sources``."""
    made = [f"{ROOT}/projects/acme-prod/regions/{REGION}/subnetworks/{name}" for name in subnets]
    project = balancer_published(connectionPreference="ACCEPT_AUTOMATIC", natSubnets=made)
    network = project.link("global/networks/default")
    project.subnet(network, "psc", "10.20.0.0/24", purpose="PRIVATE_SERVICE_CONNECT")
    for list_ in project.lists["projects/acme-prod/global/firewalls"]:
        if list_["name"] == "api":
            list_["sourceRanges"] = [*sources]
    return project


@pytest.mark.parametrize(
    ("source", "subnets", "reached"),
    [
        ("10.20.0.0/24", ("psc",), True),
        ("10.20.0.0/24", ("another-project-s",), True),
        ("198.51.100.0/24", (), True),
        ("198.51.100.0/24", ("psc",), False),
        ("10.0.9.0/24", ("psc",), False),
    ],
)
def test_consumers_have_addresses_of_the_attachment_s_subnets(
    source: str, subnets: tuple[str, ...], google_cloud: Proxy, *, reached: bool
) -> None:
    text = _reached(api_row(google_cloud, private(source, subnets=subnets)))
    assert ("serviceAttachments/api" in text) is reached, text


def test_an_attachment_with_an_unread_balancer_is_a_gap(google_cloud: Proxy) -> None:
    project = balancer_published()
    (items,) = [items for path, items in project.lists.items() if path.endswith("/serviceAttachments")]
    items[0]["targetService"] = items[0]["targetService"].replace("acme-prod", "123456789012")
    row = api_row(google_cloud, project)
    assert row.verdict is not Verdict.PASS
    assert any("its forwarding rule " in text and "was not found" in text for text in row.unknown), row.unknown
