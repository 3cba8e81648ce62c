"""api-server-access: who can open a connection to the API server."""

from __future__ import annotations

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    RANGE,
    RANGE6,
    SOURCE,
    WORLD,
    WORLD6,
    address_sets,
    balancer,
    group,
    host,
    managed_endpoint,
    snapshot,
    to,
)
from cloudguard.model.cluster import Strength
from cloudguard.model.filters import AddressList, Filter
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.network import Endpoint
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.needs.declarations import Declarations
from cloudguard.results.change import Change
from cloudguard.results.finding import Severity
from cloudguard.results.hop import Hop, HopKind
from cloudguard.results.report import RowResult, Verdict
from edits import after, lets
from judged import changes_of, rows_of

INTERNET, INSIDE = "api-server-access/internet", "api-server-access/inside"
ADMINS = Declarations(admin_cidrs=("198.51.100.0/24",))


def row(facts: Snapshot, policy: Declarations | None = None) -> RowResult:
    rows = rows_of(facts, policy)
    return rows["api-server-access"]


def plan(facts: Snapshot, policy: Declarations | None = None) -> list[Change]:
    return [*changes_of(facts, policy, row="api-server-access")]


def public(*allowed: tuple[str, str], v6: str = "") -> Snapshot:
    """Return a cluster of one control-plane host with a public address."""
    master = host("cp", CONTROL_PLANE, "masters", where="public", public="203.0.113.9", v6=v6)
    return snapshot([master], [group("masters", *allowed)])


def endpoint(*ranges: str, private: bool = False, filters: tuple[str, ...] = ()) -> Endpoint:
    return managed_endpoint(*ranges, private=private, filters=filters, groups=filters)


@pytest.mark.parametrize(
    ("ranges", "severity"),
    [
        ((WORLD,), Severity.CRITICAL),
        (("0.0.0.0/1", "128.0.0.0/1"), Severity.CRITICAL),
        (("8.0.0.0/7",), Severity.CRITICAL),
        (("8.0.0.0/8",), Severity.HIGH),
        (("8.8.0.0/15",), Severity.HIGH),
        (("8.8.0.0/16",), Severity.LOW),
        (("203.0.113.0/24",), Severity.LOW),
    ],
)
def test_the_severity_depends_on_the_number_of_public_addresses(ranges: tuple[str, ...], severity: Severity) -> None:
    result = row(public(*(("tcp/6443", range_) for range_ in ranges)))
    assert [(finding.check, finding.severity) for finding in result.findings] == [(INTERNET, severity)]
    assert result.verdict is (Verdict.PASS if severity is Severity.LOW else Verdict.FAIL)


@pytest.mark.parametrize(
    ("cidr", "severity"),
    [
        (WORLD6, Severity.CRITICAL),
        ("2600::/16", Severity.CRITICAL),
        ("2600::/17", Severity.HIGH),
        ("2600::/48", Severity.LOW),
    ],
)
def test_ipv6_is_judged_like_ipv4(cidr: str, severity: Severity) -> None:
    assert row(public(("tcp/6443", cidr), v6="2600:9::1")).findings[0].severity is severity


def test_with_declared_administrators_everyone_else_is_a_finding() -> None:
    facts = public(("tcp/6443", "198.51.100.0/24"), ("tcp/6443", "192.0.2.0/28"))
    result = row(facts, ADMINS)
    assert result.verdict is Verdict.FAIL
    assert [(finding.check, finding.severity) for finding in result.findings] == [(INTERNET, Severity.HIGH)]
    assert result.findings[0].witness.facts[1] == ("source", "192.0.2.0")
    assert row(public(("tcp/6443", "198.51.100.0/25")), ADMINS).verdict is Verdict.PASS


def test_the_whole_internet_does_not_count_as_administrators() -> None:
    assert (
        row(public(("tcp/6443", WORLD)), Declarations(admin_cidrs=(WORLD,))).findings[0].severity is Severity.CRITICAL
    )


def test_the_cluster_s_own_outbound_addresses_are_expected() -> None:
    master = host("cp", CONTROL_PLANE, "masters", where="public", public="203.0.113.9")
    filters = [group("masters", ("tcp/6443", "192.0.2.7/32"))]
    assert row(snapshot([master], filters, outbound=("192.0.2.7/32",)), ADMINS).findings == ()
    assert row(snapshot([master], filters), ADMINS).findings != ()


