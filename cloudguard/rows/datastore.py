"""Whether etcd runs at all. Some distributions keep the cluster's state in SQLite or in an external database."""

from __future__ import annotations

from cloudguard.model.cluster import Datastore
from cloudguard.model.possible_roles import shows_etcd
from cloudguard.rows.context import Context

WITHOUT_ETCD = frozenset({"k3s"})
"""Distributions that run etcd only if they are configured to (k3s-io/docs docs/datastore/datastore.md)."""
_NAME_ETCD = "name the hosts that run etcd with --etcd-tag, or --host ID=etcd"


def datastore_unknown(context: Context) -> tuple[str, ...]:
    """Return a line that says why it is unknown whether etcd runs. Empty if there is evidence of etcd hosts."""
    cluster = context.cluster
    if shows_etcd(cluster.hosts):
        return ()
    if cluster.datastores:
        listed = ", ".join(map(_text, cluster.datastores))
        return (f"whether etcd runs: the cluster's state may be in {listed}; {_NAME_ETCD}",)
    if cluster.installer in WITHOUT_ETCD:
        why = f"{cluster.installer} may keep the cluster's state in SQLite or another database"
        return (f"whether etcd runs: {why}; {_NAME_ETCD}",)
    return ()


def _text(datastore: Datastore) -> str:
    return f"{datastore.id} ({datastore.engine}, {'encrypted' if datastore.encrypted else 'not encrypted'})"
