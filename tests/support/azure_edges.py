"""Made-up clusters on Azure for edge cases: pools that are empty or listed only partly, and users' own settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from azure_clusters import MASTERS, Clean, capz_tags
from azure_fixtures import Subscription
from azure_rules import rule
from azure_ways_in import AUTHORIZED
from cloudguard.results.report import Verdict
from marked_scenes import ALL_PASS, API, DISKS, ETCD, IDENTITY, MANAGED, NODES, Scene

_MEMBERS: Final = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines:list"


def half_listed() -> Subscription:
    """Return a cluster with a scale set of nodes with a capacity of three, of which only one member is listed."""
    account = Clean()
    where = f"{account.vnet}/subnets/prod-node-subnet"
    own = account.scale_set("mp-0", where, "10.0.1.20", asgs=[account.nodes], tags=capz_tags("node"))
    account.get(own)["sku"]["capacity"] = 3
    return account


def empty_set_in_a_group(*, member: bool) -> Subscription:
    """Return a cluster beside an empty scale set of another owner. ``member``: its next host may reach etcd."""
    account = Clean()
    group = account.application_group("backup")
    item = rule("backup", 150, "2379", source_groups=[group], destination=MASTERS)
    listed = account.properties(account.master_group)["securityRules"]
    listed.append({"id": f"{account.master_group}/securityRules/backup", **item})
    subnet = account.subnet(account.vnet, "tools", "10.0.9.0/24")
    account.scale_set("backup", subnet, asgs=[group] if member else ())
    return account


def encrypted_at_host() -> Subscription:
    """Return an AKS cluster whose pool has encryption at host."""
    account = Subscription()
    account.managed_cluster(access=AUTHORIZED, pool={"enableEncryptionAtHost": True})
    return account


EDGES: Mapping[str, Scene[Subscription]] = {
    "members-that-are-not-listed": Scene(
        half_listed,
        dict.fromkeys((API, NODES, ETCD, IDENTITY, DISKS), Verdict.UNKNOWN),
        gaps=(_MEMBERS,),
    ),
    "empty-set-in-a-group": Scene(
        lambda: empty_set_in_a_group(member=True),
        ALL_PASS | {ETCD: Verdict.FAIL},
        (("etcd-access/inside", "high"),),
    ),
    "empty-set-in-no-group": Scene(lambda: empty_set_in_a_group(member=False), ALL_PASS),
    "aks-encrypted-at-host": Scene(encrypted_at_host, MANAGED),
}
