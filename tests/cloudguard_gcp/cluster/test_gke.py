"""GKE's description of a cluster: access to its private endpoint, the key of Secrets, the number of nodes."""

from __future__ import annotations

from typing import Any, Final

import pytest

from cloudguard import pipeline
from cloudguard.model.keys import KeyState
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import RowResult, Verdict
from cloudguard_gcp import ADAPTER
from cloudguard_gcp.cluster.gke import gke_cluster
from gcp_clusters import OFFICE, authorized, endpoints, gke
from gcp_project import PLATFORM, Item, Project
from gcp_proxy import Proxy
from gcp_server import Google

KEY: Final = "projects/acme-prod/locations/europe/keyRings/gke/cryptoKeys/secrets"
_BY_GOOGLE: Final = "gcpPublicCidrsAccessEnabled"
OWN: Final = {"nodeIpv4CidrBlock": "10.0.0.0/20", "clusterIpv4CidrBlock": "10.64.0.0/14"}


def read(google_cloud: Proxy, project: Project) -> Snapshot:
    google_cloud.google = Google(project)
    return ADAPTER.collect(CollectRequest(cluster="prod"))


@pytest.mark.parametrize(
    ("cluster", "guarded"),
    [
        ({"privateClusterConfig": {"enablePrivateNodes": True, "privateEndpoint": "172.16.0.2"}}, True),
        ({"privateClusterConfig": {"privateEndpoint": "172.16.0.2"}}, False),
        ({"controlPlaneEndpointsConfig": {"ipEndpointsConfig": {"privateEndpoint": "10.1.0.2"}}}, False),
    ],
)
def test_the_private_endpoint_of_older_private_clusters_counts_as_guarded(
    google_cloud: Proxy, cluster: Item, *, guarded: bool
) -> None:
    project = gke(masterAuthorizedNetworksConfig=authorized(), ipAllocationPolicy=OWN, **cluster)
    filters = [guard for guard in read(google_cloud, project).topology.filters if guard.kind == "authorized networks"]
    ranges = [[str(rule.peer) for rule in guard.rules] for guard in filters]
    assert ranges == ([[OFFICE, *OWN.values()]] if guarded else [])


@pytest.mark.parametrize("enforced", [True, False])
def test_a_private_endpoint_is_guarded_if_gke_says_so(google_cloud: Proxy, *, enforced: bool) -> None:
    ip: dict[str, Any] = {
        "enabled": True,
        "privateEndpoint": "10.1.0.2",
        "authorizedNetworksConfig": authorized(privateEndpointEnforcementEnabled=enforced),
    }
    snapshot = read(google_cloud, gke(controlPlaneEndpointsConfig={"ipEndpointsConfig": ip}))
    assert any(guard.kind == "authorized networks" for guard in snapshot.topology.filters) is enforced


@pytest.mark.parametrize(
    ("state", "key"),
    [
        ({"state": "ENCRYPTED"}, KEY),
        ({"state": "ENCRYPTED", "currentState": "CURRENT_STATE_ENCRYPTED"}, KEY),
        ({"state": "ENCRYPTED", "currentState": "CURRENT_STATE_ENCRYPTION_PENDING"}, ""),
        ({"state": "ENCRYPTED", "currentState": "CURRENT_STATE_ENCRYPTION_ERROR"}, ""),
        ({"currentState": "CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_ENABLED"}, KEY),
        ({"state": "DECRYPTED", "currentState": "CURRENT_STATE_DECRYPTED"}, ""),
    ],
)
def test_secrets_have_a_key_only_once_they_are_encrypted_with_it(google_cloud: Proxy, state: Item, key: str) -> None:
    project = gke(databaseEncryption={"keyName": KEY, **state})
    project.answer("kms", KEY, {"name": KEY, "primary": {"name": f"{KEY}/cryptoKeyVersions/1", "state": "ENABLED"}})
    encryption = read(google_cloud, project).cluster.secrets_encryption
    assert encryption is not None
    assert encryption.key == key


def test_keys_of_the_control_plane_are_read_with_their_rotation(google_cloud: Proxy) -> None:
    disks, copies = f"{KEY}-disks", f"{KEY}-copies"
    own = {"controlPlaneDiskEncryptionKey": disks, "gkeopsEtcdBackupEncryptionKey": copies}
    project = gke(userManagedKeysConfig=own)
    project.answer("kms", disks, {"name": disks, "primary": {"state": "ENABLED"}, "rotationPeriod": "7776000s"})
    project.answer("kms", copies, {"name": copies, "primary": {"state": "DISABLED"}})
    snapshot = read(google_cloud, project)
    assert {(key.id, key.state, key.rotates) for key in snapshot.cluster.keys} == {
        (disks, KeyState.ENABLED, True),
        (copies, KeyState.DISABLED, False),
    }
    row = pipeline.evaluate(snapshot, Declarations()).row("etcd-encryption")
    assert row.why == f"the key {copies} that encrypts the control plane's disks and copies is disabled"


