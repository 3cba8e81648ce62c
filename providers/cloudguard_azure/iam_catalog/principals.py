"""The callers that may take on an identity, from its federated credentials.

https://learn.microsoft.com/entra/workload-id/workload-identity-federation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from cloudguard.model.iam_catalog import Caller, CallerKind
from cloudguard.model.identity import Condition, Effect, PolicyDocument, Statement
from cloudguard.values import dataclass
from cloudguard_azure.identity.federation import ANYONE, BECOMING, SEPARATOR

_SUBJECT: Final = "caller:subject"
"""A key that only cloudguard uses: issuer and subject of the token of a request."""


@dataclass(frozen=True)
class Subjects:
    """Reads subjects ("https://issuer#subject"). ``issuers``: the cluster's own."""

    issuers: frozenset[str]

    @property
    def known_context(self) -> Mapping[str, str]:
        """Empty: no context is the same for all callers."""
        return {}

    def context_of(self, principal: str) -> Mapping[str, str]:
        """Return no context: no allow policy or credential knows a subject by one."""
        del principal
        return {}

    def requests_of(self, principal: str, *, excepted: bool) -> tuple[tuple[Condition, ...], ...]:
        """Return the conditions that requests of a subject meet."""
        del excepted
        return _named(principal)

    def conditions_of(self, statement: Statement) -> tuple[Condition, ...]:
        """Return the conditions of a statement."""
        return statement.conditions

    def declared(self, outsider: str) -> tuple[tuple[Condition, ...], ...]:
        """Return the conditions that requests of a declared outsider meet. Everyone is no outsider."""
        if outsider.endswith(f"{SEPARATOR}{ANYONE}"):
            return ()
        return _named(outsider)

    def callers(self, policy: PolicyDocument) -> Iterator[Caller]:
        """Yield each subject of another issuer, and the cluster's own subjects that only an expression selects."""
        allowing = [statement for statement in policy.statements if statement.effect is Effect.ALLOW]
        for principal in dict.fromkeys(name for statement in allowing for name in statement.principals):
            issuer, _, subject = principal.partition(SEPARATOR)
            if issuer in self.issuers and subject in {"", ANYONE}:
                yield _caller(CallerKind.PODS, "service accounts that an expression selects", principal)
            elif subject == ANYONE:
                who = f"everyone whom {issuer} issues tokens"
                yield replace(_caller(CallerKind.ANYONE, who, principal), ordinary=(), declared_as="")
            elif issuer not in self.issuers:
                yield _caller(
                    CallerKind.OUTSIDER, f"{subject or 'subjects that an expression selects'} of {issuer}", principal
                )


def _named(principal: str) -> tuple[tuple[Condition, ...], ...]:
    return ((Condition("StringEquals", _SUBJECT, (principal,)),),)


def _caller(kind: CallerKind, who: str, principal: str) -> Caller:
    """Return a caller that the policy names."""
    context = (Condition("StringEquals", _SUBJECT, (principal,)),)
    return Caller(kind, who, (BECOMING,), context, ordinary=None, declared_as=principal)
