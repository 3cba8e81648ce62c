"""Is every disk that holds etcd encrypted at rest, and by whose key?

Where a disk is known to be etcd's, that disk counts; on an etcd host of which no disk is known to be, every disk does.
Copies of those disks, their keys, and what the next host would get are judged too. Where the provider runs etcd, only
the encryption of Secrets by a key of one's own remains to be set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cloudguard.model.cluster import (
    Cluster,
    Disk,
    DiskTemplate,
    Host,
    Key,
    KeyManager,
    KeyState,
    Pool,
    Role,
    SecretsEncryption,
)
from cloudguard.model.source import FactKind, Source
from cloudguard.results.change import AttributeEdit, Change, Edit, Procedure, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Finding, Severity, Witness, finding_id
from cloudguard.results.report import RowResult, Verdict, verdict_of
from cloudguard.rows.context import NO_ETCD, Context
from cloudguard.rows.pending_finding import JudgedRow, PendingFinding, judged_row, provider_row

ROW = "etcd-encryption"
AREA = "etcd Encryption"
DISK = Check(
    f"{ROW}/disk",
    {Severity.HIGH: "a disk with etcd's data is not encrypted"},
    "A disk with etcd's data is not encrypted.",
)
KEY = Check(
    f"{ROW}/key",
    {Severity.HIGH: "the key of etcd's data, or of Secrets, is disabled or pending deletion"},
    "The key of a disk with etcd's data, or of a managed cluster's Secrets, is disabled or will be deleted.",
)
SNAPSHOT = Check(
    f"{ROW}/snapshot",
    {Severity.HIGH: "a snapshot of such a disk is not encrypted, or is shared"},
    "A snapshot of a disk with etcd's data is not encrypted, or other accounts may read it.",
)
CUSTOMER_KEY = Check(
    f"{ROW}/customer-key",
    {Severity.MEDIUM: "`--require-cmk` is set, and a disk with etcd's data has no customer's key"},
    "A customer's key is required (`--require-cmk`), and a disk with etcd's data has none.",
)
POOL = Check(
    f"{ROW}/pool",
    {Severity.MEDIUM: "the next host of a pool would hold etcd on an unencrypted disk"},
    "The next host of a pool that runs etcd would get an unencrypted disk.",
)
ROTATION = Check(
    f"{ROW}/rotation",
    {Severity.LOW: "a customer's key is never rotated by itself"},
    "A customer's key of etcd's data, or of Secrets, is never rotated by itself.",
)
SECRETS = Check(
    f"{ROW}/secrets",
    {
        Severity.MEDIUM: "`--require-cmk` is set, and a managed cluster's Secrets have no customer's key",
        Severity.LOW: "a managed cluster's Secrets are encrypted by the provider's key only",
    },
    "A managed cluster encrypts Secrets with the provider's key only.",
)
CHECKS = (DISK, KEY, SNAPSHOT, CUSTOMER_KEY, POOL, ROTATION, SECRETS)
_UNTOLD = {KeyState.UNKNOWN, KeyState.UNAVAILABLE}
_DYING = {KeyState.DISABLED: "disabled", KeyState.PENDING_DELETION: "pending deletion"}


@dataclass(frozen=True)
class _Problem:
    """``fault`` is what several resources may share ("not encrypted"): they are one finding then."""

    check: str
    severity: Severity
    resource: Resource
    message: str
    fact: str
    source: Source
    change: Change | None = None
    hosts: tuple[str, ...] = ()
    fault: str = ""


def judge(context: Context) -> JudgedRow:
    """Judge the row."""
    if context.cluster.managed:
        return _managed(context)
    unknown = context.missing(frozenset({FactKind.HOSTS, FactKind.DISKS, FactKind.KEYS, FactKind.POOLS}))
    hosts = context.cluster.hosts_by(Role.ETCD)
    if not hosts:
        unknown += (NO_ETCD,)
    keys = {key.id: key for key in context.cluster.keys}
    problems: list[_Problem] = []
    for disk in _etcd_disks(context):
        problems += _disk(context, disk, keys.get(disk.key))
        unknown += tuple(_doubts(disk, keys.get(disk.key)))
    unknown += tuple(_unread(context.cluster, hosts))
    problems += _pools(context.cluster)
    unknown += tuple(_untold(context.cluster))
    drafts = tuple(_draft(context, *same) for same in _merged(problems))
    return judged_row(ROW, AREA, drafts, unknown, "every disk that holds etcd is encrypted")


def _doubts(disk: Disk, key: Key | None) -> Iterator[str]:
    """Yield what can't be told of a disk with etcd's data, though the disk itself was read."""
    if disk.encrypted and disk.key and key is None:
        yield f"the key {disk.key} of {disk.id} was not read"
    if disk.encrypted and key is not None and key.state in _UNTOLD:
        yield f"whether the key {key.id} of {disk.id} can be used is not told: its state is {key.state}"
    for snapshot in disk.snapshots:
        if snapshot.shared_with is None:
            yield f"whether {snapshot.id}, a copy of {disk.id}, is shared was not read"


def _unread(cluster: Cluster, hosts: Iterable[Host]) -> Iterator[str]:
    """Yield the etcd hosts of which some disk was not read: etcd may have it as well as those that were."""
    read = {disk.id for disk in cluster.disks}
    seen = {disk.host for disk in cluster.disks}
    for host in hosts:
        missing = sorted(set(host.disks) - read)
        if host.id not in seen:
            yield f"no disk of {host.id} ({host.name}) was read"
        elif missing:
            yield f"{', '.join(missing)} of {host.id} ({host.name}) was not read"


def _merged(problems: Iterable[_Problem]) -> Iterator[tuple[_Problem, ...]]:
    """Yield the problems that are one: of the same fault, or of the same resource, as a key of many disks is."""
    together: dict[tuple[str, str], list[_Problem]] = {}
    for problem in problems:
        together.setdefault((problem.check, problem.fault or problem.resource.id), []).append(problem)
    yield from (tuple(sorted(same, key=lambda one: (one.resource.id, one.message))) for same in together.values())


def _etcd_disks(context: Context) -> list[Disk]:
    """Disks known to be etcd's, and every disk of an etcd host that has none such."""
    disks = context.cluster.disks
    etcd = {host.id for host in context.cluster.hosts_by(Role.ETCD)}
    told = {disk.host for disk in disks if disk.holds_etcd and disk.host}
    return [disk for disk in disks if disk.holds_etcd or (disk.host in etcd and disk.host not in told)]


