"""The test bed for Google Cloud itself, met by Google's own clients."""

from __future__ import annotations

from functools import cache
from itertools import repeat
from typing import Any, cast

import pytest
from google.api_core import exceptions
from google.auth import credentials as identities
from google.cloud import compute_v1, container_v1
from google.protobuf.json_format import ParseError
from requests.exceptions import ChunkedEncodingError

from gcp.answers import Fault, failed, fine, incomplete, malformed, truncated
from gcp.fixture import Fixture
from gcp.loopback import serving
from gcp.machines import pool
from gcp.networks import policy, rule
from gcp.project import Node, Project, Roles, build
from gcp.server import Google, Request
from gcp.session import Adapter, session

SDK: Any = compute_v1
GKE: Any = container_v1
NETWORKS = "https://compute.googleapis.com/compute/v1/projects/acme-prod/global/networks"
LIST = "compute.networks.list"
INSTANCES = "compute.instances.aggregatedList"


def project() -> Project:
    """Return a project with a network, three machines in a group, a firewall, a key and a cluster."""
    made = Project("acme-prod", parent="folders/1")
    network = made.network("prod")
    subnet = made.subnet(network, secondary={"pods": "10.4.0.0/14"})
    made.firewall(network, "ssh", "tcp:22", targets=["node"])
    made.enforce(network, policy("everywhere", rule(1, "deny", "tcp:22"), kind="HIERARCHY"))
    made.enforce(network, policy("here", rule(2, "allow", "tcp:22"), kind="NETWORK_REGIONAL"))
    machines = [made.instance(f"node-{number}", subnet, f"10.0.0.{number + 2}", tags=["node"]) for number in range(3)]
    made.group("nodes", *machines, network=network)
    made.cluster("prod", subnet, pool())
    made.crypto_key("etcd")
    return made


@cache
def fixture() -> Fixture:
    """Return the project in its folder and organization."""
    above = Node("organizations/2")
    above.grant("roles/owner", "user:root@example.com")
    return build(project(), Node("folders/1", "organizations/2"), above, Roles(viewer=("compute.instances.get",)))


def client(name: str, google: Google, sdk: Any = SDK) -> Any:  # noqa: ANN401 - the SDK's clients are made at run time
    """Return a client of Google's own that calls in process."""
    nobody = cast("Any", identities).AnonymousCredentials()
    made = getattr(sdk, name)(credentials=nobody, transport="rest")
    made.transport._session.mount("https://", Adapter(google))  # noqa: SLF001 - the SDK shows its session nowhere else
    return made


def get(google: Google, address: str, verb: str = "GET", **rest: Any) -> Any:  # noqa: ANN401 - requests' response
    """Call by a session of google-auth."""
    return session(google).request(verb, address, **rest)


# Reading


def test_pages_hold_what_is_asked_for_and_lead_on() -> None:
    google = Google(fixture())
    pages = list(
        client("InstancesClient", google)
        .list(request={"project": "acme-prod", "zone": "europe-west1-b", "max_results": 2})
        .pages
    )
    assert [[one.name for one in page.items] for page in pages] == [["node-0", "node-1"], ["node-2"]]


def test_an_aggregated_list_tells_of_empty_scopes() -> None:
    found = dict(client("ForwardingRulesClient", Google(fixture())).aggregated_list(project="acme-prod"))
    assert {scope: part.warning.code for scope, part in found.items()} == dict.fromkeys(
        ("global", "regions/europe-west1"), "NO_RESULTS_ON_PAGE"
    )


def test_an_aggregated_list_has_pages_of_resources() -> None:
    google = Google(fixture(), most=2)
    found = [
        one.name
        for _, part in client("InstancesClient", google).aggregated_list(project="acme-prod")
        for one in part.instances
    ]
    assert found == ["node-0", "node-1", "node-2"]
    assert google.methods == [INSTANCES, INSTANCES]


