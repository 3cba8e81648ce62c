"""``docs/unknown.md`` says what to do about each cause of UNKNOWN, in the source and in reports on spoilt facts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import sample
from builders import CONTROL_PLANE, NODE, RANGE, SOURCE, WORLD, group, host, managed_endpoint, snapshot
from cloudguard.model.cluster import Disk
from cloudguard.model.snapshot import Snapshot
from judged import rows_of

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/unknown.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE)
PATTERNS = {text: re.compile(re.escape(text).replace("…", ".+"), re.DOTALL) for text in HEADINGS}
"""The cause that each section of the page explains; "…" stands for names and other values."""
CAUSE = re.compile(
    r"^whether |^what (…|the) |^which |^no .*(found|read)|^if … (is|are) "
    r"|(was|were) not read|could not be read|is undecided|^the need of … is unknown"
)
"""The beginnings and endings of a line that says what is unknown."""
NO_CAUSES = {
    "; organization limits were not read: …": "said of a row that passes",
    "whether … is granted more than it needs": "a beginning; what is said begins so",
}


def causes_in_source() -> Iterator[str]:
    """Yield the texts in the rows' source that say what is unknown, with "…" in place of each value."""
    for path in ROOT.glob("cloudguard/rows/**/*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                filled = (str(value.value) if isinstance(value, ast.Constant) else "…" for value in node.values)
                text = "".join(filled)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents | parts:
                text = node.value
            else:
                continue
            if CAUSE.search(text):
                yield text


@pytest.mark.parametrize("cause", sorted({*causes_in_source()} - {*NO_CAUSES}))
def test_every_cause_in_the_source_is_on_the_page(cause: str) -> None:
    said = {" ".join(text.split()) for text in re.findall(r"`([^`]+)`", PAGE)}
    assert cause in said or any(pattern.fullmatch(cause) for pattern in PATTERNS.values())


@pytest.mark.parametrize("heading", HEADINGS)
def test_every_section_of_the_page_explains_a_cause_that_occurs(heading: str) -> None:
    lines = {
        *causes_in_source(),
        *(line for snapshot in incomplete_clusters() for row in rows_of(snapshot).values() for line in row.unknown),
    }
    lines |= {
        "if i-1 are nodes: i-1 is open; only weak evidence shows their roles: name them",
        "whether nodes (node) is granted more than it needs: the provider's permissions are unknown",
        "ec2:DescribeVpcs on *: denied",
    }
    assert [line for line in lines if PATTERNS[heading].fullmatch(line)]


def incomplete_clusters() -> Iterator[Snapshot]:
    """Yield small clusters; each lacks a fact."""
    master, node = host("cp", CONTROL_PLANE, "masters"), host("n1", NODE, "nodes")
    filters = [group("masters", ("tcp/2379", RANGE)), group("nodes")]
    whole = snapshot([master, node], filters)
    yield sample.snapshot(gaps=(sample.GAP,))
    yield snapshot([], [])
    yield snapshot([replace(master, interfaces=()), replace(node, identity="unread")], filters)
    yield snapshot([master, node], [])
    yield snapshot([master], filters, disks=[Disk("d", "", "cp", "/dev/a", encrypted=True, key="k", source=SOURCE)])
    yield replace(whole, cluster=replace(whole.cluster, hosts=(replace(master, disks=("d1", "d2")), node)))
    yield snapshot([node], filters, endpoints=[managed_endpoint(WORLD)], managed=True)


def test_every_unknown_line_about_spoilt_facts_is_on_the_page() -> None:
    lines = [line for snapshot in incomplete_clusters() for row in rows_of(snapshot).values() for line in row.unknown]
    assert len(lines) > 10
    assert [line for line in lines if not any(pattern.fullmatch(line) for pattern in PATTERNS.values())] == []
