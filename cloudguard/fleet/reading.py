"""Reads the clusters of all targets. Clusters of one account are read together and share the answers of calls."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, TypeAlias

from cloudguard import collection
from cloudguard.errors import AccessError, CloudguardError, SeveralClustersError
from cloudguard.fleet.shard import Shard
from cloudguard.fleet.target import Collected, Target, TargetCluster
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.port import CollectRequest, NotAllSeenError, Progress, Stop, load
from cloudguard.provider.sharing.shared_answers import SharedAnswers
from cloudguard.provider.sharing.workers import tried

ACCOUNTS_AT_ONCE = 8
RequestOf: TypeAlias = Callable[[TargetCluster], CollectRequest]
"""Returns the collect request for a cluster, made from the cluster's settings."""


def read_targets(
    targets: Sequence[Target], request_of: RequestOf, stop: Stop, progress: Progress, shard: Shard | None = None
) -> tuple[Collected, ...]:
    """Read all clusters of ``targets``, or those of ``shard``. An error in one cluster does not stop the others.

    Such an error is returned in ``Collected.error``. Raises UsageError if a target's provider is not installed.
    """
    accounts: dict[Hashable, list[Target]] = {}
    for target in targets:
        accounts.setdefault(_account(target), []).append(target)
    read = partial(_read_account, request_of=request_of, stop=stop, progress=progress, shard=shard)
    with ThreadPoolExecutor(min(len(accounts), ACCOUNTS_AT_ONCE) or 1) as pool:
        collected = list(chain.from_iterable(pool.map(read, accounts.values())))
    return tuple(_with_unique_names(collected))


def _account(target: Target) -> Hashable:
    """Return the key of a target's account: targets with equal keys share answers. Regions are not part of it."""
    places = {option.name for option in load(target.provider).options if option.target_key == "regions"}
    options = ((name, tuple(values)) for name, values in target.options.items() if name not in places)
    return target.provider, tuple(sorted(options))


def _read_account(
    targets: Sequence[Target], request_of: RequestOf, stop: Stop, progress: Progress, shard: Shard | None
) -> list[Collected]:
    """Read the clusters of the targets of one account."""
    shared = SharedAnswers(merging=True)

    def request(cluster: TargetCluster) -> CollectRequest:
        return replace(request_of(cluster), stop=stop, shared=shared)

    listed = shared.together([partial(tried, partial(_clusters_of, each, request, progress)) for each in targets])
    failures, wanted = list[Collected](), dict[str, TargetCluster]()
    for target, done in zip(targets, listed, strict=True):
        error = _error_of(done)
        clusters, refused = ((), error) if error else done.result()
        failures += [Collected(f"clusters of {target.name}", target, error=refused)] if refused else []
        wanted.update((cluster.key, cluster) for cluster in clusters if shard is None or shard.takes(cluster.key))

    def read(clusters: Iterable[TargetCluster]) -> list[Collected]:
        listed = list(clusters)
        readings = shared.together([partial(tried, partial(_read, cluster, request, progress)) for cluster in listed])
        return [*map(_collected, listed, readings)]

    return [*_each_of_a_name(read(wanted.values()), read), *failures]


def _each_of_a_name(
    collected_clusters: Sequence[Collected], read: Callable[[Iterable[TargetCluster]], list[Collected]]
) -> Iterator[Collected]:
    """Yield what was read; in place of a name that several clusters have, each of these, which ``read`` reads."""
    known = {collected.cluster.key for collected in collected_clusters if collected.cluster}
    chosen = {
        cluster.key: cluster for each in collected_clusters for cluster in _chosen(each) if cluster.key not in known
    }
    further = dict(zip(chosen, read(chosen.values()), strict=True)) if chosen else {}
    for collected in collected_clusters:
        clusters = _chosen(collected)
        yield from filter(None, (further.pop(cluster.key, None) for cluster in clusters)) if clusters else (collected,)


def _chosen(collected: Collected) -> tuple[TargetCluster, ...]:
    """Return the clusters of one name, each with what chooses it; none where the name is one cluster's."""
    if collected.cluster is None or not isinstance(collected.error, SeveralClustersError):
        return ()
    choices = map(_options, collected.error.choices)
    return tuple(replace(collected.cluster, options={**collected.cluster.options, **choice}) for choice in choices)


def _clusters_of(
    target: Target, request: RequestOf, progress: Progress
) -> tuple[tuple[TargetCluster, ...], CloudguardError | None]:
    """Return a target's clusters, and an error if there may be clusters that were not seen."""
    if target.clusters:
        return tuple(TargetCluster(target, name) for name in target.clusters), None
    refused: CloudguardError | None = None
    try:
        clusters = collection.discover(target.provider, request(TargetCluster(target, "")), progress)
    except NotAllSeenError as error:
        clusters, refused = error.seen, error
    if not clusters and refused is None:
        refused = AccessError("no cluster was found", hint="Name the clusters, or remove the account from the file")
    return tuple(TargetCluster(target, each.name, _options(dict(each.options))) for each in clusters), refused


def _options(selecting: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """Return the flags that select a cluster, each with its values."""
    return {name: (value,) for name, value in selecting.items()}


def _read(cluster: TargetCluster, request: RequestOf, progress: Progress) -> Snapshot:
    target = cluster.target
    snapshot = collection.collect_requested(target.provider, request(cluster), progress)
    account = snapshot.cluster.account
    if target.account not in {"", account}:
        actual = (
            f"the credentials belong to the account {account}"
            if account
            else "the account of the credentials is unknown"
        )
        message = f"{actual}, but the target is {target.account}"
        raise AccessError(message, hint="Check the target's credentials, role or profile")
    return snapshot


def _collected(cluster: TargetCluster, done: Future[Snapshot]) -> Collected:
    error = _error_of(done)
    return Collected(cluster.name, cluster.target, None if error else done.result(), cluster, error)


def _error_of(done: Future[Any]) -> CloudguardError | None:
    """Return the error of a reading, None if it succeeded. An unexpected exception becomes an internal error."""
    error = done.exception()
    if error is None or isinstance(error, CloudguardError):
        return error
    if not isinstance(error, Exception):
        raise error
    return CloudguardError(f"internal error: {type(error).__name__}: {error}", hint="Please report it")


def _with_unique_names(collected_clusters: Iterable[Collected]) -> Iterable[Collected]:
    """Yield ``collected_clusters``; clusters with the same name get their target and options added to the name."""
    listed = list(collected_clusters)
    names = [collected.name for collected in listed]
    for collected in listed:
        cluster = collected.cluster
        if cluster is None or names.count(collected.name) == 1:
            yield collected
        else:
            target = replace(cluster.target, options={**cluster.target.options, **cluster.options})
            yield replace(collected, name=f"{collected.name} ({target.name})")
