"""Rules for the source code: which module may import which, which may print, and how long a file may be."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from source_rules import LONGEST_FUNCTION, broad_excepts, clouds_named, long_functions, outside_contacts

ROOT = Path(__file__).parent.parent
PRODUCT = sorted([*ROOT.glob("cloudguard/**/*.py"), *ROOT.glob("providers/**/*.py")])
OTHERS = ("moto_fixtures", "tests", "benchmarks", "docs", "tools")
EVERYTHING = sorted([*PRODUCT, *(path for name in OTHERS for path in ROOT.glob(f"{name}/**/*.py"))])


SETS = ("packet_sets", "permission_sets", "intervals")
JUDGED = ("rows", "results", "needs", "model", "errors")
JUDGING = ("reachability", "authorization", "results", "needs", "model", *SETS, "errors")
CHANGES = ("results.change", "results.document_edit")
PORT = ("provider.port", "provider.change_forms", "provider.ownership")
STEPS = ("collection", "pipeline", "version")
CLI_PORT = ("provider.port", "provider.permissions", "provider.ownership.terraform_state")
MAY_IMPORT = {
    "intervals": (),
    "packet_sets": ("intervals",),
    "permission_sets": ("intervals",),
    "errors": (),
    "values": (),
    "tables": (),
    "model": (*SETS, "errors"),
    "provider": (*CHANGES, "results.api_call", "results.reference", "model", *SETS, "errors"),
    "needs": ("model", *SETS, "errors"),
    "results": ("model", *SETS, "errors"),
    "reachability": ("results.change", "results.hop", "needs", "model", "packet_sets", "intervals", "errors"),
    "authorization": (*CHANGES, "needs", "model", "permission_sets", "intervals", "errors"),
    "rows": JUDGING,
    "planning": ("rows", "provider.change_forms", *JUDGING),
    "comparison": JUDGING,
    "waivers": ("comparison.widths", *JUDGING),
    "known": (*PORT, "results.reference", "needs", "model", "errors"),
    "history": ("comparison.listed", "comparison.findings", "comparison.widths", "results", "errors"),
    "formats": ("results", "errors"),
    "notices": ("formats", "results", "errors"),
    "version": (),
    "collection": ("needs", "provider.port", "model", "errors"),
    "pipeline": (*STEPS, "known", "waivers", "comparison", "planning", *JUDGED, *PORT),
    "fleet": (*STEPS, "rows", "results", "needs", "provider.port", "provider.sharing", "model", "errors"),
    "cli": (*STEPS, "known", "fleet", "history", "waivers", "notices", "comparison", "formats", *JUDGED, *CLI_PORT),
    "testing": ("pipeline", "formats", "results", "needs", "errors"),
    "__main__": ("cli",),
    "__init__": (*STEPS, "results", "needs.declarations", "needs.declarations_file", "errors"),
    "adapter": ("provider", *CHANGES, "results.api_call", "model", *SETS, "errors"),
}
"""The rooms, or single modules of rooms, that each room may import. A room may always import itself."""
BY_ALL = ("values", "tables")
"""The modules that each room may import."""

FOLDERS = ("access", "cluster", "storage", "network", "trust", "identity", "iam_catalog", "changes")
"""The folders of providers, in order. A module may import its own folder and the folders before it."""
OPTIONAL_FOLDERS = {"storage", "trust", "changes"}
NOT_SHIPPED = {"moto", "moto_fixtures", "tests", "benchmarks", "docs", "tools"}
EDGE = {"cli", "__main__"}
NO_CLOUD_IN = {
    *("intervals", "packet_sets", "permission_sets", "model", "reachability", "authorization"),
    *("rows", "results", "formats", "planning", "comparison", "history"),
}
OF_A_CLOUD = {"asff"}
"""Modules of those rooms that may name a cloud, because they write a format of that cloud."""
LONGEST_FILE = 300
MOST_FILES = 13


def name_of(path: Path) -> str:
    """Return a module's dotted name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts[1:] if parts[0] == "providers" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


