"""What parts of a cluster need (``needed/*.toml``) and ways up (``escalations.toml``), each with its source."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from cloudguard.model.iam_catalog import Confidence, EscalationPath, Impact, PermissionNeed
from cloudguard.model.identity import Effect, Statement

_HERE: Final = "cloudguard_gcp.iam_catalog"


@cache
def _raw() -> tuple[Mapping[str, Any], ...]:
    """Return the components as they are written, file by file."""
    folder = files(_HERE).joinpath("needed")
    texts = (one.read_text(encoding="utf-8") for one in sorted(folder.iterdir(), key=str) if one.name.endswith(".toml"))
    return tuple(one for text in texts for one in tomllib.loads(text)["component"])


def components(project: str) -> tuple[PermissionNeed, ...]:
    """Return every component, for a cluster in ``project``."""
    return tuple(
        PermissionNeed(
            id=one["id"],
            holders=tuple(one["holders"]),
            statements=tuple(_statements(one, project)),
            source=one["source"],
            confidence=Confidence(one["confidence"]),
            installers=tuple(one.get("installers", ())),
            except_installers=tuple(one.get("but-for", ())),
            addon=one.get("addon", ""),
            service_accounts=tuple(one.get("accounts", ())),
            note=one.get("note", ""),
        )
        for one in _raw()
    )


def _statements(component: Mapping[str, Any], project: str) -> Iterator[Statement]:
    for number, one in enumerate(component["statement"], 1):
        yield Statement(
            label=f"{component['id']}/#{number}",
            effect=Effect.ALLOW,
            actions=tuple(one["actions"]),
            resources=tuple(text.replace("<project>", project) for text in one["resources"]),
        )


@cache
def escalations() -> tuple[EscalationPath, ...]:
    """Return every way up that is known."""
    text = files(_HERE).joinpath("escalations.toml").read_text(encoding="utf-8")
    return tuple(
        EscalationPath(
            id=one["id"],
            actions=tuple(one["actions"]),
            impact=Impact(one["power"]),
            why=one["why"],
            source=one["source"],
            passrole_action=one.get("passes", ""),
        )
        for one in tomllib.loads(text)["escalation"]
    )
