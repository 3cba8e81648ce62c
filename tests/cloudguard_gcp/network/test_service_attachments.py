"""Service attachments: who may connect to a balancer that is offered to other projects."""

from __future__ import annotations

import pytest

from cloudguard import pipeline
from cloudguard.model.source import FactKind
from cloudguard.results.report import Verdict
from gcp_proxy import Proxy
from gcp_server import Google
from gcp_ways_in import balancer_published

LISTED = [{"projectIdOrNum": "partner"}, {"networkUrl": "projects/other/global/networks/n"}]


@pytest.mark.parametrize(
    ("preference", "offered"),
    [
        ("ACCEPT_MANUAL", (("partner", "projects/other/global/networks/n"), True)),
        ("ACCEPT_AUTOMATIC", (("*",), False)),
        ("CONNECTION_PREFERENCE_UNSPECIFIED", (("*",), False)),
    ],
)
def test_who_may_make_an_endpoint(preference: str, offered: tuple[tuple[str, ...], bool], google_cloud: Proxy) -> None:
    google_cloud.google = Google(balancer_published(connectionPreference=preference, consumerAcceptLists=LISTED))
    snapshot = pipeline.collect("gcp", cluster="prod")
    (published,) = [one.published for one in snapshot.topology.balancers]
    assert [(one.allowed, one.accepts_each) for one in published] == [offered]
    row = pipeline.evaluate(snapshot).row("api-server-access")
    assert any("serviceAttachments/api" in text for text in row.unknown), row.unknown


def test_an_attachment_of_no_balancer_is_a_gap(google_cloud: Proxy) -> None:
    project = balancer_published()
    (items,) = [items for path, items in project.lists.items() if path.endswith("/serviceAttachments")]
    del items[0]["targetService"]
    google_cloud.google = Google(project)
    snapshot = pipeline.collect("gcp", cluster="prod")
    assert [gap.hides for gap in snapshot.gaps] == [(FactKind.BALANCERS,)]
    assert pipeline.evaluate(snapshot).row("api-server-access").verdict is not Verdict.PASS
