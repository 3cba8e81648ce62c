"""Waivers are added to a file without changes to its other content, and read back as they were."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sample
from cloudguard.errors import UsageError
from cloudguard.needs.declarations_file import load_waivers
from cloudguard.needs.waivers import DeclaredWaiver
from cloudguard.waivers.editing import with_added
from strategies import laws

WAIVER = DeclaredWaiver("why", "alice", date(2027, 1, 2), finding="0123456789ab", cluster="prod", width=("a", "b"))


def test_comments_and_order_are_kept() -> None:
    text = "# ours\n[[waiver]]  # first\nfinding = 'aaaaaaaaaaaa'\n\n# end\n"
    added = with_added(text, [(WAIVER, "high etcd-access/inside: open")], "f")
    assert added.startswith(text.removesuffix("# end\n").rstrip("\n"))
    assert all(comment in added for comment in ("# ours", "# first", "# end", "# high etcd-access/inside: open"))
    assert [item["finding"] for item in tomllib.loads(added)["waiver"]] == ["aaaaaaaaaaaa", "0123456789ab"]


def test_a_second_waiver_of_a_finding_replaces_the_first() -> None:
    text = with_added("", [(WAIVER, "one")], "f").replace("owner =", "# ask her\nowner =")
    renewed = with_added(text, [(replace(WAIVER, owner="bob", width=()), "two")], "f")
    (item,) = tomllib.loads(renewed)["waiver"]
    assert (item["owner"], "width" in item, "# ask her" in renewed) == ("bob", False, True)


@laws
@given(st.text(min_size=1, max_size=30), st.lists(st.text(min_size=1, max_size=20), max_size=3))
def test_hostile_text_is_read_back(text: str, width: list[str]) -> None:
    hostile = text.encode("utf-8", "replace").decode()
    lines = tuple(line.encode("utf-8", "replace").decode() for line in width)
    waiver = replace(WAIVER, reason=hostile, owner=hostile, cluster=hostile, width=lines)
    (item,) = tomllib.loads(with_added("", [(waiver, "x")], "f"))["waiver"]
    assert (item["reason"], item["owner"], item["cluster"]) == (hostile, hostile, hostile)
    assert tuple(item.get("width", ())) == lines


@pytest.mark.parametrize(("text", "part"), [("a = ", "is not valid TOML"), ("waiver = []", "are a list")])
def test_a_file_that_cannot_be_added_to_is_refused(text: str, part: str) -> None:
    with pytest.raises(UsageError, match=part):
        with_added(text, [(WAIVER, "x")], "f")


def test_a_written_file_is_a_valid_waivers_file(tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text(with_added("", [(WAIVER, "x")], "w.toml"), encoding="utf-8")
    (read,) = load_waivers(file)
    assert read == replace(WAIVER, number=1, origin=str(file))
    assert sample.HOSTILE not in file.read_text(encoding="utf-8")
