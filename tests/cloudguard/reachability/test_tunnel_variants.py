"""Tunnels (services that connect from inside for outsiders), by kind: guarded by IAM, open to everyone, or unknown.

Each tunnel is let in by a range, by a group or through a load balancer, or is denied. A login tunnel reaches only SSH.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, NODE, RANGE, SOURCE, balancer, group, host, snapshot, to
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.network import Tunnel
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.senders import Senders
from cloudguard.results.finding import Severity
from cloudguard.results.report import RowResult, Verdict
from judged import rows_of

ADMINS = Declarations(admin_cidrs=("198.51.100.0/24",))
MASTER, WORKER = host("m1", CONTROL_PLANE, "masters"), host("n1", NODE, "nodes")
PLACE = AddressSet.parse("10.0.1.250")
LOGIN = Tunnel("login", PLACE, "IAM, which asks for login,", SOURCE, ("doors",), ServiceSet.parse("tcp/22"))
LINK = Tunnel("link", PLACE, "", SOURCE, ("doors",), uncertain="it is not asked where it leads", to_balancers=True)
OPEN = replace(LINK, uncertain="")


def made(tunnel: Tunnel, peer: str, services: str = "tcp/22") -> Snapshot:
    """Return a cluster whose node lets ``peer`` in, with a tunnel."""
    groups = [group("masters", ("tcp/6443", "nodes")), group("nodes", ("tcp/10250", "masters"), (services, peer))]
    facts = snapshot([MASTER, WORKER], groups)
    return replace(facts, topology=replace(facts.topology, tunnels=(tunnel,)))


def node(tunnel: Tunnel, peer: str, services: str = "tcp/22") -> RowResult:
    return rows_of(made(tunnel, peer, services), ADMINS)["node-access"]


@pytest.mark.parametrize("peer", [RANGE, "10.0.1.250/32", "doors"])
def test_a_tunnel_guarded_by_iam_is_advice_that_names_the_service(peer: str) -> None:
    row = node(LOGIN, peer)
    assert row.verdict is Verdict.PASS
    assert any("IAM, which asks for login" in finding.message for finding in row.findings)


@pytest.mark.parametrize(("peer", "services"), [("10.0.9.0/24", "tcp/22"), ("others", "tcp/22"), (RANGE, "tcp/9100")])
def test_a_tunnel_without_a_path_to_the_node_is_no_advice(peer: str, services: str) -> None:
    assert not any("IAM" in finding.message for finding in node(LOGIN, peer, services).findings)


@pytest.mark.parametrize("peer", ["10.0.1.250/32", RANGE, "doors"])
def test_a_tunnel_that_may_be_open_to_everyone_never_passes(peer: str) -> None:
    row = node(LINK, peer)
    assert row.verdict is Verdict.UNKNOWN
    assert any("it is not asked where it leads" in line for line in row.unknown)
    assert node(OPEN, peer).verdict is Verdict.FAIL


@pytest.mark.parametrize(("peer", "services"), [("10.0.9.0/24", "tcp/22"), (RANGE, "tcp/30443")])
def test_a_tunnel_that_is_denied_or_reaches_only_node_ports_passes(peer: str, services: str) -> None:
    assert node(LINK, peer, services).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("tunnel", "peer", "verdict"),
    [
        (LINK, RANGE, Verdict.UNKNOWN),
        (LINK, "doors", Verdict.UNKNOWN),
        (OPEN, "doors", Verdict.FAIL),
        (LINK, "10.0.9.0/24", Verdict.PASS),
        (replace(LINK, to_balancers=False), RANGE, Verdict.PASS),
    ],
    ids=["by range", "by group", "for everyone", "denied", "to hosts only"],
)
def test_a_tunnel_reaches_the_api_through_an_internal_balancer(tunnel: Tunnel, peer: str, verdict: Verdict) -> None:
    """The hosts let in only the balancer, so only the balancer's own filter sees the sender."""
    front = balancer(
        "api",
        "tcp/443",
        [to(MASTER, "tcp/6443")],
        "front",
        seen=ClientAddress.REPLACED,
        facing=False,
        where=("private",),
    )
    groups = [group("masters", ("tcp/6443", "front")), group("nodes"), group("front", ("tcp/443", peer))]
    facts = snapshot([MASTER, WORKER], groups, balancers=[front])
    facts = replace(facts, topology=replace(facts.topology, tunnels=(tunnel,)))
    row = rows_of(facts, Declarations())["api-server-access"]
    assert row.verdict is verdict
    assert verdict is not Verdict.FAIL or max(finding.severity for finding in row.findings) is Severity.CRITICAL


def test_a_tunnel_with_unknown_destinations_affects_only_reachable_rows() -> None:
    far = replace(LINK, ranges=AddressSet.parse("169.254.171.0/24"), groups=())
    rows = rows_of(made(far, "169.254.171.0/24", "tcp/8080"), ADMINS)
    assert [rows[name].verdict for name in ("node-access", "api-server-access", "etcd-access")] == [
        *(Verdict.UNKNOWN, Verdict.PASS, Verdict.PASS)
    ]


def test_only_certain_tunnels_take_addresses_from_the_internet() -> None:
    outside = AddressSet.parse("198.51.100.0/24")
    for tunnel, taken in ((replace(LINK, ranges=outside), False), (replace(OPEN, ranges=outside), True)):
        internet = Senders(made(tunnel, RANGE).topology).internet.addresses
        assert (not internet & outside) is taken


@pytest.mark.parametrize(
    ("tunnel", "verdict"),
    [
        (LINK, Verdict.UNKNOWN),
        (OPEN, Verdict.FAIL),
        (replace(LINK, keeps_clients=True), Verdict.PASS),
        (replace(LINK, gatekeeper="IAM"), Verdict.PASS),
    ],
)
def test_the_addresses_of_a_tunnel_that_everyone_may_use_are_no_administrator_s(
    tunnel: Tunnel, verdict: Verdict
) -> None:
    groups = [group("masters", ("tcp/6443", RANGE)), group("nodes")]
    facts = snapshot([MASTER, WORKER], groups)
    facts = replace(facts, topology=replace(facts.topology, tunnels=(tunnel,)))
    assert rows_of(facts, Declarations(admin_cidrs=(RANGE,)))["api-server-access"].verdict is verdict
