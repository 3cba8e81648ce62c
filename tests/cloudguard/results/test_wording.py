"""The text of statements, requests and actions."""

from __future__ import annotations

import pytest

from cloudguard.authorization.effective import space_of
from cloudguard.formats.statements import full_text, short_text
from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.permission_sets.actions import ActionTable
from cloudguard.permission_sets.space import Request
from cloudguard.results.wording import actions_text, few, request_text, statement_text
from drawn_policies import FORMATS, SmallCatalog
from identities import allow

WIDE = Statement(
    "#1",
    Effect.DENY,
    not_actions=("a:A", "a:B", "a:C", "a:D"),
    not_resources=("r",),
    conditions=(Condition("StringLike", "tag", ("p", "q")), Condition("Null", "tag", ("false",))),
)


@pytest.mark.parametrize(
    ("most", "text"), [(1, "a and 2 more"), (2, "a, b and 1 more"), (3, "a, b, c"), (None, "a, b, c")]
)
def test_a_long_list_is_cut_and_counted(most: int | None, text: str) -> None:
    assert few(("a", "b", "c"), most) == text


def test_a_statement_is_one_line() -> None:
    conditions = "StringLike tag p or q and Null tag false"
    assert statement_text(WIDE) == f"deny all except a:A, a:B, a:C and 1 more on all except r if {conditions}"
    assert full_text(WIDE) == f"deny all except a:A, a:B, a:C, a:D on all except r if {conditions}"
    assert short_text(WIDE) == "deny all except a:A, a:B and 2 more on all except r under a condition on tag"
    assert short_text(allow("disk:*")) == full_text(allow("disk:*")) == "allow disk:* on *"


def test_a_request_names_only_the_keys_that_have_values() -> None:
    assert request_text(Request("a:A", "r", (("tag", ("p", "q")), ("mfa", None)))) == "a:A on r with tag p or q"
    assert request_text(Request("a:A", "*")) == "a:A on *"


def test_all_actions_of_a_service_are_shown_as_a_wildcard() -> None:
    table = space_of(SmallCatalog(FORMATS), [allow("disk:*", "store:GetObject")]).table
    assert actions_text(table, table.everything, 1) == "*"
    assert actions_text(table, table.mask(("disk:*", "store:GetObject")), 4) == "disk:*, store:GetObject"
    assert actions_text(table, table.mask(("disk:*Volume", "store:GetObject")), 2) == (
        "disk:CreateVolume, disk:DeleteVolume and 1 more"
    )


def test_unlisted_actions_come_last_and_are_shown_as_an_ellipsis() -> None:
    table = ActionTable({"disk": ["{later}/write", "zap"]})
    assert actions_text(table, table.mask(("disk:{later}/write", "disk:zap")), 4) == "disk:zap, disk:…/write"
    assert not table.mask(("disk:{later}/write",)) & table.listed
    assert request_text(Request("disk:{later}/write", "*")) == "disk:…/write on *"
