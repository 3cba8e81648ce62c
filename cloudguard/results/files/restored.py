"""The conversion of a ``cloudguard/report/v1`` document to the fields of the types that it was made from.

Members with another form than the types are converted here. Faults stay as they are, so that the reader refuses them.
Older versions wrote less: members that they left out are derived from members that they wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

from cloudguard.results.finding import Severity

Table: TypeAlias = dict[str, Any]
_READ_FROM: Final = {"call": "report", "resource": "*"}
"""The source of facts for which the report names no source."""


def restored(value: object) -> Table:
    """Return a report's document with the fields of ``Report``."""
    report = _table(value)
    tool = report.get("tool")
    if isinstance(tool, dict):
        named = _table(cast("object", tool))
        report["tool"] = f"{named.get('name', '')} {named.get('version', '')}".strip()
    declared = _table(report.get("declarations"))
    report["declarations"] = [
        _renamed(declaration, {"from": "origin"}) | {"name": name} for name, declaration in declared.items()
    ]
    report["digest"] = report.pop("snapshot_sha256", "")
    report["cluster"] = _cluster(report.get("cluster"))
    report["rows"] = [_row(row) for row in _items(report.get("rows"))]
    changes = _items(_table(report.get("plan")).get("changes"))
    report["plan"] = [_change(change, number, report["rows"]) for number, change in enumerate(changes, 1)]
    return report


def _cluster(value: object) -> Table:
    cluster = _table(value)
    if "regions" not in cluster:
        cluster["regions"] = [name for name in str(cluster.get("region", "")).split(",") if name]
    cluster["hosts"] = [_host(host) for host in _items(cluster.get("hosts"))]
    return cluster


def _host(value: object) -> Table:
    """Return a host with one interface that has all of the host's addresses."""
    host: Table = {"source": _READ_FROM, "role_evidence": [], **_table(value)}
    port = {"id": "", "subnet": "", "addresses": host.get("addresses", []), "source": host["source"]}
    return host | {"interfaces": [port]}


def _row(value: object) -> Table:
    row = _table(value)
    if "basis" in row:
        row["basis"] = _basis(row["basis"])
    row["findings"] = [_finding(finding) for finding in _items(row.get("findings"))]
    return row


def _basis(value: object) -> Table:
    basis = _table(value)
    examined = _renamed(basis.pop("examined", {}), {"ways": "paths"})
    examined["hosts"] = [[*_table(item).values()] for item in _items(examined.get("hosts"))]
    settings = [[*_table(item).values()] for item in _items(basis.get("settings"))]
    return {**basis, **examined, "settings": settings}


def _finding(value: object) -> Table:
    finding = _table(value)
    word = str(finding.get("severity", ""))
    if word.upper() in Severity.__members__:
        finding["severity"] = int(Severity[word.upper()])
    finding["witness"] = _witness(finding.get("witness"))
    return finding


def _witness(value: object) -> Table:
    witness = _table(value)
    lines = [*_items(witness.get("path"))]
    hops = [*_items(witness.get("hops"))]
    lines += [""] * (len(hops) - len(lines))
    witness["path"] = [_hop(hop, str(line)) for hop, line in zip(hops, lines, strict=False)]
    witness["facts"] = [[name, value] for name, value in _table(witness.get("facts")).items()]
    return witness


def _hop(given: object, line: str) -> Table:
    hop = _renamed(given, {"blamed": "attributed"})
    if "word" not in hop:  # an older version wrote the word only at the beginning of the line
        hop["word"] = line.partition(f" {hop.get('id')}")[0].partition(f"/{hop.get('name')}")[0]
    return hop | {"lets": hop.get("traffic") or hop.get("lets", "")}


def _change(value: object, number: int, rows: Sequence[Table]) -> Table:
    """Return the change with this number in the plan of a report with ``rows``."""
    change: Table = {"order": number, **_table(value)}
    change.setdefault("mends", [*_mended_by(change.get("id"), rows)])
    edits = [_table(edit) for edit in _items(change.get("edits"))]
    if "edits" not in change or any(_is_short(edit) for edit in edits):
        edits = [{"before": change.get("before", []), "steps": change.get("after", [])}]
    change["edits"] = [edit | {"rule": edit["rule"]["id"]} if _is_of_rule(edit) else edit for edit in edits]
    change["loses"] = [{"direction": "ingress", **_table(item)} for item in _items(change.get("loses"))]
    return change


def _mended_by(change: object, rows: Sequence[Table]) -> Iterator[object]:
    """Yield the ids of the findings that name a change."""
    for row in rows:
        for finding in row["findings"]:
            if change in _items(finding.get("changes")):
                yield finding.get("id")


def _is_short(edit: Table) -> bool:
    """Whether an older version wrote an edit that is complete only with the lines ``before`` and ``after``."""
    return "after" not in edit if _is_of_rule(edit) else edit.get("op") == "document.put" and "changes" not in edit


def _is_of_rule(edit: Table) -> bool:
    return isinstance(edit.get("rule"), dict) and "id" in edit["rule"]


def _renamed(table: object, names: Mapping[str, str]) -> Table:
    return {names.get(name, name): value for name, value in _table(table).items()}


def _table(value: object) -> Table:
    """Return a copy of an object, or an empty one for any other value, so that its missing fields are faults."""
    return dict(cast("Table", value)) if isinstance(value, dict) else {}


def _items(value: object) -> Sequence[object]:
    return cast("list[object]", value) if isinstance(value, list) else ()
