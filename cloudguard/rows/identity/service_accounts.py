"""The identities of service accounts: unknown needs, and whether an identity belongs to the cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cloudguard.authorization.excess import Excess
from cloudguard.model.cluster import Strength
from cloudguard.model.iam_catalog import Access
from cloudguard.results.wording import actions_text
from cloudguard.rows.context import Context
from cloudguard.rows.identity.findings import identity_text
from cloudguard.rows.pending_finding import PendingFinding

_MAX_ACTIONS = 4
_HARMFUL = frozenset({Access.WRITE, Access.DATA})


def unknown_need(excess: Excess) -> tuple[str, ...]:
    """Return a line about an identity whose need is unknown, if it may change resources or read data.

    Pulling images and writing metrics and logs does not count: any host may do it.
    """
    risky = excess.comparer.mask_of(excess.comparer.beyond_telemetry(excess.total).actions, _HARMFUL)
    if not risky:
        return ()
    identities = excess.comparer.identities.service_accounts
    accounts = [
        account for each in identities if each.identity == excess.identity.id for account in each.service_accounts
    ]
    whose = f" of {', '.join(accounts)}" if accounts else ""
    may = actions_text(excess.allowed.space.table, risky, _MAX_ACTIONS)
    declare = f'declare the need: [[need]], role = "service-account", identity = "{excess.identity.name}"'
    return (f"the need of {identity_text(excess.identity)}{whose} is unknown, and it may use {may}; {declare}",)


def with_weak_evidence(
    context: Context, findings: Iterable[PendingFinding]
) -> tuple[tuple[PendingFinding, ...], tuple[str, ...]]:
    """Return the findings, and lines about what is unknown, after a look at weak evidence.

    An identity may belong to the cluster by the name of its identity provider only. Its findings then say so, and a
    line says that this is unknown.
    """
    identities = context.snapshot.identities
    weak = {provider.id for provider in identities.providers if provider.strength is Strength.WEAK}
    by_name = {
        account.identity: account.provider for account in identities.service_accounts if account.provider in weak
    }
    unknown = tuple(
        f"whether the identity provider {name} is the cluster's: only its name suggests it; tag it as the installer "
        "does, or name the cluster's own provider with a flag"
        for name in sorted({*by_name.values()})
    )
    return tuple(_marked_weak(finding, by_name.get(finding.finding.resource.id, "")) for finding in findings), unknown


def _marked_weak(pending: PendingFinding, provider: str) -> PendingFinding:
    if not provider:
        return pending
    message = f"{pending.finding.message} (only the name of the identity provider {provider} links it to the cluster)"
    return replace(pending, finding=replace(pending.finding, message=message))
