"""The roles that the cluster's hosts, and a managed control plane, hold: trust, policies, boundary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.identity import Identities, Identity, PolicyDocument, PolicyKind
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.identity.policy_documents import DocumentError, statements, text_of
from cloudguard_aws.network.rules import Item, inner

_HIDES: Final = (FactKind.IDENTITIES,)


@dataclass(frozen=True, slots=True)
class _Read:
    """What one policy, or the lack of it, adds to a role: ``policy`` None where it could not be read."""

    policy: PolicyDocument | None


def resolve_profiles(api: Api, arns: Iterable[str]) -> dict[str, str]:
    """Return the role's ARN for each instance profile's ARN (or bare name) that can be read and has a role."""
    wanted = sorted({arn for arn in arns if arn and ":role/" not in arn})
    found = api.gather(*(partial(_role_of_profile, api, arn) for arn in wanted))
    return {arn: role for arn, role in zip(wanted, found, strict=True) if role}


def _role_of_profile(api: Api, arn: str) -> str:
    """Return the role in a profile, "" and a gap when there is none: its hosts hold no identity that can be read."""
    name, call = arn.rpartition("/")[2], calls.GET_INSTANCE_PROFILE
    items = api.read_or_none(call, hides=_HIDES, about=arn, InstanceProfileName=name)
    role = next((str(role["Arn"]) for item in items or () for role in item.get("Roles", ())), "")
    if items is not None and not role:
        api.add_gap(Gap(call.name, arn, Reason.MISSING, "the instance profile has no role", _HIDES))
    return role


def read_identities(
    api: Api,
    *,
    hosts: tuple[Host, ...],
    pools: tuple[Pool, ...],
    extra: tuple[tuple[str, tuple[str, ...]], ...] = (),
) -> Identities:
    """Read the roles of hosts and pools, whose ``identity`` is a role's or a profile's ARN; ``extra`` are roles' ARNs.

    ``extra`` says what holds each: ("cluster",), ("pods",).
    """
    held = [(one.identity, tuple(map(str, one.roles))) for group in (hosts, pools) for one in group if one.identity]
    roles = resolve_profiles(api, (name for name, _ in held))
    holds: dict[str, set[str]] = {}
    for name, what in (*held, *extra):
        holds.setdefault(roles.get(name, name), set()).update(what)
    found = api.gather(*(partial(_identity, api, arn, tuple(sorted(what))) for arn, what in sorted(holds.items())))
    policies = {policy.id: policy for _, those in found for policy in those}
    return Identities(
        identities=tuple(identity for identity, _ in found),
        policies=tuple(policy for _, policy in sorted(policies.items())),
    )


def _identity(api: Api, arn: str, holders: tuple[str, ...]) -> tuple[Identity, tuple[PolicyDocument, ...]]:
    """Read one role; an instance profile that led to none is kept, incomplete."""
    name = arn.rpartition("/")[2]
    source = api.source(calls.GET_ROLE, name)
    if ":role/" not in arn:
        return Identity(arn, name, holders, (), api.source(calls.GET_INSTANCE_PROFILE, name), complete=False), ()
    role, attached, inline = api.three(
        partial(api.read_or_none, calls.GET_ROLE, hides=_HIDES, about=name, RoleName=name),
        partial(api.read_or_none, calls.LIST_ATTACHED_ROLE_POLICIES, hides=_HIDES, about=name, RoleName=name),
        partial(api.read_or_none, calls.LIST_ROLE_POLICIES, hides=_HIDES, about=name, RoleName=name),
    )
    described: Item = role[0] if role else {}
    thunks = [partial(_managed, api, str(one["PolicyArn"]), PolicyKind.GRANT) for one in attached or ()]
    if boundary := inner(described, "PermissionsBoundary").get("PermissionsBoundaryArn"):
        thunks.append(partial(_managed, api, str(boundary), PolicyKind.BOUNDARY))
    thunks += [partial(_inline, api, arn, name, str(one["PolicyName"])) for one in inline or ()]
    if described:
        thunks.append(partial(_trust, api, arn, described))
    read = api.gather(*thunks)
    policies = tuple(one.policy for one in read if one.policy is not None)
    complete = len(policies) == len(read) and None not in (role, attached, inline)
    return Identity(arn, name, holders, tuple(one.id for one in policies), source, complete), policies


def _managed(api: Api, arn: str, kind: PolicyKind) -> _Read:
    """Read a managed policy's default version; asked once, however many roles have it."""
    described = api.read(calls.GET_POLICY, hides=_HIDES, about=arn, PolicyArn=arn)
    version = str(described[0]["DefaultVersionId"]) if described else ""
    call = calls.GET_POLICY_VERSION
    items = api.read(call, hides=_HIDES, about=arn, PolicyArn=arn, VersionId=version) if version else []
    if not items:
        return _Read(None)
    by_provider = arn.split(":")[4] == "aws"
    made = _Draft(
        id=arn if kind is PolicyKind.GRANT else f"{arn}#{kind}",
        name=arn.rpartition("/")[2],
        kind=kind,
        managed_by="provider" if by_provider else "user",
        resource=arn,
    )
    return _parsed(api, made, call, items[0].get("Document"))


def _inline(api: Api, role: str, name: str, policy: str) -> _Read:
    call = calls.GET_ROLE_POLICY
    items = api.read(call, hides=_HIDES, about=f"{name}/{policy}", RoleName=name, PolicyName=policy)
    if not items:
        return _Read(None)
    made = _Draft(f"{role}#inline/{policy}", policy, PolicyKind.GRANT, "inline", f"{name}/{policy}")
    return _parsed(api, made, call, items[0].get("PolicyDocument"))


def _trust(api: Api, arn: str, role: Mapping[str, object]) -> _Read:
    made = _Draft(f"{arn}#trust", "trust policy", PolicyKind.TRUST, "inline", arn)
    return _parsed(api, made, calls.GET_ROLE, role.get("AssumeRolePolicyDocument"))


@dataclass(frozen=True, slots=True)
class _Draft:
    """A policy but for its document."""

    id: str
    name: str
    kind: PolicyKind
    managed_by: str
    resource: str


def _parsed(api: Api, made: _Draft, call: calls.Call, document: object) -> _Read:
    text = text_of(document)
    try:
        found = statements(text, trust=made.kind is PolicyKind.TRUST)
    except DocumentError as error:
        api.add_gap(Gap(call.name, made.resource, Reason.FAILED, f"{made.name}: {error}", _HIDES))
        return _Read(None)
    source = api.source(call, made.resource)
    return _Read(PolicyDocument(made.id, made.name, made.kind, made.managed_by, text, found, source))
