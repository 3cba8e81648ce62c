"""A small cloud, with random policies and requests whose actions, resources and conditions overlap."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

from pydantic import TypeAdapter

from cloudguard.model.iam_catalog import Access
from cloudguard.model.identity import Condition, Effect, Identity, PolicyDocument, PolicyKind, Statement
from cloudguard.model.source import Source

SOURCE = Source("test", "*")
LISTED = {
    "disk": ("CreateVolume", "DeleteVolume", "DescribeVolumes", "CreateSnapshot", "ListRegions"),
    "store": ("GetObject", "PutObject", "ListBucket", "ListAll"),
    "role": ("PassRole", "Assume"),
}
NO_RESOURCE = {"disk:DescribeVolumes", "disk:ListRegions", "store:ListAll"}
SERVICE_CONTEXT: Mapping[str, Mapping[str, str]] = {"role": {"zone": "b"}}
"""Service → a context key with its fixed value. Requests to other services have any value of this key."""
MULTIVALUED = frozenset({"tagkeys", "fields"})


@dataclass(frozen=True)
class SmallCatalog:
    """A catalog of the small cloud with the given resource formats."""

    known_formats: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    version: str = "1"

    @property
    def services(self) -> Collection[str]:
        """The services of the small cloud."""
        return LISTED

    def actions(self, service: str) -> Iterable[str]:
        """Return the actions of a service."""
        return LISTED[service]

    def resource_formats(self, action: str) -> Iterable[str] | None:
        """Return the given formats of an action; None if they are not known."""
        return self.known_formats.get(action)

    def multivalued(self, key: str) -> bool:
        """Whether ``key`` is one of the two multivalued keys."""
        return key in MULTIVALUED

    def service_context(self, service: str) -> Mapping[str, str]:
        """Return the context that all requests to a service have."""
        return SERVICE_CONTEXT.get(service, {})

    def access(self, action: str) -> Access:
        """Return the access of an action: GetObject reads data, "Describe…" and "List…" list, all others write."""
        name = action.partition(":")[2]
        if name == "GetObject":
            return Access.DATA
        return Access.LIST if name.startswith(("Describe", "List")) else Access.WRITE


class PlainDocuments:
    """A policy writer that writes all statements as one JSON document."""

    def write(self, statements: Iterable[Statement]) -> tuple[str, ...]:
        """Return one document."""
        return (TypeAdapter(tuple[Statement, ...]).dump_json(tuple(statements), indent=1).decode(),)

    def read(self, text: str) -> tuple[Statement, ...]:
        """Return the statements from a document of ``write``."""
        return TypeAdapter(tuple[Statement, ...]).validate_json(text)


FORMATS = {
    "disk:CreateVolume": ("n:p:disk:*:*:volume/*",),
    "disk:DeleteVolume": ("n:p:disk:*:*:volume/*",),
    "disk:CreateSnapshot": ("n:p:disk:*:*:volume/*", "n:p:disk:*::snapshot/*"),
    "store:GetObject": ("n:p:store:::*/*",),
    "store:PutObject": ("n:p:store:::*/*",),
    "store:ListBucket": ("n:p:store:::*",),
    "role:PassRole": ("n:p:role::*:role/*",),
    "role:Assume": ("n:p:role::*:role/*",),
    **dict.fromkeys(NO_RESOURCE, ()),
}

ACTION_PATTERNS = (
    "*",
    "disk:*",
    "disk:*Volume",
    "disk:Create*",
    "disk:createvolume",
    "Disk:Describe*",
    "store:*",
    "store:?etObject",
    "store:List*",
    "*:*e*",
    "role:PassRole",
    "d*:*Volume",
    "disk:NewThing",
    "other:Do",
    "store:PutObject",
    "disk:DeleteVolume",
)
ACTIONS = (
    *(f"{service}:{action}" for service, actions in LISTED.items() for action in actions),
    *("disk:<unlisted>", "store:<unlisted>", "disk:newthing", "other:do", "*:<unlisted>"),
)
RESOURCE_PATTERNS = (
    "*",
    "*",
    "n:p:disk:*:*:volume/*",
    "n:p:disk:r1:*:volume/a*",
    "n:p:disk:r1:1:*",
    "n:*:disk:r?:1:volume/?b",
    "n:p:disk:*",
    "n:p:store:::b1",
    "n:p:store:::b1/*",
    "n:p:store:::b*/x*",
    "n:p:store:*:b1/x",
    "n:p:store:*:*:*:b1",
    "n:p:*:r1:*:*a",
    "n:p:role::1:role/*",
    "n:p:role::*:role/a",
    "*:role/a",
    "n:p:d*k:r1:1:volume/*",
    "n:p:store:r*1:1:*",
    "n",
    "?",
    "n:p:disk:**:v*",
)
RESOURCES = (
    "*",
    "n:p:disk:r1:1:volume/a",
    "n:p:disk:r1:1:volume/ab",
    "n:p:disk:r2:1:volume/bb",
    "n:p:disk:r1:2:snapshot/a",
    "n:p:disk:r2:1:volume/x:1:volume/ab",
    "n:p:store:::b1",
    "n:p:store:::b1/x",
    "n:p:store:::b2/xa",
    "n:p:store:::a:b1",
    "n:p:role::1:role/a",
    "n:p:role::2:role/a",
    "n:p:role::2:role/b",
    "n:p:store:r1:1:b1",
    "n:q:disk:r1:1:volume/ab",
)
TEXTS = ("", "a", "ab", "b", "A", "ba", "true", "a*")
TEXT_PATTERNS = ("a", "ab", "*", "a*", "?", "*b", "A", "b?", "a*b*", "true", "")
NAMES = ("n:p:role::1:role/a", "n:p:role::2:role/ab", "n:p:role::1:x:role/a", "short")
NAME_PATTERNS = ("n:p:role::*:role/a*", "n:p:role::1:*", "n:p:role:*:1:role/a", "n:p:r*e::?:role/?")
NUMBERS = ("0", "1", "1.0", "2", "10", "-3.5")
DATES = ("2024-01-01T00:00:00Z", "2025-06-01T12:00:00Z", "2026-01-01", "2023-05-05T00:00:00+02:00")
ADDRESSES = ("10.0.0.1", "10.0.1.7", "192.168.0.1", "2001:db8::1", "0.0.0.0")  # noqa: S104 - a value, not a bind
BLOCKS = ("10.0.0.0/8", "10.0.1.0/24", "0.0.0.0/0", "2001:db8::/32", "192.168.0.1", "::/0")
TEXT_OPERATORS = (
    "StringEquals",
    "StringLike",
    "StringEqualsIgnoreCase",
    "StringNotEquals",
    "StringNotLike",
    "stringnotequalsignorecase",
)
ORDERS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
VALUES: Mapping[str, tuple[str, ...]] = {
    "tag": TEXTS,
    "tag/Two": TEXTS,
    "source": NAMES,
    "size": NUMBERS,
    "now": DATES,
    "ip": ADDRESSES,
    "secure": ("true", "false"),
    "blob": ("QUI=", "QQ=="),
}
OPERATORS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "tag": (TEXT_OPERATORS, TEXT_PATTERNS),
    "tag/Two": (TEXT_OPERATORS, TEXT_PATTERNS),
    "source": (("ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"), NAME_PATTERNS),
    "size": (tuple("Numeric" + order for order in ORDERS), NUMBERS),
    "now": (tuple("Date" + order for order in ORDERS), DATES),
    "ip": (("IpAddress", "NotIpAddress"), BLOCKS),
    "secure": (("Bool",), ("true", "False")),
    "blob": (("BinaryEquals",), ("QUI=", "QQ==")),
}


def draw_condition(random: Random) -> Condition:
    """Return a random condition on one of the keys, with the key in random case."""
    if random.random() < 0.25:
        mode = random.choice(("ForAnyValue:", "ForAllValues:"))
        values = tuple(random.choices(TEXT_PATTERNS, k=random.randint(1, 2)))
        return Condition(mode + random.choice(TEXT_OPERATORS), random.choice(sorted(MULTIVALUED)), values)
    key = random.choice(sorted(VALUES))
    spelt = random.choice((key, key.upper(), key.title()))
    if random.random() < 0.15:
        return Condition("Null", spelt, (random.choice(("true", "false")),))
    operators, values = OPERATORS[key]
    operator = random.choice(operators) + random.choice(("", "", "IfExists"))
    if random.random() < 0.1:
        operator = random.choice(("ForAnyValue:", "ForAllValues:")) + operator
    return Condition(operator, spelt, tuple(random.choices(values, k=random.randint(1, 3))))


def draw_statement(random: Random, effect: Effect | None = None) -> Statement:
    """Return a random statement. Without ``effect``, two of three statements allow."""
    actions = tuple(random.sample(ACTION_PATTERNS, random.randint(1, 3)))
    resources = tuple(random.sample(RESOURCE_PATTERNS, random.randint(1, 2)))
    inverse_actions, inverse_resources = random.random() < 0.2, random.random() < 0.2
    conditions = tuple(draw_condition(random) for _ in range(random.choice((0, 0, 1, 1, 2, 3))))
    excepted = tuple(random.sample(ACTION_PATTERNS, random.choice((0, 0, 0, 1))))
    return Statement(
        name="s",
        effect=effect or random.choice((Effect.ALLOW, Effect.ALLOW, Effect.DENY)),
        actions=() if inverse_actions else actions,
        not_actions=actions if inverse_actions else excepted,
        resources=() if inverse_resources else resources,
        not_resources=resources if inverse_resources else (),
        conditions=conditions,
    )


def policy(
    statements: Iterable[Statement], kind: PolicyKind = PolicyKind.GRANT, name: str = "policy"
) -> PolicyDocument:
    """Return a policy of ``statements``."""
    return PolicyDocument(name, name, kind, "inline", "", tuple(statements), SOURCE)


def draw_policies(random: Random) -> tuple[PolicyDocument, ...]:
    """Return one or two granting policies, and each with probability 1/3 a boundary, a resource policy and limits."""
    grants = [
        policy([draw_statement(random) for _ in range(random.randint(1, 3))], name=f"p{index}")
        for index in range(random.randint(1, 2))
    ]
    kinds = (PolicyKind.BOUNDARY, PolicyKind.RESOURCE, PolicyKind.ORGANIZATION_LIMIT, PolicyKind.ORGANIZATION_LIMIT)
    for index, kind in enumerate(kinds):
        if random.random() < 1 / 3:
            statements = [draw_statement(random) for _ in range(random.randint(1, 3))]
            grants.append(policy(statements, kind, f"{kind}{index}"))
    return tuple(grants)


def draw_context(random: Random) -> dict[str, tuple[str, ...]]:
    """Return a random context. Each key is present with probability 2/3."""
    context: dict[str, tuple[str, ...]] = {
        key.lower(): (random.choice(values),) for key, values in VALUES.items() if random.random() < 2 / 3
    }
    for key in MULTIVALUED:
        if random.random() < 2 / 3:
            context[key] = tuple(random.sample(TEXTS, random.randint(1, 3)))
    return context


def holder(policies: Iterable[PolicyDocument], *, complete: bool = True) -> Identity:
    """Return an identity with ``policies`` attached."""
    return Identity("id", "holder", ("node",), tuple(policy.id for policy in policies), SOURCE, complete=complete)
