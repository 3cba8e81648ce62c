"""What pods can take from the metadata service of their host: the identity of the host, where the service lets them.

Tokens must be required *and* their answers must not travel beyond the host (a hop limit of 1): either alone is not
enough. Pods on the host's own network reach the service whatever is set.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cloudguard.model.cluster import Host, MetadataService, Pool, Role
from cloudguard.results.change import AttributeEdit, Change, Resource
from cloudguard.results.finding import Evidence, Finding, Severity, Witness, finding_id
from cloudguard.rows.context import Context
from cloudguard.rows.pending_finding import PendingFinding

ROW = "cloud-api-access"
CHECKS = {
    "cloud-api-access/metadata": "Pods can take their host's identity from its metadata service: tokens are not "
    "required, or their answers travel further than the host (medium).",
}
_JUDGED = {Role.CONTROL_PLANE, Role.NODE}


@dataclass(frozen=True, slots=True)
class _Exposed:
    """Hosts or pools with one identity and one fault."""

    fault: str
    identity: str


def judged(context: Context) -> tuple[list[PendingFinding], tuple[str, ...]]:
    """Return the findings, and what can't be told."""
    found: dict[_Exposed, list[Host | Pool]] = {}
    unread: dict[str, list[Host | Pool]] = {}
    told = {host.pool for host in context.cluster.hosts}
    both: tuple[Host | Pool, ...] = (*context.cluster.hosts, *context.cluster.pools)
    for one in both:
        if not one.identity or not _JUDGED & set(one.roles):
            continue
        if one.metadata is None:
            # A template may leave it to the account and the image: then the hosts that it made tell.
            if not (isinstance(one, Pool) and one.id in told):
                unread.setdefault("pool" if isinstance(one, Pool) else "host", []).append(one)
        elif fault := fault_of(one.metadata):
            found.setdefault(_Exposed(fault, one.identity), []).append(one)
    unknown = tuple(_untold(kind, ones) for kind, ones in sorted(unread.items()))
    return [_draft(context, exposed, ones) for exposed, ones in found.items()], unknown


def fault_of(service: MetadataService) -> str:
    """Return what lets pods reach a metadata service; "" where they can't."""
    if not service.enabled:
        return ""
    if not service.tokens_required:
        return "tokens are not required"
    return f"the hop limit is {service.hop_limit}" if service.hop_limit > 1 else ""


def _untold(kind: str, ones: Iterable[Host | Pool]) -> str:
    names = sorted(one.name or one.id for one in ones)
    which = f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]
    whose = f"the next host of {which}" if kind == "pool" else which
    return (
        f"whether pods can take the identity of {whose} is not told: the settings of its metadata service were not read"
    )


def _draft(context: Context, exposed: _Exposed, ones: list[Host | Pool]) -> PendingFinding:
    hosts = sorted(one.id for one in ones if isinstance(one, Host))
    pools = sorted((one.name or one.id) for one in ones if isinstance(one, Pool))
    name = next((one.name for one in context.snapshot.identities.identities if one.id == exposed.identity), "")
    who = [f"{len(hosts)} host{'s' if len(hosts) > 1 else ''}"] if hosts else []
    who += [f"the next host of {', '.join(pools)}"] if pools else []
    where = " and ".join(who)
    remedy = next((one.metadata.remedy for one in ones if one.metadata), "")
    message = f"pods can take {name or exposed.identity} from the metadata service of {where}: {exposed.fault}"
    resource = Resource("identity", exposed.identity, name)
    edit = AttributeEdit("metadata service", f"{exposed.fault} on {where}", remedy or "tokens required, hop limit 1")
    name_of_change = f"metadata.restrict:{exposed.identity}:{exposed.fault}"
    change = Change(name_of_change, ROW, "metadata.restrict", resource, (edit,))
    finding = Finding(
        id=finding_id(context.cluster, f"{ROW}/metadata", exposed.identity, exposed.fault.rstrip("0123456789")),
        check=f"{ROW}/metadata",
        severity=Severity.MEDIUM,
        resource=resource,
        message=message,
        witness=Witness(f"a pod on {ones[0].id} asks its host's metadata service for the credentials of {name}"),
        evidence=tuple(Evidence(_resource(one), "", one.source.call, exposed.fault) for one in ones),
        hosts=tuple(hosts),
    )
    return PendingFinding(finding, changes=(change,))


def _resource(one: Host | Pool) -> Resource:
    return Resource("pool" if isinstance(one, Pool) else "host", one.id, one.name)