def test_a_post_that_only_reads_is_answered() -> None:
    listed = client("InstanceGroupsClient", Google(fixture())).list_instances(
        project="acme-prod",
        zone="europe-west1-b",
        instance_group="nodes",
        instance_groups_list_instances_request_resource={},
    )
    assert [one.status for one in listed] == ["RUNNING"] * 3


def test_firewalls_in_effect_are_those_of_the_network_and_regional_policies_only_a_region_s() -> None:
    google = Google(fixture())
    everywhere = client("NetworksClient", google).get_effective_firewalls(project="acme-prod", network="prod")
    here = client("RegionNetworkFirewallPoliciesClient", google).get_effective_firewalls(
        project="acme-prod", region="europe-west1", network="projects/acme-prod/global/networks/prod"
    )
    assert [one.name for one in everywhere.firewalls] == ["ssh"]
    assert [one.name for one in everywhere.firewall_policys] == ["everywhere"]
    assert [one.name for one in here.firewall_policys] == ["everywhere", "here"]


def test_clusters_are_found_in_any_location() -> None:
    found = client("ClusterManagerClient", Google(fixture()), GKE).list_clusters(
        parent="projects/acme-prod/locations/-"
    )
    assert [one.name for one in found.clusters] == ["prod"]


def test_a_project_is_found_by_its_number_and_has_a_policy_of_its_own() -> None:
    google = Google(fixture())
    root = "https://cloudresourcemanager.googleapis.com/v3"
    assert get(google, f"{root}/projects/123456789012").json()["projectId"] == "acme-prod"
    assert get(google, f"{root}/projects/acme-prod:getIamPolicy", "POST").json() == {"etag": "ACAB"}
    assert get(google, f"{root}/organizations/2:getIamPolicy", "POST").json()["bindings"][0]["role"] == "roles/owner"


def test_conditions_are_told_to_those_who_ask_for_them() -> None:
    made = Project()
    made.grant("roles/viewer", "user:a@example.com", condition="request.time < timestamp('2027-01-01T00:00:00Z')")
    google, address = (
        Google(build(made)),
        "https://cloudresourcemanager.googleapis.com/v3/projects/acme-prod:getIamPolicy",
    )
    blind = get(google, address, "POST").json()["bindings"][0]
    whole = get(google, address, "POST", json={"options": {"requestedPolicyVersion": 3}}).json()["bindings"][0]
    assert (whole["role"], "condition" in whole) == ("roles/viewer", True)
    assert (blind["role"].startswith("roles/viewer_withcond_"), "condition" in blind) == (True, False)


@pytest.mark.parametrize(
    "path",
    [
        "iam.googleapis.com/v1/projects/-/serviceAccounts/123456789012-compute@developer.gserviceaccount.com",
        "iam.googleapis.com/v1/roles/viewer",
        "iam.googleapis.com/v2/policies/cloudresourcemanager.googleapis.com%2Fprojects%2Facme-prod/denypolicies",
        "cloudkms.googleapis.com/v1/projects/acme-prod/locations/europe-west1/keyRings/ring/cryptoKeys/etcd:getIamPolicy",
        "cloudkms.googleapis.com/v1/projects/acme-prod/locations/europe-west1/keyRings/ring/cryptoKeys/etcd",
    ],
)
def test_other_apis_are_served(path: str) -> None:
    assert get(Google(fixture()), f"https://{path}").status_code == 200


def test_an_sdk_that_is_told_another_endpoint_is_served() -> None:
    nobody = cast("Any", identities).AnonymousCredentials()
    with serving(Google(fixture())) as address:
        networks: Any = SDK.NetworksClient(credentials=nobody, client_options={"api_endpoint": address})
        clusters: Any = GKE.ClusterManagerClient(
            credentials=nobody, client_options={"api_endpoint": address}, transport="rest"
        )
        assert [one.name for one in networks.list(project="acme-prod")] == ["prod"]
        assert clusters.get_cluster(name="projects/acme-prod/locations/europe-west1/clusters/prod").endpoint


# Refusing


