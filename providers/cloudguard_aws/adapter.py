"""The AWS adapter: find, read, assemble."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from cloudguard.adapter import ClusterSummary, Option, Progress, Request, silent
from cloudguard.errors import AccessError, ClusterNotFoundError, UsageError
from cloudguard.model.cluster import Cluster, Disk, Host, Key, Pool
from cloudguard.model.snapshot import SCHEMA, Snapshot

from cloudguard_aws.session import (
    FALLBACK_REGION,
    OPTIONS,
    Caller,
    enabled_regions,
    given_regions,
    identify,
    open_session,
    option,
)

if TYPE_CHECKING:
    import boto3

    from cloudguard_aws.api import Api
    from cloudguard_aws.cluster import Found
    from cloudguard_aws.eks import Managed


class AwsAdapter:
    """Reads one Kubernetes cluster on AWS."""

    name = "aws"
    options: tuple[Option, ...] = OPTIONS

    def discover(self, request: Request, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
        """Return the clusters that the regions show."""
        from cloudguard_aws.discover import summaries  # noqa: PLC0415 - only when asked for

        session = open_session(request)
        return tuple(
            summary
            for region in _regions(session, request, progress)
            for summary in summaries(session, region, progress)
        )

    def collect(self, request: Request, progress: Progress = silent) -> Snapshot:
        """Read one cluster."""
        if not request.cluster:
            message = "no cluster is named"
            raise UsageError(message, hint="Give --cluster NAME; see: cloudguard discover aws")
        started = _now()
        session = open_session(request)
        api, found, caller = _find(session, request, progress)
        return _read(api, found, caller, started)

    def permissions(self) -> str:
        """Return the read-only IAM policy that ``collect`` and ``discover`` need."""
        from cloudguard_aws.permissions import policy  # noqa: PLC0415 - only when asked for

        return policy()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _regions(session: boto3.Session, request: Request, progress: Progress) -> tuple[str, ...]:
    from cloudguard_aws.api import Api  # noqa: PLC0415 - only when asked for

    given = given_regions(session, request)
    api = Api(session, given[0] if given else FALLBACK_REGION, progress)
    identify(api)
    return given or enabled_regions(api)


def _find(session: boto3.Session, request: Request, progress: Progress) -> tuple[Api, Found, Caller]:
    """Return the cluster where it is found; raises ClusterNotFoundError when it is nowhere, or in two places."""
    from cloudguard_aws.api import Api  # noqa: PLC0415 - only when asked for

    given = given_regions(session, request)
    first = Api(session, given[0] if given else FALLBACK_REGION, progress)
    caller = identify(first)
    looked = list(given)
    places = _look(session, given, request, progress, first)
    if not places and not request.options.get("region"):
        others = [region for region in _others(first, given) if region not in looked]
        places = _look(session, others, request, progress, first)
        looked += others
    if len(places) == 1:
        return (*places[0], caller)
    if places:
        message = f"clusters called {request.cluster!r} are in {' and '.join(api.region for api, _ in places)}"
        raise ClusterNotFoundError(message, hint="Choose one with --region")
    raise _not_found(session, request, looked, progress)


def _others(api: Api, given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the other regions to look in; none where the session names one and the rest can't be listed."""
    try:
        return enabled_regions(api)
    except AccessError:
        if not given:
            raise
        return ()


def _look(
    session: boto3.Session,
    regions: Iterable[str],
    request: Request,
    progress: Progress,
    first: Api,
) -> list[tuple[Api, Found]]:
    """Return where the cluster is; raises AccessError when it is nowhere and some region could not be asked."""
    from cloudguard_aws.api import Api  # noqa: PLC0415 - only when asked for

    apis = [first if region == first.region else Api(session, region, progress) for region in regions]
    found = first.gather(*[lambda api=api: _found_or_refused(api, request) for api in apis])
    refused = [one for one in found if isinstance(one, AccessError)]
    places = [
        (api, one) for api, one in zip(apis, found, strict=True) if one is not None and not isinstance(one, AccessError)
    ]
    if refused and not places:
        raise refused[0]
    return places


def _found_or_refused(api: Api, request: Request) -> Found | AccessError | None:
    """Return the error instead of raising it: an account may be barred from regions where it has nothing."""
    from cloudguard_aws.cluster import find  # noqa: PLC0415 - only when asked for

    try:
        return find(api, request, option(request, "vpc-id"))
    except AccessError as error:
        return error


