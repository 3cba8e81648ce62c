"""The access that opened and closed between two snapshots of one cluster: packets, and requests of identities."""

from __future__ import annotations

from cloudguard.comparison import permissions, traffic
from cloudguard.comparison.permissions import CatalogedSnapshot
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.comparison import AccessChanges


def access_changes(old: Snapshot, new: Snapshot, catalogs: tuple[IamCatalog, IamCatalog] | None) -> AccessChanges:
    """Return the access that opened and closed from ``old`` to ``new``, two snapshots of the same cluster.

    ``catalogs``: the IAM catalogs for the old and the new snapshot. None: permissions are not compared.
    """
    opened, closed = traffic.gains(old, new), traffic.gains(new, old)
    gained = lost = permissions.NOTHING
    if catalogs:
        before, after = CatalogedSnapshot(old, catalogs[0]), CatalogedSnapshot(new, catalogs[1])
        gained, lost = permissions.gains(before, after), permissions.gains(after, before)
    perhaps = dict.fromkeys(
        (
            *(f"may have opened: {line}" for line in (*opened.perhaps, *gained.perhaps)),
            *(f"may have closed: {line}" for line in (*closed.perhaps, *lost.perhaps)),
        )
    )
    return AccessChanges((*opened.certain, *gained.certain), (*closed.certain, *lost.certain), tuple(perhaps))
