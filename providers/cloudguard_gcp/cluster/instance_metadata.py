"""Whether pods reach their host's metadata server, and with it the host's identity.

Compute's server asks for a header, which any pod can send; GKE's own server stands before it where Workload Identity is
on (https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity). The older endpoints, which asked for no
header, were shut down in 2020 (https://developers.google.com/compute/docs/deprecations).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from cloudguard.model.cluster import MetadataService
from cloudguard.provider.answers import Item
from cloudguard_gcp.cluster.find import whole
from cloudguard_gcp.cluster.installer_labels import GKE_POOL, labels_of

_CONCEALED: Final = "GKE_METADATA"
_ON_GKE: Final = "Workload Identity: the node pool's metadata mode GKE_METADATA"
_ELSEWHERE: Final = "a network policy, or a rule on the host, that keeps pods from 169.254.169.254"


def metadata_service(instance: Item, gke: Item | None) -> MetadataService:
    """Return how far the metadata server of an instance, or of a template's next one, is open to pods."""
    if gke is None:
        return MetadataService(enabled=True, tokens_required=False, hop_limit=1, remedy=_ELSEWHERE)
    if whole(gke, "autopilot").get("enabled") or _mode(gke, labels_of(instance).get(GKE_POOL, "")) == _CONCEALED:
        return MetadataService(enabled=True, tokens_required=True, hop_limit=1)
    return MetadataService(enabled=True, tokens_required=False, hop_limit=1, remedy=_ON_GKE)


def _mode(gke: Item, pool: str) -> str:
    """Return the metadata mode of a node pool."""
    for one in cast("Sequence[Item]", gke.get("nodePools") or ()):
        if one.get("name") == pool:
            return str(whole(one, "config", "workloadMetadataConfig").get("mode", ""))
    return ""
