"""The accounts, organizations, networks, external ids and subjects that a trust policy names.

Each named thing is assumed to belong to one owner.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from cloudguard.intervals import cidr_interval
from cloudguard.model.identity import Condition, PolicyDocument
from cloudguard.values import dataclass
from cloudguard_aws.trust import context_keys as keys
from cloudguard_aws.trust.context_keys import is_claim

_ACCOUNT: Final = re.compile(r"^(\d{12})$")
_OF_ARN: Final = re.compile(r"^arn:[^:]*:[^:]*:[^:]*:(\d{12}):")
_ORGANIZATION: Final = re.compile(r"^(o-[a-z0-9]+)(?:/|$)", re.IGNORECASE)
_SESSION: Final = re.compile(r"^(arn:[^:]+):sts::([^:]*):assumed-role/([^/]+)/.+$")
_USER: Final = re.compile(r"^(A[A-Z]{3}[A-Z0-9]{12,})(?::|$)")
_INSTANCE: Final = re.compile(r"^.*[*?].*/(i-[0-9a-f]+)$")
_VPC: Final = re.compile(r"^.*/(vpc-[0-9a-f]+)$")
"""Match patterns that leave the account open and give the id of an instance or VPC. An id belongs to one owner."""
_MOST_ADDRESSES4: Final = 1 << 16
_MOST_ADDRESSES6: Final = 1 << 80
"""The largest number of addresses in a range that one owner may hold (IPv4: 2^16, IPv6: 2^80). A wider range includes
strangers. This limit is cloudguard's own assumption."""


@dataclass(frozen=True)
class Mentions:
    """The names and values in one trust policy."""

    policy: PolicyDocument

    @cached_property
    def principals(self) -> tuple[str, ...]:
        """All principals, as the policy writes them."""
        named = (p for statement in self.policy.statements for p in (*statement.principals, *statement.not_principals))
        return tuple(dict.fromkeys(named))

    def named(self, kind: str) -> tuple[str, ...]:
        """Return the names of the principals of a kind: "AWS", "Service" or "Federated"."""
        start = f"{kind}:"
        return tuple(name.removeprefix(start) for name in self.principals if name.startswith(start))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The context keys of conditions, in lower case."""
        return tuple(dict.fromkeys(condition.key.lower() for condition in self._conditions))

    @cached_property
    def _conditions(self) -> tuple[Condition, ...]:
        return tuple(condition for statement in self.policy.statements for condition in statement.conditions)

    @property
    def everyone(self) -> bool:
        """Whether a statement applies to everyone, or to everyone with exceptions."""
        return bool({"*", "AWS:*"} & {*self.principals}) or any(
            statement.not_principals for statement in self.policy.statements
        )

    @cached_property
    def issuers(self) -> tuple[str, ...]:
        """The issuers (in lower case) whose tokens conditions check."""
        named = (key.rpartition(":")[0] for key in self.keys if is_claim(key))
        return tuple(dict.fromkeys(name for name in named if name not in {"", "saml"}))

    def values(self, *keys: str) -> tuple[str, ...]:
        """Return the values that conditions compare ``keys`` with."""
        compared = (condition.values for condition in self._conditions if condition.key.lower() in keys)
        return tuple(dict.fromkeys(value for values in compared for value in values))

    def literals(self, *keys: str) -> tuple[str, ...]:
        """Return the values without wildcards and variables."""
        return tuple(value for value in self.values(*keys) if not {"*", "?"} & {*value} and "${" not in value)

    @cached_property
    def accounts(self) -> tuple[str, ...]:
        """The accounts in principals, and in conditions on principals."""
        named = [principal.removeprefix("AWS:") for principal in self.principals]
        named += self.values(keys.PRINCIPAL_ACCOUNT, keys.PRINCIPAL_ARN, *keys.CREDENTIALS_OF)
        return tuple(_matches((_ACCOUNT, _OF_ARN), named))

    @cached_property
    def source_accounts(self) -> tuple[str, ...]:
        """The accounts on whose behalf services call."""
        return tuple(_matches((_ACCOUNT, _OF_ARN), self.values(keys.SOURCE_ACCOUNT, keys.SOURCE_ARN)))

    @cached_property
    def organizations(self) -> tuple[str, ...]:
        """The organizations in conditions on principals."""
        return self._organizations(keys.ORGANIZATION, keys.ORGANIZATION_PATHS)

    @cached_property
    def source_organizations(self) -> tuple[str, ...]:
        """The organizations on whose behalf services call."""
        return self._organizations(keys.SOURCE_ORGANIZATION, keys.SOURCE_ORGANIZATION_PATHS)

    def _organizations(self, *keys: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name.lower() for name in _matches((_ORGANIZATION,), self.values(*keys))))

    @cached_property
    def users(self) -> tuple[str, ...]:
        """The unique ids of users and roles."""
        return tuple(_matches((_USER,), self.values(keys.USER_ID)))

    @cached_property
    def instances(self) -> tuple[str, ...]:
        """The ids of instances that are named without their account."""
        return tuple(_matches((_INSTANCE,), self.values(keys.INSTANCE_ARN)))

    @cached_property
    def external_ids(self) -> tuple[str, ...]:
        """The external ids. Each is a secret of its holder."""
        return self.literals(keys.EXTERNAL_ID)

    @cached_property
    def networks(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Pairs of context key and networks that may belong to one owner: globs, or CIDRs of ``aws:SourceIp``."""
        named = [(key, self.literals(key)) for key in keys.NETWORKS]
        vpcs = tuple(f"*/{name}" for name in _matches((_VPC,), self.values(keys.SOURCE_VPC_ARN)))
        addresses = tuple(filter(_may_be_one_owners, self.values(keys.SOURCE_IP)))
        named += [(keys.SOURCE_VPC_ARN, vpcs), (keys.SOURCE_IP, addresses)]
        return tuple((key, values) for key, values in named if values)

    def arns_of(self, account: str) -> tuple[str, ...]:
        """Return the ARNs of an account's identities in principals. A session is replaced by its role's ARN."""
        arns = (_SESSION.sub(r"\1:iam::\2:role/\3", name) for name in self.named("AWS"))
        return tuple(arn for arn in arns if f"::{account}:" in arn and not arn.endswith(":root"))


def _matches(patterns: Iterable[re.Pattern[str]], texts: Iterable[str]) -> Iterator[str]:
    matches = (pattern.match(text) for text in texts for pattern in patterns)
    return iter(dict.fromkeys(match[1] for match in matches if match))


def _may_be_one_owners(cidr: str) -> bool:
    """Whether a text is an address range that is small enough to belong to one owner."""
    try:
        start, end = cidr_interval(cidr.strip(), host_bits=True)
    except ValueError:
        return False
    return end - start <= (_MOST_ADDRESSES6 if ":" in cidr else _MOST_ADDRESSES4)
