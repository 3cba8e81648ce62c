"""A pytest plugin, registered as an entry point: fixtures that check clusters, usually of a cloud emulator.

``cloudguard_config`` in pytest's configuration names a ``cloudguard.toml`` whose declarations apply to all tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:  # pytest imports this module in every run, so it must be fast to import
    from cloudguard.needs.declarations import Declarations
    from cloudguard.results.report import Report

_CONFIG = "cloudguard_config"


class CheckCluster(Protocol):
    """The type of a function that reads a cluster and judges it."""

    def __call__(self, provider: str, *, declarations: Declarations | str | None = None, **options: Any) -> Report:  # noqa: ANN401
        """Return the report; ``options`` are the options of ``cloudguard.check``. Raises the errors of that function.

        ``declarations`` may be the text of a ``cloudguard.toml``; None: the declarations for all tests.
        """
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add pytest's option for the file of declarations."""
    parser.addini(
        _CONFIG, "cloudguard.toml with the declarations for all tests (path from the root folder)", default=""
    )


@pytest.fixture(scope="session")
def cloudguard_declarations(pytestconfig: pytest.Config) -> Declarations:
    """The declarations for all tests: those of the file that ``cloudguard_config`` names, else none."""
    from cloudguard.needs.declarations import Declarations  # noqa: PLC0415 - loaded when it is used
    from cloudguard.needs.declarations_file import load_declarations  # noqa: PLC0415 - loaded when it is used

    name = str(pytestconfig.getini(_CONFIG))
    return load_declarations(pytestconfig.rootpath / name) if name else Declarations()


@pytest.fixture
def cloudguard_check(cloudguard_declarations: Declarations) -> CheckCluster:
    """A function that reads a cluster and judges it: ``cloudguard_check("aws", cluster="prod")``."""

    def check(provider: str, *, declarations: Declarations | str | None = None, **options: Any) -> Report:  # noqa: ANN401
        from cloudguard import pipeline  # noqa: PLC0415 - loaded when it is used
        from cloudguard.testing import declared  # noqa: PLC0415 - loaded when it is used

        declared_values = declared(declarations) if isinstance(declarations, str) else declarations
        return pipeline.check(provider, declarations=declared_values or cloudguard_declarations, **options)

    return check
