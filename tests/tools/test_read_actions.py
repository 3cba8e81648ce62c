"""The shapes of the answers decide which read actions return data and which only settings."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tools.read_actions import FILE, contents


def answers(**members: dict[str, Any]) -> list[str]:
    """Return the data, other than settings, that an answer with these members contains."""
    shapes: dict[str, Any] = {
        "text": {"type": "string"},
        "secret": {"type": "string", "sensitive": True},
        "number": {"type": "integer"},
        "bytes": {"type": "blob"},
        "kind": {"type": "string", "enum": ["PASSWORD", "HOST"]},
        "map": {"type": "map", "key": {"shape": "kind"}, "value": {"shape": "text"}},
        "variables": {"type": "map", "key": {"shape": "text"}, "value": {"shape": "text"}},
        "loop": {"type": "structure", "members": {"Again": {"shape": "loops"}, "Id": {"shape": "text"}}},
        "loops": {"type": "list", "member": {"shape": "loop"}},
        "output": {"type": "structure", "members": members},
    }
    return [*contents({"shapes": shapes}, {"output": {"shape": "output"}})]


@pytest.mark.parametrize(
    ("member", "shape", "held"),
    [
        ("Name", "text", False),
        ("NextToken", "text", False),
        ("MasterUserPassword", "text", True),
        ("HasPassword", "text", False),
        ("SecretCount", "number", False),
        ("Description", "secret", False),
        ("SharedThing", "secret", True),
        ("Anything", "bytes", True),
        ("ConnectionProperties", "map", True),
        ("Environment", "variables", True),
        ("Environment", "text", False),
        ("Children", "loop", False),
    ],
)
def test_the_name_and_shape_of_a_member_decide_whether_it_is_data(member: str, shape: str, held: bool) -> None:  # noqa: FBT001 - a parameter
    assert bool(answers(**{member: {"shape": shape}})) is held


def test_an_action_without_an_answer_returns_no_data() -> None:
    assert [*contents({"shapes": {}}, {})] == []


def test_the_written_file_is_sorted_and_names_its_source() -> None:
    text = FILE.read_text(encoding="utf-8")
    written = tomllib.loads(text)
    assert "botocore" in text.split("[settings]")[0]
    for table in written.values():
        assert [*table] == sorted(table)
        assert all(names.split() == sorted(set(names.split())) for names in table.values())
