"""Load balancers, their listeners and target groups, as the API answers them, in the model's words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cloudguard.model.cluster import Host
from cloudguard.model.load_balancers import BackendTarget, Balancer, ClientAddress, Listener
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard_aws.network.rules import Item, inner

APPLICATION, NETWORK, CLASSIC = "application", "network", "classic"
_KINDS: Final = {APPLICATION: "alb", NETWORK: "nlb", CLASSIC: "clb"}
_TRANSPORTS: Final = {"UDP": ("udp",), "QUIC": ("udp",), "TCP_UDP": ("tcp", "udp"), "TCP_QUIC": ("tcp", "udp")}
"""Protocols of listeners and target groups that are not TCP alone."""
_DECRYPTED: Final = {"TLS", "HTTPS", "SSL"}
_PRESERVE: Final = "preserve_client_ip.enabled"
_SERVICE_TAGS: Final = (
    "kubernetes.io/service-name",
    "service.k8s.aws/stack",
    "ingress.k8s.aws/stack",
    "gateway.k8s.aws/stack",
)
"""Who a balancer was made for: kubernetes/cloud-provider-aws pkg/providers/v1/aws.go (TagNameKubernetesService);
kubernetes-sigs/aws-load-balancer-controller pkg/deploy/tracking/provider.go.
"""


@dataclass(frozen=True, slots=True)
class Members:
    """The cluster's hosts, to be found by instance id or by address."""

    ids: frozenset[str]
    hosts: Mapping[AddressSet, str]
    """Hosts' ids, by the addresses and delegated ranges of their interfaces."""
    ranges: Sequence[AddressSet] = ()
    """The delegated ranges in order; their addresses are pods of the host."""

    @classmethod
    def of(cls, hosts: Collection[Host]) -> Members:
        """Index ``hosts``."""
        found = {one: host.id for host in hosts for interface in host.interfaces for one in interface.addresses}
        ranges = sorted((one for one in found if one.size > 1), key=AddressSet.first)
        return cls(frozenset(host.id for host in hosts), found, ranges)

    def find(self, target: str) -> tuple[str, AddressSet] | None:
        """Return the host and the address or range (none for a target by id) that ``target`` is; None: no host's."""
        if target in self.ids:
            return target, NO_ADDRESSES
        try:
            own = AddressSet.parse(target)
        except ValueError:
            return None  # an id of another's, or a balancer's ARN
        before = bisect_right(self.ranges, own.first(), key=AddressSet.first)
        found = (one for one in (own, *self.ranges[before - 1 : before]) if own <= one and one in self.hosts)
        return next(((self.hosts[one], one) for one in found), None)


def services_of(protocol: str, port: int) -> ServiceSet:
    """Return a listener's or target's protocol and port as a service set: "TCP_UDP", 53 is "tcp/53,udp/53"."""
    return ServiceSet.parse(",".join(f"{transport}/{port}" for transport in _TRANSPORTS.get(protocol, ("tcp",))))


def targets_of(group: Item, registered: Iterable[Item], members: Members) -> tuple[BackendTarget, ...]:
    """Return those of a target group's registered targets that are hosts of the cluster (or their pods)."""
    found: dict[BackendTarget, None] = {}
    for one in registered:
        where = members.find(one["Target"]["Id"])
        if where is not None:
            port = int(one["Target"].get("Port") or group["Port"])
            state = inner(one, "TargetHealth").get("State", "")
            found[BackendTarget(where[0], where[1], services_of(group.get("Protocol", "TCP"), port), state)] = None
    return tuple(found)


