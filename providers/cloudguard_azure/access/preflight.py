"""Try each call of the adapter: read one page of a list, or a resource that does not exist.

Azure Resource Manager checks the permission first. Only callers with the permission learn that a resource is missing.
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any, Final

from cloudguard.provider.permissions.preflight import Tried, tried
from cloudguard.provider.port import CollectRequest, Progress
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import CALLS, Call
from cloudguard_azure.access.session import begin

_NAME: Final = "cloudguard-preflight"
_LOCATION: Final = "westeurope"
_WRONG: Final = frozenset({400, 404, 409})
"""Status codes that only callers with the permission get."""


def verify(request: CollectRequest, progress: Progress) -> tuple[Tried, ...]:
    """Try each call on the subscription. Raises AccessError if no call can be made."""
    api, _ = begin(request, progress)
    return tried(api, ((call, partial(_make, api, call)) for call in CALLS), _is_later)


def _make(api: Api, call: Call) -> None:
    """Make a call once, for one page."""
    operation = api.operation(call)
    required = (
        parameter.name
        for parameter in inspect.signature(operation).parameters.values()
        if parameter.default is inspect.Parameter.empty and parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    )
    answer: Any = operation(**{name: _value(name, api.subscription) for name in required})
    if hasattr(answer, "by_page"):
        next(answer.by_page(), None)


def _value(name: str, subscription: str) -> object:
    """Return the value of a parameter."""
    if name == "parameters":
        return {}
    if name == "location":
        return _LOCATION
    if name == "role_id":
        return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{subscription}"
    return _NAME


def _is_later(error: BaseException) -> bool:
    return getattr(error, "status_code", None) in _WRONG
