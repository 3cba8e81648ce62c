"""Tables of needs: placeholders are filled for one cluster, and a statement that nothing fills is left out."""

from __future__ import annotations

import pytest

from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.provider.need_tables import Table, filled, need, statements

VALUES = {"cluster": ["prod"], "key": ["k1", "k2"], "zone": []}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("*", ["*"]),
        ("<cluster>/*", ["prod/*"]),
        ("<key>/<cluster>/<key>", ["k1/prod/k1", "k2/prod/k2"]),
        ("<zone>", []),
        ("<unheard>", []),
    ],
)
def test_a_text_is_repeated_for_every_value_of_its_placeholders(text: str, found: list[str]) -> None:
    assert list(filled((text,), VALUES)) == found


def test_statements_without_a_resource_are_left_out_and_keep_their_number() -> None:
    tables: list[Table] = [
        {"actions": ["a:Read"], "resources": ["<zone>"]},
        {"actions": ["a:Write"], "resources": ["<key>", "<zone>"], "conditions": [["Like", "<cluster>", "<key>"]]},
        {"label": "No", "effect": "deny", "not-actions": ["a:*"], "not-resources": ["x"]},
    ]
    write = Statement("n/#2", Effect.ALLOW, ("a:Write",), resources=("k1", "k2"))
    assert list(statements("n", tables, VALUES)) == [
        Statement(
            write.label,
            write.effect,
            write.actions,
            resources=write.resources,
            conditions=(Condition("Like", "prod", ("k1", "k2")),),
        ),
        Statement("n/No", Effect.DENY, not_actions=("a:*",), not_resources=("x",)),
    ]


def test_what_a_table_leaves_out_is_empty() -> None:
    table = {"id": "n", "holders": ["node"], "source": "https://x", "confidence": "code", "statement": []}
    found = need(table, {})
    assert (found.installers, found.addon, found.implied_by_grant, found.statements) == ((), "", False, ())
    full = {**table, "except-installers": ["kops"], "traits": [["cni", "x"]], "implied-by-grant": True}
    found = need(full, {})
    assert (found.except_installers, found.traits, found.implied_by_grant) == (("kops",), (("cni", "x"),), True)