def client_address(group: Item, attributes: Mapping[str, str] | None) -> ClientAddress:
    """Return which address the targets of a network balancer's group see; ``attributes`` None: not read.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html ("Client IP
    preservation"): instances see the client's by default; targets by IP the balancer's, but for UDP and QUIC, where
    they always see the client's.
    """
    by_address = group.get("TargetType") == "ip"
    always = by_address and group.get("Protocol") in _TRANSPORTS
    if attributes is None:
        return ClientAddress.PRESERVED if always else ClientAddress.UNKNOWN
    default = "true" if always or not by_address else "false"
    return ClientAddress.PRESERVED if attributes.get(_PRESERVE, default) == "true" else ClientAddress.REPLACED


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group with its targets in the cluster."""

    arn: str
    protocol: str
    targets: tuple[BackendTarget, ...]
    client: ClientAddress


def forwarded(actions: Iterable[Item]) -> Iterator[str]:
    """Yield the ARNs of the target groups that ``actions`` forward to."""
    for action in actions:
        if action.get("Type") != "forward":
            continue
        if one := action.get("TargetGroupArn"):
            yield one
        for group in inner(action, "ForwardConfig").get("TargetGroups", ()):
            yield group["TargetGroupArn"]


def listeners_of(item: Item, groups: Iterable[TargetGroup], call: str) -> Iterator[Listener]:
    """Yield a listener, split where its target groups differ in what they see or in what is spoken to them."""
    arn, protocol = str(item["ListenerArn"]), str(item.get("Protocol", "TCP"))
    parts: dict[tuple[ClientAddress, bool], dict[BackendTarget, None]] = {}
    for group in groups:
        plaintext = group.protocol == "HTTP" or (protocol in _DECRYPTED and group.protocol not in _DECRYPTED)
        parts.setdefault((group.client, plaintext), {}).update(dict.fromkeys(group.targets))
    for number, ((client, plaintext), targets) in enumerate(sorted(parts.items()), start=1):
        yield Listener(
            id=arn if number == 1 else f"{arn}#{number}",
            service=services_of(protocol, int(item["Port"])),
            targets=tuple(targets),
            client_address=client,
            source=Source(call, arn),
            plaintext=plaintext,
        )


def declared_service(tags: Mapping[str, str], cluster: str) -> str:
    """Return the Service or Ingress of this cluster that a balancer was made for, "" if it names none."""
    ours = (
        tags.get("elbv2.k8s.aws/cluster") == cluster
        or f"kubernetes.io/cluster/{cluster}" in tags
        or tags.get("KubernetesCluster") == cluster
    )
    return next((tags[key] for key in _SERVICE_TAGS if tags.get(key)), "") if ours else ""


def balancer(item: Item, listeners: Iterable[Listener], declared: str, call: str) -> Balancer:
    """Return an application or network balancer. Its type decides, not its ARN."""
    arn, groups = str(item["LoadBalancerArn"]), tuple(item.get("SecurityGroups", ()))
    zones: Sequence[Item] = item.get("AvailabilityZones", ())
    return Balancer(
        id=arn,
        name=item["LoadBalancerName"],
        kind=_KINDS[item["Type"]],
        internet_facing=item.get("Scheme") == "internet-facing",
        network=item.get("VpcId", ""),
        subnets=tuple(sorted(zone["SubnetId"] for zone in zones if zone.get("SubnetId"))),
        filters=groups,
        groups=groups,
        listeners=tuple(listeners),
        source=Source(call, arn),
        addresses=AddressSet.of(address for zone in zones for address in _addresses(zone)),
        declared_service=declared,
        dual_stack=str(item.get("IpAddressType", "")).startswith("dualstack"),
    )


def _addresses(zone: Item) -> Iterator[str]:
    for one in zone.get("LoadBalancerAddresses", ()):
        yield from (one[key] for key in ("IpAddress", "PrivateIPv4Address", "IPv6Address") if one.get(key))


def classic(item: Item, members: Members, declared: str, call: str) -> Balancer:
    """Return a classic balancer: a proxy, whose targets are instances on the listener's instance port."""
    name, groups = str(item["LoadBalancerName"]), tuple(item.get("SecurityGroups", ()))
    source = Source(call, name)
    hosts = [one["InstanceId"] for one in item.get("Instances", ()) if one["InstanceId"] in members.ids]
    return Balancer(
        id=name,
        name=name,
        kind=_KINDS[CLASSIC],
        internet_facing=item.get("Scheme") == "internet-facing",
        network=item.get("VPCId", ""),
        subnets=tuple(sorted(item.get("Subnets", ()))),
        filters=groups,
        groups=groups,
        listeners=tuple(_classic_listener(one["Listener"], hosts, source) for one in item["ListenerDescriptions"]),
        source=source,
        declared_service=declared,
    )


def _classic_listener(item: Item, hosts: Iterable[str], source: Source) -> Listener:
    outside, inside = str(item["Protocol"]).upper(), str(item.get("InstanceProtocol") or item["Protocol"]).upper()
    target = services_of(inside, int(item["InstancePort"]))
    return Listener(
        id=f"{source.resource}:{item['LoadBalancerPort']}",
        service=services_of(outside, int(item["LoadBalancerPort"])),
        targets=tuple(BackendTarget(host, NO_ADDRESSES, target) for host in hosts),
        client_address=ClientAddress.REPLACED,
        source=source,
        plaintext=inside == "HTTP" or (outside in _DECRYPTED and inside not in _DECRYPTED),
    )
