"""Documents of both versions agree with the naive evaluator. In the older version, "${" is plain text."""

from __future__ import annotations

import json
from random import Random

import pytest

from cloudguard.authorization.effective import allowed, space_of
from cloudguard.model.identity import Condition, Statement
from cloudguard.permission_sets.space import Request
from cloudguard_aws.identity.policy_documents import statements
from drawn_policies import SmallCatalog, policy
from draws import seeds
from oracle_permissions import allowed as really_allowed

VARIABLE, VALUE = "${name}", "a*"
VERSIONS = ("2012-10-17", "2008-10-17", None)
RESOURCES = ("n:p:store:::b-${name}/*", "n:p:store:::b-${name}/?", "n:p:store:::b*/${name}", "n:p:store:::*")
NAMES = tuple(f"n:p:store:::b-{text}/{key}" for text in (VARIABLE, VALUE, "ab") for key in ("x", VARIABLE, VALUE, "ab"))
TEXTS = (VARIABLE, "${name}*", "*", "ab", "${*}", "${$}x")
HELD = (VARIABLE, VALUE, "ab", "a", "*", "$x", "${x}", "${$}x", "${name}b", "a*b")
ACTIONS = ("store:GetObject", "store:PutObject")


def drawn(random: Random) -> list[dict[str, object]]:
    """Return drawn statements as JSON, with variables or texts that look like variables."""
    found: list[dict[str, object]] = []
    for _ in range(random.randint(1, 3)):
        operator = random.choice(("StringEquals", "StringLike", "StringNotLike"))
        conditions = {operator: {"tag": random.sample(TEXTS, random.randint(1, 2))}} if random.random() < 0.7 else {}
        found.append(
            {
                "Effect": random.choice(("Allow", "Allow", "Deny")),
                "Action": random.choice(("store:*", *ACTIONS)),
                random.choice(("Resource", "Resource", "NotResource")): random.sample(RESOURCES, 2),
                "Condition": conditions,
            }
        )
    return found


def plain(text: str, version: str | None) -> str:
    """Return a text for the naive evaluator, with placeholders for characters that are no wildcards."""
    if version != VERSIONS[0]:
        return text
    filled = text.replace(VARIABLE, VALUE.replace("*", "\N{BULLET}"))
    return filled.replace("${*}", "\N{BULLET}").replace("${$}", "$")


def as_evaluated(statement: Statement, version: str | None) -> Statement:
    """Return a statement of the newer version as the cloud evaluates it in ``version``."""

    def texts(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(plain(value, version) for value in values)

    conditions = tuple(
        Condition(
            each.operator, each.key, tuple(_compared(each.operator, text, version) for text in texts(each.values))
        )
        for each in statement.conditions
    )
    fields = (statement.name, statement.effect, statement.actions, statement.not_actions)
    return Statement(*fields, texts(statement.resources), texts(statement.not_resources), conditions=conditions)


def _compared(operator: str, text: str, version: str | None) -> str:
    return comparable(text, version) if operator == "StringEquals" else text


def comparable(text: str, version: str | None) -> str:
    """Return a name or value as the naive evaluator compares it, with placeholders for stars."""
    return text.replace("*", "\N{BULLET}") if version == VERSIONS[0] else text


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("seed", seeds(4))
def test_the_version_decides_the_meaning_of_a_document(seed: int, version: str | None) -> None:
    random = Random(4200 + seed)
    for _ in range(25):
        items = drawn(random)
        written = {"Version": version} if version else {}
        read = statements(json.dumps({**written, "Statement": items}))
        (*newer,) = statements(json.dumps({"Version": VERSIONS[0], "Statement": items}))
        requests = allowed(space_of(SmallCatalog(), read, ACTIONS), read, {"name": VALUE})
        oracle = policy([as_evaluated(each, version) for each in newer])
        for _ in range(40):
            action, name, held = random.choice(ACTIONS), random.choice(NAMES), random.choice((None, *HELD))
            context = {} if held is None else {"tag": (held,)}
            asked = {key: tuple(comparable(text, version) for text in texts) for key, texts in context.items()}
            truth = really_allowed([oracle], action, comparable(name, version), asked)
            assert requests.has(Request(action, name, tuple(context.items()))) == truth, (items, version, name, held)