def room_of(module: str) -> str:
    """Return the room of a dotted module name: "adapter" for a provider's package, else what follows ``cloudguard``."""
    top, _, rest = module.partition(".")
    return rest.partition(".")[0] if top == "cloudguard" else "adapter"


def imported(tree: ast.AST, module: str) -> Iterator[str]:
    """Yield the dotted names that a module imports, wherever in it: ``from a import b`` gives ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def wrong_imports(text: str, module: str) -> list[str]:
    """Return the imports that ``MAY_IMPORT`` forbids."""
    room, own = room_of(module), module.partition(".")[0]
    wrong: list[str] = []
    for name in imported(ast.parse(text), module):
        top, _, inside = name.partition(".")
        if top == "cloudguard":
            same_room = own == "cloudguard" and inside.partition(".")[0] == room
            allowed = any(f"{inside}.".startswith(f"{name}.") for name in (*MAY_IMPORT[room], *BY_ALL))
            wrong += [] if same_room or allowed else [name]
        elif (top.startswith("cloudguard_") and (top != own or not _may_use(module, inside))) or top in NOT_SHIPPED:
            wrong.append(name)
    return wrong


def _may_use(module: str, inside: str) -> bool:
    """Whether a provider's module may import another: the other's folder is its own or an earlier one."""
    own, other = (path.partition(".")[0] for path in (module.partition(".")[2], inside))
    return own not in FOLDERS or (other in FOLDERS and FOLDERS.index(other) <= FOLDERS.index(own))


def is_library(path: Path) -> bool:
    """Whether a module may neither print nor exit."""
    return room_of(name_of(path)) not in EDGE


def is_neutral(path: Path) -> bool:
    """Whether a module may name no cloud."""
    return room_of(name_of(path)) in NO_CLOUD_IN and path.stem not in OF_A_CLOUD


def text_of(path: Path) -> str:
    """Return the source of a module."""
    return path.read_text(encoding="utf-8")


def faults(paths: Iterable[Path], rule: Callable[[Path], list[str]]) -> dict[str, list[str]]:
    """Return the files that break ``rule``, with what is wrong in each."""
    return {str(path.relative_to(ROOT)): wrong for path in paths if (wrong := rule(path))}


def _of_size(path: Path) -> list[str]:
    lines = len(text_of(path).splitlines())
    wrong = [] if ast.get_docstring(ast.parse(text_of(path))) else ["no module docstring"]
    wrong += [f"{lines} lines: split it by what its parts are for"] if lines > LONGEST_FILE else []
    return wrong + [f"{name} is longer than {LONGEST_FUNCTION} lines" for name in long_functions(text_of(path))]


def test_imports_run_one_way() -> None:
    assert faults(PRODUCT, lambda path: wrong_imports(text_of(path), name_of(path))) == {}


def test_only_the_command_line_prints_exits_or_reads_the_environment() -> None:
    assert faults(filter(is_library, PRODUCT), lambda path: outside_contacts(text_of(path))) == {}


def test_no_handler_hides_every_exception() -> None:
    assert faults(filter(is_library, PRODUCT), lambda path: broad_excepts(text_of(path))) == {}


def test_the_core_names_no_cloud() -> None:
    assert faults(filter(is_neutral, PRODUCT), lambda path: clouds_named(text_of(path))) == {}


def test_every_file_is_short_and_has_a_docstring() -> None:
    assert faults(EVERYTHING, _of_size) == {}


@pytest.mark.parametrize("package", sorted(ROOT.glob("providers/cloudguard_*")), ids=lambda path: path.name)
def test_every_provider_has_the_same_folders(package: Path) -> None:
    assert {path.parent.name for path in package.glob("*/__init__.py")} | OPTIONAL_FOLDERS == {*FOLDERS}


def test_no_folder_has_too_many_files() -> None:
    counts = Counter(path.parent.relative_to(ROOT) for path in PRODUCT if path.name != "__init__.py")
    assert {str(folder): count for folder, count in counts.items() if count > MOST_FILES} == {}


def test_every_room_has_its_allowed_imports() -> None:
    rooms = {room_of(name_of(path)) for path in PRODUCT}
    assert rooms == set(MAY_IMPORT), "MAY_IMPORT lists each folder and module of cloudguard"


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("cloudguard.intervals", "from cloudguard.model.source import Gap"),
        ("cloudguard.packet_sets.services", "from cloudguard import errors"),
        ("cloudguard.packet_sets.services", "from cloudguard.permission_sets.globs import Glob"),
        ("cloudguard.permission_sets.globs", "from cloudguard.packet_sets.services import ServiceSet"),
        ("cloudguard.reachability.paths", "from cloudguard.authorization.effective import effective"),
        ("cloudguard.authorization.effective", "from cloudguard.reachability.paths import Reach"),
        ("cloudguard.model.source", "import cloudguard.reachability.paths"),
        ("cloudguard.reachability.paths", "from cloudguard.results import report"),
        ("cloudguard.formats.table", "from cloudguard.rows.judge import ROWS"),
        ("cloudguard.formats.table", "from cloudguard.resultsets.report import Report"),
        ("cloudguard.pipeline", "def load():\n    import cloudguard_aws"),
        ("cloudguard.cli.main", "importlib.import_module('cloudguard_aws.access.api')"),
        ("cloudguard_aws.access.api", "from cloudguard.reachability.paths import Reach"),
        ("cloudguard_aws.access.api", "from cloudguard_gcp.access import api"),
        ("cloudguard_aws.access.api", "import moto_fixtures.aws"),
        ("cloudguard_aws.cluster.find", "from cloudguard_aws.network.topology import read_topology"),
        ("cloudguard_aws.network.rules", "from cloudguard_aws import adapter"),
    ],
)
def test_a_forbidden_import_is_found(module: str, line: str) -> None:
    assert len(wrong_imports(line, module)) == 1


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("cloudguard.packet_sets.services", "from cloudguard.packet_sets.addresses import AddressSet"),
        ("cloudguard.formats.table", "from cloudguard.results.report import Report"),
        ("cloudguard_aws.identity.roles", "from cloudguard_aws.network import read"),
        ("cloudguard_aws.adapter", "from cloudguard_aws.iam_catalog.needs import needs"),
        ("cloudguard_aws.access.api", "from cloudguard.provider import port"),
    ],
)
def test_an_allowed_import_is_accepted(module: str, line: str) -> None:
    assert wrong_imports(line, module) == []


@pytest.mark.parametrize(
    "line",
    ["print(1)", "sys.exit(1)", "raise SystemExit", "sys.stdout.write('')", "os.environ['A']", "from os import getenv"],
)
def test_printing_exiting_and_reading_the_environment_are_found(line: str) -> None:
    assert outside_contacts(line) != []


@pytest.mark.parametrize("clause", ["except:", "except Exception:", "except (ValueError, BaseException) as error:"])
def test_a_broad_except_is_found(clause: str) -> None:
    assert broad_excepts(f"try:\n    pass\n{clause}\n    pass") == ["line 3"]


@pytest.mark.parametrize("last", ["raise", "future.set_exception(error)"])
def test_a_broad_except_that_passes_the_error_on_is_accepted(last: str) -> None:
    assert broad_excepts(f"try:\n    pass\nexcept BaseException as error:\n    {last}") == []


@pytest.mark.parametrize("line", ["# as AWS does", "azure_name = 1", '"""On EKS."""', "if provider == 'gcp':"])
def test_a_cloud_s_name_is_found(line: str) -> None:
    assert clouds_named(line) != []


@pytest.mark.parametrize("line", ["laws", "flaws = 1", "leaks", "tweaks"])
def test_a_word_that_contains_a_cloud_s_name_is_accepted(line: str) -> None:
    assert clouds_named(line) == []
