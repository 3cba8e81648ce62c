"""The operations of Azure's management API, and the model of each answer, read from the installed SDKs.

Routes, api-versions and query parameters are read from the source text of the packages, which is their only source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

PACKAGES = (
    "azure.mgmt.network",
    "azure.mgmt.compute",
    "azure.mgmt.containerservice",
    "azure.mgmt.keyvault",
    "azure.mgmt.authorization.v2022_04_01",
    "azure.mgmt.msi.v2024_11_30",
)
_URL = re.compile(r'_url = \(?\s*(?:kwargs\.pop\(\s*"template_url",)?(?:\s*#[^\n]*)?\s*"([^"?]+)')
_VERB = re.compile(r'method="(\w+)"')
_VERSION = re.compile(r'"api-version", "([^"]+)"')
_PARAMETER = re.compile(r'_params\["([^"]+)"\]')
_WITH_SLASHES = re.compile(r'"(\w+)": _SERIALIZER\.url\([^)]*skip_quote=True')
_BUILT = re.compile(r"build_(\w+)_request\(")
_ANSWERS = (
    re.compile(r'_deserialize\(\s*(List)\[_models\.(\w+)\],\s*deserialized\.get\("value"'),
    re.compile(r"_deserialize\(\s*()_models\.(\w+),\s*response\.json\(\)"),
    re.compile(r'_deserialize\(()"(\w+)", pipeline_response'),
)
_WHOLE_IDS = {
    "/{roleId}": "roleDefinitions",
    "/{roleAssignmentId}": "roleAssignments",
    "/{denyAssignmentId}": "denyAssignments",
}


@dataclass(frozen=True)
class Operation:
    """An operation. ``name``: "network_security_groups_list_all". ``template``: its path with placeholders.

    ``model``: the name of the answer's model ("": plain text). ``items``: whether the answer is a list of it.
    """

    package: str
    name: str
    verb: str
    template: str
    path: re.Pattern[str]
    version: str
    parameters: frozenset[str]
    model: str
    items: bool

    @property
    def words(self) -> int:
        """The number of fixed words in the path."""
        return len(re.findall(r"/[^/{]+(?=/|$)", self.template))


@cache
def operations() -> tuple[Operation, ...]:
    """Return all operations of the packages."""
    return tuple(
        operation for package in PACKAGES for file in _files(package) for operation in _operations(package, file)
    )


def find(verb: str, path: str) -> Operation | None:
    """Return the operation of a request. If several match, return the one with the most fixed words in its path."""
    fitting = [operation for operation in _ending(verb, _last_words(path)) if operation.path.fullmatch(path)]
    return max(fitting, key=lambda operation: operation.words, default=None)


def model(package: str, name: str) -> type:
    """Return the model ``name`` of a package."""
    found: type = getattr(import_module(f"{package}.models"), name)
    return found


@cache
def _by_words() -> dict[tuple[str, str], list[Operation]]:
    """Return (verb, last fixed word of the path) → operations, so that only few patterns are tried for a path."""
    found: dict[tuple[str, str], list[Operation]] = {}
    for operation in operations():
        named = re.findall(r"/([^/{]+)(?=/|$)", operation.template)
        found.setdefault((operation.verb, named[-1].lower() if named else ""), []).append(operation)
    return found


def _ending(verb: str, words: tuple[str, str]) -> Iterator[Operation]:
    for word in (*words, ""):
        yield from _by_words().get((verb, word), ())


def _last_words(path: str) -> tuple[str, str]:
    last = path.lower().rsplit("/", 2)
    return last[-1], last[-2]


def _files(package: str) -> Iterator[Path]:
    spec = find_spec(f"{package}.operations")
    for folder in spec.submodule_search_locations or () if spec else ():
        yield from sorted(Path(folder).glob("*operations.py"))


def _operations(package: str, file: Path) -> Iterator[Operation]:
    requests: dict[str, str] = {}
    for part in re.split(r"^(?=def |class )", file.read_text(encoding="utf-8"), flags=re.MULTILINE):
        built = _BUILT.match(part.removeprefix("def "))
        if built:
            requests[built[1]] = part
        elif part.startswith("class "):
            for method in re.split(r"^    (?=def )", part, flags=re.MULTILINE)[1:]:
                asked = _BUILT.search(method)
                if asked and asked[1] in requests:
                    yield _operation(package, asked[1], requests.pop(asked[1]), method)


def _operation(package: str, name: str, request: str, method: str) -> Operation:
    url, verb, version = _URL.search(request), _VERB.search(request), _VERSION.search(request)
    assert url, f"{name} has no path"
    assert verb, f"{name} has no verb"
    answer = next((match for pattern in _ANSWERS if (match := pattern.search(method))), None)
    return Operation(
        package=package,
        name=name,
        verb=verb[1],
        template=url[1],
        path=_path(url[1], frozenset(_WITH_SLASHES.findall(request))),
        version=version[1] if version else "",
        parameters=frozenset(_PARAMETER.findall(request)) | {"api-version", "$skiptoken"},
        model=answer[2] if answer else "",
        items=bool(answer and answer[1]),
    )


def _path(template: str, with_slashes: frozenset[str]) -> re.Pattern[str]:
    """Return a pattern for a path. A template that is a whole id does not show the parts of the id."""
    if template in _WHOLE_IDS:
        return re.compile(rf"(?:/.*)?/providers/Microsoft\.Authorization/{_WHOLE_IDS[template]}/[^/]+", re.IGNORECASE)

    def part(match: re.Match[str]) -> str:
        return ".+" if match[1] in with_slashes else "[^/]+"

    text = re.sub(r"\\\{(\w+)\\\}", part, re.escape(template))
    return re.compile(text.replace("/.+/", "(?:/.+)?/", 1) if text.startswith("/.+/") else text, re.IGNORECASE)
