"""What formats use of the model: the types that results contain. Formats may not import the model itself."""

from __future__ import annotations

from cloudguard.model.cluster import Cluster, Disk, DiskSnapshot, Host
from cloudguard.model.files.snapshot_file import with_escaped_surrogates
from cloudguard.model.filters import Action, Direction
from cloudguard.model.identity import Effect, Statement
from cloudguard.model.keys import Key
from cloudguard.model.source import Gap
from cloudguard.packet_sets.services import ServiceSet

__all__ = [
    "Action",
    "Cluster",
    "Direction",
    "Disk",
    "DiskSnapshot",
    "Effect",
    "Gap",
    "Host",
    "Key",
    "ServiceSet",
    "Statement",
    "with_escaped_surrogates",
]
