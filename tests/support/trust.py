"""The principals of a small cloud: users of accounts. Account 1 is the cluster's own account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cloudguard.model.iam_catalog import Caller, CallerKind
from cloudguard.model.identity import Condition, PolicyDocument, Statement

ASSUME = "role:Assume"
ACCOUNT, USER = "who:account", "who:user"


@dataclass(frozen=True)
class WordPrincipals:
    """Principals written as "anyone", "account 2", "user 2 a".

    ``asking``: the callers. If it is empty, the callers are all principals of a policy outside account 1.
    """

    asking: tuple[Caller, ...] = ()
    known_context: Mapping[str, str] = field(default_factory=dict[str, str])

    def context_of(self, principal: str) -> Mapping[str, str]:
        """Return the account and the name of a role ("n:p:role::1:role/ci"), or the name of a service."""
        *_, account, name = ["service", *principal.split(":")]
        return {ACCOUNT: account, USER: name.rpartition("/")[2]}

    def requests_of(self, principal: str, *, excepted: bool) -> tuple[tuple[Condition, ...], ...]:
        """Return the conditions that hold for requests of a principal."""
        del excepted
        kind, *names = principal.split()
        if kind == "nobody":
            return ()
        conditions = (
            Condition("StringEquals", key, (name,)) for key, name in zip((ACCOUNT, USER), names, strict=False)
        )
        return (tuple(conditions),)

    def conditions_of(self, statement: Statement) -> tuple[Condition, ...]:
        """Return the conditions of a statement."""
        return statement.conditions

    def declared(self, outsider: str) -> tuple[tuple[Condition, ...], ...]:
        """Return the conditions that hold for requests of an outsider."""
        return self.requests_of(outsider, excepted=False)

    def callers(self, policy: PolicyDocument) -> Iterator[Caller]:
        """Yield the callers of a trust policy."""
        yield from self.asking
        named = dict.fromkeys(
            name for statement in policy.statements for name in (*statement.principals, *statement.not_principals)
        )
        accounts = [name.split()[1] for name in named if " " in name]
        for principal in () if self.asking else named:
            if principal == "anyone" or not accounts:
                strangers = (Condition("StringNotEquals", ACCOUNT, ("1", *accounts)),)
                yield Caller(CallerKind.ANYONE, "anyone", (ASSUME,), strangers)
            elif principal.split()[1] != "1":
                (context,) = self.requests_of(principal, excepted=False)
                yield Caller(CallerKind.OUTSIDER, principal, (ASSUME,), context)
