"""What the test bed for Google Cloud takes for something that Google could send, and what not."""

from __future__ import annotations

import pytest

from gcp.fixture import Json
from gcp.project import Project, build
from gcp.validate import FixtureError

NETWORK: Json = {
    "name": "prod",
    "selfLink": "https://www.googleapis.com/compute/v1/projects/acme-prod/global/networks/prod",
}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"colour": "red"}, "no such property"),
        ({"mtu": "1460"}, "is no int32"),
        ({"id": 1}, "is no uint64"),
        ({"id": "one"}, "is no uint64"),
        ({"networkFirewallPolicyEnforcementOrder": "FIRST"}, "is none of"),
        ({"name": "Prod", "selfLink": "projects/acme-prod/global/networks/Prod"}, "does not fit"),
        ({"creationTimestamp": "yesterday"}, "is no google-datetime"),
        ({"subnetworks": ["projects/acme-prod/regions/r/subnetworks/none"]}, "is not there"),
        ({"selfLink": "projects/acme-prod/global/networks/other"}, "is somewhere else"),
    ],
)
def test_what_google_could_not_send_is_refused(more: Json, told: str) -> None:
    made = Project()
    made.put("compute.v1", "projects/acme-prod/global/networks", NETWORK | more)
    with pytest.raises(FixtureError, match=told):
        build(made)


@pytest.mark.parametrize(
    ("path", "told"),
    [("projects/acme-prod/global/nets", "lists nothing"), ("projects/acme-prod/global/networks", "is there 2 times")],
)
def test_a_collection_that_could_not_be_is_refused(path: str, told: str) -> None:
    made = Project()
    made.network("prod")
    made.put("compute.v1", path, NETWORK)
    with pytest.raises(FixtureError, match=told):
        build(made)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    made = Project()
    made.network("a", colour="red")
    made.network("b", mtu=True)
    made.respond("compute.v1", "GET projects/acme-prod/nothing", {})
    with pytest.raises(FixtureError) as caught:
        build(made)
    assert len(str(caught.value).splitlines()) == 3


def test_the_least_project_is_one_that_google_could_have() -> None:
    assert build(Project("acme-prod"))
