"""The picture of a finding's disks: host, disk, key, and copies of the disk."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from cloudguard.formats.html.picture import Look, Picture, Step, tree
from cloudguard.results.facts import Cluster, Disk, DiskSnapshot, Key
from cloudguard.results.finding import Finding

MOST_DISKS: Final = 6
"""The largest number of disks that are drawn. Further disks are counted."""


def disk_picture(cluster: Cluster, finding: Finding) -> Picture | None:
    """Return the picture of the disks, keys and copies in a finding's evidence, None if there are none."""
    ids = {fact.resource.id for fact in finding.evidence} | {finding.resource.id}
    disks = [disk for disk in cluster.disks if ids.intersection(_ids(disk))]
    former = [copy for copy in cluster.copies if copy.id in ids]
    names, keys = {host.id: host.name for host in cluster.hosts}, {key.id: key for key in cluster.keys}
    steps = [step for disk in disks[:MOST_DISKS] for step in _steps(disk, names, keys, ids)]
    if len(disks) > MOST_DISKS:
        steps.append(Step("", f"and {len(disks) - MOST_DISKS} more disks", look=Look.FOLDED))
    if former:
        steps += [Step("former disk", "gone"), *(_copy(copy, ids, 1) for copy in former[:MOST_DISKS])]
    return tree(steps) if steps else None


def _ids(disk: Disk) -> tuple[str, ...]:
    return (disk.id, disk.key, *(copy.id for copy in disk.snapshots))


def _steps(disk: Disk, names: Mapping[str, str], keys: Mapping[str, Key], ids: Collection[str]) -> Iterator[Step]:
    yield Step("host", names.get(disk.host) or disk.host) if disk.host else Step("", "detached", look=Look.FOLDED)
    state = "encrypted" if disk.encrypted else "not encrypted"
    detail = f"{disk.device}, {state}" if disk.device else state
    yield Step("disk", disk.id, detail, _look(disk.id, ids, bad=not disk.encrypted), depth=1)
    if disk.key:
        yield _key(disk.key, keys.get(disk.key), ids)
    for copy in disk.snapshots[:MOST_DISKS]:
        yield _copy(copy, ids, 2)
    if len(disk.snapshots) > MOST_DISKS:
        more = f"and {len(disk.snapshots) - MOST_DISKS} more copies"
        yield Step("", more, look=Look.FOLDED, depth=2)


def _key(name: str, key: Key | None, ids: Collection[str]) -> Step:
    short = name.rpartition("/")[2] or name
    if key is None:
        return Step("key", short, "not read", Look.UNKNOWN, depth=2)
    return Step("key", short, f"{key.state}, managed by the {key.manager}", _look(name, ids, bad=True), depth=2)


def _copy(copy: DiskSnapshot, ids: Collection[str], depth: int) -> Step:
    shared = "sharing not read" if copy.shared_with is None else f"shared with {', '.join(copy.shared_with)}"
    traits = ("encrypted" if copy.encrypted else "not encrypted", shared if copy.shared_with != () else "not shared")
    if copy.shared_with is None:
        return Step(copy.kind, copy.id, ", ".join(traits), Look.UNKNOWN, depth)
    bad = not copy.encrypted or bool(copy.shared_with)
    return Step(copy.kind, copy.id, ", ".join(traits), _look(copy.id, ids, bad=bad), depth)


def _look(name: str, ids: Collection[str], *, bad: bool) -> Look:
    return Look.ATTRIBUTED if bad and name in ids else Look.PLAIN
