"""Is every disk that holds etcd encrypted at rest, and by whose key?

Every disk of an etcd host counts, unless an installer's own tag marks the disk that holds etcd. A disk whose name alone
suggests etcd counts in addition. Copies count too: snapshots and images of a disk, the source that a disk was made
from, disks made from these copies, and copies of former disks that have the cluster's tags. The row also judges the
keys of the disks, and the disks that the next host would get. If the provider runs etcd, the user can only set the
encryption of Secrets with a customer key.
"""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.model.cluster import Role
from cloudguard.model.keys import Key, KeyManager, SecretsEncryption
from cloudguard.model.source import FactKind
from cloudguard.model.ways_in import WayInTarget
from cloudguard.results.change import AttributeEdit, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.results.report import Basis, RowResult, Verdict, verdict_of
from cloudguard.rows.context import NO_ETCD, Context, tally
from cloudguard.rows.datastore import datastore_unknown
from cloudguard.rows.encryption.disks import (
    CUSTOMER_KEY,
    DISK,
    SNAPSHOT,
    etcd_disks,
    of_disk,
    of_former_disks,
    unread_disks,
)
from cloudguard.rows.encryption.keys import FAILING, KEY, ROTATION, UNKNOWN_STATES, Keys, key_problems
from cloudguard.rows.encryption.pools import POOL, of_pools
from cloudguard.rows.encryption.problem import ROW, EncryptionProblem, pending_findings
from cloudguard.rows.pending_finding import JudgedRow, judged_row, provider_row

AREA = "etcd Encryption"
SECRETS = Check(
    f"{ROW}/secrets",
    {
        Severity.MEDIUM: "`--require-cmk` is set, and a managed cluster's Secrets have no customer key",
        Severity.LOW: "a managed cluster's Secrets are encrypted with the provider's key only",
    },
    "A managed cluster encrypts Secrets with the provider's key only.",
)
USED_DECLARATIONS = ("require-cmk",)
CHECKS = (DISK, KEY, SNAPSHOT, CUSTOMER_KEY, POOL, ROTATION, SECRETS)


def judge(context: Context) -> JudgedRow:
    """Judge the row."""
    if context.cluster.managed:
        return _managed(context)
    cluster, hosts = context.cluster, context.cluster.hosts_by(Role.ETCD)
    unknown = context.missing(frozenset({FactKind.HOSTS, FactKind.DISKS, FactKind.KEYS, FactKind.POOLS}))
    unknown += (*(() if hosts else (NO_ETCD,)), *datastore_unknown(context))
    keys = Keys({key.id: key for key in cluster.keys}, context.declarations.require_customer_key)
    disks = etcd_disks(cluster)
    found = [each for disk in disks for each in of_disk(disk, keys)]
    found += (*unread_disks(cluster, hosts), *of_former_disks(cluster, keys), *of_pools(cluster, keys))
    unknown += tuple(each for each in found if isinstance(each, str))
    pending = pending_findings(cluster, (each for each in found if not isinstance(each, str)))
    basis = Basis(
        hosts=tally(hosts),
        disks=tuple(disk.id for disk in disks),
        not_asked=context.not_asked(WayInTarget.COPY),
        keys=tuple(dict.fromkeys(disk.key for disk in disks if disk.key)),
    )
    return judged_row((ROW, AREA), pending, unknown, "every disk that holds etcd is encrypted", basis)


def _managed(context: Context) -> JudgedRow:
    """Judge the user's keys for a managed control plane: the key of Secrets, and any other key."""
    base = provider_row(ROW, AREA, context.cluster, "you can still encrypt Secrets with your own key")
    secrets, keys = context.cluster.secrets_encryption, {key.id: key for key in context.cluster.keys}
    named = secrets.key if secrets else ""
    unknown = context.missing(frozenset({FactKind.ENDPOINT, FactKind.KEYS}))
    if named and named not in keys:
        unknown += (f"whether the key {named} that encrypts Secrets can be used: it was not read",)
    problems = list(_of_secrets(context, secrets, keys.get(named))) if secrets else []
    for key in context.cluster.keys:
        content = "Secrets" if key.id == named else "the control plane's disks and copies"
        if key.state in UNKNOWN_STATES:
            unknown += (f"whether the key {key.id} that encrypts {content} can be used: its state is {key.state}",)
        problems += key_problems(key, content, width=content)
    pending = pending_findings(context.cluster, problems)
    findings = tuple(each.finding for each in pending)
    verdict = Verdict.FAIL if verdict_of(findings, ()) is Verdict.FAIL else Verdict.PROVIDER
    why = next((finding.message for finding in findings if finding.severity > Severity.LOW), base.why)
    return RowResult(ROW, AREA, verdict, why, findings, unknown, Basis(settings=tuple(_settings(context)))), pending


def _settings(context: Context) -> Iterator[tuple[str, str]]:
    """Yield the encryption settings of a managed cluster that the user controls, each with its value."""
    secrets, keys = context.cluster.secrets_encryption, {key.id: key for key in context.cluster.keys}
    if secrets:
        key = keys.get(secrets.key)
        state = f"{key.state}, {f'expires on {key.expires}' if key.expires else 'no expiry'}" if key else "not read"
        yield "key of Secrets", f"{secrets.key} ({state})" if secrets.key else "the provider's"
    by_state: dict[str, list[str]] = {}
    for pool in context.cluster.pools:
        if pool.host_encryption is not None:
            by_state.setdefault("on" if pool.host_encryption else "off", []).append(pool.name or pool.id)
    if by_state:
        texts = (f"{state} ({', '.join(names)})" for state, names in sorted(by_state.items()))
        yield "encryption at host", ", ".join(texts)


def _of_secrets(context: Context, secrets: SecretsEncryption, key: Key | None) -> Iterator[EncryptionProblem]:
    """Yield a problem if Secrets are encrypted without a customer key."""
    if secrets.key and (key is None or key.manager is KeyManager.CUSTOMER or key.state in FAILING):
        return
    resource = Resource("cluster", context.cluster.name, context.cluster.name)
    message, fact = "Secrets are encrypted with the provider's key only", "no customer key"
    kind, edit = "secrets.encrypt", AttributeEdit("secrets", "provider's key", "your own key")
    severity = Severity.MEDIUM if context.declarations.require_customer_key else Severity.LOW
    yield EncryptionProblem(SECRETS, severity, resource, message, fact, secrets.source, kind, edit)
