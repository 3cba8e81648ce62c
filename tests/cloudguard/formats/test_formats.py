"""The text formats on the same reports: each shows the same parts in order, and escapes every name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

import sample
from cloudguard.formats import explain, markdown, phrases, table
from cloudguard.results.change import Procedure, Resource
from cloudguard.results.document_edit import DocumentEdit
from cloudguard.results.finding import Severity, Waiver
from cloudguard.results.report import Report
from cloudguard.results.wording import count

WAIVER = Waiver("ops", "it is a lab", "2027-01-01")
FULL = sample.report(
    sample.finding(1, Severity.LOW),
    sample.finding(2, Severity.CRITICAL, changes=("c-1",)),
    sample.finding(3, Severity.HIGH, waived=WAIVER),
    unknown=("the filter of n-1",),
    gaps=(sample.GAP,),
)
HOSTILE = sample.report(
    sample.finding(1, text=sample.HOSTILE), text=sample.HOSTILE, unknown=(sample.HOSTILE,), gaps=(sample.GAP,)
)
TEXTS: tuple[Callable[[Report], str], ...] = (table.render, markdown.render)


@pytest.mark.parametrize("render", TEXTS, ids=["table", "markdown"])
def test_text_formats_show_the_parts_in_the_documented_order(render: Callable[[Report], str]) -> None:
    text = " ".join(render(FULL).replace("\\", "").split()).casefold()
    parts = [
        "prod (kubeadm 1.33), memory 1234 here: 1 control-plane+etcd, 2 node",
        "auditor",
        "finding 1: message open; advice 3; waived 2; 1 open question",
        "13 paths, 3 node hosts, 1 disk with 1 key, 2 identities; 1 way in not asked for;",
        "all is well",
        "the filter of n-1",
        "fix in this order",
        "1. rule.narrow on filter f-1 (prod), rule r-1: fixes 1 (not proved)",
        "- before prod",
        "+ after prod",
        "000000000002",
        "witness open",
        "gate f-2 (open): rule r-1 (open)",
        "000000000003",
        "waived by ops until 2027-01-01: it is a lab",
        "etcd-access/inside",
        "memory:readfilters",
        "access denied; grant memory:read",
        "1 critical, 1 low, 1 waived; 1 change proposed; incomplete; 1 gap",
    ]
    places = [text.find(part.casefold()) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    last = [text.rfind(part.casefold()) for part in parts[-4:]]
    assert places[:-4] + last == sorted(places[:-4] + last)


def test_a_table_shows_numeric_texts_unchanged() -> None:
    assert "1e5" in table.grid([("1e5", "007")], ("A", "B"))
    assert "007" in table.grid([("1e5", "007")], ("A", "B"))


@pytest.mark.parametrize("width", [None, 40, 100])
def test_the_terminal_gets_no_control_characters(width: int | None) -> None:
    text = table.render(HOSTILE, width=width)
    assert "".join(text.split("\n")).isprintable()
    if width is None:
        assert "\\x1b[31mred\\x0d\\x0ab\\u202egnp" in text


def test_markdown_keeps_hostile_names_inside_their_cells() -> None:
    text = markdown.render(HOSTILE)
    assert "".join(text.split("\n")).isprintable()
    row = next(line for line in text.splitlines() if line.startswith("| etcd-access"))
    assert row.replace("\\|", "").count("|") == 5
    outside = text.split("```diff")[0]
    assert "<b>" not in outside
    assert "[x]" not in outside
    assert "://" not in outside


def test_a_diff_cannot_leave_its_fence() -> None:
    text = markdown.render(sample.report(sample.finding(), text="x\n````\n# out"))
    fence = next(line for line in text.splitlines() if line.endswith("diff")).removesuffix("diff")
    assert len(fence) == 5
    assert text.splitlines().count(fence) == 1


def test_a_change_without_lines_is_shown_with_its_title() -> None:
    change = replace(sample.change(), edits=(Procedure((), ()),))
    assert "1. rule.narrow on filter f-1" in markdown.render(replace(sample.report(), plan=(change,)))


def test_text_formats_say_why_a_document_is_not_proved() -> None:
    edit = DocumentEdit((), (), (), unproved="a condition is unknown")
    report = sample.report(sample.finding(changes=("c-1",)))
    report = replace(report, plan=(replace(report.plan[0], edits=(edit,)),))
    for text in (table.render(report), markdown.render(report), explain.finding_page(report.findings[0], report)):
        assert "fixes 1 (not proved)" in text.replace("\\", "")
        assert text.count("# not proved: a condition is unknown") == 1


def test_an_empty_report_has_no_empty_blocks() -> None:
    for render in TEXTS:
        text = render(sample.report())
        assert "findings: none; 0 changes proposed" in text
        assert "Findings" not in text
        assert "\n\n\n" not in text


def test_a_long_list_of_hosts_is_cut_and_counted() -> None:
    many = replace(sample.finding(), hosts=tuple(f"n-{number}" for number in range(25)))
    assert "and 15 more" in table.render(sample.report(many))


def test_explain_shows_all_facts_of_a_finding() -> None:
    finding = sample.finding(1, text=sample.HOSTILE, waived=WAIVER, changes=("c-1",))
    page = explain.finding_page(finding, sample.report(finding))
    assert "".join(page.split("\n")).isprintable()
    places = [
        page.find(part)
        for part in ("waived by ops", "Witness", "Hosts (1)", "Evidence", "read by", "rule.narrow on filter")
    ]
    assert -1 not in places
    assert places == sorted(places)


def test_a_managed_control_plane_is_shown() -> None:
    cluster = replace(sample.snapshot().cluster, managed=True, managed_by="a service", hosts=())
    assert phrases.hosts_by_role(cluster) == "control plane run by a service"
    assert phrases.hosts_by_role(replace(cluster, managed=False)) == "no host found"


def test_a_witness_that_only_repeats_the_message_is_left_out() -> None:
    finding = sample.finding()
    said_twice = replace(finding, witness=replace(finding.witness, summary=finding.message))
    for render in TEXTS:
        assert "witness" in render(sample.report(finding))
        assert "witness" not in render(sample.report(said_twice))


@pytest.mark.parametrize(
    ("noun", "many"), [("host", "2 hosts"), ("identity", "2 identities"), ("way", "2 ways"), ("key", "2 keys")]
)
def test_a_count_above_one_has_the_plural(noun: str, many: str) -> None:
    assert (count(1, noun), count(2, noun)) == (f"1 {noun}", many)


def test_an_id_that_is_a_long_path_is_shown_by_its_last_parts() -> None:
    above = "/accounts/0b1f6471/groups/prod/services/net"
    assert phrases.brief(f"in {above}/filters/nodes (nodes), {above}/sets/w/hosts/0 (w_0)") == (
        "in filters/nodes, sets/w/hosts/0 (w_0)"
    )
    for whole in ("10.0.0.0/8", "/a/b/c/d", "tcp/1,tcp/2 from lists/1/2/3/4/5/6/7/8", f"{above}/x"):
        assert phrases.brief(whole) == whole


def test_a_resource_with_a_long_id_is_shown_by_its_name() -> None:
    assert phrases.named(Resource("filter", "f" * 81, "nodes")) == "filter nodes"
    assert phrases.named(Resource("filter", "f" * 81)) == f"filter {'f' * 81}"
    assert phrases.named(Resource("filter", "f-1", "nodes")) == "filter f-1 (nodes)"
