"""Databases that may replace etcd: k3s and RKE2 can use MySQL, MariaDB or PostgreSQL (k3s-io/kine)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from cloudguard.model.cluster import Datastore
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item, child, flag, required, text
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.tags import clusters_of, tags_of

_HIDES: Final = (FactKind.DISKS, FactKind.ETCD_CLUSTERS)
_ENGINES: Final = ("mysql", "mariadb", "postgres", "aurora")
_WITH_DATASTORE_FLAG: Final = frozenset({"k3s", "rke2"})
"""Distributions with the flag --datastore-endpoint (k3s-io/docs docs/datastore/datastore.md; rancher/rke2
pkg/cli/cmds)."""
_WORDS: Final = frozenset({"k3s", "rke2", "kine"})


def read_datastores(api: Api, cluster: str, installer: str, networks: Collection[str]) -> tuple[Datastore, ...]:
    """Return the databases that may be a cluster's.

    They have the cluster's tag or a word such as "k3s" in a name or tag. For k3s and RKE2, any database in the VPC
    counts.
    """
    call = calls.DESCRIBE_DB_INSTANCES

    def datastore(item: Item) -> Datastore | None:
        name, engine = required(item, "DBInstanceIdentifier"), text(item, "Engine")
        tags = tags_of(item, "TagList")
        words = {*re.split(r"[^a-z0-9]+", " ".join([name, *tags, *tags.values()]).lower())}
        within = text(child(item, "DBSubnetGroup"), "VpcId") in networks and installer in _WITH_DATASTORE_FLAG
        is_own = cluster in {*clusters_of(tags)} or not words.isdisjoint(_WORDS) or within
        if not is_own or not engine.startswith(_ENGINES):
            return None
        return Datastore(name, engine, flag(item, "StorageEncrypted"), api.source(call, name))

    datastores: Iterable[Datastore | None] = api.listed(call, datastore, hides=_HIDES)
    return tuple(sorted(filter(None, datastores), key=lambda item: item.id))
