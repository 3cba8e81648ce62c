"""Federated credentials of managed identities: which service accounts, and who else, can take on an identity.

https://learn.microsoft.com/azure/aks/workload-identity-overview,
https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations

With an identity binding of AKS, service accounts of the cluster use an identity without a credential for its issuer.
Roles of Kubernetes decide which ones may. AKS keeps one issuer for each identity, which all bindings of the identity
share: https://learn.microsoft.com/azure/aks/identity-bindings-concepts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import field
from functools import partial
from typing import Any, Final

from cloudguard.model.cluster import Strength
from cloudguard.model.identity import SERVICE_ACCOUNT, Effect, IdentityProvider, PolicyDocument, PolicyKind, Statement
from cloudguard.model.source import Reason, Source
from cloudguard.provider.answers import Item, child, required, text
from cloudguard.values import dataclass
from cloudguard_azure.access import calls
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.ids import name_of, own_id, place
from cloudguard_azure.identity.holders import HIDES, HeldIdentity, identity_of
from cloudguard_azure.identity.resource_names import resource

BECOMING: Final = "Microsoft.ManagedIdentity:userAssignedIdentities/federatedIdentityCredentials/exchange/action"
"""A name that only cloudguard uses: Entra exchanges an issuer's token for a token of the identity."""
ANY: Final = "*:*"
"""Any service account of any namespace."""
_SUBJECT: Final = re.compile(r"system:serviceaccount:([^:]+):([^:]+)")
_WORDS: Final = re.compile(r"[/.:]+")
_WRITTEN: Final = ("issuer", "subject", "claimsMatchingExpression", "audiences")
_MANAGED: Final = re.compile(
    r"\.oic\.[\w.-]*azure\.[\w.]+/|//oidc\.eks\.|//container\.googleapis\.com/"  # managed clusters
    r"|//token\.actions\.githubusercontent\.com/|//gitlab\.com/|//app\.terraform\.io/"  # pipelines
)
"""Issuers that are not those of a self-managed cluster."""
SEPARATOR: Final = "#"
"""Separates issuer and subject in the name of a trusted subject."""
ANYONE: Final = "*"
"""The subject of a credential whose expression names no owner: everyone with an account at the issuer may meet it."""
_OF_SUBJECT: Final = re.compile(r"claims\[\s*'sub'\s*\]\s*(eq|matches)\s*'([^']*)'", re.IGNORECASE)
_KINDS: Final = frozenset({"repo", "project_path", "organization"})
"""The words before the owner in the subjects of GitHub, GitLab and Terraform Cloud, the only issuers for expressions
(https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials).
"""


@dataclass(frozen=True, slots=True)
class Credential:
    """A federated credential. ``subject``: the subject of its tokens, "" if ``expression`` selects subjects."""

    name: str
    issuer: str
    subject: str
    expression: str
    written: Item = field(default_factory=dict[str, Any], hash=False)
    """What makes the same credential again: issuer, subject or expression, and audiences, as they were read."""

    @property
    def trusted(self) -> str:
        """The issuer and the subject as one text. The subject is "" if an expression selects subjects of one owner."""
        subject = ANYONE if self.expression and not _names_owner(self.expression) else self.subject
        return f"{self.issuer}{SEPARATOR}{subject}"

    @property
    def accounts(self) -> str:
        """The Kubernetes service accounts of the subject, "namespace:name" with wildcards; "" for none."""
        match = _SUBJECT.fullmatch(self.subject)
        return f"{match[1]}:{match[2]}" if match else "" if self.subject else ANY


@dataclass(frozen=True, slots=True)
class Federated:
    """A user-assigned identity and its federated credentials."""

    identity: HeldIdentity
    credentials: tuple[Credential, ...]


def _names_owner(expression: str) -> bool:
    """Whether each subject that an expression selects is of one owner. An expression that is not understood may not be.

    All its clauses must hold, so that one about the subject is enough. A clause about job_workflow_ref is not enough:
    workflows of any owner may call a public one.
    """
    clauses = [(match[1].lower(), match[2]) for match in _OF_SUBJECT.finditer(expression)]
    alternatives = " or " in f" {expression.lower()} "
    return not alternatives and any(operator == "eq" or _owner(value) for operator, value in clauses)


def _owner(value: str) -> str:
    """Return the part of a claim's value that names an owner, "" if wildcards may stand for any owner."""
    literal = re.split(r"[*?]", value)[0]
    kind, separator, rest = literal.partition(":")
    named = rest if separator and kind.lower() in _KINDS else literal
    owner, end, _ = named.partition("/") if "/" in named else named.partition(":")
    return owner if end and owner else ""


def read_identities(api: Api) -> tuple[HeldIdentity, ...]:
    """Return the subscription's user-assigned identities. The answer does not show what they are used for."""
    call = calls.LIST_USER_ASSIGNED_IDENTITIES
    return api.listed(call, _identity, hides=HIDES)


def _identity(item: Item) -> HeldIdentity:
    arm_id = own_id(item)
    principal = text(child(item, "properties"), "principalId").lower()
    return HeldIdentity(resource(arm_id), text(item, "name") or name_of(arm_id), principal, arm_id=arm_id)


