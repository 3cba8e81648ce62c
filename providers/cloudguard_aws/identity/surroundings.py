"""What stands around the identities of hosts: service accounts' roles, and what limits the account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from cloudguard.model.identity import Identities, PolicyDocument, ServiceAccountIdentity
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.find import Found
from cloudguard_aws.identity.service_accounts import read_workloads
from cloudguard_aws.identity.service_control_policies import Limits, read_limits


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a cluster's identities: its service accounts' roles, with their trust policies, and limits."""

    service_accounts: tuple[ServiceAccountIdentity, ...]
    trusts: tuple[PolicyDocument, ...]
    limits: Limits


def read_surroundings(api: Api, found: Found, account: str) -> Surroundings:
    """Read what an ``account`` has around the identities of a cluster."""
    (service_accounts, trusts), limits = api.two(
        partial(read_workloads, api, found.name, found.eks), partial(read_limits, api, account)
    )
    return Surroundings(service_accounts, trusts, limits)


def whole(own: Identities, around: Surroundings) -> Identities:
    """Return the identities that hosts hold, in what stands around them."""
    policies = {policy.id: policy for policy in (*own.policies, *around.trusts, *around.limits.policies)}
    return replace(
        own,
        policies=tuple(policy for _, policy in sorted(policies.items())),
        service_accounts=around.service_accounts,
        organization_limits=around.limits.levels,
        unread_limits=around.limits.unseen,
        organization=around.limits.organization,
    )
