"""The IAM catalog of AWS for one cluster: actions, needs and escalation paths. This module makes no API call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib.resources import files
from typing import Final

from cloudguard.model.iam_catalog import EscalationPath, IamCatalog
from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.iam.need_tables import NeedTables, Values, filled
from cloudguard.tables import table_of
from cloudguard_aws.iam_catalog.catalog import published
from cloudguard_aws.iam_catalog.policy_writer import PolicyDocuments
from cloudguard_aws.iam_catalog.read_actions import read_actions
from cloudguard_aws.iam_catalog.request_context import context_of, known_context, ordinary_context, session_tags
from cloudguard_aws.identity.need_values import values_of
from cloudguard_aws.trust.callers import TrustPrincipals
from cloudguard_aws.trust.principals import HomeAccount

_PACKAGE: Final = "cloudguard_aws.iam_catalog"
TABLES: Final = NeedTables(files(_PACKAGE))
PLACES: Final = {
    "state": "the state store",
    "backups": "the store of etcd's backups",
    "bucket": "the state store's bucket",
    "zone": "the DNS zone",
    "queue": "the queue of the node termination handler",
    "repository": "a repository of Argo CD",
    "credentials": "the secret with a repository's credentials, or its key",
}
"""Names of resources that every cluster with the need has, even if no fact shows them, by placeholder."""


def ready() -> None:
    """Read the files that ``iam_catalog`` needs. The caller runs this while API calls are under way."""
    published()
    read_actions()
    _ = TABLES.written, TABLES.escalation_paths


def iam_catalog(snapshot: Snapshot) -> IamCatalog:
    """Return the IAM catalog for the cluster of ``snapshot``."""
    cluster = snapshot.cluster
    values = values_of(snapshot)
    (partition, *_) = values["partition"]
    actions = table_of(_PACKAGE, "special_actions.toml")
    return IamCatalog(
        catalog=published(partition),
        writer=PolicyDocuments(),
        needs=TABLES.needs(values, PLACES),
        escalation_paths=tuple(_of_partition(path, partition) for path in TABLES.escalation_paths),
        known_context=partial(context_of, known_context(snapshot), session_tags(snapshot)),
        ordinary_context=ordinary_context(snapshot, partition),
        boundary_actions=tuple(actions["boundary"]),
        harmless=TABLES.statements_in("harmless.toml", values),
        cluster_resources=(*tagged_resources(values), *TABLES.statements_in("cluster_resources.toml", values)),
        provider_mandated=tuple(_provider_mandated(partition)) if cluster.managed else (),
        tag_keys=tuple(map(str.lower, table_of(_PACKAGE, "cluster_tags.toml")["keys"])),
        tag_actions=tuple(actions["tags"]),
        principals=TrustPrincipals(_home_account(snapshot, partition)),
        preferred_segments=("arn", partition, "", cluster.regions[0] if cluster.regions else "", cluster.account),
    )


def _of_partition(path: EscalationPath, partition: str) -> EscalationPath:
    """Return a path whose pass-role conditions name only services of the partition (".cn": of China)."""
    if partition == "aws-cn" or not path.passrole_conditions:
        return path
    conditions = tuple(
        replace(condition, values=tuple(value for value in condition.values if not value.endswith(".cn")))
        for condition in path.passrole_conditions
    )
    return replace(path, passrole_conditions=conditions)


def _home_account(snapshot: Snapshot, partition: str) -> HomeAccount:
    """Return the account whose roles are judged."""
    identities = snapshot.identities
    return HomeAccount(
        account=snapshot.cluster.account,
        partition=partition,
        organization=identities.organization,
        members=frozenset(identities.organization_accounts),
        providers=frozenset(provider.id for provider in identities.providers),
        instances=frozenset(host.id for host in snapshot.cluster.hosts),
        now=snapshot.started,
    )


def _provider_mandated(partition: str) -> Iterator[tuple[str, str, str]]:
    """Yield the managed policies that EKS requires, as (holder, policy id, need id)."""
    for table in table_of(_PACKAGE, "mandated.toml")["mandated"]:
        for name in table["policies"]:
            yield table["holder"], f"arn:{partition}:iam::aws:policy/{name}", table.get("need", "")


def tagged_resources(values: Values) -> Iterator[Statement]:
    """Yield statements that match only requests on resources with one of the cluster's tags."""
    table = table_of(_PACKAGE, "cluster_tags.toml")
    for prefix in (*table["keys"], table["request-key"]):
        service = prefix.partition(":")[0]
        actions = ("*",) if service == "aws" else (f"{service}:*",)
        for tag in table["tags"]:
            for name, value in zip(*(filled((text,), values) for text in tag), strict=True):
                condition = Condition("StringLike", f"{prefix}{name}", (value,))
                yield Statement(f"{prefix}{name}", Effect.ALLOW, actions, resources=("*",), conditions=(condition,))
