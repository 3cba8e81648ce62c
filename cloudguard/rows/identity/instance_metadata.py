"""Whether pods can take the identity of their host from its metadata service.

Two settings together prevent it: tokens are required, and answers do not leave the host (a hop limit of 1). Pods on the
host's network reach the service in any case. An identity without permissions is not reported.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from cloudguard.model.cluster import Host, MetadataService, Pool, Role
from cloudguard.results.change import AttributeEdit, Change, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Severity, Witness
from cloudguard.results.wording import count
from cloudguard.rows.context import Context
from cloudguard.rows.finding_builder import FindingBuilder
from cloudguard.rows.pending_finding import PendingFinding

ROW = "cloud-api-access"
METADATA = Check(
    f"{ROW}/metadata",
    {
        Severity.MEDIUM: "pods can take their host's identity from its metadata service",
        Severity.LOW: "the same, if the cloud has no setting against it and the identity may only pull images and "
        "write metrics and logs",
    },
    "Pods can take their host's identity from its metadata service: it requires no token, or its answers leave the "
    "host.",
)
CHECKS = (METADATA,)
_Exposed = tuple[Host | Pool, MetadataService]
_JUDGED = {Role.CONTROL_PLANE, Role.NODE}


class MetadataFault(Enum):
    """The reason why pods reach a metadata service.

    The values are not shown. They are parts of the ids of findings and changes, so that they must not change between
    releases.
    """

    TOKENS_OPTIONAL = "tokens are not required"
    HOP_LIMIT = "the hop limit is "


def judged(context: Context) -> tuple[list[PendingFinding], tuple[str, ...]]:
    """Return the findings, one for each identity and fault, and lines about what is unknown."""
    exposed: dict[tuple[MetadataFault, str], list[_Exposed]] = {}
    unread: dict[str, list[Host | Pool]] = {}
    pools_with_hosts = {host.pool for host in context.cluster.hosts}
    hosts_and_pools: tuple[Host | Pool, ...] = (*context.cluster.hosts, *context.cluster.pools)
    for host in hosts_and_pools:
        if not host.identity or not _JUDGED & set(host.roles):
            continue
        if host.metadata is None:
            # A pool's template may leave the settings to the account and the image. Its hosts then show the settings.
            if not (isinstance(host, Pool) and host.id in pools_with_hosts):
                unread.setdefault("pool" if isinstance(host, Pool) else "host", []).append(host)
        elif fault := fault_of(host.metadata):
            for name in host.identities:
                exposed.setdefault((fault, name), []).append((host, host.metadata))
    findings = [
        _finding(context, fault, identity, services, severity)
        for (fault, identity), services in exposed.items()
        if (severity := _severity(context, identity, services)) is not None
    ]
    return findings, tuple(_unknown(kind, hosts) for kind, hosts in sorted(unread.items()))


def fault_of(service: MetadataService) -> MetadataFault | None:
    """Return the reason why pods reach a metadata service, or None if they do not reach it."""
    if not service.enabled:
        return None
    if not service.tokens_required:
        return MetadataFault.TOKENS_OPTIONAL
    return MetadataFault.HOP_LIMIT if service.hop_limit > 1 else None


def _severity(context: Context, identity: str, exposed: Iterable[_Exposed]) -> Severity | None:
    """Return the severity of pods that can take an identity, or None if the identity has no permissions."""
    known = next((each for each in context.snapshot.identities.identities if each.id == identity), None)
    if known is None or context.comparer is None:
        return Severity.MEDIUM
    granted = context.comparer.effective(known).permissions
    if not granted:
        return None
    matters = any(service.has_switch for _, service in exposed) or context.comparer.beyond_telemetry(granted).lower
    return Severity.MEDIUM if matters else Severity.LOW


def _unknown(kind: str, hosts: Iterable[Host | Pool]) -> str:
    names = sorted(host.name or host.id for host in hosts)
    which = f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]
    holder = f"the next host of {which}" if kind == "pool" else which
    return f"whether pods can take the identity of {holder}: the settings of its metadata service were not read"


def _why(fault: MetadataFault, service: MetadataService, limit: int) -> str:
    if fault is MetadataFault.HOP_LIMIT:
        return f"the hop limit is {limit}, not 1"
    return "tokens are not required" if service.has_tokens else "it answers every caller"


def _finding(
    context: Context, fault: MetadataFault, identity: str, exposed: list[_Exposed], severity: Severity
) -> PendingFinding:
    hosts = [host.id for host, _ in exposed if isinstance(host, Host)]
    pools = sorted(pool.name or pool.id for pool, _ in exposed if isinstance(pool, Pool))
    names = {each.id: each.name for each in context.snapshot.identities.identities}
    name = names.get(identity, "")
    where = [count(len(hosts), "host")] if hosts else []
    where += [f"the next host of {', '.join(pools)}"] if pools else []
    limit = max(service.hop_limit for _, service in exposed)
    why = _why(fault, exposed[0][1], limit)
    message = f"pods can take the identity {name or identity} from the metadata service of {' and '.join(where)}: {why}"
    resource = Resource("identity", identity, name)
    remedy = exposed[0][1].remedy or "tokens required, hop limit 1"
    edit = AttributeEdit(
        "metadata service", f"{why} on {' and '.join(where)}", remedy, tuple(_resource(host) for host, _ in exposed)
    )
    setting = f"{fault.value}{limit}" if fault is MetadataFault.HOP_LIMIT else fault.value
    change = Change(f"metadata.restrict:{identity}:{setting}", ROW, "metadata.restrict", resource, (edit,))
    builder = FindingBuilder(
        check=METADATA,
        severity=severity,
        resource=resource,
        message=message,
        witness=Witness(f"a pod on {exposed[0][0].id} asks its host's metadata service for the credentials of {name}"),
        evidence=(
            Evidence(_resource(host), "", host.source.call, _why(fault, service, service.hop_limit))
            for host, service in exposed
        ),
        key=(identity, fault.value),
        hosts=hosts,
        width=sorted({f"{role} host" for host, _ in exposed for role in host.roles}),
    )
    return PendingFinding(builder.build(context.cluster), changes=(change,))


def _resource(host: Host | Pool) -> Resource:
    return Resource("pool" if isinstance(host, Pool) else "host", host.id, host.name)
