"""The flags and arguments of each action of ``history``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloudguard.cli.flags import CONFIG, EVERY, KEEP, LIST_FORMAT, OF_CLUSTER, OUTPUT, QUIET
from cloudguard.cli.typer_commands import Argument, Command
from cloudguard.needs.settings import STORE

_STORED: Final = (STORE, OF_CLUSTER, CONFIG, QUIET)
HISTORY_ACTIONS: Final[Mapping[str, Command]] = {
    "init": Command(
        "cloudguard history init",
        "The store is in the user's state folder, or at --store. A database with other tables is possible.",
        help="Make a store, or migrate its schema to the latest version.",
        flags=(STORE, CONFIG, QUIET),
    ),
    "list": Command(
        "cloudguard history list",
        help="List the clusters, each with its latest run.",
        flags=(*_STORED, LIST_FORMAT, OUTPUT),
    ),
    "show": Command(
        "cloudguard history show prod",
        help="Show a finding, or all findings of a cluster, over time.",
        flags=(*_STORED, LIST_FORMAT, OUTPUT),
        arguments=(Argument("what", "A finding's id, its first digits, or a cluster's name."),),
    ),
    "trend": Command(
        "cloudguard history trend --every 7d",
        help="Show how many findings were open, new and fixed in each period.",
        flags=(*_STORED, EVERY, LIST_FORMAT, OUTPUT),
    ),
    "prune": Command(
        "cloudguard history prune --keep 400d",
        "Open findings and each cluster's latest run are kept.",
        help="Delete old runs and old findings that have ended.",
        flags=(STORE, KEEP, CONFIG, QUIET),
    ),
    "export": Command(
        "cloudguard history export -o all.json", help="Write the whole history as JSON.", flags=(*_STORED, OUTPUT)
    ),
}
