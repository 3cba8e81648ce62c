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


def read_limits(api: Api, account: str) -> Identities:
    """Return the limits of ``account`` and its organization, as ``Identities`` without identities.

    A failed call leaves a Gap that hides no row, because limits only take away.

    Only two accounts may list the limits: the organization's management account, which has no limits itself, and an
    account to which it delegates that. Limits that were read before a failed call still count.
    """
    if not account:
        return Identities(unread_limits="the account id is not known")
    refused = list[str]()
    call = calls.DESCRIBE_ORGANIZATION
    described = _ask(api, refused, call, account)
    masters = _values_of_key(api, refused, call, described, "MasterAccountId")
    organization = next(iter(_values_of_key(api, refused, call, described, "Id")), None if refused else "")
    if masters in ([], [account]):
        accounts = _accounts(api, masters) if masters else ()
        return Identities(unread_limits="; ".join(refused), organization=organization, organization_accounts=accounts)
    levels = _levels(api, refused, account)
    names = dict.fromkeys(name for level in levels for name in level)
    read = api.gather(*(partial(_policy, api, name) for name in names))
    policies = tuple(policy for each in read for policy in each)
    accounts = tuple(masters) if refused else _accounts(api, masters)
    return Identities(
        policies=policies,
        organization_limits=levels,
        unread_limits="; ".join(sorted(set(refused))),
        organization=organization,
        organization_accounts=accounts,
    )


def _accounts(api: Api, known: list[str]) -> tuple[str, ...]:
    """Return the organization's accounts, or only the ``known`` ones if they can't be listed."""
    call = calls.LIST_ACCOUNTS
    return tuple(dict.fromkeys((*known, *_values_of_key(api, [], call, _ask(api, [], call, "*"), "Id"))))


def _levels(api: Api, refused: list[str], account: str) -> tuple[tuple[str, ...], ...]:
    """Return the ids of policies, level by level. Levels without an attached policy are left out."""
    target, levels = account, list[tuple[str, ...]]()
    for _ in range(_MOST_LEVELS):
        attached, parents = api.parallel(
            partial(_attached, api, refused, target), partial(_parents, api, refused, target)
        )
        levels.append(tuple(sorted(attached)))
        if not parents:
            break
        target = parents[0]
    return tuple(level for level in reversed(levels) if level)


def _attached(api: Api, refused: list[str], target: str) -> list[str]:
    call = calls.LIST_POLICIES_FOR_TARGET
    return _values_of_key(api, refused, call, _ask(api, refused, call, target, TargetId=target, Filter=_KIND), "Id")


def _parents(api: Api, refused: list[str], target: str) -> list[str]:
    call = calls.LIST_PARENTS
    items = [] if target.startswith("r-") else _ask(api, refused, call, target, ChildId=target)
    return _values_of_key(api, refused, call, items, "Id")


def _values_of_key(api: Api, refused: list[str], call: Call, items: list[Item], key: str) -> list[str]:
    """Return the values of ``key`` in items. An item that is not understood leaves a Gap and a text in ``refused``."""
    values = api.mapped(call, items, lambda item: required(item, key), hides=())
    refused += (
        [f"{call.name} returned an answer that cloudguard does not understand"] if len(values) < len(items) else []
    )
    return list(values)


def _ask(api: Api, refused: list[str], call: Call, resource: str, **parameters: object) -> list[Item]:
    """Return the items of a call. A failed call leaves a Gap and a text in ``refused``."""
    try:
        return api.ask(call, **parameters)
    except Api.errors() as error:
        reason, message = Api.explain(error)
    if not message.startswith(_NOT_IN_USE):
        api.failed(call, resource, (reason, message), ())
        denied = f"{call.name} was refused (grant {', '.join(call.permissions)})"
        refused.append(denied if reason is Reason.DENIED else f"{call.name}: {message}")
    return []


def _policy(api: Api, name: str) -> tuple[PolicyDocument, ...]:
    """Read one policy. Empty if its document can't be read: the engine then assumes that it may limit anything."""
    call = calls.DESCRIBE_POLICY
    items = _ask(api, [], call, name, PolicyId=name)
    return api.mapped(call, items, lambda item: _limit(api.source(call, name), item), hides=(), about=name)


def _limit(source: Source, item: Item) -> PolicyDocument:
    name = source.resource
    title = text(child(item, "PolicySummary"), "Name") or name
    shell = PolicyDocument(name, title, PolicyKind.ORGANIZATION_LIMIT, "user", "", (), source)
    return policy_document(shell, item.get("Content"))
