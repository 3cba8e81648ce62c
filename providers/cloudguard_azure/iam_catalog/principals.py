"""The callers that may take on an identity, from its federated credentials.

https://learn.microsoft.com/entra/workload-id/workload-identity-federation
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cloudguard.model.iam_catalog import Caller, CallerKind
from cloudguard.model.identity import Effect, PolicyDocument
from cloudguard.provider.iam.named_principals import Alternatives, NamedPrincipals, named_caller
from cloudguard_azure.identity.federation import ANYONE, BECOMING, SEPARATOR


class Subjects(NamedPrincipals):
    """Reads subjects ("https://issuer#subject"). ``issuers``: the cluster's own."""

    def __init__(self, issuers: frozenset[str]) -> None:
        super().__init__()
        self._issuers = issuers

    def declared(self, outsider: str) -> Alternatives:
        """Return the conditions that requests of a declared outsider meet. Everyone is no outsider."""
        return () if outsider.endswith(f"{SEPARATOR}{ANYONE}") else super().declared(outsider)

    def callers(self, policy: PolicyDocument) -> Iterator[Caller]:
        """Yield each subject of another issuer, and the cluster's own subjects that only an expression selects."""
        allowing = [statement for statement in policy.statements if statement.effect is Effect.ALLOW]
        for principal in dict.fromkeys(name for statement in allowing for name in statement.principals):
            issuer, _, subject = principal.partition(SEPARATOR)
            if issuer in self._issuers and subject in {"", ANYONE}:
                who = "service accounts that an expression selects"
                yield named_caller(CallerKind.PODS, who, (BECOMING,), principal)
            elif subject == ANYONE:
                who = f"everyone whom {issuer} issues tokens"
                yield replace(named_caller(CallerKind.ANYONE, who, (BECOMING,), principal, ()), declared_as="")
            elif issuer not in self._issuers:
                who = f"{subject or 'subjects that an expression selects'} of {issuer}"
                yield named_caller(CallerKind.OUTSIDER, who, (BECOMING,), principal)
