"""Reads one cluster through its provider, or lists the clusters of an account. Nothing is judged here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from cloudguard.errors import ClusterNotFoundError, SettingsError
from cloudguard.model.cluster import Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.setting_values import nearest
from cloudguard.provider.port import ClusterSummary, CollectRequest, Progress, load, sdk_of, silent


def collect(  # noqa: PLR0913 - one keyword per option of the caller
    provider: str,
    *,
    cluster: str = "",
    options: Mapping[str, str | Sequence[str]] | None = None,
    role_tags: Mapping[Role, Sequence[str]] | None = None,
    extra_hosts: Mapping[str, Sequence[Role]] | None = None,
    session: object | None = None,
    progress: Progress = silent,
    assume_empty: Sequence[str] = (),
) -> Snapshot:
    """Read one cluster through the installed ``provider``. A refused call becomes a Gap in the snapshot.

    ``cluster`` may be left out if the account shows only one cluster.

    ``options`` are the provider's own flags without dashes: ``{"region": "eu-west-1"}``. ``role_tags`` maps a role to
    the ``KEY=VALUE`` tags that mark its hosts. ``extra_hosts`` maps a machine's id to its roles. ``session`` is the
    session of the provider's SDK to use instead of the default one. ``progress`` may be called from any thread.
    ``assume_empty`` names calls that are skipped and treated as if they returned nothing; the report lists them. It is
    for tests against an emulator of the cloud that does not support these calls.

    Raises UsageError (no such provider, option or cluster; its SDK is not installed) and AccessError.
    """
    values = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in (options or {}).items()}
    request = CollectRequest(
        cluster, values, role_tags or {}, extra_hosts or {}, client=session, assume_empty=tuple(assume_empty)
    )
    return collect_requested(provider, request, progress)


def collect_requested(provider: str, request: CollectRequest, progress: Progress = silent) -> Snapshot:
    """Read the cluster of ``request``; raises the same errors as ``collect``."""
    adapter = load(provider)
    options = {option.name for option in adapter.options}
    unknown = (name for name in request.options if name not in options)
    faults = [f"{provider} has no option {name!r}{nearest(name, options)}" for name in unknown]
    named = dict.fromkeys(map(str, (*request.role_tags, *chain(*request.extra_hosts.values()))))
    faults += [f"there is no role {role!r}{nearest(role, map(str, Role))}" for role in named if role not in {*Role}]
    faults += [f"{pair!r} is not KEY=VALUE" for pair in chain(*request.role_tags.values()) if "=" not in pair]
    if faults:
        raise SettingsError(faults)
    with sdk_of(provider):
        if not request.cluster:
            request = replace(request, cluster=_only_cluster(provider, adapter.discover(request, progress)))
        return adapter.collect(request, progress)


def _only_cluster(provider: str, clusters: Sequence[ClusterSummary]) -> str:
    """Return the name of the only cluster; raises ClusterNotFoundError if there is not exactly one."""
    if len(clusters) == 1:
        return clusters[0].name
    names = ", ".join(f"{cluster.name} ({cluster.region})" for cluster in clusters) or "none was found"
    message = f"no cluster is named, and the account does not have exactly one: {names}"
    raise ClusterNotFoundError(message, hint=f"Give --cluster NAME; see: cloudguard discover {provider}")


def discover(provider: str, request: CollectRequest, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
    """Return the clusters that the account shows; raises the same errors as ``collect``."""
    with sdk_of(provider):
        return load(provider).discover(request, progress)
