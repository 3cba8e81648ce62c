"""Gets the snapshot of a command: from the cloud, or from the file of ``--snapshot``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from cloudguard import collection
from cloudguard.cli.failures import say
from cloudguard.cli.flags import SNAPSHOT
from cloudguard.cli.reading import Reading, read
from cloudguard.cli.settings import CommandLine, one_cluster, request
from cloudguard.errors import UsageError
from cloudguard.model.files import snapshot_file
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations_file import bounded
from cloudguard.needs.setting import Settings
from cloudguard.needs.settings import CONTROL_PLANE_TAG, ETCD_TAG, HOST, NODE_TAG

MOST_MEBIBYTES = 512
"""The largest size of an input file. A snapshot of this size has tens of thousands of hosts."""


def snapshot_of(
    line: CommandLine, settings: Settings, *, keep: bool = False, prepare: Callable[[], object] | None = None
) -> Reading[Snapshot]:
    """Return the cluster's snapshot, from the file of ``--snapshot`` or from the cloud.

    ``keep``: after a signal, return the facts that were read so far. ``prepare`` is called once in a background
    thread, while calls wait for their answers.
    """
    file = settings.get(SNAPSHOT)
    if file is not None:
        return Reading(_from_file(file, settings, line.provider))
    provider, asked = line.named_provider(), request(line, settings)
    return read(
        lambda stop, step: collection.collect_requested(provider, replace(asked, stop=stop), step),
        settings,
        keep=keep,
        prepare=prepare,
    )


def read_file(file: str, what: str = "") -> bytes:
    """Return the content of a file that the user named ("-": stdin); raises UsageError if it can't be read.

    ``what`` describes the file in the error: "the snapshot ".
    """
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:
            return bounded(stream, "stdin" if file == "-" else file, MOST_MEBIBYTES)
    except OSError as error:
        message = f"cannot read {what}{file}: {error.strerror}"
        raise UsageError(message) from None


def _from_file(file: str, settings: Settings, provider: str) -> Snapshot:
    snapshot = snapshot_file.load(read_file(file, "the snapshot "), "on stdin" if file == "-" else file)
    cluster = snapshot.cluster
    names = (("provider", provider, cluster.provider), ("--cluster", one_cluster(settings), cluster.name))
    for flag, name, key in names:
        if name and name != key:
            message = f"{flag} {name!r} does not match the snapshot, which has {key!r}"
            raise UsageError(message)
    for setting in (CONTROL_PLANE_TAG, NODE_TAG, ETCD_TAG, HOST):
        if settings.get(setting):
            say(f"cloudguard: --{setting.name} has no effect on a snapshot: use it with collect")
    return snapshot
