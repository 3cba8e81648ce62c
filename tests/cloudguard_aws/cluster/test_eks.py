"""EKS's description of a cluster."""

from __future__ import annotations

import pytest

from cloudguard.packet_sets.addresses import AddressSet
from cloudguard_aws.cluster.eks import eks_cluster

NODES, PODS = "10.80.0.0/16", "10.85.0.0/16"


@pytest.mark.mistake("member-left-out")
@pytest.mark.parametrize(
    ("config", "remote"),
    [
        ({}, ()),
        ({"remoteNodeNetworks": []}, ()),
        ({"remoteNodeNetworks": [{"cidrs": [NODES, "192.0.2.0/24"]}]}, (NODES, "192.0.2.0/24")),
        ({"remoteNodeNetworks": [{"cidrs": [NODES]}], "remotePodNetworks": [{"cidrs": [PODS]}]}, (NODES, PODS)),
    ],
)
def test_hybrid_nodes_and_their_pods_belong_to_the_cluster(config: dict[str, object], remote: tuple[str, ...]) -> None:
    assert eks_cluster({"name": "prod", "remoteNetworkConfig": config}).remote == AddressSet.of(remote)
