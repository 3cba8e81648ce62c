"""Ways up, from ``escalations.toml``, each with its source."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Final

from cloudguard.model.iam_catalog import Escalation, Power
from cloudguard.model.identity import Condition

PASSED_TO: Final = "iam:PassedToService"


@cache
def escalations() -> tuple[Escalation, ...]:
    """Return every way up that is known."""
    text = files("cloudguard_aws.iam_catalog").joinpath("escalations.toml").read_text(encoding="utf-8")
    return tuple(
        Escalation(
            id=one["id"],
            actions=tuple(one["actions"]),
            power=Power(one["power"]),
            why=one["why"],
            source=one["source"],
            on_self=one.get("on-self", False),
            passes=one.get("passes", ""),
            passing=(Condition("StringEquals", PASSED_TO, tuple(one["passed-to"])),) if "passed-to" in one else (),
        )
        for one in tomllib.loads(text)["escalation"]
    )