def test_a_call_that_would_write_is_refused_and_remembered() -> None:
    google = Google(fixture())
    with pytest.raises(exceptions.MethodNotAllowed):
        client("FirewallsClient", google).delete(project="acme-prod", firewall="ssh")
    assert [(one.verb, one.path) for one in google.writes] == [("DELETE", "projects/acme-prod/global/firewalls/ssh")]


def test_a_refused_permission_is_refused_as_google_does() -> None:
    with pytest.raises(exceptions.Forbidden, match=r"Required 'compute\.networks\.list' permission") as caught:
        list(client("NetworksClient", Google(fixture(), refused={LIST})).list(project="acme-prod"))
    assert cast("Any", caught.value).errors[0]["reason"] == "forbidden"


def test_a_permission_may_be_refused_in_one_project_alone() -> None:
    google = Google(build(Project("acme-prod"), Project("acme-host", "2")), refused={f"{LIST} on projects/acme-host"})
    assert [get(google, NETWORKS.replace("acme-prod", name)).status_code for name in google.projects] == [200, 403]


def test_only_what_is_granted_is_let_through() -> None:
    google = Google(fixture(), granted={LIST})
    assert get(google, NETWORKS).status_code == 200
    assert get(google, NETWORKS.replace("networks", "firewalls")).status_code == 403


def test_an_api_that_is_off_says_so() -> None:
    error = get(Google(fixture(), disabled={"compute"}), NETWORKS).json()["error"]
    assert (error["errors"][0]["reason"], error["details"][0]["reason"]) == ("accessNotConfigured", "SERVICE_DISABLED")


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        ("?colour=red", 400),
        ("?filter=name%3Dx", 501),
        ("?pageToken=!", 400),
        ("/none", 404),
        ("/prod/paint", 404),
        ("?returnPartialSuccess=true", 200),
    ],
)
def test_a_call_that_google_would_not_take_is_refused(rest: str, status: int) -> None:
    assert get(Google(fixture()), NETWORKS + rest).status_code == status


def test_a_body_that_google_would_not_take_is_refused() -> None:
    address = "https://cloudresourcemanager.googleapis.com/v3/projects/acme-prod:getIamPolicy"
    assert get(Google(fixture()), address, "POST", json={"option": {}}).status_code == 400


def test_a_token_that_is_nobody_s_is_refused() -> None:
    request = Request("compute.googleapis.com", "GET", NETWORKS.partition(".com")[2], b"", "stolen")
    assert Google(fixture()).answer(request).status == 401


# Failing


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (failed(429), exceptions.TooManyRequests),
        (failed(500), exceptions.InternalServerError),
        (failed(403, "rateLimitExceeded"), exceptions.Forbidden),
        (malformed, ParseError),
        (truncated, ChunkedEncodingError),
    ],
)
def test_an_answer_goes_wrong_as_often_as_it_is_told_to(fault: Fault, kind: type[Exception]) -> None:
    networks = client("NetworksClient", Google(fixture(), faults={LIST: [fine, fault]}))
    assert list(networks.list(project="acme-prod"))
    with pytest.raises(kind):
        list(networks.list(project="acme-prod", retry=None))
    assert list(networks.list(project="acme-prod"))


def test_an_answer_that_breaks_off_does_so_over_http() -> None:
    google = Google(fixture(), faults={LIST: repeat(truncated)})
    with serving(google) as address, pytest.raises(ChunkedEncodingError):
        session(google).get(f"{address}/compute/v1/projects/acme-prod/global/networks")


def test_an_answer_may_say_that_it_is_not_whole() -> None:
    zone = "zones/europe-west1-b"
    less = incomplete(scopes={zone: "UNREACHABLE"}, unreachables=["zones/europe-west1-c"])
    page = next(
        client("InstancesClient", Google(fixture(), faults={INSTANCES: [less]}))
        .aggregated_list(project="acme-prod")
        .pages
    )
    assert (page.items[zone].warning.code, list(page.unreachables)) == ("UNREACHABLE", ["zones/europe-west1-c"])
