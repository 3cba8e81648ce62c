"""Ways up, from ``escalations.toml``, each with its source."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Final

from cloudguard.model.iam_catalog import EscalationPath, Impact
from cloudguard.model.identity import Condition

PASSED_TO: Final = "iam:PassedToService"


@cache
def escalations() -> tuple[EscalationPath, ...]:
    """Return every way up that is known."""
    text = files("cloudguard_aws.iam_catalog").joinpath("escalations.toml").read_text(encoding="utf-8")
    return tuple(
        EscalationPath(
            id=one["id"],
            actions=tuple(one["actions"]),
            impact=Impact(one["power"]),
            why=one["why"],
            source=one["source"],
            on_own_identity=one.get("on-self", False),
            passrole_action=one.get("passes", ""),
            passrole_conditions=(Condition("StringEquals", PASSED_TO, tuple(one["passed-to"])),)
            if "passed-to" in one
            else (),
        )
        for one in tomllib.loads(text)["escalation"]
    )
