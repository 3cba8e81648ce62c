"""The access that opened and closed between two snapshots of one cluster: packets, and requests of identities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cloudguard.comparison import permissions, traffic
from cloudguard.comparison.gains import Gains
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.comparison import AccessChange, AccessChanges


def access_changes(old: Snapshot, new: Snapshot, catalogs: tuple[IamCatalog, IamCatalog] | None) -> AccessChanges:
    """Return the access that opened and closed from ``old`` to ``new``, two snapshots of the same cluster.

    ``catalogs``: the IAM catalogs for the old and the new snapshot. None: permissions are not compared.
    """
    opened: list[Gains[AccessChange]] = [traffic.gains(old, new)]
    closed: list[Gains[AccessChange]] = [traffic.gains(new, old)]
    if catalogs:
        before, after = (permissions.CatalogedSnapshot(*pair) for pair in zip((old, new), catalogs, strict=True))
        opened.append(permissions.gains(before, after))
        closed.append(permissions.gains(after, before))
    perhaps = dict.fromkeys((*_perhaps("opened", opened), *_perhaps("closed", closed)))
    return AccessChanges(_certain(opened), _certain(closed), tuple(perhaps))


def _certain(gains: Iterable[Gains[AccessChange]]) -> tuple[AccessChange, ...]:
    return tuple(change for gain in gains for change in gain.certain)


def _perhaps(word: str, gains: Iterable[Gains[AccessChange]]) -> Iterator[str]:
    return (f"may have {word}: {line}" for gain in gains for line in gain.perhaps)