def read_credentials(api: Api, identities: Iterable[HeldIdentity]) -> tuple[Federated, ...]:
    """Return the identities that have federated credentials, in any subscription."""
    with_credentials = [identity for identity in identities if identity.arm_id]
    read = api.gather(*(partial(_credentials, api, identity) for identity in with_credentials))
    return tuple(
        Federated(identity, credentials)
        for identity, credentials in zip(with_credentials, read, strict=True)
        if credentials
    )


def _credentials(api: Api, identity: HeldIdentity) -> tuple[Credential, ...]:
    where = place(identity.arm_id, "resource_name")
    return api.listed(calls.LIST_FEDERATED_CREDENTIALS, _credential, hides=HIDES, about=identity.arm_id, **where)


def _credential(item: Item) -> Credential:
    properties = child(item, "properties")
    expression = text(child(properties, "claimsMatchingExpression"), "value")
    subject = text(properties, "subject") if expression else required(properties, "subject")
    issuer = required(properties, "issuer").rstrip("/")
    written = {key: properties[key] for key in _WRITTEN if key in properties}
    return Credential(required(item, "name"), issuer, subject, expression, written)


def issuers(
    api: Api, cluster: str, managed: str | None, federated: Iterable[Federated], named: str = ""
) -> tuple[IdentityProvider, ...]:
    """Return the cluster's own issuers of tokens.

    ``managed``: the issuer of a managed cluster, "" for none; None if the cluster is self-managed: then it is the one
    that the user names (``named``), or else the name in an issuer's address is the only evidence. Another issuer of
    service accounts may be the cluster's too: it leaves a Gap.
    """
    if managed is not None:
        source = Source(calls.LIST_MANAGED_CLUSTERS.name, cluster)
        return (IdentityProvider(managed.rstrip("/"), Strength.STRONG, source),) if managed else ()
    if named:
        return (IdentityProvider(named.rstrip("/"), Strength.STRONG, Source("--issuer", named)),)
    call = calls.LIST_FEDERATED_CREDENTIALS
    possible = {credential.issuer for each in federated for credential in each.credentials if credential.accounts}
    own = {issuer for issuer in possible if _is_of(issuer, cluster)}
    for issuer in sorted(issuer for issuer in possible - own if not _MANAGED.search(f"{issuer}/")):
        why = "it may be the issuer of this cluster's service accounts; name the cluster's own with --issuer"
        api.missed(call, issuer, why, HIDES, Reason.UNSUPPORTED)
    return tuple(IdentityProvider(issuer, Strength.WEAK, Source(call.name, cluster)) for issuer in sorted(own))


def _is_of(issuer: str, cluster: str) -> bool:
    """Whether an issuer has a cluster's name in its address."""
    words, name = {*_WORDS.split(issuer.lower())}, cluster.lower()
    return not words.isdisjoint({name, f"{name}-oidc", name.replace("-", "")})


def trust_of(federated: Federated) -> PolicyDocument:
    """Return the trust policy of an identity, from its federated credentials."""
    statements = tuple(
        Statement(
            name=credential.name,
            effect=Effect.ALLOW,
            actions=(BECOMING,),
            resources=("*",),
            principals=(credential.trusted,),
        )
        for credential in federated.credentials
    )
    written = [{"name": credential.name, **credential.written} for credential in federated.credentials]
    return PolicyDocument(
        id=f"{federated.identity.arm_id}#trust",
        name="federated credentials",
        kind=PolicyKind.TRUST,
        managed_by="user",
        document=json.dumps(written, sort_keys=True),
        statements=statements,
        source=Source(calls.LIST_FEDERATED_CREDENTIALS.name, federated.identity.arm_id),
    )


def accounts_of(federated: Federated, issuer: str) -> tuple[str, ...]:
    """Return the service accounts of an issuer that can take on an identity."""
    own = (credential for credential in federated.credentials if credential.issuer == issuer)
    return tuple(sorted({credential.accounts for credential in own} - {""}))


@dataclass(frozen=True, slots=True)
class Binding:
    """An identity binding. ``issuer``: the issuer of the tokens that AKS exchanges for it ("": unknown)."""

    id: str
    identity: HeldIdentity
    issuer: str

    @property
    def provider(self) -> IdentityProvider:
        """The issuer as one of the cluster's own."""
        return IdentityProvider(self.issuer, Strength.STRONG, Source(calls.LIST_IDENTITY_BINDINGS.name, self.id))


def read_bindings(api: Api, cluster: Item) -> tuple[Binding, ...]:
    """Return the identity bindings of a managed cluster."""
    call, name = calls.LIST_IDENTITY_BINDINGS, own_id(cluster)
    return api.listed(call, _binding, hides=HIDES, about=name, **place(name, "resource_name"))


def _binding(item: Item) -> Binding:
    inside = child(item, "properties")
    managed = child(inside, "managedIdentity")
    required(managed, "resourceId")
    (bound,) = identity_of(managed, (SERVICE_ACCOUNT,), (ANY,))
    return Binding(own_id(item), bound, text(child(inside, "oidcIssuer"), "oidcIssuerUrl").rstrip("/"))