def _disk(context: Context, disk: Disk, key: Key | None) -> Iterator[_Problem]:
    resource = Resource("disk", disk.id, disk.name)
    hosts = (disk.host,) if disk.host else ()
    holds = disk.holds_etcd or "a disk of an etcd host of which no disk is known to be etcd's"
    where = f"{disk.id} ({disk.device} of {disk.host})" if disk.host else f"{disk.id} (detached)"
    if not disk.encrypted:
        message = f"{where} holds etcd and is not encrypted"
        copy = Procedure(("encrypted: no",), ("make an encrypted copy, and attach that instead",))
        change = _change("disk.encrypt", resource, copy)
        yield _Problem("disk", Severity.HIGH, resource, message, holds, disk.source, change, hosts, "not encrypted")
    elif key is not None and key.state in _DYING:
        message = f"the key {key.id} of {where} is {_DYING[key.state]}"
        what = Resource("key", key.id)
        change = _change("key.enable", what, AttributeEdit("state", key.state, KeyState.ENABLED))
        yield _Problem("key", Severity.HIGH, what, message, f"state {key.state}", key.source, change, hosts)
    elif key is not None and key.rotates is False:
        yield _rotation(key, where, hosts)
    unread = bool(disk.key) and key is None
    if disk.encrypted and context.declarations.require_customer_key and not _customers(key) and not unread:
        message = f"{where} is encrypted by the provider's key, and a customer's is required"
        copy = Procedure(("provider's key",), ("make a copy encrypted by a key of your own",))
        change = _change("disk.encrypt", resource, copy)
        yield _Problem(
            "customer-key", Severity.MEDIUM, resource, message, holds, disk.source, change, hosts, "provider's key"
        )
    for snapshot in disk.snapshots:
        what = Resource("snapshot", snapshot.id)
        faults = [] if snapshot.encrypted else ["is not encrypted"]
        if snapshot.shared_with:
            faults.append(f"is shared with {', '.join(snapshot.shared_with)}")
        if faults:
            message = f"{snapshot.id}, a copy of {where}, {' and '.join(faults)}"
            change = _change("snapshot.remove", what, Procedure((message,), ("encrypted and not shared, or deleted",)))
            yield _Problem("snapshot", Severity.HIGH, what, message, message, snapshot.source, change, hosts)


def _rotation(key: Key, of: str, hosts: tuple[str, ...] = ()) -> _Problem:
    resource, message = Resource("key", key.id), f"the key {key.id} of {of} is never rotated by itself"
    change = _change("key.rotate", resource, AttributeEdit("rotation", "off", "on"))
    return _Problem("rotation", Severity.LOW, resource, message, "rotation off", key.source, change, hosts)


def _customers(key: Key | None) -> bool:
    return key is not None and key.manager is KeyManager.CUSTOMER


def _pools(cluster: Cluster) -> Iterator[_Problem]:
    for pool in cluster.pools:
        plain = [disk.device for disk in _for_etcd(cluster, pool) if disk.encrypted is False]
        if Role.ETCD not in pool.roles or not plain:
            continue
        resource = Resource("pool", pool.id, pool.name)
        message = f"the next host of {pool.name or pool.id} would hold etcd on unencrypted {', '.join(plain)}"
        change = _change(
            "pool.encrypt", resource, AttributeEdit("disks", f"{', '.join(plain)} unencrypted", "encrypted")
        )
        fact = f"template {pool.template}" if pool.template else "its template"
        yield _Problem("pool", Severity.MEDIUM, resource, message, fact, pool.source, change)


