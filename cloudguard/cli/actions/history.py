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
        "In the user's state folder, or where --store says: in a server's database too, and beside tables of others.",
        help="Make a store, or bring its schema to the latest.",
        flags=(STORE, CONFIG, QUIET),
    ),
    "list": Command(
        "cloudguard history list",
        help="List the clusters, each at its latest run.",
        flags=(*_STORED, LIST_FORMAT, OUTPUT),
    ),
    "show": Command(
        "cloudguard history show prod",
        help="Show a finding, or all of a cluster, over time.",
        flags=(*_STORED, LIST_FORMAT, OUTPUT),
        arguments=(Argument("what", "A finding's id, or how it begins; or a cluster's name."),),
    ),
    "trend": Command(
        "cloudguard history trend --every 7d",
        help="Show how many findings were open, began and were fixed.",
        flags=(*_STORED, EVERY, LIST_FORMAT, OUTPUT),
    ),
    "prune": Command(
        "cloudguard history prune --keep 400d",
        "What is open stays, and so does each cluster's latest run.",
        help="Take out runs, and findings that ended, from before a time.",
        flags=(STORE, KEEP, CONFIG, QUIET),
    ),
    "export": Command("cloudguard history export -o all.json", help="Write all as JSON.", flags=(*_STORED, OUTPUT)),
}
