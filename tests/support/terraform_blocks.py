"""Read HCL, and check resources against the arguments that their provider declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import hcl2

Arguments = Mapping[str, Any]
"""Kind of a resource → its "required" and "optional" arguments."""


def blocks(text: str) -> dict[str, list[Any]]:
    """Return kind of block → blocks of the HCL ``text``."""
    return cast("dict[str, list[Any]]", hcl2.loads(text))  # type: ignore[no-untyped-call, unused-ignore]


def resources(text: str, arguments: Arguments) -> list[dict[str, Any]]:
    """Return the resources in the HCL ``text``. Assert that their kinds and arguments are known."""
    found = list[dict[str, Any]]()
    for block in blocks(text).get("resource", []):
        for kind, named in block.items():
            for item in named.values():
                assert_arguments(item, arguments[kind.strip('"')])
                found.append(item)
    return found


def assert_arguments(given: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Assert that all required arguments are given, and no unknown arguments."""
    names = {name for name in given if not name.startswith("__")}
    assert names >= {*known["required"]}
    assert names <= {*known["required"], *known["optional"]}
