"""For tests of infrastructure code: assert the verdicts of a cluster. A failure prints the first screen.

``cloudguard.testing.plugin`` is a pytest plugin with fixtures for the same purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pytest imports this package in every run, so it must be fast to import
    from cloudguard.needs.declarations import Declarations
    from cloudguard.results.report import Report

__all__ = ["assert_rows", "declared"]


def assert_rows(report: Report, **verdicts: str) -> None:
    """Assert that rows have these verdicts: ``assert_rows(report, etcd_access="PASS", node_access="PASS")``.

    Write the rows' names with underscores. Raises AssertionError with the differences and the first screen, and
    UsageError if no row is named or a row or verdict does not exist.
    """
    from cloudguard.testing.rows import differences  # noqa: PLC0415 - loaded when it is called

    __tracebackhide__ = True
    if message := differences(report, verdicts):
        raise AssertionError(message)


def declared(text: str = "", /, **keys: object) -> Declarations:
    """Return declarations from the text of a ``cloudguard.toml``, or from its keys written with underscores.

    ``declared(admin_cidr=["198.51.100.0/24"], service={"services": "tcp/443"})``. Raises SettingsError with every
    fault, as for the file, and UsageError if both text and keys are given.
    """
    from cloudguard.testing.rows import declarations_of  # noqa: PLC0415 - loaded when it is called

    return declarations_of(text, keys)
