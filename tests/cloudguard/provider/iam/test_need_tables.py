"""Tables of needs: placeholders are replaced for one cluster, and a statement without values is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.provider.iam.need_tables import NeedTables, filled

VALUES = {"cluster": ["prod"], "key": ["k1", "k2"], "zone": []}
NEED = '[[need]]\nid = "{}"\nholders = ["node"]\nsource = "https://x"\nrelease = "v1"\nconfidence = "code"\n'


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


def tables(folder: Path, text: str) -> NeedTables:
    (folder / "needed").mkdir()
    (folder / "needed" / "a.toml").write_text(text, encoding="utf-8")
    (folder / "needed" / "README.md").write_text("no table", encoding="utf-8")
    return NeedTables(folder)


def test_statements_without_a_resource_are_left_out_and_keep_their_number(tmp_path: Path) -> None:
    text = f"""{NEED.format("n")}
    [[need.statement]]
    actions = ["a:Read"]
    resources = ["<zone>"]
    [[need.statement]]
    actions = ["a:Write"]
    resources = ["<key>", "<zone>"]
    conditions = [["Like", "<cluster>", "<key>"]]
    [[need.statement]]
    name = "No"
    effect = "deny"
    not-actions = ["a:*"]
    not-resources = ["x"]
    """
    condition = Condition("Like", "prod", ("k1", "k2"))
    (need,) = tables(tmp_path, text).needs(VALUES)
    assert need.statements == (
        Statement("n/#2", Effect.ALLOW, ("a:Write",), resources=("k1", "k2"), conditions=(condition,)),
        Statement("n/No", Effect.DENY, not_actions=("a:*",), not_resources=("x",)),
    )


@pytest.mark.parametrize("line", ['service-account = ["a:b"]', '[[need.statement]]\nresource = ["*"]'])
def test_an_unknown_key_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match=r"the need 'n' has unknown keys: (service-account|resource)$"):
        tables(tmp_path, NEED.format("n") + line).needs(VALUES)


def test_a_need_has_the_statements_of_the_needs_it_names_before_its_own(tmp_path: Path) -> None:
    statement = '[[need.statement]]\nactions = ["a:{}"]\nresources = ["*"]\n'
    first = NEED.format("first") + statement.format("One")
    second = NEED.format("second") + 'statements-of = ["first"]\n' + statement.format("Two")
    third = NEED.format("third") + 'statements-of = ["second"]\n'
    statements = {need.id: need.statements for need in tables(tmp_path, third + second + first).needs({})}
    assert [(statement.name, statement.actions) for statement in statements["third"]] == [
        ("third/#1", ("a:One",)),
        ("third/#2", ("a:Two",)),
    ]
    assert [statement.actions for statement in statements["first"]] == [("a:One",)]


def test_a_missing_key_of_a_need_is_empty(tmp_path: Path) -> None:
    full = 'except-installers = ["kops"]\ntraits = [["cni", "x"]]\nimplied-by-grant = true\n'
    bare, need = tables(tmp_path, NEED.format("bare") + NEED.format("given") + full).needs({})
    assert (bare.installers, bare.addon, bare.implied_by_grant, bare.statements) == ((), "", False, ())
    assert (need.except_installers, need.traits, need.implied_by_grant) == (("kops",), (("cni", "x"),), True)
