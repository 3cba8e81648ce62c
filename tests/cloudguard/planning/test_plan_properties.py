"""Laws of plans on drawn accounts, checked by a naive walk of packets after each step and with replaced hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from random import Random

import pytest

from builders import address_sets
from cloudguard.model.cluster import Host, Role
from cloudguard.model.network import Interface
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.planning.administrators import lets_in_administrators
from cloudguard.planning.case import Case, Choice
from cloudguard.planning.edits.model_edits import edited
from cloudguard.planning.outcome import outcome_of
from cloudguard.planning.plain_forms import PlainForms
from cloudguard.planning.planner import Planned, make_plan
from cloudguard.planning.proposal import Proposer
from cloudguard.results.report import Report
from drawn_accounts import ADMINISTRATORS, account, account_in_a_chain, account_in_series
from draws import seeds
from oracle_reach import Sender, Service, address_of, directly, inside

ADMINS = Declarations(admin_cidrs=(ADMINISTRATORS,))
PORTS = tuple(Service("tcp", port) for port in (22, 2379, 6443, 10250))
API, ETCD = 6443, range(2379, 2381)
OUTSIDE = ("198.51.100.7", "198.51.100.200", "8.8.8.8", "203.0.113.200", "2600::1")
STRANGE = ("10.0.0.77", "10.0.1.77", "2001:db8:0:1::77")


def for_seeds(count: int) -> pytest.MarkDecorator:
    """Run all tests of one seed before those of the next, so that a worker makes each of its plans once."""
    return pytest.mark.parametrize("seed", seeds(count), scope="module")


@dataclass(frozen=True)
class Someone:
    """A sender: a host of the cluster with its roles, or a stranger without roles."""

    name: str
    sender: Sender
    roles: tuple[Role, ...] = ()


def plan_of(snapshot: Snapshot) -> Planned:
    """Return the plan for an account whose administrators are declared."""
    case = Case(snapshot, ADMINS, PlainForms())
    rows, changes = case.judged()
    return make_plan(case, Report("test", "", "", snapshot.cluster, rows, changes), Choice())


@cache
def drawn(seed: int, draw: Callable[[Random], Snapshot] = account) -> Planned:
    return plan_of(draw(Random(seed)))


def prefixes(planned: Planned) -> Iterator[Snapshot]:
    """Yield the account before the first step and after each step."""
    parts = [part for _, part in planned.proposal.order]
    for count in range(len(parts) + 1):
        yield edited(planned.case.snapshot, parts[:count])


def everyone(snapshot: Snapshot) -> Iterator[Someone]:
    """Yield the senders: hosts, the next host of each pool, replacements of hosts, and strangers with any group."""
    for host in (*snapshot.cluster.hosts, *replacements(snapshot)):
        for port in host.interfaces:
            for address in port.addresses:
                yield Someone(f"{host.id} {address}", Sender(address.texts()[0], port.groups), host.roles)
    for port in snapshot.topology.external_members:
        yield Someone(port.id, Sender(address_of(port), port.groups))
    yield from (Someone(address, Sender(address)) for address in STRANGE)
    yield from (Someone(address, Sender(address, internet=True)) for address in OUTSIDE)


def replacements(snapshot: Snapshot) -> Iterator[Host]:
    """Yield every host with another address of its subnet, and the next host of each pool."""
    for host in snapshot.cluster.hosts:
        nic = host.interfaces[0]
        base, _, last = address_of(nic).rpartition(".")
        moved = replace(nic, id=f"{nic.id}-again", addresses=address_sets(f"{base}.{int(last) + 100}"), public=())
        yield replace(host, id=f"{host.id}-again", interfaces=(moved,))
    for pool in snapshot.cluster.pools:
        nic = Interface(
            f"next-{pool.id}", pool.subnets[0], address_sets("10.0.1.200"), pool.source, (), pool.filters, pool.groups
        )
        yield Host(f"next of {pool.id}", "", pool.roles, (), (nic,), pool.source)


def targets(snapshot: Snapshot) -> Iterator[tuple[Host, Interface]]:
    """Yield every interface of the cluster, of today's hosts and of future ones."""
    for host in (*snapshot.cluster.hosts, *replacements(snapshot)):
        yield from ((host, port) for port in host.interfaces)


Packets = frozenset[tuple[str, str, Service]]


def packets_through(snapshot: Snapshot) -> Packets:
    """Return the packets that get through: (sender, interface, service)."""
    senders, alike = [*everyone(snapshot)], dict[tuple[object, ...], list[tuple[str, Service]]]()
    found = set[tuple[str, str, Service]]()
    for _, port in targets(snapshot):
        key = port.subnet, port.filters, port.public, any(":" in str(address) for address in port.addresses)
        if key not in alike:
            pairs = ((sender, service) for sender in senders for service in PORTS)
            alike[key] = [
                (someone.name, to) for someone, to in pairs if directly(snapshot.topology, port, someone.sender, to)
            ]
        found |= {(name, port.id, service) for name, service in alike[key]}
    return frozenset(found)


