"""Instances, and those that templates describe: whose they are, and the host that each is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from cloudguard.model.cluster import Host, MetadataService
from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import NOTHING, Item, number, part, parts, required, text, text_map, texts
from cloudguard.provider.ownership.facts import Thing
from cloudguard_gcp.access.calls import LIST_INSTANCE_TEMPLATES, LIST_INSTANCES
from cloudguard_gcp.access.links import link_in, machine, required_link, short
from cloudguard_gcp.access.owners import OWNERS
from cloudguard_gcp.cluster.selectors import by_account, by_tag

HIDES: Final = (FactKind.HOSTS, FactKind.MEMBERS)
"""What an instance that is not understood hides: it may be a host, or in a group that a rule names."""
GONE: Final = "DEPROVISIONING"
"""The state of an instance that is being deleted; one in any other runs, or may again
(https://cloud.google.com/compute/docs/instances/instance-lifecycle)."""
_METADATA: Final = frozenset({"cluster-name", "cluster-location", "created-by"})
"""What is kept of the metadata, which may hold secrets."""
_METADATA_SERVICE: Final = MetadataService(
    enabled=True,
    tokens_required=False,
    hop_limit=1,
    remedy="a network policy, or a rule on the host, that keeps pods from 169.254.169.254",
    has_switch=False,
    has_tokens=False,
)
"""Compute's server asks for a header, which any pod can send. The older endpoints, which asked for none, were shut down
in 2020 (https://developers.google.com/compute/docs/deprecations)."""


@dataclass(frozen=True, eq=False, slots=True)
class Instance:
    """An instance, or the next one of a template.

    ``networks``, ``public_ipv6``: one for each interface, and whether it has, or gets, a public address of version 6;
    ``pod_ranges``: alias ranges. ``scopes`` bound its service account's tokens.
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
        """Its host's id: "europe-west1-b/NAME"."""
        return self.host.id

    @property
    def zone(self) -> str:
        """The zone that it stands in."""
        return self.id.partition("/")[0]

    @property
    def region(self) -> str:
        """The region that it stands in."""
        return self.zone.rpartition("-")[0]

    @property
    def groups(self) -> tuple[str, ...]:
        """What rules name it by."""
        return self.host.interfaces[0].groups if self.host.interfaces else ()


def instance(item: Item) -> Instance | None:
    """Return an instance, None for one that is being deleted."""
    return None if text(item, "status") == GONE else _instance(item, required(item, "selfLink"))


def next_instance(template: Item) -> Instance:
    """Return the instance that a template describes."""
    return _instance(part(template, "properties"), required(template, "selfLink"))


def _instance(item: Item, link: str) -> Instance:
    accounts, disks, name = parts(item, "serviceAccounts"), parts(item, "disks"), text(item, "name")
    tags, account = texts(part(item, "tags"), "items"), accounts[0] if accounts else NOTHING
    email = text(account, "email")
    groups = (*map(by_tag, sorted(tags)), *([by_account(email)] if email else ()))
    metadata = {
        key: text(entry, "value")
        for entry in parts(part(item, "metadata"), "items")
        if (key := entry.get("key")) in _METADATA
    }
    nics, own = parts(item, "networkInterfaces"), machine(link)
    source = Source(LIST_INSTANCES.name if name else LIST_INSTANCE_TEMPLATES.name, own)
    host = Host(
        id=own,
        name=name,
        roles=(),
        role_evidence=(),
        interfaces=tuple(_interface(nic, own, groups, source) for nic in nics),
        source=source,
        identity=email,
        pool=_pool_of(metadata.get("created-by", "")),
        disks=tuple(sorted(link_in(disk, "source") for disk in disks if disk.get("source"))),
        metadata=_METADATA_SERVICE,
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
        public_ipv6=tuple(bool(parts(nic, "ipv6AccessConfigs")) for nic in nics),
        pod_ranges=tuple(
            AddressSet.parse(required(alias, "ipCidrRange")) for nic in nics for alias in parts(nic, "aliasIpRanges")
        ),
        scopes=texts(account, "scopes"),
        disks=disks,
    )


def _pool_of(made_by: str) -> str:
    """Return the id of the group manager that made an instance, "" for none.

    https://cloud.google.com/compute/docs/instance-groups/getting-info-about-migs
    """
    return place_of(made_by) if "/instanceGroupManagers/" in made_by else ""


def place_of(link: str) -> str:
    """Return "zones/europe-west1-b/instanceGroupManagers/NAME": a project is named by id or by number."""
    return "/".join(link.split("/")[-4:])


def _network(nic: Item, *, exists: bool) -> str:
    """Return the network of an interface; "" where a template, or another project's attachment, leaves it open.

    https://cloud.google.com/vpc/docs/about-private-service-connect-interfaces
    """
    attached = bool(nic.get("networkAttachment"))
    return required_link(nic, "network") if exists and not attached else link_in(nic, "network")


def _interface(nic: Item, own: str, groups: tuple[str, ...], source: Source) -> Interface:
    """Return an interface; its subnet's filters are not known yet."""
    access = parts(nic, "accessConfigs")
    public = sorted(text(config, "natIP") for config in access)
    return Interface(
        id=f"{own}/{text(nic, 'name') or 'nic0'}",
        subnet=link_in(nic, "subnetwork"),
        addresses=tuple(map(AddressSet.parse, _addresses(nic))),
        source=source,
        public=tuple(AddressSet.parse(address) for address in public if address),
        groups=groups,
        public_ip_on_start="" in public,
    )


def _addresses(nic: Item) -> Iterator[str]:
    """Yield the machine's own addresses; its alias ranges are those of pods."""
    if own := text(nic, "networkIP"):
        yield own
    for config in parts(nic, "ipv6AccessConfigs"):
        if outside := text(config, "externalIpv6"):
            yield _range_of(outside, number(config, "externalIpv6PrefixLength", 96))
    if inside := text(nic, "ipv6Address"):
        yield _range_of(inside, number(nic, "internalIpv6PrefixLength", 96))


def _range_of(address: str, length: int) -> str:
    """Return the range that a machine is given, by any address of it."""
    return str(ip_network(f"{address}/{length}", strict=False))