def test_access_from_inside_is_advice_until_administrators_are_declared() -> None:
    master = host("cp", CONTROL_PLANE, "masters")
    facts = snapshot([master], [group("masters", ("tcp/6443", RANGE))])
    assert [(f.check, f.severity) for f in row(facts).findings] == [(INSIDE, Severity.LOW)]
    assert "--admin-cidr" in row(facts).findings[0].advice
    assert "no administrators are declared" in row(facts).why
    result = row(facts, ADMINS)
    assert [(f.check, f.severity) for f in result.findings] == [(INSIDE, Severity.MEDIUM)]
    assert result.verdict is Verdict.FAIL


def test_the_cluster_s_own_hosts_are_expected() -> None:
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes", address="10.0.1.5")]
    filters = [group("masters", ("tcp/6443", "nodes"), ("tcp/6443", "10.0.1.5/32")), group("nodes")]
    assert row(snapshot(hosts, filters), ADMINS).findings == ()
    assert row(snapshot(hosts, filters)).why.startswith("only the cluster and its administrators")


def test_an_open_rule_on_unreachable_hosts_is_latent() -> None:
    facts = snapshot([host("cp", CONTROL_PLANE, "masters")], [group("masters", ("tcp/6443", WORLD))])
    result = row(facts)
    assert [(f.check, f.severity) for f in result.findings] == [(INSIDE, Severity.LOW)]
    assert "latent" in result.findings[0].message
    assert "no public address" in result.findings[0].message
    assert result.verdict is Verdict.PASS


@pytest.mark.parametrize("seen", [ClientAddress.PRESERVED, ClientAddress.REPLACED])
def test_a_balancer_without_a_filter_opens_private_hosts(seen: ClientAddress) -> None:
    master = host("cp", CONTROL_PLANE, "masters")
    allowed = WORLD if seen is ClientAddress.PRESERVED else "10.0.0.0/24"
    facts = snapshot(
        [master],
        [group("masters", ("tcp/6443", allowed))],
        balancers=[balancer("api", "tcp/443", [to(master, "tcp/6443")], seen=seen)],
    )
    result = row(facts)
    assert result.findings[0].check == INTERNET
    assert result.findings[0].severity is Severity.CRITICAL
    assert "via nlb/api" in result.findings[0].witness.summary
    assert Hop(HopKind.BALANCER_FILTER, "api", "api", "nlb") in result.findings[0].witness.path
    kind = "filter" if seen is ClientAddress.PRESERVED else "balancer"
    assert result.findings[0].resource.kind == kind


def test_the_balancer_s_own_filter_is_narrowed() -> None:
    master = host("cp", CONTROL_PLANE, "masters")
    facts = snapshot(
        [master],
        [group("masters", ("tcp/6443", "front")), group("front", ("tcp/443", WORLD))],
        balancers=[balancer("api", "tcp/443", [to(master, "tcp/6443")], "front")],
    )
    assert row(facts).findings[0].resource.id == "front"
    assert [change.resource.id for change in plan(facts, ADMINS)] == ["front"]
    assert lets("tcp/443", "198.51.100.0/24") in after(plan(facts, ADMINS)[0])


def test_a_host_port_that_a_balancer_serves_as_the_api_is_the_api() -> None:
    master = host("cp", CONTROL_PLANE, "masters", where="public", public="203.0.113.9")
    served = balancer("api", "tcp/6443", [to(master, "tcp/7443")], "front", facing=False)
    filters = [group("masters", ("tcp/7443", WORLD)), group("front")]
    assert row(snapshot([master], filters, balancers=[served])).findings[0].check == INTERNET
    assert row(snapshot([master], filters)).findings == ()
    assert row(snapshot([master], filters), Declarations(api_ports=("tcp/7443",))).findings[0].check == INTERNET


@pytest.mark.parametrize(
    ("listening", "arriving", "service", "shown", "verdict"),
    [
        ("tcp/7443", "tcp/7443", "", Strength.WEAK, Verdict.UNKNOWN),
        ("tcp/7443", "tcp/7443", "", Strength.STRONG, Verdict.PASS),
        ("tcp/7443", "tcp/7443", "default/web", Strength.WEAK, Verdict.PASS),
        ("tcp/8022", "tcp/22", "", Strength.WEAK, Verdict.PASS),
        ("tcp/80", "tcp/80", "", Strength.WEAK, Verdict.PASS),
        ("tcp/7443", "tcp/30443", "", Strength.WEAK, Verdict.PASS),
    ],
)
def test_the_api_may_listen_on_any_port_that_a_balancer_serves(
    listening: str, arriving: str, service: str, shown: Strength, verdict: Verdict
) -> None:
    master = host("cp", CONTROL_PLANE, "masters")
    front = balancer("front", listening, [to(master, arriving)], service=service)
    facts = snapshot(
        [master], [group("masters", (arriving, WORLD))], balancers=[front], installer="kubeadm", shown=shown
    )
    result = row(facts)
    assert (result.verdict, any("--api-port" in line for line in result.unknown)) == (
        verdict,
        verdict is Verdict.UNKNOWN,
    )


