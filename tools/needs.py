"""Compare the AWS needs of an installer in cloudguard with the policies in a newer checkout of that installer.

``python tools/needs.py refresh kops PATH`` reads the policy files of that repository that the ``source`` links of
``needed/*.toml`` name, and prints the permissions that were added, removed or changed. Exit status: 0 no difference, 3
differences, 2 the repository is not known or the checkout lacks a file. docs/updating-needs.md says how to use the
differences.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import yaml

from cloudguard.model.identity import Effect, Statement
from cloudguard_aws.iam_catalog.catalog_of_cluster import TABLES
from cloudguard_aws.identity.policy_documents import statements

SAME, BAD, DIFFERENT = 0, 2, 3
_LINK: Final = re.compile(r"^https://github\.com/[^/]+/(?P<repository>[^/]+)/blob/[0-9a-f]+/(?P<path>.+)$")
_FENCED: Final = re.compile(r"^```\w*\n(\{.*?)^```$", re.MULTILINE | re.DOTALL)
_BY_HAND: Final = ("", ".go", ".tf")
"""File extensions of linked folders and source code. They hold no policy that a program can read."""
_TAG: Final = re.compile(r"(?<=[ \[])![A-Z]\w+")
"""A CloudFormation tag, for example in ``!Sub text``."""
_PLACEHOLDER: Final = re.compile(r"<([a-z]+)>")
_KNOWN: Final = Path(__file__).parent / "needs_known.txt"
"""Reviewed lines that change no need. A comment gives the reason for each group of lines."""


class BadInputError(Exception):
    """The repository is not known, or the checkout does not match it."""


@dataclass(frozen=True, order=True, slots=True)
class Permission:
    """One action on one resource. ``conditions``: "operator key value, value". ``origin``: a file or a need."""

    action: str
    resource: str
    conditions: tuple[str, ...]
    origin: str

    @property
    def terms(self) -> str:
        """The resource and the conditions, as text."""
        return " ".join([f"on {self.resource}", *(f"if {condition}" for condition in self.conditions)])

    def covers(self, other: Permission) -> bool:
        """Whether both are equal if a placeholder in this permission may stand for any name."""
        pattern = "".join(_patterns(f"{self.action} {self.terms}"))
        return re.fullmatch(pattern, f"{other.action} {other.terms}") is not None


def _patterns(text: str) -> Iterator[str]:
    """Yield regular expressions for the parts of a text. The placeholder of a partition also matches ``*``."""
    for number, segment in enumerate(_PLACEHOLDER.split(text)):
        is_name = number % 2
        yield (r"(\$\{[^}]+\}|[^:\s]+)" if segment == "partition" else r"[^*\s]+") if is_name else re.escape(segment)


def needs_of(repository: str) -> dict[str, list[Mapping[str, Any]]]:
    """Return path of the source → needs, for the sources in ``repository``. Raises BadInputError if there are none."""
    links = [(need, _LINK.match(need["source"])) for need in TABLES.written]
    by_path: dict[str, list[Mapping[str, Any]]] = {}
    for need, link in links:
        if link and link["repository"] == repository:
            by_path.setdefault(link["path"], []).append(need)
    if not by_path:
        known = sorted({link["repository"] for _, link in links if link})
        message = f"no need has its source in a repository called {repository!r}; there are: {', '.join(known)}"
        raise BadInputError(message)
    return by_path


def needed_permissions(needs: Iterable[Mapping[str, Any]]) -> Iterator[Permission]:
    """Yield the permissions of ``needs``. Placeholders stay as they are in the tables."""
    placeholders = {name: [f"<{name}>"] for name in _PLACEHOLDER.findall(str(TABLES.written))}
    for need in needs:
        yield from _permissions(TABLES.granted(need, placeholders), need["id"])


def upstream_permissions(path: Path, name: str) -> Iterator[Permission]:
    """Yield the permissions that the policies in a JSON, YAML or Markdown file grant.

    Raises BadInputError if the file holds no policy.
    """
    try:
        written = [statement for document in _documents(path) for statement in _statements(document)]
        if not written:
            message = f"{name} holds no policy"
            raise BadInputError(message)
        yield from _permissions(statements(json.dumps({"Version": "2012-10-17", "Statement": written})), name)
    except (OSError, ValueError, yaml.YAMLError) as error:
        message = f"{name}: {error}"
        raise BadInputError(message) from error


def _documents(path: Path) -> list[Any]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return [json.loads(block) for block in _FENCED.findall(text)]
    if path.suffix in {".yaml", ".yml"}:
        return [yaml.safe_load(_TAG.sub("", text))]
    return [json.loads(text)]


def _statements(document: object) -> Iterator[object]:
    """Yield the statements of a document's policies, at any depth, also inside texts that are JSON.

    Trust policies are left out: their statements name no resource, and say who may assume a role.
    """
    if isinstance(document, str) and document.startswith("{"):
        yield from _statements(json.loads(document))
    elif isinstance(document, dict):
        fields = cast("dict[str, Any]", document)
        statements: Any = fields.get("Statement", [])
        listed = cast("list[object]", statements) if isinstance(statements, list) else [statements]
        yield from (statement for statement in listed if 'Resource":' in json.dumps(statement))
        yield from _statements([value for name, value in fields.items() if name != "Statement"])
    elif isinstance(document, list):
        for statement in cast("list[object]", document):
            yield from _statements(statement)


def _permissions(granted: Iterable[Statement], origin: str) -> Iterator[Permission]:
    """Yield the permissions of statements: one for each action and resource."""
    for statement in granted:
        effect = "deny " if statement.effect is Effect.DENY else ""
        conditions = [
            f"{condition.operator} {condition.key} {', '.join(sorted(condition.values))}"
            for condition in statement.conditions
        ]
        actions = [*statement.actions, *(f"all but {name}" for name in statement.not_actions)]
        resources = [*statement.resources, *(f"all but {name}" for name in statement.not_resources)]
        for action in actions:
            for resource in resources:
                yield Permission(f"{effect}{action}", resource, tuple(sorted(conditions)), origin)


def differences(repository: str, checkout: Path) -> list[str]:
    """Return lines for the added, removed and changed permissions. Raises BadInputError.

    A need is compared with all policy files of its repository that any need names, because one file can grant the
    permissions of several needs. A need whose own source is code is never reported as removed.
    """
    if not checkout.is_dir():
        message = f"{checkout} is no folder"
        raise BadInputError(message)
    by_path = needs_of(repository)
    readable = [path for path in by_path if Path(path).suffix not in _BY_HAND]
    upstream = {permission for path in readable for permission in upstream_permissions(checkout / path, path)}
    needed = {permission for needs in by_path.values() for permission in needed_permissions(needs)}
    checked = {permission for path in readable for permission in needed_permissions(by_path[path])}
    added = {permission for permission in upstream if not any(need.covers(permission) for need in needed)}
    removed = {need for need in checked if not any(need.covers(permission) for permission in upstream)}
    changed = {permission.action for permission in added} & {need.action for need in removed}
    return [
        *_lines("added", (permission for permission in added if permission.action not in changed)),
        *_lines("removed", (need for need in removed if need.action not in changed)),
        *_lines("changed, before", (need for need in removed if need.action in changed)),
        *_lines("changed, now", (permission for permission in added if permission.action in changed)),
        *(f"read by hand: {path}" for path in sorted(by_path.keys() - set(readable))),
    ]


def _lines(kind: str, permissions: Iterable[Permission]) -> Iterator[str]:
    """Yield one line for each origin and terms, with all actions that have this origin and these terms."""
    grouped: dict[tuple[str, str], set[str]] = {}
    for permission in permissions:
        grouped.setdefault((permission.origin, permission.terms), set()).add(permission.action)
    for (origin, terms), actions in sorted(grouped.items()):
        yield f"{kind}: {', '.join(sorted(actions))} {terms} ({origin})"


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    refresh = parser.add_subparsers(required=True).add_parser("refresh", help="compare needs with a checkout")
    refresh.add_argument("repository", help="the repository's name in the source links: kops")
    refresh.add_argument("checkout", type=Path, help="a folder with a newer checkout of that repository")
    options = parser.parse_args(arguments)
    try:
        lines = differences(options.repository, options.checkout)
    except BadInputError as error:
        print(error, file=sys.stderr)
        return BAD
    known = set(_KNOWN.read_text(encoding="utf-8").splitlines())
    new = [line for line in lines if line not in known]
    count = sum(not line.startswith("read by hand") for line in new)
    print(*new, f"{count or 'no'} differences, {len(lines) - len(new)} known and left out", sep="\n")
    releases = {need["release"] for needs in needs_of(options.repository).values() for need in needs}
    print(f"the needs were read from: {', '.join(sorted(releases))}")
    return DIFFERENT if count else SAME


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
