"""The instance metadata service of a machine: no tokens, no hop limit, and what restricts it on Azure.

https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service
"""

from __future__ import annotations

from typing import Final

from cloudguard.model.cluster import MetadataService
from cloudguard.provider.answers import Item, flag, part, text
from cloudguard_azure.access.ids import word

OPEN: Final = MetadataService(
    enabled=True,
    tokens_required=False,
    hop_limit=1,
    remedy="a network policy, or a rule on the host, that keeps pods from 169.254.169.254",
    has_switch=False,
)
"""The server asks for a header, which any pod can send. A security rule that denies the service tag AzurePlatformIMDS
shuts out the host as well, whose cloud provider takes its credentials there
(https://learn.microsoft.com/azure/virtual-network/service-tags-overview)."""
_WITHOUT_EFFECT: Final = frozenset({"", "audit", "disabled"})
"""Modes of the Metadata Security Protocol that refuse nothing
(https://learn.microsoft.com/azure/virtual-machines/metadata-security-protocol/configuration)."""


def metadata_service(properties: Item) -> MetadataService | None:
    """Return the metadata service of a machine's properties, or a scale set's; None where an unread list decides.

    With the Metadata Security Protocol, an agent on the machine lets through the processes that a list names. That list
    is a resource of its own, or a file.
    """
    agent = part(properties, "securityProfile", "proxyAgentSettings")
    endpoint = part(agent, "imds")
    listed = bool(text(endpoint, "inVMAccessControlProfileReferenceId")) or flag(endpoint, "useLocalFileRules")
    modes = {word(agent, "mode"), word(endpoint, "mode")}
    return None if flag(agent, "enabled") and (listed or not modes <= _WITHOUT_EFFECT) else OPEN
