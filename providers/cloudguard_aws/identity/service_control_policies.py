"""Service control policies: the organization's limits on the account, level by level.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

from __future__ import annotations

from functools import partial
from typing import Final

from cloudguard.model.identity import Identities, PolicyDocument, PolicyKind
from cloudguard.model.source import Reason, Source
from cloudguard.provider.answers import Item, child, required, text
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import Call
from cloudguard_aws.identity.policy_documents import policy_document

_NOT_IN_USE: Final = "AWSOrganizationsNotInUseException"
_KIND: Final = "SERVICE_CONTROL_POLICY"
_MOST_LEVELS: Final = 8
"""The maximum number of levels: a root, five nested units, the account (Organizations user guide, quotas), and one
spare."""
_Refused = dict[str, None]
"""Texts about calls that were refused, in order."""


def read_limits(api: Api, account: str) -> Identities:
    """Return the limits of ``account`` and its organization, as ``Identities`` without identities.

    A failed call leaves a Gap that hides no row, because limits only take away.

    Only two accounts may list the limits: the organization's management account, which has no limits itself, and an
    account to which it delegates that. Limits that were read before a failed call still count.
    """
    if not account:
        return Identities(unread_limits="the account id is not known")
    refused: _Refused = {}
    call = calls.DESCRIBE_ORGANIZATION
    masters = _values(api, refused, call, account, "MasterAccountId")
    organization = next(iter(_values(api, refused, call, account)), None if refused else "")
    is_limited = masters not in ([], [account])
    levels = _levels(api, refused, account) if is_limited else ()
    accounts = tuple(masters) if not masters or (is_limited and refused) else _accounts(api, masters)
    names = dict.fromkeys(name for level in levels for name in level)
    read = api.gather(*(partial(_policy, api, name) for name in names))
    return Identities(
        policies=tuple(policy for each in read for policy in each),
        organization_limits=levels,
        unread_limits="; ".join(sorted(refused)),
        organization=organization,
        organization_accounts=accounts,
    )


def _accounts(api: Api, known: list[str]) -> tuple[str, ...]:
    """Return the organization's accounts, or only the ``known`` ones if they can't be listed."""
    return tuple(dict.fromkeys((*known, *_values(api, {}, calls.LIST_ACCOUNTS, "*"))))


def _levels(api: Api, refused: _Refused, account: str) -> tuple[tuple[str, ...], ...]:
    """Return the ids of policies, level by level. Levels without an attached policy are left out."""
    target, levels, call = account, list[tuple[str, ...]](), calls.LIST_POLICIES_FOR_TARGET
    for _ in range(_MOST_LEVELS):
        attached, parents = api.parallel(
            partial(_values, api, refused, call, target, TargetId=target, Filter=_KIND),
            partial(_parents, api, refused, target),
        )
        levels.append(tuple(sorted(attached)))
        if not parents:
            break
        target = parents[0]
    return tuple(level for level in reversed(levels) if level)


def _parents(api: Api, refused: _Refused, target: str) -> list[str]:
    return [] if target.startswith("r-") else _values(api, refused, calls.LIST_PARENTS, target, ChildId=target)


def _values(api: Api, refused: _Refused, call: Call, resource: str, key: str = "Id", **parameters: object) -> list[str]:
    """Return the values of ``key`` in the items of a call.

    A failed call, or an item that is not understood, leaves a Gap and a text in ``refused``.
    """
    items = _ask(api, refused, call, resource, **parameters)
    values = api.mapped(call, items, partial(required, key=key), hides=())
    if len(values) < len(items):
        refused[f"{call.name} returned an answer that cloudguard does not understand"] = None
    return list(values)


def _ask(api: Api, refused: _Refused, call: Call, resource: str, **parameters: object) -> list[Item]:
    """Return the items of a call. A failed call leaves a Gap and a text in ``refused``."""
    try:
        return api.ask(call, **parameters)
    except Api.errors() as error:
        reason, message = Api.explain(error)
    if not message.startswith(_NOT_IN_USE):
        api.failed(call, resource, (reason, message), ())
        denied = f"{call.name} was refused (grant {', '.join(call.permissions)})"
        refused[denied if reason is Reason.DENIED else f"{call.name}: {message}"] = None
    return []


def _policy(api: Api, name: str) -> tuple[PolicyDocument, ...]:
    """Read one policy. Empty if its document can't be read: the engine then assumes that it may limit anything."""
    call = calls.DESCRIBE_POLICY
    items = _ask(api, {}, call, name, PolicyId=name)
    return api.mapped(call, items, lambda item: _limit(api.source(call, name), item), hides=(), about=name)


def _limit(source: Source, item: Item) -> PolicyDocument:
    name = source.resource
    title = text(child(item, "PolicySummary"), "Name") or name
    shell = PolicyDocument(name, title, PolicyKind.ORGANIZATION_LIMIT, "user", "", (), source)
    return policy_document(shell, item.get("Content"))