def _not_found(
    session: boto3.Session,
    request: Request,
    regions: list[str],
    progress: Progress,
) -> ClusterNotFoundError:
    from cloudguard_aws.discover import summaries  # noqa: PLC0415 - only when nothing was found

    names = sorted({one.name for region in regions for one in summaries(session, region, progress)})
    where = ", ".join(regions) if len(regions) <= len("abc") else f"{len(regions)} regions"
    hint = (
        f"There is: {', '.join(names)}"
        if names
        else "No cluster was seen there; name its hosts with --control-plane-tag and --node-tag KEY=VALUE, or --region"
    )
    return ClusterNotFoundError(f"no cluster is called {request.cluster!r} in {where}", hint=hint)


def _read(api: Api, found: Found, caller: Caller, started: str) -> Snapshot:
    """Read all about a cluster that was found."""
    from cloudguard_aws import disks, eks, hosts, identity, network, pools  # noqa: PLC0415 - only when asked for
    from cloudguard_aws.together import three  # noqa: PLC0415

    managed: Managed | None = eks.read_managed(api, found.eks) if found.eks else None
    machines = hosts.read_hosts(api, found)
    known = {interface.id for host in machines for interface in host.interfaces}
    machines += hosts.read_fargate(api, found, known, lambda: managed is not None and managed.fargate)
    groups = pools.read_pools(api, found.name, machines, managed.scaling_groups if managed else ())
    endpoints = (managed.endpoint,) if managed else ()
    key = managed.secrets.key if managed else ""

    def read_disks() -> tuple[tuple[Disk, ...], tuple[Key, ...]]:
        return (
            ((), disks.read_keys(api, (key,) if key else ()))
            if managed
            else disks.read_disks(api, cluster=found.name, hosts=machines)
        )

    topology, (found_disks, keys), identities = three(
        api,
        lambda: network.read_topology(
            api, cluster=found.name, hosts=machines, pools=groups, endpoints=endpoints, network_ids=found.networks
        ),
        read_disks,
        lambda: identity.read_identities(api, hosts=machines, pools=groups, extra=managed.holders if managed else ()),
    )
    machines, groups = _with_roles(machines, groups, identity.resolve_profiles(api, _profiles(machines, groups)))
    cluster = Cluster(
        name=found.name,
        provider="aws",
        account=caller.account,
        regions=(api.region,),
        installer=found.installer,
        version=managed.version if managed else "",
        managed=managed is not None,
        scanned_by=caller.arn,
        hosts=machines,
        pools=groups,
        disks=found_disks,
        keys=keys,
        managed_by=eks.MANAGED_BY if managed else "",
        secrets_encryption=managed.secrets if managed else None,
        labels=_labels(found_disks),
    )
    return Snapshot(
        schema=SCHEMA,
        tool=f"cloudguard {version('cloudguard-k8s')}",
        started=started,
        finished=_now(),
        cluster=cluster,
        topology=topology,
        identities=identities,
        gaps=api.gaps,
    )


def _profiles(hosts: tuple[Host, ...], pools: tuple[Pool, ...]) -> frozenset[str]:
    return frozenset(one.identity for group in (hosts, pools) for one in group if one.identity)


def _with_roles(
    hosts: tuple[Host, ...],
    pools: tuple[Pool, ...],
    roles: dict[str, str],
) -> tuple[tuple[Host, ...], tuple[Pool, ...]]:
    """Return hosts and pools with the role that their instance profile holds, where it is known."""
    return (
        tuple(replace(one, identity=roles.get(one.identity, one.identity)) for one in hosts),
        tuple(replace(one, identity=roles.get(one.identity, one.identity)) for one in pools),
    )


def _labels(disks: tuple[Disk, ...]) -> tuple[tuple[str, str], ...]:
    """Return what chooses needs: etcd clusters by the tags of their disks."""
    names = {
        disk.holds_etcd.removeprefix("tag k8s.io/etcd/").partition("=")[0]
        for disk in disks
        if disk.holds_etcd.startswith("tag k8s.io/etcd/")
    }
    return tuple(("etcd-cluster", name) for name in sorted(names))


ADAPTER = AwsAdapter()
