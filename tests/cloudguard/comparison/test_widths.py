"""A finding's width as text: it can be read back, and it grows exactly if the finding lets in more."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawn_policies
from builders import CONTROL_PLANE, NODE, WORLD, group, host, snapshot
from cloudguard.authorization import grant_lines
from cloudguard.authorization.effective import effective, space_of
from cloudguard.comparison.widths import beyond, inside
from cloudguard.model.identity import Condition, PolicyDocument, PolicyKind
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.results.finding import Finding
from cloudguard.results.network.connections import Connections, read
from draws import examples
from identities import account, allow, deny, document, finding_of, row
from judged import rows_of
from strategies import laws, packet_sets

INSIDE = "10.0.0.0/16"


def _lines(packets: PacketSet) -> tuple[str, ...]:
    connections = Connections()
    connections.add(packets, "node")
    return connections.lines()


@laws
@given(packet_sets())
def test_connections_are_read_back_and_are_rounded_up_if_at_all(packets: PacketSet) -> None:
    lines = _lines(packets)
    assert packets <= read(lines).packets.get("node", PacketSet.nothing())
    assert inside(lines, lines)
    assert all("0.0.0.0/0" in line or "::/0" in line for line in lines if not read([line]).packets["node"] <= packets)


@laws
@given(packet_sets(), packet_sets())
def test_a_width_contains_a_smaller_and_not_a_larger_one(packets: PacketSet, other: PacketSet) -> None:
    small, both = _lines(packets & other), _lines(packets)
    if all("/0" not in line for line in (*small, *both)):
        assert inside(small, both)
        assert inside(both, small) is (packets <= other)


def _nodes(*allowed: tuple[str, str], address: str = "10.0.0.5", masters: str = "masters") -> Finding:
    """Return the worst finding on hosts of a public subnet; their group lets in ``allowed``."""
    master = host("cp", CONTROL_PLANE, masters, where="public", public="203.0.113.7")
    node = host("n1", NODE, "nodes", where="public", address=address, public="203.0.113.8", v6="2001:db8::8")
    facts = snapshot([master, node], [group("masters"), group("nodes", *allowed)])
    return max(rows_of(facts)["node-access"].findings, key=lambda finding: finding.severity)


def test_a_replaced_host_makes_no_finding_wider() -> None:
    before, after = (_nodes(("tcp/10250", INSIDE), address=each) for each in ("10.0.0.5", "10.0.0.77"))
    assert before.id == after.id
    assert before.width == after.width == (f"tcp/10250 from {INSIDE} to node",)


@pytest.mark.parametrize(
    ("today", "width"),
    [
        (_nodes(("tcp/22", WORLD), ("tcp/3389", WORLD)), "tcp/22,tcp/3389 from 0.0.0.0/0 to node"),
        (_nodes(("tcp/22", WORLD), ("tcp/22", "::/0")), "tcp/22 from 0.0.0.0/0,::/0 to node"),
        (_nodes(("tcp/22", WORLD), masters="nodes"), "tcp/22 from 0.0.0.0/0 to control-plane,etcd,node"),
    ],
    ids=["another port", "another version", "another role"],
)
def test_additional_traffic_makes_a_finding_wider(today: Finding, width: str) -> None:
    then = _nodes(("tcp/22", WORLD))
    assert then.id == today.id
    assert (then.width, today.width) == (("tcp/22 from 0.0.0.0/0 to node",), (width,))
    assert inside(then.width, today.width)
    assert not inside(today.width, then.width)


BY_TAG = Condition("StringEquals", "tag", ("a, b", 'or "c"'))


@pytest.mark.parametrize(
    ("more", "grows"),
    [
        (document(allow("disk:Delete*")), True),
        (document(allow("disk:DeleteVolume", on=("n:p:disk:*:*:volume/a",))), False),
        (document(allow("disk:DeleteVolume"), deny("disk:DeleteVolume", when=(BY_TAG,))), False),
        (document(allow("disk:DeleteVolume"), allow("role:Assume")), False),
    ],
)
def test_additional_grants_make_a_finding_wider(more: PolicyDocument, *, grows: bool) -> None:
    then = finding_of(row(account(document(allow("disk:DeleteVolume")))), "cloud-api-access/outside")
    today = next((finding for finding in row(account(more)).findings if finding.check == then.check), then)
    assert inside(today.width, then.width) is not grows


def test_a_removed_boundary_or_condition_makes_a_finding_wider() -> None:
    bound = document(allow("disk:Delete*"), name="b", kind=PolicyKind.BOUNDARY)
    then = row(account(document(allow("disk:*", when=(BY_TAG,))), bound))
    width = finding_of(then, "cloud-api-access/outside").width
    assert any(line.startswith("boundary: allow disk:Delete*") for line in width)
    without_boundary = tuple(line for line in width if not line.startswith("boundary"))
    without_condition = tuple(line.partition(" if ")[0] for line in width)
    assert inside(width, without_boundary)
    assert not inside(without_boundary, width)
    assert not inside(without_condition, width)
    gone = [line for line in width if line not in without_boundary]
    assert beyond(without_boundary, width) == tuple(f"no longer: {line}" for line in gone)


@pytest.mark.parametrize(
    ("today", "then", "more"),
    [
        (
            ("tcp/22,tcp/3389 from 0.0.0.0/0 to node", "tcp/10250 from node hosts to node"),
            ("tcp/22 from 0.0.0.0/0 to node", "tcp/10250 from node hosts to node"),
            ("tcp/3389 from 0.0.0.0/0 to node",),
        ),
        (
            ("tcp/22 from 10.0.0.0/8,192.0.2.0/24 to node,etcd",),
            ("tcp/22 from 10.0.0.0/8 to node,etcd", "tcp/22 from 192.0.2.0/24 to node"),
            ("tcp/22 from 192.0.2.0/24 to etcd",),
        ),
        (
            ("boundary: allow disk:* on *", "allow disk:A on *", "allow disk:B on *"),
            ("boundary: allow disk:* on *", "allow disk:A on *"),
            ("allow disk:B on *",),
        ),
        (("allow disk:* on *",), ("allow disk:* on *", "deny disk:B on *"), ("no longer: deny disk:B on *",)),
        (
            ('allow disk:A on * if Like tag "and" or x and Equals  key and Bool sent true',),
            ("allow disk:A on * if Bool sent true and Equals key",),
            (),
        ),
        (("disk a", "disk b"), ("disk a",), ("disk b",)),
    ],
    ids=["a service", "a sender's target", "with a boundary", "a removed deny", "more conditions", "a disk"],
)
def test_beyond_lists_only_the_excess(today: tuple[str, ...], then: tuple[str, ...], more: tuple[str, ...]) -> None:
    assert beyond(today, then) == more
    assert beyond(today, today) == ()


@examples(100)
@given(st.randoms(use_true_random=False))
def test_a_width_inside_another_means_permissions_inside_the_other_s(random: Random) -> None:
    policies = drawn_policies.draw_policies(random)
    fewer = tuple(policy for policy in policies if random.random() < 0.7)
    limits = [[policy.id] for policy in policies if policy.kind is PolicyKind.ORGANIZATION_LIMIT]
    statements = [statement for policy in policies for statement in policy.statements]
    space = space_of(drawn_policies.SmallCatalog(), statements)
    old, new = (
        effective(space, drawn_policies.holder(some), {policy.id: policy for policy in policies}, {}, limits)
        for some in (policies, fewer)
    )
    then, today = (grant_lines.lines(bounded, space.table.everything, limits) for bounded in (old, new))
    assert inside(today, today)
    assert all(map(grant_lines.is_line, (*then, *today)))
    if old.permissions.upper and inside(today, then):  # without a grant there was no finding
        assert new.permissions.lower <= old.permissions.upper


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3), st.text(min_size=1))
@laws
def test_hostile_names_are_read_back(names: list[str], value: str) -> None:
    policies = (
        document(allow(*names, on=(value,), when=(Condition("StringLike", value, tuple(names)),))),
        document(deny(value, on=tuple(names))),
    )
    space = space_of(
        drawn_policies.SmallCatalog(), [statement for policy in policies for statement in policy.statements], ["*:*"]
    )
    bounded = effective(space, drawn_policies.holder(policies), {policy.id: policy for policy in policies}, {})
    for line in grant_lines.lines(bounded, space.table.everything, ()):
        assert grant_lines.is_line(line)
        assert line.isprintable()


def test_other_lines_are_compared_as_text() -> None:
    assert inside(("disk a",), ("disk a", "disk b"))
    assert not inside(("disk a", "disk b"), ("disk a",))
    assert inside((), ("disk a",))
    assert not inside(("disk a",), ())
