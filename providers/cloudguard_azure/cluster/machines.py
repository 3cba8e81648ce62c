"""Virtual machines, members of uniform scale sets, and scale sets: their cluster, and their host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cloudguard.model.cluster import Host, MetadataService
from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Source
from cloudguard.provider.answers import Item, child, flag, number, required, text, text_map
from cloudguard.provider.network.metadata_server import OPEN_METADATA
from cloudguard.provider.ownership.facts import Thing
from cloudguard.values import dataclass
from cloudguard_azure.access.calls import LIST_MACHINES, LIST_SCALE_SET_MACHINES
from cloudguard_azure.access.ids import Resource, id_in, ids_in, own_id, parent, word
from cloudguard_azure.access.owners import OWNERS
from cloudguard_azure.cluster.attached_disks import attached_disks

HIDES: Final = (FactKind.HOSTS, FactKind.MEMBERS)
"""The kinds of facts missing if a machine can't be parsed: it may be a host, or in a group that a rule names."""
Tags = Mapping[str, str]
"""Tags by their keys in lower case: Azure compares keys without case
(https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources).
"""

_WITHOUT_EFFECT: Final = frozenset({"", "audit", "disabled"})
"""Modes of the Metadata Security Protocol that refuse nothing
(https://learn.microsoft.com/azure/virtual-machines/metadata-security-protocol/configuration).
"""


@dataclass(frozen=True, eq=False, slots=True)
class ScaleSet(Resource):
    """A scale set of ``count`` members. A ``uniform`` one has separate lists of its members and their interfaces."""

    name: str
    tags: Tags
    location: str
    uniform: bool
    count: int
    item: Item

    @property
    def profile(self) -> Item:
        """The profile of its next machine; empty for a flexible scale set that makes no machines by itself."""
        return child(self.item, "properties", "virtualMachineProfile")

    def suggestive_names(self) -> Iterator[tuple[str, str]]:
        """Yield the names that may suggest the role of its members: its own."""
        yield "scale set", self.name


@dataclass(frozen=True, eq=False, slots=True)
class Machine(Resource):
    """A virtual machine, or a member of a uniform scale set (``NAME_0``), with the tags of its scale set.

    ``pool`` is the id of its scale set, "" for none.
    """

    name: str
    computer_name: str
    tags: Tags
    location: str
    pool: str
    item: Item

    @property
    def names(self) -> frozenset[str]:
        """The names that a flag may use for it, in lower case."""
        return frozenset({self.id, self.name.lower(), self.computer_name.lower()})

    @property
    def interface_ids(self) -> tuple[str, ...]:
        """The ids of the interfaces that it names."""
        return ids_in(child(self.item, "properties", "networkProfile"), "networkInterfaces")

    def suggestive_names(self) -> Iterator[tuple[str, str]]:
        """Yield the names that may suggest its role: its own, its scale set's, its computer's."""
        yield "scale set", self.pool.rpartition("/")[2]
        yield "name", self.name
        yield "computer name", self.computer_name


def tags_of(item: Item) -> dict[str, str]:
    """Return a resource's tags, with keys in lower case."""
    return {key.lower(): value for key, value in text_map(item, "tags").items()}


def scale_set(item: Item) -> ScaleSet:
    """Return a scale set. If its orchestration mode is missing or unknown, it may have a list of members."""
    uniform = word(child(item, "properties"), "orchestrationMode") != "flexible"
    count = number(child(item, "sku"), "capacity", 0)
    return ScaleSet(own_id(item), required(item, "name"), tags_of(item), location_of(item), uniform, count, item)


def machine(item: Item, sets: Mapping[str, ScaleSet]) -> Machine:
    """Return a virtual machine. ``sets``: scale sets by id. A machine that is stopped or being deleted counts too."""
    return _machine(item, id_in(child(item, "properties"), "virtualMachineScaleSet"), sets)


def member(item: Item, scale_set: ScaleSet) -> Machine:
    """Return a member of a uniform scale set."""
    return _machine(item, scale_set.id, {scale_set.id: scale_set})


def _machine(item: Item, pool: str, sets: Mapping[str, ScaleSet]) -> Machine:
    inherited: Tags = sets[pool].tags if pool in sets else dict[str, str]()
    computer = text(child(item, "properties", "osProfile"), "computerName")
    return Machine(
        id=own_id(item),
        name=required(item, "name"),
        computer_name=computer,
        tags={**inherited, **tags_of(item)},
        location=location_of(item),
        pool=pool,
        item=item,
    )


def host_of(machine: Machine, interfaces: tuple[Interface, ...]) -> Host:
    """Return a machine's host. Its roles and its identity are added later."""
    properties = child(machine.item, "properties")
    call = LIST_SCALE_SET_MACHINES if is_member(machine) else LIST_MACHINES
    return Host(
        id=machine.id,
        name=machine.name,
        roles=(),
        role_evidence=(),
        interfaces=interfaces,
        source=Source(call.name, machine.id),
        pool=machine.pool,
        disks=tuple(sorted(disk.id for disk in attached_disks(machine.item))),
        metadata=metadata_service(properties),
        written_by=OWNERS.of(Thing.HOST, machine.name, machine.tags),
    )


def metadata_service(properties: Item) -> MetadataService | None:
    """Return the metadata service by the properties of a machine or scale set; None if an unread list decides.

    With the Metadata Security Protocol, an agent on the machine lets through only the processes in a list. That list is
    a resource of its own, or a file. A security rule that denies the service tag AzurePlatformIMDS also denies the
    host, whose cloud provider gets its credentials there
    (https://learn.microsoft.com/azure/virtual-network/service-tags-overview).
    """
    agent = child(properties, "securityProfile", "proxyAgentSettings")
    endpoint = child(agent, "imds")
    listed = bool(text(endpoint, "inVMAccessControlProfileReferenceId")) or flag(endpoint, "useLocalFileRules")
    modes = {word(agent, "mode"), word(endpoint, "mode")}
    return None if flag(agent, "enabled") and (listed or not modes <= _WITHOUT_EFFECT) else OPEN_METADATA


def is_member(machine: Machine) -> bool:
    """Whether a machine is in the list of a uniform scale set."""
    return bool(machine.pool) and parent(machine.id) == machine.pool


def location_of(item: Item) -> str:
    """Return a resource's region in its short form: "westeurope" for "West Europe"."""
    return text(item, "location").replace(" ", "").lower()
