"""Service control policies: what an organization lets the account do at all, level by level.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from cloudguard.model.identity import PolicyDocument, PolicyKind
from cloudguard.model.source import Gap, Reason
from cloudguard.provider.answers import Item
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api, explain
from cloudguard_aws.access.calls import Call
from cloudguard_aws.identity.policy_documents import DocumentError, statements, text_of
from cloudguard_aws.network.rules import inner

_NOT_IN_USE: Final = "AWSOrganizationsNotInUseException"
_KIND: Final = "SERVICE_CONTROL_POLICY"
_DEEPEST: Final = 8
"""Levels at most: a root, five nested units, the account (Organizations user guide, quotas), and one to spare."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``levels``: ids of policies from the root to the account; ``unseen``: why not all are known ("": all are)."""

    levels: tuple[tuple[str, ...], ...] = ()
    policies: tuple[PolicyDocument, ...] = ()
    unseen: str = ""


def read_limits(api: Api, account: str) -> Limits:
    """Return the limits of ``account``; those that can't be listed leave a gap that hides no row: they only take away.

    Only the organization's management account, which has no limits itself, and whom it delegates that to may list
    them. What was listed before a call was refused still limits.
    """
    if not account:
        return Limits(unseen="it is not known which account this is")
    refused = list[str]()
    organization = _ask(api, refused, calls.DESCRIBE_ORGANIZATION, account)
    if not organization or organization[0].get("MasterAccountId") == account:
        return Limits(unseen="; ".join(refused))
    levels = _levels(api, refused, account)
    names = dict.fromkeys(name for level in levels for name in level)
    found = api.gather(*(partial(_policy, api, name) for name in names))
    policies = tuple(policy for policy in found if policy is not None)
    return Limits(levels, policies, "; ".join(sorted(set(refused))))


def _levels(api: Api, refused: list[str], account: str) -> tuple[tuple[str, ...], ...]:
    """Return the ids of policies level by level; a level where none is attached does not use them."""
    target, found = account, list[tuple[str, ...]]()
    for _ in range(_DEEPEST):
        attached, parents = api.two(
            partial(_ask, api, refused, calls.LIST_POLICIES_FOR_TARGET, target, TargetId=target, Filter=_KIND),
            partial(_parents, api, refused, target),
        )
        found.append(tuple(sorted(str(one["Id"]) for one in attached)))
        if not parents:
            break
        target = str(parents[0]["Id"])
    return tuple(level for level in reversed(found) if level)


def _parents(api: Api, refused: list[str], target: str) -> list[Item]:
    if target.startswith("r-"):
        return []
    return _ask(api, refused, calls.LIST_PARENTS, target, ChildId=target)


def _ask(api: Api, refused: list[str], call: Call, resource: str, **parameters: object) -> list[Item]:
    """Ask; a call that fails leaves a gap, and its name in ``refused``."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the SDK is loaded on first use

    try:
        return api.ask(call, **parameters)
    except (ClientError, BotoCoreError) as error:
        reason, message = explain(error)
    if not message.startswith(_NOT_IN_USE):
        permission = ", ".join(call.permissions) if reason is Reason.DENIED else ""
        api.add_gap(Gap(call.name, resource, reason, message, (), permission))
        refused.append(f"{call.name} was refused (grant {permission})" if permission else f"{call.name}: {message}")
    return []


def _policy(api: Api, name: str) -> PolicyDocument | None:
    """Read one; None where its text can't be read: then it stands for anything."""
    items = _ask(api, [], calls.DESCRIBE_POLICY, name, PolicyId=name)
    if not items:
        return None
    text = text_of(items[0].get("Content"))
    try:
        found = statements(text)
    except DocumentError as error:
        api.add_gap(Gap(calls.DESCRIBE_POLICY.name, name, Reason.FAILED, str(error), ()))
        return None
    title = str(inner(items[0], "PolicySummary").get("Name") or name)
    return PolicyDocument(
        name, title, PolicyKind.ORGANIZATION_LIMIT, "user", text, found, api.source(calls.DESCRIBE_POLICY, name)
    )
