"""How problems are worded: who gets in, and what keeps the internet out."""

from __future__ import annotations

from cloudguard.checks import judge
from cloudguard.needs.policy import Policy

from builders import CONTROL_PLANE, NODE, WORLD, balancer, group, host, segment, snapshot, to


def test_hosts_of_one_role_are_counted_together_wherever_they_are() -> None:
    hosts = [
        host("cp", CONTROL_PLANE, "all"),
        host("a", NODE, "all", address="10.0.1.21"),
        host("b", NODE, "all", where="other", address="10.0.2.21"),
        host("c", NODE, "all", where="other", address="10.0.2.22"),
    ]
    segments = [segment("private", ("10.0.1.0/24",)), segment("other", ("10.0.2.0/24",))]
    rows, _ = judge(snapshot(hosts, [group("all", ("tcp/2379", "all"))], segments=segments), Policy())
    assert rows[3].why.startswith("3 node hosts can connect to etcd (tcp/2379)")


def test_nothing_is_latent_that_a_public_balancer_brings() -> None:
    one = host("cp", CONTROL_PLANE, "masters")
    masters = [group("masters", ("tcp/6443", WORLD)), group("front", ("tcp/443", WORLD))]

    def words(*, facing: bool) -> str:
        front = balancer("api", "tcp/443", [to(one, "tcp/6443")], "front", facing=facing)
        rows, _ = judge(snapshot([one], masters, balancers=[front]), Policy())
        return next(found.message for found in rows[0].findings if found.resource.id == "masters")

    assert "latent" not in words(facing=True)
    assert "no public balancer sends there" in words(facing=False)
