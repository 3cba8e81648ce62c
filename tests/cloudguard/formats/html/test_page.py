"""The page shows the whole report in the documented order, and escapes every name."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape
from time import process_time

import pytest
from jinja2 import UndefinedError

import page_report
import sample
from cloudguard.formats.html import page
from cloudguard.results.finding import Severity, Waiver
from cloudguard.results.report import Report

WAIVER = Waiver("ops", "it is a lab", "2026-02-01")
FULL = page_report.report("prod", WAIVER)
ORDER = (
    "1 critical",
    "kubeadm 1.33",
    "memory 1234 here",
    "1 control-plane+etcd, 2 node",
    "auditor",
    "Incomplete. 2 rows of 5 could not be answered completely",
    "Five questions",
    "Network access to API Server (Control plane)",
    "Network access to Nodes (nodes)",
    "Kubernetes access to Cloud Provider API",
    "Access to etcd",
    "etcd Encryption",
    "Since 2025-12-31 00:00 UTC",
    "New: 1 critical message 1 of prod",
    "Fixed: 1 high gone prod",
    "Unconfirmed: 1 low unseen prod node-access/inside eeeeeeeeeeee ; gap prod",
    "Newly unknown rows: node-access",
    "Known again: etcd-access",
    "2 unchanged",
    "Who can connect",
    "2 hosts: node prod",
    "the internet prod by balancer prod",
    "some public addresses prod by balancer prod",
    "only the cluster perhaps the internet",
    "Fix in this order",
    "rule.narrow on filter f-1 (prod), rule r-1",
    "written by owner prod",
    "proved: keeps all needed access",
    "fixes 2 (not proved)",
    "asked for prod",
    "Basis",
    "13 paths",
    "etcd: prod (prod)",
    "Tunnel (would help: memory:ReadTunnels)",
    "critical new api-server-access/internet 000000000001",
    "balancer prod listens on tcp/443",
    "subnet filter acl-1: open",
    "latent: the internet",
    "kept out: barrier prod",
    "198.51.100.7 → prod",
    "filter f-1 (prod): rule r-1 (tcp/6443 from 0.0.0.0/0)",
    "advice prod",
    "References Kubernetes Odd",
    "fact of prod",
    "tcp/6443 from 0.0.0.0/0 tcp/6443 from 192.0.2.0/24 # prod",
    "Unknown unknown prod",
    "from sender prod",
    "unknown: reason prod",
    "missing: prod",
    "(not proved) Granted and sufficient permissions Granted today Sufficient",
    "narrow prod/#1 allow * on * allow disk:Attach on prod if Equals tag prod",
    "keep prod/disks",
    "detach managed prod",
    "Not proved: not proved prod",
    '"of": "prod"',
    "Waived by ops until 2026-02-01 : it is a lab",
    "host m-1 disk d-9 /dev/b, not encrypted key k-1 expired, managed by the customer",
    "snapshot s-1 not encrypted, shared with friend prod",
    "snapshot s-2 not encrypted, sharing not read",
    "Exceptions",
    "3 message 3 of prod ops it is a lab 2026-02-01 31 days left active",
    "about prod not covered: 1 message 1 of prod prod because prod 2025-12-29 expired 3 days ago expired",
    "Not read",
    "memory:ReadFilters f-nodes denied: prod memory:read",
    "Declarations",
    "admin-cidr prod --admin-cidr prod",
)


def text_of(*reports: Report) -> str:
    """Return the page's visible text, on one line."""
    body = re.sub(r"<(style|script)>.*?</\1>", " ", page.render(*reports), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_the_page_shows_the_parts_in_the_documented_order() -> None:
    text = text_of(FULL)
    places = list[int]()
    for part in ORDER:
        places.append(text.find(part, places[-1] if places else 0))
        assert places[-1] >= 0, part


def test_equal_reports_give_equal_pages() -> None:
    assert page.render(FULL) == page.render(page_report.report("prod", WAIVER))


def test_the_policy_allows_only_the_page_s_style_and_script() -> None:
    text = page.render(FULL)
    found = {name: re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL) for name in ("style", "script")}
    assert [len(each) for each in found.values()] == [1, 1]
    hashes = {name: b64encode(sha256(each[0].encode()).digest()).decode() for name, each in found.items()}
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    assert unescape(policy[1]) == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"<[^>]* (style|on\w+|src)=", text)
    assert {*re.findall(r'href="([^#][^"]*)"', text)} == {"https://kubernetes.io/docs/"}


@pytest.mark.parametrize("name", [sample.HOSTILE, "x" * 10_000, "a\u2066b\u0085c"], ids=["hostile", "long", "hidden"])
def test_hostile_names_are_escaped(name: str) -> None:
    text = page.render(page_report.report(name))
    assert "<b>" not in text
    assert not {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs"}} - {"\n"}
    assert text.encode("utf-8")


def test_every_link_leads_to_an_anchor() -> None:
    text = page.render(FULL)
    anchors = re.findall(r' id="([^"]*)"', text)
    assert len(anchors) == len({*anchors})
    assert {*re.findall(r'href="#([^"]*)"', text)} <= {*anchors}


def test_a_clean_report_has_no_empty_blocks() -> None:
    text = text_of(sample.report())
    assert "no findings" in text
    for heading in ("Fix in this order", "Exceptions", "Not read", "Evidence", "Incomplete"):
        assert heading not in text


def test_several_clusters_are_on_one_page_the_worst_first() -> None:
    clean = replace(sample.report(), cluster=replace(FULL.cluster, name="clean"))
    text = page.render(clean, FULL)
    assert text == page.render(FULL, clean)
    read = text_of(clean, FULL)
    parts = ["2 clusters", "prod memory 1234 here FAIL 1 finding, worst critical", "clean memory 1234 here PASS"]
    places = [read.find(part) for part in (*parts, "Incomplete.", "no findings")]
    assert -1 not in places
    assert places == sorted(places)
    anchors = re.findall(r' id="([^"]*)"', text)
    assert len(anchors) == len({*anchors})
    assert {*re.findall(r'href="#([^"]*)"', text)} <= {*anchors}


def test_an_undefined_name_in_a_template_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        page.templates().from_string("{{ report.no_such_thing }}").render(report=FULL)


def test_a_page_is_small_and_grows_only_with_its_findings() -> None:
    assert len(page.render(FULL).encode()) < 60_000
    finding = page_report.network_finding("prod")
    many = tuple(replace(finding, id=f"{number:012x}", severity=Severity.HIGH) for number in range(500))
    started = process_time()
    text = page.render(replace(FULL, rows=(replace(FULL.rows[0], findings=many),), plan=()))
    assert text.count("<article") == 500
    assert process_time() - started < 5, "ten times as many take seconds"
    assert len(text.encode()) < 500 * 6_000
