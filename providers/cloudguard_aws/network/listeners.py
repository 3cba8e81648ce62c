"""Load balancers and their listeners as types of the model, with the targets that are hosts of the cluster."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Final

from cloudguard.model.cluster import Host
from cloudguard.model.load_balancers import BackendTarget, Balancer, ClientAddress, Listener
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, child, children, port, required, text
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.network.registrations import ClassicBalancer, ClassicListener, TargetGroup

_TRANSPORTS: Final = {"UDP": ("udp",), "QUIC": ("udp",), "TCP_UDP": ("tcp", "udp"), "TCP_QUIC": ("tcp", "udp")}
"""Protocols of listeners and target groups that use UDP, alone or beside TCP."""
_TCP: Final = {"TCP", "TLS", "HTTP", "HTTPS", "SSL"}
_ACTIONS: Final = {
    "forward",
    "authenticate-oidc",
    "authenticate-cognito",
    "jwt-validation",
    "redirect",
    "fixed-response",
}
"""All kinds of actions (elasticloadbalancing API reference, Action). Only "forward" names target groups."""
_DECRYPTED: Final = {"TLS", "HTTPS", "SSL"}
_PRESERVE: Final = "preserve_client_ip.enabled"
_SEEN: Final = {"true": ClientAddress.PRESERVED, "false": ClientAddress.REPLACED}
_SEEN_BY_DEFAULT: Final = {"instance", "alb"}
"""Kinds of target groups whose targets see the client's address if the attribute is not set."""
_SERVICE_TAGS: Final = (
    "kubernetes.io/service-name",
    "service.k8s.aws/stack",
    "ingress.k8s.aws/stack",
    "gateway.k8s.aws/stack",
    "service.eks.amazonaws.com/stack",
    "ingress.eks.amazonaws.com/stack",
)
"""Tags that name the Service or Ingress for which a balancer was made: kubernetes/cloud-provider-aws
pkg/providers/v1/aws.go (TagNameKubernetesService); kubernetes-sigs/aws-load-balancer-controller
pkg/deploy/tracking/provider.go; EKS Auto Mode: the tags that the AWS managed policy AmazonEKSLoadBalancingPolicy lets
it write."""


@dataclass(frozen=True, slots=True)
class Members:
    """An index of the cluster's hosts by instance id and by address.

    ``pools``: dict of target group or classic balancer → scaling groups whose next hosts register there.
    """

    ids: frozenset[str]
    hosts: Mapping[AddressSet, str]
    """Dict of address or delegated range of an interface → host id."""
    ranges: Sequence[AddressSet] = ()
    """The delegated ranges, sorted. Addresses in a delegated range belong to pods of the host."""
    pools: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    @classmethod
    def of(cls, hosts: Collection[Host], pools: Mapping[str, Sequence[str]] | None = None) -> Members:
        """Return an index of ``hosts``."""
        host_at = {
            address: host.id for host in hosts for interface in host.interfaces for address in interface.addresses
        }
        return replace(cls.of_addresses(host_at), ids=frozenset(host.id for host in hosts), pools=pools or {})

    @classmethod
    def of_addresses(cls, hosts: Mapping[AddressSet, str]) -> Members:
        """Return an index of a dict of address or delegated range → host id."""
        return cls(frozenset(), hosts, sorted((host for host in hosts if host.size > 1), key=AddressSet.first))

    def find(self, target: str) -> tuple[str, AddressSet] | None:
        """Return the host that ``target`` belongs to and the matching address or range, or None if it is no host's.

        The address set is empty if ``target`` is an instance id.
        """
        if target in self.ids:
            return target, NO_ADDRESSES
        try:
            target_range = AddressSet.parse(target)
        except ValueError:
            return None  # the id of another instance, or a balancer's ARN
        before = bisect_right(self.ranges, target_range.first(), key=AddressSet.first)
        candidates = (
            addresses
            for addresses in (target_range, *self.ranges[before - 1 : before])
            if target_range <= addresses and addresses in self.hosts
        )
        return next(((self.hosts[addresses], addresses) for addresses in candidates), None)


def services_of(protocol: str, port: int) -> ServiceSet:
    """Return a listener's or target's protocol and port as a service set: "TCP_UDP", 53 is "tcp/53,udp/53".

    An unknown protocol may use TCP and UDP.
    """
    transports = ("tcp",) if protocol in _TCP else _TRANSPORTS.get(protocol, ("tcp", "udp"))
    return ServiceSet.parse(",".join(f"{transport}/{port}" for transport in transports))


def targets_of(group: TargetGroup, members: Members) -> tuple[BackendTarget, ...]:
    """Return a target group's targets that are hosts of the cluster, their pods, or scaling groups' next hosts."""
    services = services_of(group.protocol, group.port)
    targets = {BackendTarget(name, NO_ADDRESSES, services): None for name in members.pools.get(group.arn, ())}
    for target in group.targets:
        known = members.find(target.id)
        if known is not None:
            targets[BackendTarget(known[0], known[1], services_of(group.protocol, target.port), target.health)] = None
    return tuple(targets)


