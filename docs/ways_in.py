"""The tables of ways in: those not asked for in the README, and one line for each way in in each provider's README."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from cloudguard.model.ways_in import WayIn, WayState
from cloudguard.provider.port import installed, load

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- ways in: written by `make docs` -->\n", "<!-- end of ways in -->\n"


def overview() -> str:
    """Return the README's tables, one a provider: how many ways in are asked for or shut, and which are not."""
    return "\n".join(_summary(provider, load(provider).ways_in()) for provider in installed())


def _summary(provider: str, ways: tuple[WayIn, ...]) -> str:
    count = Counter(way.state for way in ways)
    lines = [
        f"**{provider}**: {count[WayState.ASKED]} ways in are asked for, {count[WayState.SHUT]} shut. The others:\n",
        "| not asked for | permission or fact that would show it |",
        "|---|---|",
    ]
    lines += [f"| {way.name} | {way.would_help or 'nothing'} |" for way in ways if way.state is WayState.NOT_ASKED]
    return "\n".join(lines) + "\n"


def table(ways: tuple[WayIn, ...]) -> str:
    """Return a provider's table, a line a way: how it is asked for, why it is shut, or what would show it."""
    lines = ["| way in | leads to | asked for, or not |", "|---|---|---|"]
    lines += [f"| [{way.name}]({way.source}) | {', '.join(way.leads_to)} | {_how(way)} |" for way in ways]
    return "\n".join(lines) + "\n"


def _how(way: WayIn) -> str:
    match way.state:
        case WayState.ASKED:
            return "asked: " + ", ".join(f"`{call}`" for call in way.calls)
        case WayState.SHUT:
            return f"shut: {way.shut_by}"
        case WayState.NOT_ASKED:
            pointer = f"; {way.pointer} would leave a row undecided" if way.pointer else ""
            return f"not asked; {way.would_help or 'nothing'} would show it{pointer}"


def pages() -> Mapping[Path, str]:
    """Return every page that holds a table, with today's between its two marks, by its path."""
    tables = {ROOT / "README.md": overview()}
    for provider in installed():
        path = ROOT / "providers" / f"cloudguard_{provider}" / "README.md"
        if path.exists():  # a provider of another distribution has its own
            tables[path] = table(load(provider).ways_in())
    return {path: _replaced(path, written) for path, written in tables.items()}


def _replaced(path: Path, written: str) -> str:
    """Return a page with ``written`` between its two marks; raises ValueError where it lacks them."""
    text = path.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        message = f"{path} must have the lines {BEGIN.strip()} and {END.strip()} once each"
        raise ValueError(message)
    before, rest = text.split(BEGIN)
    return before + BEGIN + written + END + rest.split(END)[1]
