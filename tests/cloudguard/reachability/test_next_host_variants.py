"""The next host of a pool, with all that its pool and template give it, is a host: ways in to it, one a test case.

It is registered where the pool registers its hosts, has or may get the addresses that the template gives it, on every
interface, and is closed where nothing of that opens it. Pools without any host yet show it.
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


def verdict(row: str, pool: Pool, *balancers: Balancer, hosts: bool = True) -> tuple[Verdict, Severity | None]:
    """Return a row's verdict and its worst severity, for a cluster with ``pool``."""
    made = snapshot([MASTER, *([WORKER] if hosts else [])], GROUPS, pools=[pool], balancers=balancers)
    found = rows_of(made, Declarations(admin_cidrs=("198.51.100.0/24",)))[row]
    return found.verdict, max((one.severity for one in found.findings), default=None)


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        pytest.param(replace(POOL, subnets=("public",), public=True), Severity.CRITICAL, id="public address"),
        pytest.param(replace(POOL, subnets=("public",), public_ipv6=True), Severity.CRITICAL, id="v6 address alone"),
        pytest.param(replace(SHUT, further=(replace(BESIDE, public=True),)), Severity.CRITICAL, id="second interface"),
        pytest.param(replace(SHUT, further=(replace(BESIDE, public_ipv6=True),)), Severity.CRITICAL, id="second by v6"),
        pytest.param(replace(SHUT, subnets=("public",), public=True), None, id="public address, and shut"),
        pytest.param(SHUT, None, id="shut"),
    ],
)
def test_what_its_template_gives_it(pool: Pool, expected: Severity | None) -> None:
    found, worst = verdict("node-access", pool)
    assert (found, worst) == (Verdict.FAIL if expected else Verdict.PASS, expected)


@pytest.mark.parametrize("hosts", [True, False], ids=["beside a shut host", "of an empty pool"])
@pytest.mark.parametrize("seen", [ClientAddress.PRESERVED, ClientAddress.REPLACED])
def test_where_its_pool_registers_it(seen: ClientAddress, *, hosts: bool) -> None:
    """The template opens SSH, and a balancer for the internet sends there: none of today's hosts shows it."""
    front = balancer("front", "tcp/2222", [next_of(POOL, "tcp/22")], "front", seen=seen)
    assert verdict("node-access", POOL, front, hosts=hosts) == (Verdict.FAIL, Severity.CRITICAL)


@pytest.mark.parametrize(("filters", "expected"), [(("wide",), Verdict.UNKNOWN), (("nodes",), Verdict.PASS)])
def test_a_pool_without_known_subnets_may_give_public_addresses(filters: tuple[str, ...], expected: Verdict) -> None:
    """A scaling group that names zones alone makes its hosts in default subnets, which give public addresses."""
    pool = replace(POOL, filters=filters, groups=filters, subnets=(), public=None)
    assert verdict("node-access", pool)[0] is expected


def test_a_registration_opens_nothing_that_its_filters_shut() -> None:
    front = balancer("front", "tcp/2222", [next_of(SHUT, "tcp/22")], "front")
    assert verdict("node-access", SHUT, front)[0] is Verdict.PASS


def test_the_registration_of_another_pool_is_not_its_own() -> None:
    front = balancer("front", "tcp/2222", [next_of(replace(POOL, id="other"), "tcp/22")], "front")
    assert verdict("node-access", POOL, front)[0] is Verdict.PASS


def test_a_host_and_the_next_one_are_one_class_where_both_are_registered() -> None:
    front = balancer("front", "tcp/443", [to(WORKER, "tcp/30443"), next_of(SHUT, "tcp/30443")], "front")
    assert verdict("node-access", SHUT, front)[0] is Verdict.PASS


def test_a_control_plane_that_is_still_to_come() -> None:
    """The API's balancer stands there before the first control-plane host of its pool does."""
    pool = replace(POOL, roles=(Role.CONTROL_PLANE, Role.ETCD), filters=("api",), groups=("api",))
    front = balancer("front", "tcp/443", [next_of(pool, "tcp/6443")], "front")
    made = snapshot([MASTER, WORKER], (*GROUPS, group("api", ("tcp/6443", WORLD))), pools=[pool], balancers=[front])
    assert rows_of(made, Declarations(admin_cidrs=("198.51.100.0/24",)))["api-server-access"].verdict is Verdict.FAIL