def client_address(group: TargetGroup, attributes: Mapping[str, str] | None) -> ClientAddress:
    """Return which address the targets of a network balancer's group see. ``attributes`` None: not read.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html ("Client IP
    preservation"): instances see the client's address by default. IP targets see the balancer's address by default for
    TCP and TLS, and always the client's address for UDP and QUIC.
    """
    always = group.kind == "ip" and group.protocol in _TRANSPORTS
    if attributes is None:
        return ClientAddress.PRESERVED if always else ClientAddress.UNKNOWN
    default = "false" if group.kind == "ip" and group.protocol in _TCP else ""
    if always or group.kind in _SEEN_BY_DEFAULT:
        default = "true"
    return _SEEN.get(attributes.get(_PRESERVE, default), ClientAddress.UNKNOWN)


@dataclass(frozen=True, slots=True)
class OwnTargets:
    """The targets of a target group that are hosts of the cluster, and which client address they see."""

    protocol: str
    targets: tuple[BackendTarget, ...]
    client: ClientAddress


@dataclass(frozen=True, slots=True)
class ListenerFacts:
    """A listener: its protocol and port, and the target groups that its default actions forward to (None: unknown)."""

    arn: str
    protocol: str
    port: int
    forwards_to: tuple[str, ...] | None


def listener_facts(item: Item) -> ListenerFacts:
    """Return a listener as the API answers it."""
    groups = forwarded(item, "DefaultActions")
    return ListenerFacts(required(item, "ListenerArn"), text(item, "Protocol"), port(item, "Port"), groups)


def forwarded(item: Item, key: str) -> tuple[str, ...] | None:
    """Return the ARNs of the target groups that the actions under ``key`` forward to.

    None: an action is not understood.
    """
    arns = dict[str, None]()
    for action in children(item, key):
        if text(action, "Type") not in _ACTIONS:
            return None
        named = [text(action, "TargetGroupArn")]
        named += [
            required(group, "TargetGroupArn") for group in children(child(action, "ForwardConfig"), "TargetGroups")
        ]
        arns.update(dict.fromkeys(filter(None, named)))
    return tuple(arns)


def listeners_of(facts: ListenerFacts, groups: Iterable[OwnTargets]) -> Iterator[Listener]:
    """Yield a listener, once for each combination of client address and plaintext among its target groups."""
    split: dict[tuple[ClientAddress, bool], dict[BackendTarget, None]] = {}
    for group in groups:
        plaintext = group.protocol == "HTTP" or (facts.protocol in _DECRYPTED and group.protocol not in _DECRYPTED)
        split.setdefault((group.client, plaintext), {}).update(dict.fromkeys(group.targets))
    for place, ((client, plaintext), targets) in enumerate(sorted(split.items()), start=1):
        yield Listener(
            id=facts.arn if place == 1 else f"{facts.arn}#{place}",
            service=services_of(facts.protocol, facts.port),
            targets=tuple(targets),
            client_address=client,
            source=Source(calls.DESCRIBE_LISTENERS.name, facts.arn),
            plaintext=plaintext,
        )


def declared_service(tags: Mapping[str, str], cluster: str) -> str:
    """Return the Service or Ingress of this cluster for which a balancer was made, or "" if the tags name none."""
    ours = (
        cluster in {tags.get("elbv2.k8s.aws/cluster"), tags.get("eks:eks-cluster-name")}
        or f"kubernetes.io/cluster/{cluster}" in tags
        or tags.get("KubernetesCluster") == cluster
    )
    return next((tags[key] for key in _SERVICE_TAGS if tags.get(key)), "") if ours else ""


def classic(old: ClassicBalancer, members: Members, declared: str) -> Balancer:
    """Return a classic balancer. Its targets are instances on the listener's instance port."""
    hosts = [*(name for name in old.instances if name in members.ids), *members.pools.get(old.balancer.id, ())]
    listeners = tuple(_classic_listener(listener, hosts, old.balancer.source) for listener in old.listeners)
    return replace(old.balancer, listeners=listeners, declared_service=declared)


def _classic_listener(classic_listener: ClassicListener, hosts: Iterable[str], source: Source) -> Listener:
    (outside, port), (inside, _) = classic_listener.outside, classic_listener.inside
    return Listener(
        id=f"{source.resource}:{port}",
        service=services_of(*classic_listener.outside),
        targets=tuple(BackendTarget(host, NO_ADDRESSES, services_of(*classic_listener.inside)) for host in hosts),
        client_address=ClientAddress.REPLACED,
        source=source,
        plaintext=inside == "HTTP" or (outside in _DECRYPTED and inside not in _DECRYPTED),
    )
