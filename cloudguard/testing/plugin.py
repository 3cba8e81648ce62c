"""A plugin of pytest, which finds it by entry point: fixtures for checks of clusters, imitated ones for the most part.

``cloudguard_config`` in pytest's own configuration names a ``cloudguard.toml`` whose declarations hold in all tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:  # pytest loads this module in every run
    from cloudguard.needs.declarations import Declarations
    from cloudguard.results.report import Report

_CONFIG = "cloudguard_config"


class CheckCluster(Protocol):
    """Reads a cluster and judges it."""

    def __call__(self, provider: str, *, declarations: Declarations | str | None = None, **options: Any) -> Report:  # noqa: ANN401
        """Return the report; ``options`` are those of ``cloudguard.check``, whose errors it raises.

        ``declarations`` may be the text of a ``cloudguard.toml``; None: those that hold in all tests.
        """
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the name of the file of declarations."""
    parser.addini(
        _CONFIG, "cloudguard.toml whose declarations hold in all tests (path from the root folder)", default=""
    )


@pytest.fixture(scope="session")
def cloudguard_declarations(pytestconfig: pytest.Config) -> Declarations:
    """What is declared in all tests: in the file that ``cloudguard_config`` names, else nothing."""
    from cloudguard.needs.declarations import Declarations  # noqa: PLC0415 - loaded when it is used
    from cloudguard.needs.declarations_file import load_declarations  # noqa: PLC0415 - likewise

    name = str(pytestconfig.getini(_CONFIG))
    return load_declarations(pytestconfig.rootpath / name) if name else Declarations()


@pytest.fixture
def cloudguard_check(cloudguard_declarations: Declarations) -> CheckCluster:
    """A function that reads a cluster and judges it: ``cloudguard_check("aws", cluster="prod")``."""

    def check(provider: str, *, declarations: Declarations | str | None = None, **options: Any) -> Report:  # noqa: ANN401
        from cloudguard import pipeline  # noqa: PLC0415 - loaded when it is used
        from cloudguard.testing import declared  # noqa: PLC0415 - likewise

        given = declared(declarations) if isinstance(declarations, str) else declarations
        return pipeline.check(provider, declarations=given or cloudguard_declarations, **options)

    return check
