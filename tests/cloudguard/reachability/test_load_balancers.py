"""Targets of a balancer beside today's hosts, and the addresses that its targets see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, NODE, PUBLIC, SOURCE, WORLD, balancer, group, host, snapshot, to
from cloudguard.model.cluster import Pool
from cloudguard.model.load_balancers import BackendTarget, ClientAddress, PublishedService
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.host_classes import classify
from cloudguard.reachability.senders import Senders
from cloudguard.results.change import Resource
from cloudguard.results.finding import Severity
from cloudguard.results.report import Verdict
from judged import changes_of, rows_of

SSH = ServiceSet.parse("tcp/22")
POOL = Pool("asg", "asg", NODE, (), ("public",), ("nodes",), ("nodes",), SOURCE)
NEXT = BackendTarget("asg", AddressSet.nothing(), SSH)


def test_the_next_host_of_an_empty_pool_is_a_target_of_the_pool_s_balancer() -> None:
    facts = snapshot(
        [], [group("nodes", ("tcp/22", WORLD))], pools=[POOL], balancers=[balancer("lb", "tcp/22", [NEXT])]
    )
    (host_class,) = classify(facts.cluster, facts.topology)
    assert [(registration.balancer.id, registration.service) for registration in host_class.key.registrations] == [
        ("lb", SSH)
    ]
    assert rows_of(facts)["node-access"].verdict is Verdict.FAIL


def test_a_pool_registered_together_with_its_hosts_makes_no_class_of_its_own() -> None:
    node = host("n1", NODE, "nodes", where="public", pool="asg")
    facts = snapshot(
        [node], [group("nodes")], pools=[POOL], balancers=[balancer("lb", "tcp/22", [to(node, "tcp/22"), NEXT])]
    )
    (host_class,) = classify(facts.cluster, facts.topology)
    assert (host_class.hosts, host_class.pools) == ([node], [POOL])


@pytest.mark.parametrize(("transparent", "own"), [(True, "168.63.129.16/32"), (False, "10.0.0.0/24,168.63.129.16/32")])
def test_a_transparent_balancer_has_only_the_addresses_of_its_health_checks(own: str, *, transparent: bool) -> None:
    probes = AddressSet.parse("168.63.129.16")
    front = replace(balancer("lb", "tcp/22", []), transparent=transparent, health_checks=probes)
    facts = snapshot([], subnets=[PUBLIC])
    addresses = Senders(facts.topology).of_balancer(front) & AddressSet.parse("0.0.0.0/0")
    assert addresses.cidrs() == tuple(own.split(","))


@pytest.mark.parametrize(
    ("translated", "let_in", "verdict"),
    [
        ("", "10.0.9.0/24", Verdict.PASS),
        ("", "10.0.1.0/24", Verdict.FAIL),
        ("10.0.9.0/24", "10.0.9.0/24", Verdict.FAIL),
        ("10.0.9.0/24", "10.0.1.0/24", Verdict.PASS),
    ],
)
def test_clients_of_a_published_service_have_its_translated_addresses(
    translated: str, let_in: str, verdict: Verdict
) -> None:
    ranges = AddressSet.of([translated] if translated else [])
    service = PublishedService("svc", ("*",), accepts_each=False, source=SOURCE, translated_to=ranges)
    master = host("cp", CONTROL_PLANE, "masters")
    front = balancer("api", "tcp/443", [to(master, "tcp/6443")], facing=False, where=("private",))
    front = replace(front, published=(service,), transparent=True)
    assert front.listeners[0].client_address is ClientAddress.PRESERVED
    facts = snapshot([master], [group("masters", ("tcp/6443", let_in))], balancers=[front])
    row = rows_of(facts)["api-server-access"]
    assert row.verdict is verdict


@pytest.mark.parametrize(
    ("allowed", "accepts_each", "connected", "verdict"),
    [
        (("*",), False, False, Verdict.FAIL),
        (("partner",), False, None, Verdict.FAIL),
        (("*",), True, True, Verdict.FAIL),
        (("*",), True, None, Verdict.UNKNOWN),
        (("*",), True, False, Verdict.PASS),
        ((), False, None, Verdict.UNKNOWN),
        ((), False, False, Verdict.PASS),
    ],
)
def test_a_published_service_has_consumers_that_are_accepted(
    allowed: tuple[str, ...], verdict: Verdict, *, connected: bool | None, accepts_each: bool
) -> None:
    service = PublishedService("svc", allowed, accepts_each=accepts_each, source=SOURCE, connected=connected)
    master = host("cp", CONTROL_PLANE, "masters")
    front = balancer("api", "tcp/443", [to(master, "tcp/6443")], facing=False, where=("private",))
    filters = [group("masters", ("tcp/6443", "10.0.1.0/24"))]
    facts = snapshot([master], filters, balancers=[replace(front, published=(service,), transparent=True)])
    row = rows_of(facts)["api-server-access"]
    assert row.verdict is verdict
    said = any("svc offers the balancer" in line for line in row.unknown)
    assert said is (verdict is Verdict.UNKNOWN)
    resources = [finding.resource for finding in row.findings if finding.severity is Severity.MEDIUM]
    assert resources == ([Resource("published service", "svc")] if verdict is Verdict.FAIL else [])
    assert [change.kind for change in changes_of(facts) if change.resource in resources] == ["service.restrict"] * len(
        resources
    )
