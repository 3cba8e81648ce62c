"""The roles of the cluster's hosts and of a managed control plane: trust policy, policies and permissions boundary."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.identity import Identities, Identity, PolicyDocument, PolicyKind
from cloudguard.provider.answers import Item, child, children, required, text
from cloudguard.provider.ownership.facts import Thing
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.arns import account_of
from cloudguard_aws.access.owners import OWNERS
from cloudguard_aws.identity.policy_documents import HIDES, policy_document, trust_policy


def resolve_profiles(api: Api, arns: Iterable[str]) -> dict[str, str]:
    """Return a dict of instance profile (ARN or bare name) → ARN of its role.

    Profiles that can't be read, or that have no role, are left out.
    """
    wanted = sorted({arn for arn in arns if arn and ":role/" not in arn})
    roles = api.gather(*(partial(_role_of_profile, api, arn) for arn in wanted))
    return {arn: role for arn, role in zip(wanted, roles, strict=True) if role}


def _role_of_profile(api: Api, arn: str) -> str:
    """Return the ARN of a profile's role.

    "" if it can't be read, or if the profile has none, which leaves a Gap.
    """
    name, call = arn.rpartition("/")[2], calls.GET_INSTANCE_PROFILE
    items = api.read_or_none(call, hides=HIDES, about=arn, InstanceProfileName=name)
    profiles = api.mapped(call, items or (), _roles_of, hides=HIDES, about=arn)
    role = next((role for roles in profiles for role in roles), "")
    if items is not None and len(profiles) == len(items) and not role:
        api.missed(call, arn, "the instance profile has no role", HIDES)
    return role


def _roles_of(profile: Item) -> list[str]:
    return [required(role, "Arn") for role in children(profile, "Roles")]


def read_identities(
    api: Api,
    *,
    hosts: tuple[Host, ...],
    pools: tuple[Pool, ...],
    extra: tuple[tuple[str, tuple[str, ...]], ...] = (),
) -> Identities:
    """Read the roles of hosts and pools, whose ``identity`` is the ARN of a role or an instance profile.

    ``extra``: pairs of a role's ARN and its kinds of holders, such as ("cluster",) or ("pods",).
    """
    holders = [
        (host.identity, tuple(map(str, host.roles))) for group in (hosts, pools) for host in group if host.identity
    ]
    roles = resolve_profiles(api, (name for name, _ in holders))
    holds: dict[str, set[str]] = {}
    for name, kinds in (*holders, *extra):
        holds.setdefault(roles.get(name, name), set()).update(kinds)
    pairs = api.gather(
        *(partial(read_identity, api, arn, tuple(sorted(kinds))) for arn, kinds in sorted(holds.items()))
    )
    policies = {policy.id: policy for _, documents in pairs for policy in documents}
    return Identities(
        identities=tuple(identity for identity, _ in pairs),
        policies=tuple(policy for _, policy in sorted(policies.items())),
    )


def read_identity(api: Api, arn: str, holders: tuple[str, ...]) -> tuple[Identity, tuple[PolicyDocument, ...]]:
    """Read one role and its policies. An instance profile without a known role becomes an incomplete identity."""
    name = arn.rpartition("/")[2]
    source = api.source(calls.GET_ROLE, name)
    if ":role/" not in arn:
        return Identity(arn, name, holders, (), api.source(calls.GET_INSTANCE_PROFILE, name), complete=False), ()
    attached_call, inline_call = calls.LIST_ATTACHED_ROLE_POLICIES, calls.LIST_ROLE_POLICIES
    role, attached, inline = api.parallel(
        partial(api.read_or_none, calls.GET_ROLE, hides=HIDES, about=name, RoleName=name),
        partial(api.read_or_none, attached_call, hides=HIDES, about=name, RoleName=name),
        partial(api.read_or_none, inline_call, hides=HIDES, about=name, RoleName=name),
    )
    named = partial(api.mapped, hides=HIDES, about=name)
    managed = named(attached_call, attached or (), lambda item: required(item, "PolicyArn"))
    inline_names = named(inline_call, inline or (), lambda item: required(item, "PolicyName"))
    boundaries = named(calls.GET_ROLE, role or (), _boundary)
    complete = all((role, len(boundaries) == 1, attached is not None, inline is not None))
    complete = complete and len(managed) == len(attached or ()) and len(inline_names) == len(inline or ())
    read = api.gather(
        *(partial(_managed, api, policy_arn, PolicyKind.GRANT) for policy_arn in managed),
        *(partial(_managed, api, boundary, PolicyKind.BOUNDARY) for boundary in boundaries if boundary),
        *(partial(_inline, api, arn, name, policy_name) for policy_name in inline_names),
    )
    trusts = api.mapped(
        calls.GET_ROLE,
        role or (),
        lambda item: trust_policy(arn, item.get("AssumeRolePolicyDocument"), api.source(calls.GET_ROLE, arn)),
        hides=HIDES,
        about=arn,
    )
    policies = (*(policy for documents in read for policy in documents), *trusts)
    ids = tuple(policy.id for policy in policies)
    known = named(calls.GET_ROLE, role or (), lambda item: (text(item, "RoleId"), _tags(item)))
    unique_id, tags = known[0] if known else ("", None)
    owner = OWNERS.of(Thing.IDENTITY, name, dict(tags or ()))
    identity = Identity(arn, name, holders, ids, source, complete and all((*read, trusts)), unique_id, tags, owner)
    return identity, policies


def _tags(role: Item) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((required(tag, "Key"), text(tag, "Value")) for tag in children(role, "Tags")))


def _boundary(role: Item) -> str:
    return text(child(role, "PermissionsBoundary"), "PermissionsBoundaryArn")


def _managed(api: Api, arn: str, kind: PolicyKind) -> tuple[PolicyDocument, ...]:
    """Read the default version of a managed policy. Empty if it can't be read.

    Several roles share the answer.
    """
    call, version_call = calls.GET_POLICY, calls.GET_POLICY_VERSION
    named = partial(api.listed, hides=HIDES, about=arn, PolicyArn=arn)
    shell = PolicyDocument(
        id=arn if kind is PolicyKind.GRANT else f"{arn}#{kind}",
        name=arn.rpartition("/")[2],
        kind=kind,
        managed_by="provider" if account_of(arn) == "aws" else "user",
        document="",
        statements=(),
        source=api.source(version_call, arn),
    )

    def version(name: str) -> tuple[PolicyDocument, ...]:
        return named(version_call, lambda item: policy_document(shell, item.get("Document")), VersionId=name)

    versions = named(call, lambda item: required(item, "DefaultVersionId"))
    return tuple(
        policy for policies in api.gather(*(partial(version, name) for name in versions)) for policy in policies
    )


def _inline(api: Api, role: str, name: str, policy: str) -> tuple[PolicyDocument, ...]:
    call, about = calls.GET_ROLE_POLICY, f"{name}/{policy}"
    shell = PolicyDocument(
        f"{role}#inline/{policy}", policy, PolicyKind.GRANT, "inline", "", (), api.source(call, about)
    )

    def made(item: Item) -> PolicyDocument:
        return policy_document(shell, item.get("PolicyDocument"))

    return api.listed(call, made, hides=HIDES, about=about, RoleName=name, PolicyName=policy)
