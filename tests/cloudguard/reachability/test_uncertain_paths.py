"""An uncertain path keeps a row from passing, and is no finding."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, NODE, SOURCE, WORLD, balancer, group, host, interface, snapshot, subnet, to
from cloudguard.model.cluster import Host
from cloudguard.model.load_balancers import PublishedService
from cloudguard.model.network import NextHop, Route
from cloudguard.needs.declarations import Declarations
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.results.report import RowResult, Verdict
from judged import rows_of

MASTER = host("cp", CONTROL_PLANE, "masters")
NODES = [group("nodes", ("tcp/10250", "ci")), group("ci")]


def with_public_at_start(node: Host, *, public: bool | None) -> Host:
    """Return ``node`` with the setting whether it gets a public address at start; None: unknown."""
    return replace(node, interfaces=(replace(node.interfaces[0], public_ip_on_start=public),))


def test_traffic_of_a_balancer_that_may_face_the_internet_is_undecided() -> None:
    front = replace(balancer("api", "tcp/443", [to(MASTER, "tcp/6443")]), internet_facing=None)
    facts = snapshot([MASTER], [group("masters", ("tcp/6443", WORLD))], balancers=[front])
    row = rows_of(facts)["api-server-access"]
    assert row.verdict is Verdict.UNKNOWN
    assert any("unknown whether connections from the internet reach the load balancer" in line for line in row.unknown)
    shut = snapshot([MASTER], [group("masters", ("tcp/6443", "10.0.0.0/16"))], balancers=[front])
    assert rows_of(shut)["api-server-access"].verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("where", "peer", "verdict"),
    [
        ("public", WORLD, Verdict.UNKNOWN),
        ("public", "10.0.0.0/16", Verdict.PASS),
        ("private", WORLD, Verdict.PASS),
    ],
)
def test_an_open_host_that_may_get_a_public_address_is_undecided(where: str, peer: str, verdict: Verdict) -> None:
    stopped = with_public_at_start(host("n", NODE, "nodes", where=where), public=None)
    row = rows_of(snapshot([stopped], [group("nodes", ("tcp/22", peer))]))["node-access"]
    assert row.verdict is verdict
    assert bool(row.unknown) == (verdict is Verdict.UNKNOWN)
    assert verdict is not Verdict.UNKNOWN or "gets a public address that" in row.unknown[0]
    started = with_public_at_start(stopped, public=True)
    expected = Verdict.FAIL if verdict is Verdict.UNKNOWN else verdict
    assert rows_of(snapshot([started], [group("nodes", ("tcp/22", peer))]))["node-access"].verdict is expected


def from_members(*uncertain: str, address: str = "10.0.0.200", hop: NextHop = NextHop.OUTBOUND) -> RowResult:
    """Return the node-access row; a rule lets in a group with an uncertain member, and 10.9.0.0/16 leads to ``hop``."""
    members = [replace(interface(f"m{n}", "public", address, "ci"), uncertain=why) for n, why in enumerate(uncertain)]
    homes = [subnet("private", ("10.0.1.0/24",), ("10.9.0.0/16", hop, "pcx-1"))]
    facts = snapshot([host("n", NODE, "nodes")], NODES, external_members=members, subnets=homes)
    return rows_of(facts)["node-access"]


def test_a_group_whose_only_member_may_not_connect_is_undecided() -> None:
    assert from_members("").verdict is Verdict.FAIL
    assert from_members("", "not known").verdict is Verdict.FAIL
    row = from_members("not known what the service does")
    assert row.verdict is Verdict.UNKNOWN
    assert "not known what the service does" in row.unknown[0]


def test_an_uncertain_member_leaves_nothing_undecided_if_it_is_at_most_advice() -> None:
    member = replace(interface("m", "public", "10.0.0.200", "ci"), uncertain="not known")
    facts = snapshot(
        [host("n", NODE, "nodes")], [group("nodes", ("tcp/22", "ci")), group("ci")], external_members=[member]
    )
    row = rows_of(facts)["node-access"]
    assert (row.verdict, row.findings, row.unknown) == (Verdict.PASS, (), ())


@pytest.mark.parametrize(
    ("hop", "verdict"),
    [
        (NextHop.PEER, Verdict.FAIL),
        (NextHop.HUB, Verdict.FAIL),
        (NextHop.BLACKHOLE, Verdict.PASS),
        (NextHop.OUTBOUND, Verdict.PASS),
        (NextHop.APPLIANCE, Verdict.UNKNOWN),
        (NextHop.UNKNOWN, Verdict.UNKNOWN),
    ],
)
def test_members_without_a_route_to_the_hosts_send_nothing(hop: NextHop, verdict: Verdict) -> None:
    assert from_members("", address="10.9.1.4", hop=hop).verdict is verdict


@pytest.mark.parametrize("hop", [NextHop.APPLIANCE, NextHop.UNKNOWN])
@pytest.mark.parametrize(
    ("destination", "peer", "verdict"),
    [
        ("10.9.0.0/16", "10.9.0.0/16", Verdict.UNKNOWN),
        ("10.9.0.0/16", "10.0.0.0/8", Verdict.UNKNOWN),
        ("10.9.0.0/16", "10.8.0.0/16", Verdict.PASS),
        ("198.51.100.0/24", "198.51.100.0/24", Verdict.PASS),
        ("10.0.1.0/24", "10.9.0.0/16", Verdict.PASS),
        (WORLD, "10.9.0.0/16", Verdict.PASS),
    ],
)
def test_it_is_unknown_what_an_appliance_or_unknown_hop_passes_on(
    destination: str, peer: str, verdict: Verdict, hop: NextHop
) -> None:
    """A default route to such a hop does not show which networks are behind it."""
    home = subnet("private", ("10.0.1.0/24",), (destination, hop, "firewall"))
    facts = snapshot([host("n", NODE, "nodes")], [group("nodes", ("tcp/22", peer))], subnets=[home])
    row = rows_of(facts)["node-access"]
    assert row.verdict is verdict, (row.why, row.unknown)
    assert any("networks behind firewall" in text for text in row.unknown) is (verdict is Verdict.UNKNOWN)


def test_a_balancer_sends_to_the_primary_interface_unless_it_names_an_address() -> None:
    first, second = interface("eth0", "private", "10.0.1.5", "shut"), interface("eth1", "private", "10.0.1.6", "open")
    master = replace(MASTER, interfaces=(first, replace(second, secondary=True)))
    filters = [group("shut"), group("open", ("tcp/6443", WORLD))]

    def verdict(at: str) -> Verdict:
        target = replace(to(master, "tcp/6443"), address=AddressSet.of([at] if at else []))
        facts = snapshot([master], filters, balancers=[balancer("api", "tcp/443", [target])])
        return rows_of(facts)["api-server-access"].verdict

    assert verdict("") is Verdict.PASS
    assert verdict("10.0.1.5") is Verdict.PASS
    assert verdict("10.0.1.6") is Verdict.FAIL


@pytest.mark.parametrize("admins", [(), ("10.0.0.0/8",)])
@pytest.mark.parametrize("filtered", [True, False])
def test_a_published_balancer_lets_in_any_consumer_with_an_allowed_address(
    admins: tuple[str, ...], *, filtered: bool
) -> None:
    service = PublishedService("svc", ("*",), accepts_each=False, source=SOURCE, filtered=filtered)
    front = balancer("api", "tcp/443", [to(MASTER, "tcp/6443")], "front", facing=False, where=("private",))
    filters = [group("masters", ("tcp/6443", "front")), group("front", ("tcp/443", "10.0.0.0/8"))]

    def row(*published: PublishedService) -> RowResult:
        facts = snapshot([MASTER], filters, balancers=[replace(front, published=published)])
        return rows_of(facts, Declarations(admin_cidrs=admins))["api-server-access"]

    assert row(service).verdict is Verdict.FAIL
    assert any("anyone who creates an endpoint of svc" in finding.message for finding in row(service).findings)
    result = row(replace(service, accepts_each=True))
    assert result.verdict in {Verdict.UNKNOWN, row().verdict}
    assert any("svc offers the balancer to *, and the owner must accept" in line for line in result.unknown)


@pytest.mark.parametrize("within", ["172.16.0.0/12", ""])
def test_a_route_to_unknown_private_networks_does_not_hide_the_internet(within: str) -> None:
    """A private link leads to an unknown network in a range, or anywhere; then it may override the internet route."""
    linked = Route(AddressSet.of(filter(None, [within])), NextHop.VPN, "gw", SOURCE, "unread")
    home = subnet("public", ("10.0.0.0/24",), (WORLD, NextHop.INTERNET, "gw"))
    home = replace(home, routes=(*home.routes, linked))
    node = host("n", NODE, "nodes", where="public", public="203.0.113.9")
    for peer, verdict in (
        ("128.0.0.0/1", Verdict.FAIL if within else Verdict.UNKNOWN),
        ("172.16.0.0/12", Verdict.UNKNOWN),
    ):
        facts = snapshot([node], [group("nodes", ("tcp/10250", peer))], subnets=[home])
        assert rows_of(facts)["node-access"].verdict is verdict
    facts = snapshot([node], [group("nodes", ("tcp/10250", "192.168.0.0/16"))], subnets=[home])
    assert rows_of(facts)["node-access"].verdict is (Verdict.PASS if within else Verdict.UNKNOWN)


@pytest.mark.parametrize(
    ("peer", "admins", "verdict"),
    [
        ("198.51.100.0/24", None, Verdict.PASS),
        ("198.51.100.0/24", (), Verdict.UNKNOWN),
        (WORLD, None, Verdict.UNKNOWN),
    ],
)
def test_an_unknown_facing_matters_only_if_it_would_fail_the_row(
    peer: str, admins: tuple[str, ...] | None, verdict: Verdict
) -> None:
    front = replace(balancer("api", "tcp/443", [to(MASTER, "tcp/6443")]), internet_facing=None)
    facts = snapshot([MASTER], [group("masters", ("tcp/6443", peer))], balancers=[front])
    assert rows_of(facts, Declarations(admin_cidrs=admins))["api-server-access"].verdict is verdict
