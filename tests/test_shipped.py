"""The program imports or reads every file of the wheel; the wheel has no data for tests or documentation.

The test reads the files of the source, or of the built wheel that the environment variable ``WHEEL`` names (`.ci/run`).
"""

from __future__ import annotations

import ast
import os
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
POINTS = PROJECT["entry-points"]


def entry_modules() -> set[str]:
    """Return the entry modules: the library, and the commands and providers that pyproject.toml names."""
    entries = [*PROJECT["scripts"].values(), *POINTS["pytest11"].values()]
    return {"cloudguard", *providers(), *(entry.partition(":")[0] for entry in entries)}


def providers() -> set[str]:
    """Return the packages of the providers that pyproject.toml names."""
    return {entry.partition(":")[0] for entry in POINTS["cloudguard.providers"].values()}


def shipped() -> dict[str, str]:
    """Return the text of each file of the wheel, by its path."""
    if "WHEEL" in os.environ:
        with ZipFile(os.environ["WHEEL"]) as wheel:
            names = [name for name in wheel.namelist() if ".dist-info/" not in name]
            return {name: wheel.read(name).decode() for name in names}
    roots = {ROOT: "cloudguard", ROOT / "providers": "cloudguard_*"}
    paths = {path: root for root, name in roots.items() for path in root.glob(f"{name}/**/*") if path.is_file()}
    texts = {path.relative_to(root).as_posix(): path.read_bytes() for path, root in paths.items()}
    return {name: text.decode() for name, text in texts.items() if "__pycache__" not in name}


def module_of(name: str) -> str:
    """Return the dotted name of a Python file."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(text: str) -> Iterator[str]:
    """Yield the dotted names that a module imports, and the names of their packages.

    For an import by a computed name, ``f"package.{name}"``, yield "package.". ``self._module("name")`` imports the
    module of any provider.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            begin = str(node.values[0].value)
            yield from [begin] if begin.startswith("cloudguard") and begin.endswith(".") else []
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "self._module":
            yield from (f"{package}.{ast.literal_eval(node.args[0])}" for package in providers())
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


@cache
def all_imports(text: str) -> frozenset[str]:
    """Return all ``imports`` of a module."""
    return frozenset(imports(text))


def unused(files: dict[str, str]) -> set[str]:
    """Return the files that no module reachable from ``entry_modules()`` imports or names as data.

    ``README.md`` and ``py.typed`` count as used: they are for the users of a package.
    """
    modules = {module_of(name): name for name in files if name.endswith(".py")}
    reached: set[str] = set()
    waiting = entry_modules()
    while waiting:
        name = modules[waiting.pop()]
        reached.add(name)
        found = all_imports(files[name])
        packages = tuple(name for name in found if name.endswith("."))
        used = {module for module in modules if module in found or module.startswith(packages)}
        waiting |= {name for name in used if modules[name] not in reached}
    data = {name for name in files if not name.endswith((".py", "/README.md", "/py.typed"))}
    return set(modules.values()) - reached | {name for name in data if not _is_read(name, files)}


def _is_read(name: str, files: dict[str, str]) -> bool:
    """Whether modules contain as strings the file's package, and the name of the file or of its folder there.

    An adapter names its own package by its attribute ``name``. A reader of each provider's data computes the package.
    """
    path = Path(name)
    in_package = f"{path.parent.as_posix()}/__init__.py" in files
    package, read = (path.parent, path.name) if in_package else (path.parent.parent, path.parent.name)
    texts = [text for other, text in files.items() if other.endswith(".py")]
    dotted = package.as_posix().replace("/", ".")
    by_name = f'    name = "{dotted.removeprefix("cloudguard_")}"'
    ways = ((f'"{dotted}"', by_name, f'}}.{package.name}"'), (f'"{read}"',))
    return all(any(word in text for text in texts for word in words) for words in ways)


def test_the_program_uses_every_file_of_the_wheel() -> None:
    assert unused(shipped()) == set(), "no module imports or reads these: delete them, or move them out of the wheel"


@pytest.mark.parametrize(
    "name",
    ["cloudguard_aws/iam_catalog/known.py", "cloudguard_aws/iam_catalog/known/kops.toml", "moto_fixtures/demo.py"],
)
def test_an_unused_file_is_found(name: str) -> None:
    assert unused({**shipped(), name: '"""Data."""'}) == {name}
