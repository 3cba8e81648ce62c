"""api-server-access with a managed endpoint, and with balancers on the API's ports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    SOURCE,
    WORLD,
    address_sets,
    balancer,
    group,
    host,
    managed_endpoint,
    snapshot,
    subnet,
    to,
)
from cloudguard.formats.diff import change_lines
from cloudguard.model.filters import AddressList
from cloudguard.model.network import Endpoint, NextHop
from cloudguard.needs.declarations import Declarations
from cloudguard.results.change import Change, ListEdit, PeerOf, RulePeer
from cloudguard.results.finding import Severity
from cloudguard.results.report import RowResult, Verdict
from edits import ADMINISTRATORS, listed, peer
from judged import changes_of, rows_of

ADMINS = Declarations(admin_cidrs=("198.51.100.0/24",))
OUTBOUND = ("203.0.113.7/32",)


def change(*ranges: str, private: bool, policy: Declarations | None = None) -> Change | None:
    """Return the change to an endpoint that lets ``ranges`` in, or None."""
    endpoint = managed_endpoint(*ranges, private=private, filters=("guard",))
    facts = snapshot(
        [host("n1", NODE, "nodes")],
        [group("nodes"), group("guard")],
        endpoints=[endpoint],
        outbound=OUTBOUND,
        managed=True,
    )
    rows, plan = rows_of(facts, policy or ADMINS), changes_of(facts, policy or ADMINS)
    wanted = [name for finding in rows["api-server-access"].findings for name in finding.changes]
    assert [change.id for change in plan if change.row == "api-server-access"] == wanted
    return next((change for change in plan if change.id in wanted), None)


def test_an_endpoint_without_administrators_outside_becomes_private() -> None:
    edit = change(WORLD, private=True, policy=Declarations(admin_cidrs=()))
    assert edit is not None
    assert listed(edit).after == (RulePeer(PeerOf.INSIDE),)


def test_a_public_endpoint_is_restricted_to_administrators_and_outbound_addresses() -> None:
    edit = change(WORLD, private=False)
    assert edit is not None
    assert (edit.kind, edit.resource.id) == ("endpoint.restrict", "api")
    peers = (peer("198.51.100.0/24"), peer("203.0.113.7/32"))
    needs = ("administrators", "the cluster's own hosts (outbound addresses)")
    assert listed(edit) == ListEdit("public ranges", "tcp/443", (peer(WORLD),), peers, needs)
    assert change_lines(edit)[1] == "+ tcp/443 from 198.51.100.0/24  # administrators"
    assert edit.needs_input == ()


@pytest.mark.parametrize(("hop", "seen"), [(NextHop.OUTBOUND, True), (NextHop.HUB, False), (NextHop.APPLIANCE, False)])
@pytest.mark.parametrize("private", [False, True])
def test_an_unknown_outbound_address_keeps_its_place_in_the_endpoint_s_list(
    hop: NextHop, *, seen: bool, private: bool
) -> None:
    homes = [subnet("private", ("10.0.1.0/24",), (WORLD, hop, "away"))]
    endpoint = managed_endpoint(WORLD, private=private)
    facts = snapshot([host("n1", NODE, "nodes")], [group("nodes")], endpoints=[endpoint], subnets=homes, managed=True)
    (edit,) = (change for change in changes_of(facts, ADMINS) if change.kind == "endpoint.restrict")
    assert (RulePeer(PeerOf.WAY_OUT) in listed(edit).after) is not (seen or private)


def test_with_a_private_endpoint_the_hosts_need_no_place_in_the_public_list() -> None:
    edit = change(WORLD, private=True)
    assert edit is not None
    assert listed(edit).after == (peer("198.51.100.0/24"),)


def test_an_endpoint_for_declared_administrators_needs_no_change() -> None:
    assert change("198.51.100.0/24", *OUTBOUND, private=False) is None
    edit = change(WORLD, private=True, policy=Declarations())
    assert edit is not None
    assert (listed(edit).after, edit.needs_input) == ((ADMINISTRATORS,), ("admin-cidr",))


@pytest.mark.parametrize("keeper", ["", "the front end, which asks for a role,"])
@pytest.mark.parametrize("ranges", [(), (WORLD,)])
def test_an_endpoint_without_a_list_is_closed_by_the_provider_s_remedy(ranges: tuple[str, ...], keeper: str) -> None:
    endpoint = replace(managed_endpoint(*ranges, private=True, gatekeeper=keeper), remedy="a filter for its subnet")
    facts = snapshot([host("n1", NODE, "nodes")], [group("nodes")], endpoints=[endpoint], managed=True)
    findings = {finding.id: finding.check for finding in rows_of(facts, ADMINS)["api-server-access"].findings}
    plan = [change for change in changes_of(facts, ADMINS) if change.kind == "endpoint.restrict"]
    assert plan
    for one in plan:
        by_list = not keeper and {findings[name] for name in one.mends} == {"api-server-access/internet"}
        assert change_lines(one)[-1].startswith("+ tcp/443 from" if by_list else "+ a filter for its subnet")


def test_ssh_behind_a_balancer_on_the_api_s_port_is_not_the_api() -> None:
    master = host("cp", CONTROL_PLANE, "masters")
    odd = balancer("odd", "tcp/443", [to(master, "tcp/22")])
    rows = rows_of(snapshot([master], [group("masters", ("tcp/22", WORLD))], balancers=[odd]), ADMINS)
    assert [
        (finding.check, finding.severity) for finding in rows["node-access"].findings if finding.severity > Severity.LOW
    ] == [("node-access/internet", Severity.CRITICAL)]
    assert not rows["api-server-access"].findings


def endpoint_row(endpoint: Endpoint, *lists: AddressList) -> RowResult:
    facts = snapshot([host("n1", NODE, "nodes")], [group("nodes"), group("guard")], endpoints=[endpoint], managed=True)
    return rows_of(replace(facts, topology=replace(facts.topology, address_lists=lists)), ADMINS)["api-server-access"]


def public(*ranges: str, gatekeeper: str = "") -> Endpoint:
    return managed_endpoint(*ranges, gatekeeper=gatekeeper)


def test_an_address_list_of_an_endpoint_is_judged_and_an_unread_list_is_unknown() -> None:
    listed = public("198.51.100.0/24", "list:everyone-here")
    known = AddressList("everyone-here", "the cloud's own", address_sets("34.64.0.0/10"), known=True, source=SOURCE)
    row = endpoint_row(listed, known)
    assert [(finding.check, finding.severity) for finding in row.findings] == [
        ("api-server-access/internet", Severity.HIGH)
    ]
    assert endpoint_row(listed, replace(known, known=False, ranges=())).verdict is Verdict.UNKNOWN
    assert endpoint_row(public("198.51.100.0/24")).verdict is Verdict.PASS


def test_an_endpoint_behind_a_gatekeeper_is_advice() -> None:
    row = endpoint_row(public(WORLD, gatekeeper="the front door"))
    (finding,) = row.findings
    assert (row.verdict, finding.severity) == (Verdict.PASS, Severity.LOW)
    assert finding.message.endswith("if the front door lets them through")