def test_an_unknown_client_address_makes_the_row_unknown() -> None:
    master = host("cp", CONTROL_PLANE, "masters")
    facts = snapshot(
        [master],
        [group("masters", ("tcp/6443", "10.0.0.0/24"))],
        balancers=[balancer("api", "tcp/443", [to(master, "tcp/6443")], seen=ClientAddress.UNKNOWN)],
    )
    result = row(facts, Declarations(admin_cidrs=("10.0.0.0/8",)))
    assert result.verdict is Verdict.UNKNOWN
    assert "the internet" in result.unknown[0]


def test_an_unread_address_list_makes_the_row_unknown() -> None:
    unread = AddressList("office", "office", (), known=False, source=SOURCE)
    master = host("cp", CONTROL_PLANE, "masters", where="public", public="203.0.113.9")
    facts = snapshot([master], [group("masters", ("tcp/6443", "list:office"))], lists=[unread])
    result = row(facts)
    assert result.verdict is Verdict.UNKNOWN
    assert any("office" in line for line in result.unknown)
    address_list = AddressList("office", "office", address_sets("0.0.0.0/1", "128.0.0.0/1"), known=True, source=SOURCE)
    assert (
        row(snapshot([master], facts.topology.filters, lists=[address_list])).findings[0].severity is Severity.CRITICAL
    )


def test_a_managed_endpoint_is_judged_by_its_settings() -> None:
    def made(one: Endpoint, *filters: Filter) -> Snapshot:
        return snapshot([host("n", NODE, "nodes")], [group("nodes"), *filters], endpoints=[one], managed=True)

    result = row(made(endpoint(WORLD)))
    assert result.findings[0].severity is Severity.CRITICAL
    assert result.findings[0].resource.kind == "endpoint"
    assert result.findings[0].message.startswith("the internet can connect")
    few = row(made(endpoint("198.51.100.0/24", "10.0.0.0/8")))
    assert [(finding.severity, finding.message.partition(" can")[0]) for finding in few.findings] == [
        (Severity.LOW, "198.51.100.0/24 on the internet")
    ]
    assert row(made(endpoint("198.51.100.0/24")), ADMINS).verdict is Verdict.PASS
    assert row(made(endpoint(private=True, filters=("eks",)), group("eks", ("all", "eks")))).findings == ()
    result = row(made(endpoint(private=True, filters=("eks",)), group("eks", ("tcp/443", RANGE))))
    assert [finding.check for finding in result.findings] == [INSIDE]


def test_a_cluster_without_control_plane_hosts_never_passes() -> None:
    assert row(snapshot()).verdict is Verdict.UNKNOWN
    assert row(snapshot([host("n", NODE, "nodes")], [group("nodes")])).verdict is Verdict.UNKNOWN


ELSEWHERE = {*(FactKind.ADDRESS_LISTS, FactKind.IDENTITIES, FactKind.DISKS, FactKind.ETCD_CLUSTERS, FactKind.KEYS)}


@pytest.mark.parametrize("facet", [*FactKind])
def test_a_gap_in_the_row_s_facts_makes_it_unknown(facet: FactKind) -> None:
    gap = Gap("test:Call", "*", Reason.DENIED, "AccessDenied", (facet,), "test:Permission")
    facts = snapshot([host("cp", CONTROL_PLANE, "masters")], [group("masters")], gaps=[gap])
    rests = facet not in ELSEWHERE
    assert row(facts).verdict is (Verdict.UNKNOWN if rests else Verdict.PASS)
    assert any("grant test:Permission" in line for line in row(facts).unknown) is rests


def test_finding_ids_do_not_depend_on_the_number_or_order_of_hosts() -> None:
    hosts = [host(name, CONTROL_PLANE, "masters", where="public", public="203.0.113.9") for name in ("a", "b", "c")]
    filters = [group("masters", ("tcp/6443", WORLD))]
    findings = row(snapshot(hosts[:1], filters)).findings
    three = row(snapshot(reversed(hosts), filters)).findings
    assert [finding.id for finding in findings] == [finding.id for finding in three]
    assert three[0].hosts == ("a", "b", "c")
    assert "3 control-plane hosts" in three[0].message


def test_public_addresses_of_the_own_network_are_inside() -> None:
    master = host("cp", CONTROL_PLANE, "masters", where="public", public="203.0.113.9", v6="2001:db8:0:1::9")
    result = row(snapshot([master], [group("masters", ("tcp/6443", RANGE6))]))
    assert [finding.check for finding in result.findings] == [INSIDE]
