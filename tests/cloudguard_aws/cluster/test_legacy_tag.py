"""Hosts that have only the cluster tag that ``kubernetes.io/cluster/<name>`` replaced, as Talos' examples make them."""

from __future__ import annotations

import pytest

from builders import SOURCE, snapshot
from cloudguard.model.identity import Identity
from cloudguard.needs.permissions import matching_needs
from cloudguard_aws.cluster.tags import legacy_tag
from cloudguard_aws.iam_catalog.catalog_of_cluster import iam_catalog

MASTERS = Identity("arn:aws:iam::111122223333:role/masters", "masters", ("control-plane",), (), SOURCE)
NEED = "cloud-controller-manager/legacy-tag"


@pytest.mark.parametrize(
    ("tags", "installer", "needed"),
    [
        ({"KubernetesCluster": "prod"}, "talos", True),
        ({"KubernetesCluster": "prod"}, "kops", False),
        ({"KubernetesCluster": "other"}, "talos", False),
        ({"kubernetes.io/cluster/prod": "owned"}, "talos", False),
    ],
)
def test_the_controller_may_change_what_has_only_the_legacy_tag(
    tags: dict[str, str], installer: str, *, needed: bool
) -> None:
    seen = snapshot([], installer=installer, traits=legacy_tag([tags], "prod"))
    assert (NEED in {need.id for need in matching_needs(iam_catalog(seen).needs, seen.cluster, MASTERS)}) is needed
