"""The project's service accounts: who may act as them, and which Kubernetes service accounts become them.

https://cloud.google.com/iam/docs/service-account-impersonation,
https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from cloudguard.model.identity import Effect, PolicyDocument, PolicyKind, ServiceAccountIdentity, Statement
from cloudguard.model.source import FactKind, Source
from cloudguard.provider.answers import Item
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.cluster.find import whole
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
    bindings: tuple[Item, ...]


def read_accounts(api: Api, project: str, held: Iterable[str]) -> tuple[Account, ...]:
    """Return the project's service accounts, and those of the hosts wherever they are from."""
    listed = api.read(calls.LIST_SERVICE_ACCOUNTS, hides=_HIDES, about=project, project=project)
    emails = sorted({str(one["email"]) for one in listed if not one.get("disabled")} | {*held})
    found = api.gather(*(partial(_bindings, api, email) for email in emails))
    return tuple(Account(email, bindings) for email, bindings in zip(emails, found, strict=True))


def _bindings(api: Api, email: str) -> tuple[Item, ...]:
    found = api.read(calls.GET_SERVICE_ACCOUNT_POLICY, hides=_HIDES, about=email, account=email)
    return tuple(one for each in found for one in cast("Sequence[Item]", each.get("bindings") or ()))


def trust_of(known: Account, roles: Roles) -> PolicyDocument | None:
    """Return who may act as a service account, None for nobody that its own policy names."""
    statements = tuple(_statements(known, roles))
    if not statements:
        return None
    text = json.dumps({"bindings": list(known.bindings)}, sort_keys=True)
    source = Source(calls.GET_SERVICE_ACCOUNT_POLICY.name, known.email)
    return PolicyDocument(
        f"{known.email}#trust", "who may act as it", PolicyKind.TRUST, "user", text, statements, source
    )


def _statements(known: Account, roles: Roles) -> Iterator[Statement]:
    for one in known.bindings:
        name = str(one["role"])
        role = roles.role(name)
        if role is not None and not BECOMING & {*role.permissions}:
            continue
        yield Statement(
            name=name,
            effect=Effect.ALLOW,
            actions=("iam:serviceAccounts.actAs",),
            resources=("*",),
            principals=tuple(str(member) for member in cast("Sequence[object]", one.get("members") or ())),
            conditions=conditions_of(str(whole(one, "condition").get("expression", ""))),
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
    for one in known.bindings:
        for member in cast("Sequence[object]", one.get("members") or ()) if one.get("role") == _WORKLOAD_USER else ():
            if (found := _POD.match(str(member))) and found[1] == project:
                yield f"{found[2]}:{found[3]}"
