"""The instance metadata service of a machine: no tokens, no hop limit, and what keeps a machine from it on Azure.

https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from cloudguard.model.cluster import MetadataService, NextInterface
from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item, flag, number, part, parts, text, texts
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_SECURITY_GROUPS
from cloudguard_azure.access.ids import ids_in, own_id, word

OPEN_METADATA: Final = MetadataService(
    enabled=True,
    tokens_required=False,
    hop_limit=1,
    remedy="a network policy, or a rule on the host, that keeps pods from 169.254.169.254",
    has_switch=False,
    has_tokens=False,
)
"""The server asks for a header, which any pod can send. A security rule that denies the service tag AzurePlatformIMDS
shuts out the host as well, whose cloud provider takes its credentials there
(https://learn.microsoft.com/azure/virtual-network/service-tags-overview)."""
_WITHOUT_EFFECT: Final = frozenset({"", "audit", "disabled"})
"""Modes of the Metadata Security Protocol that refuse nothing
(https://learn.microsoft.com/azure/virtual-machines/metadata-security-protocol/configuration)."""
_HIDES: Final = (FactKind.FILTERS,)
_TAG: Final = "azureplatformimds"
_ANY: Final = frozenset({"*", "any", "virtualnetwork", "0.0.0.0/0"})
_HTTP: Final = 80


def metadata_service(properties: Item) -> MetadataService | None:
    """Return the metadata service of a machine's properties, or a scale set's; None where an unread list decides.

    With the Metadata Security Protocol, an agent on the machine lets through the processes that a list names. That list
    is a resource of its own, or a file.
    """
    agent = part(properties, "securityProfile", "proxyAgentSettings")
    endpoint = part(agent, "imds")
    listed = bool(text(endpoint, "inVMAccessControlProfileReferenceId")) or flag(endpoint, "useLocalFileRules")
    modes = {word(agent, "mode"), word(endpoint, "mode")}
    return None if flag(agent, "enabled") and (listed or not modes <= _WITHOUT_EFFECT) else OPEN_METADATA


@dataclass(frozen=True, slots=True)
class Denials:
    """The security groups, and the subnets of such, that deny the metadata service; ``known`` is false if unread."""

    known: bool
    groups: frozenset[str]
    subnets: frozenset[str]

    def applied(
        self, service: MetadataService | None, interfaces: Iterable[Interface | NextInterface]
    ) -> MetadataService | None:
        """Return the metadata service of a machine with interfaces: it is shut off where all of them are denied it."""
        if service is None or not self.known:
            return None
        denied = [bool(self.groups & {*one.filters} or self.subnets & _subnets(one)) for one in interfaces]
        return replace(service, enabled=False) if denied and all(denied) else service


def _subnets(interface: Interface | NextInterface) -> frozenset[str]:
    return frozenset({interface.subnet} if isinstance(interface, Interface) else interface.subnets)


def read_denials(api: Api) -> Denials:
    """Return which security groups deny their machines the service tag of the metadata service.

    No other rule does: its address is let through before any (https://learn.microsoft.com/azure/virtual-network/
    network-security-groups-overview#azure-platform-considerations).
    """
    listed = api.read_or_none(LIST_SECURITY_GROUPS, hides=_HIDES)
    found = api.mapped(LIST_SECURITY_GROUPS, listed or (), _denial, hides=_HIDES)
    denying = [(name, subnets) for name, subnets, denies in found if denies]
    return Denials(
        known=listed is not None,
        groups=frozenset(name for name, _ in denying),
        subnets=frozenset(subnet for _, subnets in denying for subnet in subnets),
    )


def _denial(item: Item) -> tuple[str, tuple[str, ...], bool]:
    """Return a security group, its subnets, and whether the first of its rules about the service denies all of it."""
    inside = part(item, "properties")
    rules = [part(one, "properties") for one in parts(inside, "securityRules")]
    about = (
        one for one in rules if word(one, "direction") == "outbound" and _TAG in _values(one, "destinationAddress")
    )
    first = min(about, key=lambda one: number(one, "priority"), default=None)
    return own_id(item), ids_in(inside, "subnets"), first is not None and _denies_all(first)


def _denies_all(rule: Item) -> bool:
    ports = _values(rule, "destinationPort", "Range")
    return (
        word(rule, "access") == "deny"
        and word(rule, "protocol") in {"*", "tcp"}
        and any(_covers(one) for one in ports)
        and not _ANY.isdisjoint(_values(rule, "sourceAddress"))
        and "*" in _values(rule, "sourcePort", "Range")
    )


def _covers(ports: str) -> bool:
    first, _, last = ports.partition("-")
    whole = first.isdecimal() and (last or first).isdecimal()
    return ports == "*" or (whole and int(first) <= _HTTP <= int(last or first))


def _values(rule: Item, end: str, kind: str = "Prefix") -> frozenset[str]:
    """Return the values of a rule's field in its singular and plural form, in lower case."""
    plural = f"{end}{kind}es" if kind == "Prefix" else f"{end}{kind}s"
    return frozenset(one.lower() for one in (text(rule, f"{end}{kind}"), *texts(rule, plural)) if one)
