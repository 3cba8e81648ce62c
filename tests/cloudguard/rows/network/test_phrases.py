"""The sentences of network findings: who gets in, and what keeps the internet out."""

from __future__ import annotations

import pytest

from builders import CONTROL_PLANE, NODE, WORLD, WORLD6, balancer, group, host, snapshot, subnet, to
from judged import rows_of


def test_hosts_of_one_role_in_several_subnets_are_counted_together() -> None:
    hosts = [
        host("cp", CONTROL_PLANE, "all"),
        host("a", NODE, "all", address="10.0.1.21"),
        host("b", NODE, "all", where="other", address="10.0.2.21"),
        host("c", NODE, "all", where="other", address="10.0.2.22"),
    ]
    segments = [subnet("private", ("10.0.1.0/24",)), subnet("other", ("10.0.2.0/24",))]
    rows = rows_of(snapshot(hosts, [group("all", ("tcp/2379", "all"))], subnets=segments))
    assert rows["etcd-access"].why.startswith("3 node hosts can connect to etcd (tcp/2379)")


def test_traffic_through_a_public_balancer_is_not_latent() -> None:
    master = host("cp", CONTROL_PLANE, "masters")
    masters = [group("masters", ("tcp/6443", WORLD)), group("front", ("tcp/443", WORLD))]

    def words(*, facing: bool) -> str:
        front = balancer("api", "tcp/443", [to(master, "tcp/6443")], "front", facing=facing)
        rows = rows_of(snapshot([master], masters, balancers=[front]))
        return next(
            finding.message for finding in rows["api-server-access"].findings if finding.resource.id == "masters"
        )

    assert "latent" not in words(facing=True)
    assert "no public load balancer sends to them" in words(facing=False)


@pytest.mark.parametrize(
    ("peers", "words"),
    [
        ([WORLD], "the internet can"),
        (["0.0.0.0/1", "128.0.0.0/1"], "the internet can"),
        (["8.8.8.8/32"], "8.8.8.8/32 on the internet can"),
        (["8.8.8.8/32", "9.9.9.0/24"], "8.8.8.8/32, 9.9.9.0/24 on the internet can"),
        (["8.8.8.8/32", "9.9.9.0/24", "11.0.0.0/24", "12.0.0.0/24"], "769 public IPv4 addresses can"),
        (["2600::/32"], "2600::/32 on the internet can"),
        ([f"26{n}0::/48" for n in "0246"], "public IPv6 addresses can"),
        (["8.8.8.8/32", *(f"26{n}0::/48" for n in "024")], "1 public IPv4 address and IPv6 addresses can"),
        ([WORLD6], "the internet can"),
    ],
)
def test_a_part_of_the_internet_is_not_called_the_internet(peers: list[str], words: str) -> None:
    edge = host("n", NODE, "nodes", where="public", public="203.0.113.9", v6="2600:1::5")
    rows = rows_of(snapshot([edge], [group("nodes", *(("tcp/22", peer) for peer in peers))]))
    assert words in rows["node-access"].findings[0].message


def test_a_latent_rule_names_what_keeps_the_internet_out_by_path_and_ip_version() -> None:
    edge = host("n", NODE, "nodes", where="public", public="203.0.113.9")
    inner = balancer("api", "tcp/443", [to(edge, "tcp/8080")], "front", facing=False)
    filters = [group("front", ("tcp/443", WORLD)), group("nodes", ("tcp/8080", "front"))]
    rows = rows_of(snapshot([edge], filters, balancers=[inner]))
    assert (
        "nlb/api is internal; an internet-facing one would expose the hosts" in rows["node-access"].findings[0].message
    )
    six = host("n", NODE, "nodes", where="public", v6="2600:1::5")
    rows = rows_of(snapshot([six], [group("nodes", ("tcp/8080", WORLD))]))
    assert "the hosts have no public address" in rows["node-access"].findings[0].message
