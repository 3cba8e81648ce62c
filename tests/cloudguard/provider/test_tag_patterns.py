"""Patterns of tags in flags and settings."""

from __future__ import annotations

import pytest

from cloudguard.provider.tag_patterns import has_tag


@pytest.mark.parametrize(
    ("pair", "value", "matches"),
    [
        ("Name=prod-master-1", "prod-master-1", True),
        ("Name=prod-master-*", "prod-master-1", True),
        ("Name=prod-master-?", "prod-master-10", False),
        ("Name=*master*", "prod-master-10", True),
        ("Name=prod-master-*", "PROD-MASTER-1", False),
        ("Name=prod", "prod-master-1", False),
        ("Name=[a-z]*", "prod", False),
        ("Name=[a-z]*", "[a-z]1", True),
        ("Name=a.c", "abc", False),
        (r"Name=a\*", "a*", True),
        (r"Name=a\*", "ab", False),
        ("Name=", "", True),
        ("role=*", "prod", False),
        ("Name=a=*", "a=b", True),
    ],
)
def test_a_pattern_matches_tags(pair: str, value: str, matches: object) -> None:
    assert has_tag({"Name": value}, pair) is matches
