"""Roles of the account that let the cluster's roles assume them.

A trust policy that names a role of the same account grants by itself, without a policy of that role
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from cloudguard.model.identity import Identities, Statement
from cloudguard.provider.answers import Item, required
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import LIST_ROLES
from cloudguard_aws.identity.key_policies import with_resource_policies
from cloudguard_aws.identity.policy_documents import HIDES, text_of, trust_policy

ALL_AT_ONCE: Final[Mapping[str, Any]] = {"MaxItems": 1000}
_EVERYONE: Final = '"*"'


def with_trusting_roles(api: Api, identities: Identities) -> Identities:
    """Return the identities with the grants of trust policies of the account's other roles."""
    names = {
        identity.id.rpartition("/")[2]: identity.id for identity in identities.identities if ":role/" in identity.id
    }
    if not names:
        return identities
    roles = api.listed(LIST_ROLES, partial(_trust, api, names), hides=HIDES, **ALL_AT_ONCE)
    return with_resource_policies(api, identities, LIST_ROLES, dict(roles))


def _trust(api: Api, names: Mapping[str, str], role: Item) -> tuple[str, tuple[Statement, ...]]:
    """Return a role and the statements of its trust policy, if they may name one of the cluster's roles.

    ``names``: dict of name → ARN of these roles. One of them that trusts everyone is a finding of its own, which is not
    repeated for the others.
    """
    arn, document = required(role, "Arn"), role.get("AssumeRolePolicyDocument")
    text = text_of(document)
    for_everyone = _EVERYONE in text and arn not in names.values()
    if not for_everyone and not any(name in text for name in names):
        return arn, ()
    source = api.source(LIST_ROLES, required(role, "RoleName"))
    read = trust_policy(arn, document, source).statements
    return arn, tuple(replace(statement, resources=(arn,), not_resources=()) for statement in read)