@pytest.mark.mistake("imposed-misjudged")
@pytest.mark.parametrize(("mode", "closed"), [("GKE_METADATA", True), ("GCE_METADATA", False), ("", False)])
def test_only_the_gke_metadata_server_keeps_the_node_s_account_from_pods(mode: str, *, closed: bool) -> None:
    pools = [{"name": "main", "config": {"workloadMetadataConfig": {"mode": mode}}}]
    cluster = {"name": "prod", "nodePools": pools}
    assert gke_cluster(cluster).metadata_service("main").tokens_required is closed
    assert gke_cluster({**cluster, "autopilot": {"enabled": True}}).metadata_service("main").tokens_required


@pytest.mark.mistake("member-left-out")
def test_nodes_that_google_does_not_show_are_a_gap(google_cloud: Proxy) -> None:
    assert read(google_cloud, gke(currentNodeCount=2)).gaps == ()
    snapshot = read(google_cloud, gke(autopilot=True, currentNodeCount=3))
    (gap,) = snapshot.gaps
    assert (gap.hides, gap.message) == ((FactKind.HOSTS,), "GKE reports 3 nodes, but only 2 were found in the project")
    hidden = gke(autopilot=True)
    hidden.lists["projects/acme-prod/zones/europe-west1-b/instances"].clear()
    rows = pipeline.evaluate(read(google_cloud, hidden), Declarations()).rows
    assert {row.verdict for row in rows if row.row == "node-access"} == {Verdict.UNKNOWN}


def of_api(google_cloud: Proxy, **cluster: Any) -> RowResult:  # noqa: ANN401 - JSON
    return pipeline.evaluate(read(google_cloud, gke(**cluster)), Declarations()).row("api-server-access")


DNS: Final = {"allowExternalTraffic": True, "endpoint": "gke-1.europe-west1.gke.goog"}
PRIVATE: Final = endpoints(enablePublicEndpoint=False, privateEndpoint="10.1.0.2")


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize("setting", ["enableK8sTokensViaDns", "enableK8sCertsViaDns"])
def test_kubernetes_credentials_may_bypass_the_iam_of_a_dns_endpoint(google_cloud: Proxy, setting: str) -> None:
    row = of_api(google_cloud, controlPlaneEndpointsConfig=PRIVATE | {"dnsEndpointConfig": DNS | {setting: True}})
    assert row.verdict is Verdict.UNKNOWN
    assert any("with a Kubernetes token or certificate" in text for text in row.unknown), row.unknown
    assert of_api(google_cloud, controlPlaneEndpointsConfig=PRIVATE | {"dnsEndpointConfig": DNS}).unknown == ()


def test_a_cluster_without_an_endpoint_for_users_lets_in_nobody(google_cloud: Proxy) -> None:
    shut = {"ipEndpointsConfig": {"enabled": False}, "dnsEndpointConfig": DNS | {"allowExternalTraffic": False}}
    assert of_api(google_cloud, controlPlaneEndpointsConfig=shut).verdict is Verdict.PASS


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize(
    "older", [{"cidrBlocks": [{"cidrBlock": "0.0.0.0/0"}]}, {_BY_GOOGLE: True}, {"enabled": False}]
)
def test_networks_of_two_different_authorized_lists_are_both_let_in(google_cloud: Proxy, older: Item) -> None:
    ip = endpoints(enablePublicEndpoint=True, authorizedNetworksConfig=authorized(**{_BY_GOOGLE: False}))
    whole = {"enabled": True, _BY_GOOGLE: False} | older
    row = of_api(google_cloud, masterAuthorizedNetworksConfig=whole, controlPlaneEndpointsConfig=ip)
    assert row.verdict is Verdict.FAIL


DEFAULTS = "autoprovisioningNodePoolDefaults"


@pytest.mark.mistake("next-host-left-out")
@pytest.mark.parametrize(
    ("autoscaling", "verdict"),
    [
        ({"enableNodeAutoprovisioning": True}, Verdict.UNKNOWN),
        ({"enableNodeAutoprovisioning": True, DEFAULTS: {"oauthScopes": [PLATFORM]}}, Verdict.FAIL),
        ({"enableNodeAutoprovisioning": False}, Verdict.PASS),
    ],
)
def test_nodes_that_gke_creates_use_the_default_account(
    google_cloud: Proxy, autoscaling: Item, verdict: Verdict
) -> None:
    """The API says so of node pools: "default" is used if no account is named."""
    project = gke(autoscaling=autoscaling)
    project.role("roles/editor", "pubsub.topics.delete")
    project.bind("roles/editor", f"serviceAccount:{project.default_account}")
    google_cloud.google = Google(project)
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("cloud-api-access")
    assert row.verdict is verdict, row.why
