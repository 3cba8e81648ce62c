"""The parts of a network that the cluster uses include those of further interfaces of a pool's next host."""

from __future__ import annotations

from builders import SOURCE
from cloudguard.model.cluster import NextInterface, Pool
from cloudguard.provider.network.parts_in_use import used_groups, used_subnets

FURTHER = NextInterface(filters=(), groups=("second-group",), subnets=("second-subnet",))


def test_a_further_interface_of_a_next_host_counts() -> None:
    nodes = Pool("a", "nodes", (), (), ("first-subnet",), (), ("first-group",), SOURCE, further=(FURTHER,))
    assert used_subnets((), (nodes,)) == {"first-subnet", "second-subnet"}
    assert used_groups((), (), (nodes,)) == {"first-group", "second-group"}
