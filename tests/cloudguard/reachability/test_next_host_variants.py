"""The next host of a pool is judged like a host, with the settings of its pool and template. One path per test case.

It is a target of the balancers where the pool registers its hosts. It has, or may get, the addresses that the template
gives it, on every interface. It is closed if none of these opens it. The tests use pools without any host yet.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    SAID,
    SOURCE,
    WORLD,
    WORLD6,
    balancer,
    group,
    host,
    snapshot,
    to,
)
from cloudguard.model.cluster import NextInterface, Pool, Role
from cloudguard.model.load_balancers import BackendTarget, Balancer, ClientAddress
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.needs.declarations import Declarations
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.results.finding import Severity
from cloudguard.results.report import Verdict
from judged import rows_of

MASTER = host("m1", CONTROL_PLANE, "masters")
WORKER = host("n1", NODE, "nodes", pool="asg")
POOL = Pool("asg", "workers", NODE, (SAID,), ("private",), ("wide",), ("wide",), SOURCE, public=False)
SHUT = replace(POOL, filters=("nodes",), groups=("nodes",))
BESIDE = NextInterface(("wide",), ("wide",), ("public",))
GROUPS = (
    group("masters", ("tcp/6443", "nodes")),
    group("nodes", ("tcp/10250", "masters")),
    group("wide", ("tcp/22", WORLD), ("tcp/22", WORLD6)),
    group("front", ("all", WORLD)),
)


def next_of(pool: Pool, service: str) -> BackendTarget:
    """Return the next host of ``pool`` as a target."""
    return BackendTarget(pool.id, NO_ADDRESSES, ServiceSet.parse(service))


def verdict_and_severity(
    row: str, pool: Pool, *balancers: Balancer, hosts: bool = True
) -> tuple[Verdict, Severity | None]:
    """Return a row's verdict and its worst severity, for a cluster with ``pool``."""
    facts = snapshot([MASTER, *([WORKER] if hosts else [])], GROUPS, pools=[pool], balancers=balancers)
    result = rows_of(facts, Declarations(admin_cidrs=("198.51.100.0/24",)))[row]
    return result.verdict, max((finding.severity for finding in result.findings), default=None)


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        pytest.param(replace(POOL, subnets=("public",), public=True), Severity.CRITICAL, id="public address"),
        pytest.param(replace(POOL, subnets=("public",), public_ipv6=True), Severity.CRITICAL, id="IPv6 address only"),
        pytest.param(replace(SHUT, further=(replace(BESIDE, public=True),)), Severity.CRITICAL, id="second interface"),
        pytest.param(
            replace(SHUT, further=(replace(BESIDE, public_ipv6=True),)),
            Severity.CRITICAL,
            id="second interface with IPv6",
        ),
        pytest.param(replace(SHUT, subnets=("public",), public=True), None, id="public address, closed filter"),
        pytest.param(SHUT, None, id="no address, closed filter"),
    ],
)
def test_the_next_host_has_the_addresses_and_filters_of_its_template(pool: Pool, expected: Severity | None) -> None:
    verdict, worst = verdict_and_severity("node-access", pool)
    assert (verdict, worst) == (Verdict.FAIL if expected else Verdict.PASS, expected)


@pytest.mark.parametrize("hosts", [True, False], ids=["pool with a closed host", "empty pool"])
@pytest.mark.parametrize("seen", [ClientAddress.PRESERVED, ClientAddress.REPLACED])
def test_the_next_host_is_a_target_of_its_pool_s_balancers(seen: ClientAddress, *, hosts: bool) -> None:
    """The template opens SSH and an internet balancer forwards to it, but to none of today's hosts."""
    front = balancer("front", "tcp/2222", [next_of(POOL, "tcp/22")], "front", seen=seen)
    assert verdict_and_severity("node-access", POOL, front, hosts=hosts) == (Verdict.FAIL, Severity.CRITICAL)


@pytest.mark.parametrize(("filters", "expected"), [(("wide",), Verdict.UNKNOWN), (("nodes",), Verdict.PASS)])
def test_a_pool_without_known_subnets_may_give_public_addresses(filters: tuple[str, ...], expected: Verdict) -> None:
    """A scaling group that names only zones makes its hosts in default subnets, which give public addresses."""
    pool = replace(POOL, filters=filters, groups=filters, subnets=(), public=None)
    assert verdict_and_severity("node-access", pool)[0] is expected


def test_a_registration_opens_nothing_that_the_host_s_filters_deny() -> None:
    front = balancer("front", "tcp/2222", [next_of(SHUT, "tcp/22")], "front")
    assert verdict_and_severity("node-access", SHUT, front)[0] is Verdict.PASS


def test_the_registration_of_another_pool_does_not_apply() -> None:
    front = balancer("front", "tcp/2222", [next_of(replace(POOL, id="other"), "tcp/22")], "front")
    assert verdict_and_severity("node-access", POOL, front)[0] is Verdict.PASS


def test_a_host_and_the_next_host_with_equal_registrations_are_one_class() -> None:
    front = balancer("front", "tcp/443", [to(WORKER, "tcp/30443"), next_of(SHUT, "tcp/30443")], "front")
    assert verdict_and_severity("node-access", SHUT, front)[0] is Verdict.PASS


def test_a_future_control_plane_host_is_judged() -> None:
    """The API's balancer exists before the first control-plane host of its pool."""
    pool = replace(POOL, roles=(Role.CONTROL_PLANE, Role.ETCD), filters=("api",), groups=("api",))
    front = balancer("front", "tcp/443", [next_of(pool, "tcp/6443")], "front")
    facts = snapshot([MASTER, WORKER], (*GROUPS, group("api", ("tcp/6443", WORLD))), pools=[pool], balancers=[front])
    assert rows_of(facts, Declarations(admin_cidrs=("198.51.100.0/24",)))["api-server-access"].verdict is Verdict.FAIL
