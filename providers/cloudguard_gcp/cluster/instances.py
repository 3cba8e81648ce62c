"""Instances and instance templates: their cluster, and their host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Final

from cloudguard.model.cluster import Host
from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import NOTHING, Item, child, children, number, required, text, text_map, texts
from cloudguard.provider.network.metadata_server import OPEN_METADATA
from cloudguard.provider.ownership.facts import Thing
from cloudguard.values import dataclass
from cloudguard_gcp.access.calls import LIST_INSTANCE_TEMPLATES, LIST_INSTANCES
from cloudguard_gcp.access.links import link_in, machine, required_link, short
from cloudguard_gcp.access.owners import OWNERS
from cloudguard_gcp.cluster.selectors import by_account, by_tag

HIDES: Final = (FactKind.HOSTS, FactKind.MEMBERS)
"""The kinds of facts missing if an instance can't be parsed: it may be a host, or in a group that a rule names."""
GONE: Final = "DEPROVISIONING"
"""The state of an instance that is being deleted. In any other state it runs, or may run again
(https://cloud.google.com/compute/docs/instances/instance-lifecycle).
"""
_METADATA: Final = frozenset({"cluster-name", "cluster-location", "created-by"})
"""The keys of metadata that are kept. Other metadata may hold secrets. Compute's metadata server requires a header. The
older endpoints without it were shut down in 2020 (https://developers.google.com/compute/docs/deprecations)."""


@dataclass(frozen=True, eq=False, slots=True)
class Instance:
    """An instance, or the next one of a template.

    ``networks`` and ``public_ipv6`` have one value for each interface; ``public_ipv6``: whether it has, or gets, a
    public IPv6 address. ``pod_ranges``: alias ranges. ``scopes``: limits of its service account's tokens.
    """

    host: Host
    number: str
    link: str
    labels: Mapping[str, str]
    tags: Sequence[str]
    metadata: Mapping[str, str]
    networks: tuple[str, ...]
    public_ipv6: tuple[bool, ...]
    pod_ranges: tuple[AddressSet, ...]
    scopes: Sequence[str]
    disks: Sequence[Item]

    @property
    def id(self) -> str:
        """The id of its host: "europe-west1-b/NAME"."""
        return self.host.id

    @property
    def zone(self) -> str:
        """The instance's zone."""
        return self.id.partition("/")[0]

    @property
    def region(self) -> str:
        """The instance's region."""
        return self.zone.rpartition("-")[0]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that rules name it by."""
        return self.host.interfaces[0].groups if self.host.interfaces else ()


def instance(item: Item) -> Instance | None:
    """Return an instance; None if it is being deleted."""
    return None if text(item, "status") == GONE else _instance(item, required(item, "selfLink"))


def next_instance(template: Item) -> Instance:
    """Return the next instance of a template."""
    return _instance(child(template, "properties"), required(template, "selfLink"))


def _instance(item: Item, link: str) -> Instance:
    accounts, disks, name = children(item, "serviceAccounts"), children(item, "disks"), text(item, "name")
    tags, account = texts(child(item, "tags"), "items"), accounts[0] if accounts else NOTHING
    email = text(account, "email")
    groups = (*map(by_tag, sorted(tags)), *([by_account(email)] if email else ()))
    metadata = {
        key: text(entry, "value")
        for entry in children(child(item, "metadata"), "items")
        if (key := entry.get("key")) in _METADATA
    }
    nics, instance_id = children(item, "networkInterfaces"), machine(link)
    source = Source(LIST_INSTANCES.name if name else LIST_INSTANCE_TEMPLATES.name, instance_id)
    host = Host(
        id=instance_id,
        name=name,
        roles=(),
        role_evidence=(),
        interfaces=tuple(_interface(nic, instance_id, groups, source) for nic in nics),
        source=source,
        identity=email,
        pool=_pool_of(metadata.get("created-by", "")),
        disks=tuple(sorted(link_in(disk, "source") for disk in disks if disk.get("source"))),
        metadata=OPEN_METADATA,
        written_by=OWNERS.of(Thing.HOST, name, text_map(item, "labels")),
    )
    return Instance(
        host=host,
        number=str(item.get("id", "")),
        link=short(link),
        labels=text_map(item, "labels"),
        tags=tags,
        metadata=metadata,
        networks=tuple(_network(nic, exists=bool(name)) for nic in nics),
        public_ipv6=tuple(bool(children(nic, "ipv6AccessConfigs")) for nic in nics),
        pod_ranges=tuple(
            AddressSet.parse(required(alias, "ipCidrRange")) for nic in nics for alias in children(nic, "aliasIpRanges")
        ),
        scopes=texts(account, "scopes"),
        disks=disks,
    )


def _pool_of(made_by: str) -> str:
    """Return the id of the group manager that made an instance; "" if none did.

    https://cloud.google.com/compute/docs/instance-groups/getting-info-about-migs
    """
    return place_of(made_by) if "/instanceGroupManagers/" in made_by else ""


def place_of(link: str) -> str:
    """Return a link without its project, which may be an id or a number.

    For example "zones/europe-west1-b/instanceGroupManagers/NAME".
    """
    return "/".join(link.split("/")[-4:])


def _network(nic: Item, *, exists: bool) -> str:
    """Return the network of an interface; "" if a template or another project's attachment names none.

    https://cloud.google.com/vpc/docs/about-private-service-connect-interfaces
    """
    attached = bool(nic.get("networkAttachment"))
    return required_link(nic, "network") if exists and not attached else link_in(nic, "network")


def _interface(nic: Item, interface_id: str, groups: tuple[str, ...], source: Source) -> Interface:
    """Return an interface. The filters of its subnet are added later."""
    access = children(nic, "accessConfigs")
    public = sorted(text(config, "natIP") for config in access)
    return Interface(
        id=f"{interface_id}/{text(nic, 'name') or 'nic0'}",
        subnet=link_in(nic, "subnetwork"),
        addresses=tuple(map(AddressSet.parse, _addresses(nic))),
        source=source,
        public=tuple(AddressSet.parse(address) for address in public if address),
        groups=groups,
        public_ip_on_start="" in public,
    )


def _addresses(nic: Item) -> Iterator[str]:
    """Yield the machine's own addresses. Its alias ranges are the pods' addresses."""
    if address := text(nic, "networkIP"):
        yield address
    for config in children(nic, "ipv6AccessConfigs"):
        if outside := text(config, "externalIpv6"):
            yield _range_of(outside, number(config, "externalIpv6PrefixLength", 96))
    if inside := text(nic, "ipv6Address"):
        yield _range_of(inside, number(nic, "internalIpv6PrefixLength", 96))


def _range_of(address: str, length: int) -> str:
    """Return the range assigned to a machine, from any address in it."""
    return str(ip_network(f"{address}/{length}", strict=False))
