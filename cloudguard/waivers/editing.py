"""Add waivers to a file. Its comments and other content stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cloudguard.errors import UsageError
from cloudguard.needs.waivers import FILE_NAME, DeclaredWaiver

_HEAD = f"""\
# {FILE_NAME}: accepted findings, each with an expiry date.
# A finding that becomes wider than its "width" counts again.

"""


def with_added(text: str, added: Iterable[tuple[DeclaredWaiver, str]], name: str) -> str:
    """Return the TOML ``text`` of the file ``name`` with the waivers ``added``, each with its comment.

    ``text``: "" for a new file. A waiver replaces an existing waiver of the same finding.

    Raises UsageError if ``text`` is not TOML, or if its waivers are not tables ``[[waiver]]``.
    """
    import tomlkit  # noqa: PLC0415 - only where a file is written
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - likewise
    from tomlkit.items import AoT  # noqa: PLC0415 - likewise

    try:
        document = tomlkit.parse(text or _HEAD)
    except TOMLKitError as error:
        message = f"{name} is not valid TOML: {error}"
        raise UsageError(message) from None
    if "waiver" not in document:
        document.append("waiver", tomlkit.aot())
    tables: Any = document["waiver"]
    if not isinstance(tables, AoT):
        message = f"the waivers in {name} are a list"
        raise UsageError(message, hint="Write each waiver as a table: [[waiver]]")
    waivers: Any = tables
    for waiver, comment in added:
        known = next((table for table in waivers if table.get("finding") == waiver.finding), None)
        if known is None:
            waivers.append(_table(waiver, comment))
        else:
            _renew(known, waiver)
    return tomlkit.dumps(document)  # pyright: ignore[reportUnknownMemberType] - its parameter has no type


def _table(waiver: DeclaredWaiver, comment: str) -> Any:  # noqa: ANN401 - tomlkit's own types are not all known
    import tomlkit  # noqa: PLC0415 - as above

    table = tomlkit.table()
    table.add(tomlkit.comment(comment))
    table.add("finding", waiver.finding)
    _renew(table, waiver)
    table.add(tomlkit.nl())
    return table


def _renew(table: Any, waiver: DeclaredWaiver) -> None:  # noqa: ANN401 - as above
    """Set all keys of a waiver's table except ``finding``."""
    import tomlkit  # noqa: PLC0415 - as above

    table["cluster"] = _encodable(waiver.cluster)
    table["reason"] = _encodable(waiver.reason)
    table["owner"] = _encodable(waiver.owner)
    table["expires"] = waiver.expires
    if waiver.width:
        width: Any = tomlkit.array()
        for line in waiver.width:
            width.append(_encodable(line))
        table["width"] = width.multiline(multiline=True)
    elif "width" in table:
        del table["width"]


def _encodable(text: str) -> str:
    """Return ``text`` with "?", which patterns match with any letter, for a lone surrogate: no UTF-8 file has that."""
    return text.encode("utf-8", "replace").decode()
