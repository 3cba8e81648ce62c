"""The profile of ``az login``: the subscriptions, and the default one.

https://learn.microsoft.com/cli/azure/azure-cli-configuration (~/.azure; azure-cli-core/azure/cli/core/_profile.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from cloudguard.provider.answers import NOTHING, AnswerError, Item, children, flag, text


def subscription(wanted: str) -> Item:
    """Return ``id``, ``name`` and ``environmentName`` of the subscription with an id or a name.

    "" means the default subscription. Return an empty object if the subscription is not in the profile.
    """
    for item in _subscriptions():
        with suppress(AnswerError):
            known = {key: text(item, key) for key in ("id", "name", "environmentName")}
            names = {known["id"].lower(), known["name"].lower()}
            if wanted.lower() in names if wanted else flag(item, "isDefault"):
                return known
    return NOTHING


def _subscriptions() -> Sequence[Item]:
    try:
        written: object = json.loads((Path.home() / ".azure" / "azureProfile.json").read_text(encoding="utf-8-sig"))
        return children(cast("Item", written), "subscriptions") if isinstance(written, dict) else ()
    except (OSError, RuntimeError, ValueError):
        return ()
