"""All about identities: the roles with their policies, service accounts' roles, what limits the account."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.identity import Identities
from cloudguard_aws.api import Api
from cloudguard_aws.cluster import Found
from cloudguard_aws.eks import Holder
from cloudguard_aws.identity import read_identities
from cloudguard_aws.limits import read_limits
from cloudguard_aws.workloads import read_workloads


def read_held(  # noqa: PLR0913 - what may hold an identity
    api: Api,
    found: Found,
    account: str,
    *,
    hosts: tuple[Host, ...],
    pools: tuple[Pool, ...],
    holders: tuple[Holder, ...],
) -> Identities:
    """Return what hosts and pools hold, and ``holders`` beside them, within what limits the ``account``."""
    own, (federated, trusts), above = api.three(
        partial(read_identities, api, hosts=hosts, pools=pools, extra=holders),
        partial(read_workloads, api, found.name, found.eks),
        partial(read_limits, api, account),
    )
    policies = {policy.id: policy for policy in (*own.policies, *trusts, *above.policies)}
    return replace(
        own,
        policies=tuple(policy for _, policy in sorted(policies.items())),
        workloads=federated,
        limits=above.levels,
        limits_unseen=above.unseen,
    )
