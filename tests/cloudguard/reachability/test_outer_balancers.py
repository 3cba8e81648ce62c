"""A balancer in front of another balancer: clients pass the filters of both, with their own addresses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, SOURCE, WORLD, balancer, group, host, snapshot, to
from cloudguard.model.filters import AddressList, Filter
from cloudguard.model.load_balancers import EVERYONE, Balancer, ClientAddress, OuterBalancer, PublishedService
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.results.hop import HopKind
from cloudguard.results.report import RowResult
from judged import ADMINS, rows_of

OFFICE = "198.51.100.0/24"
MASTER = host("cp", CONTROL_PLANE, "masters")
PUBLISHED = PublishedService("svc", (EVERYONE,), accepts_each=False, source=SOURCE)


def behind(*of_outer: str) -> Balancer:
    """Return a balancer on tcp/443 behind one on tcp/6443 that has the filters ``of_outer``."""
    inner = balancer("alb", "tcp/443", [to(MASTER, "tcp/6443")], "alb", seen=ClientAddress.REPLACED, where=("private",))
    return replace(inner, outer=OuterBalancer(ServiceSet.parse("tcp/6443"), ("public",), of_outer, of_outer))


def api_row(front: Balancer, *filters: Filter) -> RowResult:
    """Return the API row of a control plane whose filter lets in only the inner balancer."""
    unread = AddressList("pl-1", "", (), known=False, source=SOURCE)
    facts = snapshot([MASTER], [group("masters", ("tcp/6443", "alb")), *filters], balancers=[front], lists=[unread])
    return rows_of(facts, ADMINS)["api-server-access"]


@pytest.mark.parametrize(
    ("of_outer", "of_inner", "verdict"),
    [
        (("tcp/6443", WORLD), ("tcp/443", WORLD), "FAIL"),
        (("tcp/6443", WORLD), ("tcp/443", "nlb"), "FAIL"),
        (("tcp/6443", OFFICE), ("tcp/443", WORLD), "PASS"),
        (("tcp/6443", WORLD), ("tcp/443", OFFICE), "PASS"),
        (("tcp/6443", OFFICE), ("tcp/443", "nlb"), "PASS"),
        (("tcp/443", WORLD), ("tcp/443", WORLD), "PASS"),
        (("tcp/6443", WORLD), ("tcp/6443", WORLD), "PASS"),
        (("tcp/6443", "list:pl-1"), ("tcp/443", WORLD), "UNKNOWN"),
        (("tcp/6443", WORLD), ("tcp/443", "list:pl-1"), "UNKNOWN"),
    ],
)
def test_clients_pass_only_if_both_balancers_let_them_in(
    of_outer: tuple[str, str], of_inner: tuple[str, str], verdict: str
) -> None:
    assert api_row(behind("nlb"), group("nlb", of_outer), group("alb", of_inner)).verdict == verdict


def test_an_outer_balancer_must_be_allowed_to_send_to_the_inner_one() -> None:
    open_to_all = group("alb", ("tcp/443", WORLD))
    assert api_row(behind("nlb"), group("nlb", ("tcp/6443", WORLD), closed=True), open_to_all).verdict == "PASS"


@pytest.mark.parametrize(("of_outer", "blamed"), [(("nlb",), "nlb"), ((), "alb")])
def test_the_first_filter_that_lets_clients_in_is_responsible(of_outer: tuple[str, ...], blamed: str) -> None:
    row = api_row(behind(*of_outer), group("nlb", ("tcp/6443", WORLD)), group("alb", ("tcp/443", WORLD)))
    (finding,) = (finding for finding in row.findings if finding.check.endswith("/internet"))
    assert finding.resource.id == blamed
    passed = [hop.id for hop in finding.witness.path if hop.kind is HopKind.BALANCER_FILTER]
    assert passed == [*of_outer, "alb"]


@pytest.mark.parametrize(("let_in", "verdict"), [("10.0.0.0/24", "FAIL"), ("10.0.1.0/24", "PASS")])
def test_clients_of_a_published_service_arrive_with_the_outer_balancer_s_address(let_in: str, verdict: str) -> None:
    front = replace(behind("nlb"), published=(PUBLISHED,), internet_facing=False)
    row = api_row(front, group("nlb", ("tcp/6443", "203.0.113.0/24")), group("alb", ("tcp/443", let_in)))
    assert row.verdict == verdict
