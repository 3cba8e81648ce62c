"""Roles that installers make or documentation asks for (``roles.toml``) and their policies (``policies/*.toml``).

For the documentation and for tests: cloudguard compares no account with them and does not ship them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cloudguard.model.identity import PolicyDocument, PolicyKind
from cloudguard.model.source import Source
from cloudguard.provider.iam.need_tables import Values
from cloudguard_aws.iam_catalog.catalog_of_cluster import TABLES

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class KnownRole:
    """A role; ``moved`` are service accounts that have roles of their own, ``addons`` run with this one.

    ``name`` is what its maker calls it, ``others`` are the names of the cluster's other roles.
    """

    id: str
    title: str
    installer: str
    holder: str
    policies: tuple[PolicyDocument, ...]
    source: str
    addons: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    name: str = ""
    others: tuple[str, ...] = ()


@cache
def written() -> Mapping[str, tuple[Mapping[str, Any], ...]]:
    """Return the tables of all files as TOML gives them: those of policies and those of roles."""
    tables = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.rglob("*.toml"))]
    return {kind: tuple(entry for table in tables for entry in table.get(kind, ())) for kind in ("policy", "role")}


def known_policies(values: Values) -> Mapping[str, PolicyDocument]:
    """Return every policy by its id, its placeholders filled for one cluster."""
    return {table["id"]: _policy(table, values) for table in written()["policy"]}


def known_roles(values: Values) -> tuple[KnownRole, ...]:
    """Return every role, its policies' placeholders filled for one cluster."""
    policies = known_policies(values)
    return tuple(
        KnownRole(
            id=table["id"],
            title=table["title"],
            installer=table["installer"],
            holder=table["holder"],
            policies=tuple(policies[name] for name in table["policies"]),
            source=table["source"],
            addons=tuple(table.get("addons", ())),
            moved=tuple(table.get("moved", ())),
            name=table.get("name", table["id"]),
            others=tuple(table.get("others", ())),
        )
        for table in written()["role"]
    )


def _policy(table: Mapping[str, Any], values: Values) -> PolicyDocument:
    managed = bool(table.get("provider"))
    (partition, *_) = values["partition"]
    return PolicyDocument(
        id=f"arn:{partition}:iam::aws:policy/{table['id']}" if managed else table["id"],
        name=table["id"],
        kind=PolicyKind.GRANT,
        managed_by="provider" if managed else "user",
        document="",
        statements=TABLES.granted(table, values),
        source=Source(table["source"], table["id"]),
    )
