"""The proposed edits applied to the model remove the excess, and the cluster's hosts keep all they need."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from builders import CONTROL_PLANE, NODE, RANGE, RANGE6, WORLD, WORLD6, balancer, group, host, snapshot, to
from cloudguard.model.cluster import Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations, DeclaredService
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.planning.edits.group_changes import group_changes
from cloudguard.planning.edits.model_edits import can_be_made, edited, edits_with_changes
from cloudguard.reachability.paths import Reachability
from cloudguard.results.change import Change, RuleOp
from cloudguard.results.finding import Severity
from cloudguard.rows.context import Context
from draws import examples
from edits import ADMINISTRATORS, after, before, lets, peer
from judged import ADMINS, changes_of, kept_by, rows_of

SERVICES = (
    "all",
    "tcp",
    "tcp/22",
    "tcp/443",
    "tcp/2379-2380",
    "tcp/2000-7000",
    "tcp/10250",
    "udp/8472",
    "tcp/30000-32767",
)
PEERS = (WORLD, RANGE, "10.0.1.0/24", "masters", "nodes", "shared", "198.51.100.0/24", "0.0.0.0/1")
PODS = "10.0.1.128/25"
ETCD = ServiceSet.parse("tcp/2379-2380")


def applied(facts: Snapshot, changes: tuple[Change, ...]) -> Snapshot:
    """Return the snapshot with every change whose peers are known, and with the new groups of these changes."""
    known = [replace(change, edits=tuple(filter(can_be_made, change.edits))) for change in changes]
    subnets = {subnet.id: subnet for subnet in facts.topology.subnets}
    groups = group_changes(known, Reachability(facts).classes, subnets, facts.cluster.name)
    return edited(facts, edits_with_changes((*groups, *known)))


@st.composite
def clusters(draw: st.DrawFn) -> Snapshot:
    """Draw two control-plane hosts and two nodes, one of them public, with drawn rules in their groups."""
    allowed = st.lists(st.tuples(st.sampled_from(SERVICES), st.sampled_from(PEERS)), max_size=4)
    filters = [group(name, *draw(allowed)) for name in ("masters", "nodes", "shared")]
    more = [draw(st.sampled_from(((), ("shared",)))) for _ in range(2)]
    hosts = [
        host("cp1", CONTROL_PLANE, "masters", *more[0], address="10.0.1.11"),
        host("cp2", CONTROL_PLANE, "masters", *more[0], where="public", address="10.0.0.12", public="203.0.113.12"),
        host("n1", NODE, "nodes", *more[1], address="10.0.1.21"),
        host("n2", NODE, "nodes", *more[1], where="public", address="10.0.0.22", public="203.0.113.22"),
    ]
    return snapshot(hosts, filters, pods=(PODS,))


def shared_by_all(facts: Snapshot) -> bool:
    """Whether one group guards the control plane and the nodes, so that each gets what the other needs."""
    return all(any("shared" in nic.filters for nic in host.interfaces) for host in facts.cluster.hosts)


@examples(30)
@given(clusters())
def test_the_edits_remove_the_excess(facts: Snapshot) -> None:
    assume(not shared_by_all(facts))
    mended = applied(facts, changes_of(facts, ADMINS))
    left = [
        finding
        for row in rows_of(mended, ADMINS).values()
        for finding in row.findings
        if row.row in {"api-server-access", "node-access", "etcd-access"} and finding.severity > Severity.LOW
    ]
    assert left == [], [finding.message for finding in left]


@examples(30)
@given(clusters())
def test_the_cluster_s_hosts_lose_nothing_they_need(facts: Snapshot) -> None:
    changes = changes_of(facts, ADMINS)
    before, mended = Reachability(facts), Reachability(applied(facts, changes))
    ports = Context(facts, ADMINS, before).ports
    for source, new_source in zip(before.classes, mended.classes, strict=True):
        for target, new_target in zip(before.classes, mended.classes, strict=True):
            allowed = ports.allowed_between(source.key.roles, target.key.roles)
            if shared_by_all(facts) and source.has(Role.NODE):
                allowed -= ports.etcd | ports.etcd_auxiliary
            had = before.between(source, target).allowed.lower.only(allowed)
            assert had <= mended.between(new_source, new_target).allowed.lower


@examples(30)
@given(clusters())
def test_the_cluster_s_pods_lose_nothing_they_need(facts: Snapshot) -> None:
    before, mended = Reachability(facts), Reachability(applied(facts, changes_of(facts, ADMINS)))
    ports, pods = Context(facts, ADMINS, before).ports, AddressSet.parse(PODS)
    for target, new_target in zip(before.classes, mended.classes, strict=True):
        allowed = ports.allowed_between((), target.key.roles)
        if shared_by_all(facts):
            allowed -= ports.etcd | ports.etcd_auxiliary
        had = before.allowed_in(target).allows(pods, ()).lower.only(allowed)
        assert had <= mended.allowed_in(new_target).allows(pods, ()).lower


@examples(30)
@given(clusters())
def test_the_edits_open_nothing(facts: Snapshot) -> None:
    changes = changes_of(facts, ADMINS)
    before, mended = Reachability(facts), Reachability(applied(facts, changes))
    for target, new_target in zip(before.classes, mended.classes, strict=True):
        for path, new_path in zip(before.paths_to(target), mended.paths_to(new_target), strict=False):
            if path.sender.name == new_path.sender.name:
                assert new_path.allowed.upper <= path.allowed.upper


@examples(30)
@given(clusters())
def test_no_edits_are_proposed_after_the_edits(facts: Snapshot) -> None:
    assume(not shared_by_all(facts))
    mended = applied(facts, changes_of(facts, ADMINS))
    rows = rows_of(mended, ADMINS).values()
    worst = [finding.severity for row in rows for finding in row.findings if finding.changes]
    assert all(severity is Severity.LOW for severity in worst)
    assert changes_of(mended, ADMINS) == changes_of(mended, ADMINS)


def test_a_rule_with_nothing_to_keep_is_removed() -> None:
    facts = snapshot(
        [host("n", NODE, "nodes", where="public", public="203.0.113.9")], [group("nodes", ("tcp/22", WORLD))]
    )
    change = changes_of(facts, ADMINS)[0]
    assert (change.kind, change.rule, before(change)) == ("rule.narrow", "nodes-0", (lets("tcp/22", WORLD),))
    assert after(change) == (lets("tcp/22", "nodes"),)
    alone = snapshot(
        [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes")],
        [group("masters", ("tcp/2379", "nodes")), group("nodes")],
    )
    change = changes_of(alone, ADMINS)[0]
    assert (change.kind, after(change)) == ("rule.remove", ())


def test_ports_are_narrowed_and_the_group_is_kept() -> None:
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes")]
    facts = snapshot(hosts, [group("masters", ("tcp/2000-7000", "nodes")), group("nodes")])
    assert kept_by(facts)["masters-0"] == (lets("tcp/2000-2378,tcp/2381-7000", "nodes"),)


def test_the_peer_is_narrowed_to_the_declared_administrators() -> None:
    facts = snapshot(
        [host("cp", CONTROL_PLANE, "masters", where="public", public="203.0.113.9")],
        [group("masters", ("tcp/6443", WORLD))],
    )
    assert kept_by(facts)["masters-0"][0] == lets("tcp/6443", "198.51.100.0/24")
    assert kept_by(facts, Declarations())["masters-0"][0] == lets("tcp/6443", ADMINISTRATORS)


def test_a_rule_for_some_hosts_is_narrowed_to_the_needs_of_these_hosts() -> None:
    hosts = [host("cp", CONTROL_PLANE, "shared", "masters"), host("n", NODE, "shared", "nodes")]
    shared = group("shared", ("tcp/2379", RANGE))
    shared = replace(shared, rules=tuple(replace(rule, target_groups=("masters",)) for rule in shared.rules))
    assert kept_by(snapshot(hosts, [shared, group("masters"), group("nodes")])) == {
        "shared-0": (lets("tcp/2379", "masters"),)
    }


def test_a_balancer_without_a_group_keeps_its_health_checks() -> None:
    master = host("cp", CONTROL_PLANE, "masters")
    facts = snapshot(
        [master],
        [group("masters", ("tcp/6443", WORLD))],
        balancers=[balancer("api", "tcp/443", [to(master, "tcp/6443")])],
        outbound=("192.0.2.7/32",),
    )
    traffics = kept_by(facts)["masters-0"]
    assert lets("tcp/6443", "10.0.0.0/24") in traffics
    assert lets("tcp/6443", "192.0.2.7/32") in traffics


def test_an_internal_balancer_s_filter_keeps_the_cluster_s_hosts() -> None:
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes")]
    api = balancer("api", "tcp/443", [to(hosts[0], "tcp/6443")], "front", facing=False, where=("private",))
    filters = [group("masters", ("tcp/6443", "front")), group("nodes"), group("front", ("tcp/443", RANGE))]
    assert lets("tcp/443", "nodes") in kept_by(snapshot(hosts, filters, balancers=[api]))["front-0"]


def test_a_rule_for_all_protocols_is_narrowed_to_those_that_clusters_use() -> None:
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes", address="10.0.1.5")]
    filters = [group("masters", ("all", "nodes")), group("nodes")]
    (traffic,) = kept_by(snapshot(hosts, filters))["masters-0"]
    assert traffic == lets("tcp/0-2378,tcp/2381-65535,udp,icmp,icmpv6,proto/4,proto/47,proto/50-51,proto/132", "nodes")


@pytest.mark.parametrize(("dual", "world"), [(True, WORLD6), (True, WORLD), (False, WORLD6)])
def test_a_public_dual_stack_balancer_keeps_the_hosts_that_connect_by_ipv6(
    dual: bool,  # noqa: FBT001 - a case
    world: str,
) -> None:
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes", where="public", v6="2001:db8:0:1::9")]
    api = balancer("api", "tcp/443", [to(hosts[0], "tcp/6443")], "front", where=("public",), dual=dual)
    filters = [group("masters", ("tcp/6443", "front")), group("nodes"), group("front", ("tcp/443", world))]
    traffics = kept_by(snapshot(hosts, filters, balancers=[api])).get("front-0", ())
    assert (lets("tcp/443", RANGE6) in traffics) is (dual and world == WORLD6)


def test_declared_services_are_kept() -> None:
    policy = Declarations(services=(DeclaredService("tcp/31443", ("192.0.2.0/24",)),))
    facts = snapshot(
        [host("n", NODE, "nodes", where="public", public="203.0.113.9")], [group("nodes", ("tcp/31000-31999", WORLD))]
    )
    assert lets("tcp/31443", "192.0.2.0/24") in kept_by(facts, policy)["nodes-0"]


def test_a_change_to_a_filter_of_the_cloud_says_what_to_do_instead() -> None:
    facts = snapshot(
        [host("n", NODE, "nodes", where="public", public="203.0.113.9")],
        [group("nodes", ("tcp/22", WORLD), editable=False)],
    )
    (change,) = changes_of(facts, ADMINS)
    assert (change.owner, change.undone, change.where) == ("the cloud", "at once", "the cloud's own setting")


def test_kept_traffic_counts_the_hosts_that_need_it_in_all_subnets() -> None:
    master = host("cp", CONTROL_PLANE, "masters")
    facts = snapshot(
        [master, host("n", NODE, "nodes"), host("m", NODE, "nodes", where="public")],
        [group("masters", ("tcp/6442-6443", WORLD)), group("nodes")],
        balancers=[balancer("api", "tcp/443", [to(master, "tcp/6443")])],
    )
    (change,) = (change for change in changes_of(facts) if change.rule == "masters-0")
    edits = change.rule_edits
    needs = {edit.after.peer: edit.needs for edit in edits if edit.after}
    assert needs[ADMINISTRATORS] == ("administrators",)
    assert needs[peer("10.0.0.0/24")] == ("health checks",)
    assert needs[peer("nodes")] == ("2 node hosts, allowed only by this rule",)
    assert [edit.loses for edit in edits if edit.op is RuleOp.REMOVE] == [ServiceSet.parse("tcp/6442-6443")]
    assert change.needs_input == ("admin-cidr",)
