"""Facts around the hosts' identities: roles of service accounts, and limits of the account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from cloudguard.model.identity import SERVICE_ACCOUNT, Identities, Identity
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.arns import account_of
from cloudguard_aws.cluster.find import FoundCluster
from cloudguard_aws.identity.roles import read_identities
from cloudguard_aws.identity.service_accounts import read_service_accounts
from cloudguard_aws.identity.service_control_policies import read_limits


def read_surroundings(api: Api, found: FoundCluster, account: str) -> Identities:
    """Read the service accounts of a cluster, the roles that they take on, and the limits of the ``account``."""
    around, limits = api.parallel(partial(_service_accounts, api, found, account), partial(read_limits, api, account))
    return replace(
        limits,
        identities=around.identities,
        policies=(*around.policies, *limits.policies),
        service_accounts=around.service_accounts,
        providers=around.providers,
    )


def _service_accounts(api: Api, found: FoundCluster, account: str) -> Identities:
    """Read service accounts and their roles. Roles of other accounts can't be read from this account."""
    around = read_service_accounts(api, found.name, found.eks, found.issuer)
    arns = dict.fromkeys(identity.identity for identity in around.service_accounts)
    of_account = tuple((arn, (SERVICE_ACCOUNT,)) for arn in arns if not account or account_of(arn) == account)
    roles = read_identities(api, hosts=(), pools=(), extra=of_account)
    return replace(around, identities=roles.identities, policies=(*roles.policies, *around.policies))


def all_identities(own: Identities, around: Identities) -> Identities:
    """Return the identities of hosts (``own``) together with those of service accounts, and the account's limits."""
    policies = {policy.id: policy for policy in (*own.policies, *around.policies)}
    return replace(
        around,
        identities=tuple(_merged((*own.identities, *around.identities))),
        policies=tuple(policy for _, policy in sorted(policies.items())),
    )


def _merged(identities: Iterable[Identity]) -> list[Identity]:
    """Return each identity once, with the union of its holders' roles."""
    by_id = dict[str, Identity]()
    for identity in identities:
        known = by_id.get(identity.id, identity)
        by_id[identity.id] = replace(known, roles=tuple(sorted({*known.roles, *identity.roles})))
    return sorted(by_id.values(), key=lambda identity: identity.id)
