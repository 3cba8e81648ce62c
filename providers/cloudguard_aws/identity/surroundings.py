"""Facts around the hosts' identities: roles of service accounts, and limits of the account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from cloudguard.model.identity import SERVICE_ACCOUNT, Identities, Identity
from cloudguard.values import dataclass
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.arns import account_of
from cloudguard_aws.cluster.find import FoundCluster
from cloudguard_aws.identity.roles import read_identities
from cloudguard_aws.identity.service_accounts import ServiceAccounts, read_service_accounts
from cloudguard_aws.identity.service_control_policies import Limits, read_limits


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A cluster's service accounts, the roles that they take on, and the limits of the account."""

    service_accounts: ServiceAccounts
    roles: Identities
    limits: Limits


def read_surroundings(api: Api, found: FoundCluster, account: str) -> Surroundings:
    """Read the service accounts of a cluster, their roles, and the limits of the ``account``."""
    (service_accounts, roles), limits = api.parallel(
        partial(_service_accounts, api, found, account), partial(read_limits, api, account)
    )
    return Surroundings(service_accounts, roles, limits)


def _service_accounts(api: Api, found: FoundCluster, account: str) -> tuple[ServiceAccounts, Identities]:
    """Read service accounts and their roles. Roles of other accounts can't be read from this account."""
    service_accounts = read_service_accounts(api, found.name, found.eks, found.issuer)
    arns = dict.fromkeys(identity.identity for identity in service_accounts.identities)
    of_account = [(arn, (SERVICE_ACCOUNT,)) for arn in arns if not account or account_of(arn) == account]
    return service_accounts, read_identities(api, hosts=(), pools=(), extra=tuple(of_account))


def all_identities(own_identities: Identities, around: Surroundings) -> Identities:
    """Return the identities of hosts together with those of service accounts and the account's limits."""
    accounts, roles, limits = around.service_accounts, around.roles, around.limits
    policies = {
        policy.id: policy for policy in (*own_identities.policies, *roles.policies, *accounts.trusts, *limits.policies)
    }
    return replace(
        own_identities,
        identities=tuple(_merged((*own_identities.identities, *roles.identities))),
        policies=tuple(policy for _, policy in sorted(policies.items())),
        service_accounts=accounts.identities,
        providers=accounts.providers,
        organization_limits=limits.levels,
        unread_limits=limits.unseen,
        organization=limits.organization,
        organization_accounts=limits.accounts,
    )


def _merged(identities: Iterable[Identity]) -> list[Identity]:
    """Return each identity once, with the union of its holders' roles."""
    by_id = dict[str, Identity]()
    for identity in identities:
        known = by_id.get(identity.id, identity)
        by_id[identity.id] = replace(known, roles=tuple(sorted({*known.roles, *identity.roles})))
    return sorted(by_id.values(), key=lambda identity: identity.id)