def declared(snapshot: Snapshot, packets: Packets) -> Packets:
    """Return the packets from declared administrators to the API."""
    masters = {port.id for host, port in targets(snapshot) if Role.CONTROL_PLANE in host.roles}
    return frozenset(
        (name, nic, service)
        for name, nic, service in packets
        if nic in masters and service.port == API and name in OUTSIDE and inside(name, ADMINISTRATORS)
    )


def needed(snapshot: Snapshot, packets: Packets) -> Packets:
    """Return the packets that hosts of the cluster and administrators need.

    Only etcd hosts and the control plane need packets to etcd.
    """
    senders = {someone.name: someone.roles for someone in everyone(snapshot)}
    receivers = {port.id: host.roles for host, port in targets(snapshot)}

    def is_needed(name: str, nic: str, service: Service) -> bool:
        sent_by, to = senders[name], receivers[nic]
        to_etcd = service.port in ETCD and (Role.ETCD in to or Role.CONTROL_PLANE not in to)
        return Role.CONTROL_PLANE in sent_by or (bool(sent_by) and not to_etcd)

    return declared(snapshot, packets) | {packet for packet in packets if is_needed(*packet)}


@for_seeds(120)
def test_no_step_opens_or_loses_anything(seed: int) -> None:
    assert_safe(drawn(seed))


def assert_safe(planned: Planned) -> None:
    """Assert that each step lets in nothing new, and still lets in everything needed."""
    snapshot = planned.case.snapshot
    before = packets_through(snapshot)
    for number, state in enumerate(prefixes(planned)):
        now = packets_through(state)
        opened = now - before
        assert opened == declared(snapshot, opened), f"step {number} opens"
        assert needed(snapshot, before) <= now, f"step {number} loses"


@pytest.mark.parametrize("draw", [account_in_a_chain, account_in_series])
@for_seeds(60)
def test_no_step_opens_or_loses_anything_in_filters_in_series(seed: int, draw: Callable[[Random], Snapshot]) -> None:
    assert_safe(drawn(seed, draw))


@for_seeds(30)
def test_every_change_is_needed(seed: int) -> None:
    none_is_spare(drawn(seed))


@pytest.mark.parametrize("draw", [account_in_a_chain, account_in_series])
@for_seeds(10)
def test_every_change_is_needed_in_filters_in_series(seed: int, draw: Callable[[Random], Snapshot]) -> None:
    none_is_spare(drawn(seed, draw))


def none_is_spare(planned: Planned) -> None:
    """Assert that without any one change something that the plan mends stays, or an obligation breaks."""
    findings = [planned.plan.report.finding(name) for name in planned.plan.asked]
    gone = outcome_of(planned.case.at(planned.proposal.after), findings, with_advice=False).gone
    proposer = Proposer(planned.case)
    changes = tuple(change for change in planned.proposal.changes if change.kind != "group.add")
    for change in changes:
        rest = proposer.of(tuple(other for other in changes if other.id != change.id))
        left = outcome_of(planned.case.at(rest.after), findings, with_advice=False)
        if lets_in_administrators(change):
            mended, without = (admitted(snapshot) for snapshot in (planned.proposal.after, rest.after))
            assert without < mended
        else:
            assert not (left.gone >= gone and proposer.holds(rest)), change


def admitted(snapshot: Snapshot) -> Packets:
    """Return the packets from administrators to the API that get through."""
    return declared(snapshot, packets_through(snapshot))


@for_seeds(30)
def test_a_second_plan_has_no_steps(seed: int) -> None:
    comes_to_an_end(drawn(seed))


@pytest.mark.parametrize("seed", [29, 82, 92])
def test_a_plan_includes_what_its_own_edits_make_possible(seed: int) -> None:
    """Each of these plans edits several rules that allow the same hosts, or makes groups that distinguish hosts."""
    planned = drawn(seed)
    assert planned.plan.steps
    assert not planned.plan.plan_again
    assert not plan_of(planned.proposal.after).plan.steps


@pytest.mark.parametrize("draw", [account_in_a_chain, account_in_series])
@for_seeds(10)
def test_a_second_plan_has_no_steps_in_filters_in_series(seed: int, draw: Callable[[Random], Snapshot]) -> None:
    comes_to_an_end(drawn(seed, draw))


def comes_to_an_end(planned: Planned) -> None:
    """Assert that planning again offers nothing, except where the plan says that another may mend more."""
    plans = 1
    while (again := plan_of(planned.proposal.after)).plan.steps:
        assert planned.plan.plan_again
        planned, plans = again, plans + 1
        assert plans <= 3, "it comes to no end"


@for_seeds(30)
def test_applying_a_plan_twice_equals_applying_it_once(seed: int) -> None:
    planned = drawn(seed)
    assert edited(planned.proposal.after, [part for _, part in planned.proposal.order]) == planned.proposal.after
