"""The project's service accounts: who may act as them, and which Kubernetes service accounts become them.

https://cloud.google.com/iam/docs/service-account-impersonation,
https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from cloudguard.model.identity import Effect, PolicyDocument, PolicyKind, ServiceAccountIdentity, Statement
from cloudguard.model.source import FactKind, Source
from cloudguard.provider.answers import flag, required
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.identity.bindings import Binding, bindings_of
from cloudguard_gcp.identity.conditions import conditions_of
from cloudguard_gcp.identity.resource_names import account
from cloudguard_gcp.identity.roles import Roles

_HIDES: Final = (FactKind.IDENTITIES,)
_POD: Final = re.compile(r"^serviceAccount:([^\[\]]+)\.svc\.id\.goog\[([^/\]]+)/([^\]]+)\]$")
_WORKLOAD_USER: Final = "roles/iam.workloadIdentityUser"
BECOMING: Final = frozenset(
    {
        "iam.serviceAccounts.actAs",
        "iam.serviceAccounts.getAccessToken",
        "iam.serviceAccounts.getOpenIdToken",
        "iam.serviceAccounts.implicitDelegation",
        "iam.serviceAccounts.signBlob",
        "iam.serviceAccounts.signJwt",
        "iam.serviceAccounts.setIamPolicy",
        "iam.serviceAccountKeys.create",
    }
)
"""Permissions on a service account with which one acts as it (https://cloud.google.com/iam/docs/service-account-permissions)."""


@dataclass(frozen=True, slots=True)
class Account:
    """A service account and the bindings on it."""

    email: str
    bindings: tuple[Binding, ...]


def read_accounts(api: Api, project: str, held: Iterable[str]) -> tuple[Account, ...]:
    """Return the project's service accounts, and those of the hosts wherever they are from."""
    call = calls.LIST_SERVICE_ACCOUNTS
    listed = api.read(call, hides=_HIDES, about=project, project=project)
    enabled = api.mapped(
        call, listed, lambda item: "" if flag(item, "disabled") else required(item, "email"), hides=_HIDES
    )
    emails = sorted({*enabled, *held} - {""})
    found = api.gather(*(partial(_bindings, api, email) for email in emails))
    return tuple(Account(email, bindings) for email, bindings in zip(emails, found, strict=True))


def _bindings(api: Api, email: str) -> tuple[Binding, ...]:
    call = calls.GET_SERVICE_ACCOUNT_POLICY
    return bindings_of(api, call, api.read(call, hides=_HIDES, about=email, account=email), email)


def trust_of(known: Account, roles: Roles) -> PolicyDocument | None:
    """Return who may act as a service account, None for nobody that its own policy names."""
    statements = tuple(_statements(known, roles))
    if not statements:
        return None
    written = [
        {"role": binding.role, "members": list(binding.members), "condition": binding.condition or None}
        for binding in known.bindings
    ]
    text = json.dumps({"bindings": written}, sort_keys=True)
    source = Source(calls.GET_SERVICE_ACCOUNT_POLICY.name, known.email)
    return PolicyDocument(
        f"{known.email}#trust", "who may act as it", PolicyKind.TRUST, "user", text, statements, source
    )


def _statements(known: Account, roles: Roles) -> Iterator[Statement]:
    for binding in known.bindings:
        role = roles.role(binding.role)
        if role is not None and not BECOMING & {*role.permissions}:
            continue
        yield Statement(
            name=binding.role,
            effect=Effect.ALLOW,
            actions=("iam:serviceAccounts.actAs",),
            resources=("*",),
            principals=tuple(binding.members),
            conditions=conditions_of(binding.condition),
        )


def workloads_of(
    accounts: Iterable[Account], project: str, roles: Roles
) -> tuple[tuple[ServiceAccountIdentity, ...], tuple[PolicyDocument, ...]]:
    """Return the service accounts that Kubernetes service accounts become, with who may act as them."""
    found, trusts = list[ServiceAccountIdentity](), list[PolicyDocument]()
    for one in accounts:
        pods = tuple(sorted(set(_pods(one, project))))
        if not pods:
            continue
        trust = trust_of(one, roles)
        source = Source(calls.GET_SERVICE_ACCOUNT_POLICY.name, one.email)
        found.append(
            ServiceAccountIdentity(account(one.email, project), one.email, pods, trust.id if trust else "", source)
        )
        trusts += [trust] if trust else []
    return tuple(found), tuple(trusts)


def _pods(known: Account, project: str) -> Iterator[str]:
    for binding in known.bindings:
        for member in binding.members if binding.role == _WORKLOAD_USER else ():
            if (found := _POD.match(member)) and found[1] == project:
                yield f"{found[2]}:{found[3]}"