def _for_etcd(cluster: Cluster, pool: Pool) -> tuple[DiskTemplate, ...]:
    """Return the disks of a pool's template that would hold etcd.

    Where today's hosts all have etcd on disks known to be its own, those are the devices that count: what no template
    makes is moved to the next host, and judged as a disk. Else every disk counts.
    """
    hosts = cluster.hosts_by(Role.ETCD)
    ids = {host.id for host in hosts if host.pool == pool.id} or {host.id for host in hosts}
    devices = {(disk.host, disk.device) for disk in cluster.disks if disk.holds_etcd and disk.host in ids}
    if not ids or ids != {host for host, _ in devices}:
        return pool.disks
    return tuple(disk for disk in pool.disks if disk.device in {device for _, device in devices})


def _untold(cluster: Cluster) -> Iterator[str]:
    for pool in cluster.pools:
        if Role.ETCD not in pool.roles:
            continue
        name = f"the next host of {pool.name or pool.id}"
        if not pool.disks:
            yield f"which disks {name} will have can't be told"
        for disk in _for_etcd(cluster, pool):
            if disk.encrypted is None:
                yield f"whether {disk.device} of {name} is encrypted can't be told from its template"


def _change(kind: str, resource: Resource, edit: Edit) -> Change:
    return Change(f"{kind}:{resource.id}", ROW, kind, resource, (edit,))


def _draft(context: Context, first: _Problem, *more: _Problem) -> PendingFinding:
    """Return the finding of problems that are one; the first stands for all."""
    check = f"{ROW}/{first.check}"
    same = (first, *more)
    others = f" (and {len(more)} more)" if more else ""
    evidence = {problem.resource.id: problem for problem in same}
    finding = Finding(
        id=finding_id(context.cluster, check, first.fault or first.resource.id),
        check=check,
        severity=first.severity,
        resource=first.resource,
        message=first.message + others,
        witness=Witness(first.message, facts=(("resource", first.resource.id),)),
        evidence=tuple(Evidence(one.resource, "", one.source.call, one.fact) for one in evidence.values()),
        hosts=tuple(sorted({host for problem in same for host in problem.hosts})),
    )
    changes = {problem.change.id: problem.change for problem in same if problem.change}
    return PendingFinding(finding, changes=tuple(changes.values()))


def _managed(context: Context) -> JudgedRow:
    """Judge the keys that a user may give to what the provider runs: that of Secrets, and any other."""
    base = provider_row(ROW, AREA, context.cluster, "encrypting Secrets by a key of your own remains yours to set")
    secrets, keys = context.cluster.secrets_encryption, {key.id: key for key in context.cluster.keys}
    named = secrets.key if secrets else ""
    unknown = context.missing(frozenset({FactKind.ENDPOINT, FactKind.KEYS}))
    if named and named not in keys:
        unknown += (f"whether the key {named} that encrypts Secrets can be used is not told",)
    problems = list(_of_secrets(context, secrets, keys.get(named))) if secrets else []
    for key in context.cluster.keys:
        of = "Secrets" if key.id == named else "the control plane's disks and copies"
        if key.state in _UNTOLD:
            unknown += (f"whether the key {key.id} that encrypts {of} can be used is not told",)
        problems += _of_key(key, of)
    drafts = tuple(_draft(context, *same) for same in _merged(problems))
    findings = tuple(draft.finding for draft in drafts)
    failed = verdict_of(findings, ()) is Verdict.FAIL
    why = next((one.message for one in findings if one.severity > Severity.LOW), base.why)
    verdict = Verdict.FAIL if failed else Verdict.PROVIDER
    return RowResult(ROW, AREA, verdict, why, findings, unknown), drafts


def _of_key(key: Key, of: str) -> Iterator[_Problem]:
    if key.state in _DYING:
        message = f"the key {key.id} that encrypts {of} is {_DYING[key.state]}"
        yield _Problem("key", Severity.HIGH, Resource("key", key.id), message, message, key.source)
    elif key.rotates is False:
        yield _rotation(key, of)


def _of_secrets(context: Context, secrets: SecretsEncryption, key: Key | None) -> Iterator[_Problem]:
    """Yield that Secrets have no key of the customer's."""
    if secrets.key and (key is None or key.manager is KeyManager.CUSTOMER or key.state in _DYING):
        return
    resource = Resource("cluster", context.cluster.name, context.cluster.name)
    message = "Secrets are encrypted by the provider's key only"
    change = _change("secrets.encrypt", resource, AttributeEdit("secrets", "provider's key", "a key of your own"))
    severity = Severity.MEDIUM if context.declarations.require_customer_key else Severity.LOW
    yield _Problem("secrets", severity, resource, message, "no key of the customer's", secrets.source, change)
