"""Is the cloud under this Kubernetes cluster locked down, and what exactly would I change?"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = [
    "CloudguardError",
    "Declarations",
    "Report",
    "Severity",
    "Verdict",
    "__version__",
    "check",
    "collect",
    "evaluate",
    "load_declarations",
]

if TYPE_CHECKING:
    from cloudguard.collection import collect
    from cloudguard.errors import CloudguardError
    from cloudguard.needs.declarations import Declarations
    from cloudguard.needs.declarations_file import load_declarations
    from cloudguard.pipeline import check, evaluate
    from cloudguard.results.finding import Severity
    from cloudguard.results.report import Report, Verdict

    __version__: str
else:  # hidden from type checkers: they report a name that is not imported above
    _MODULES = {
        "CloudguardError": "errors",
        "Declarations": "needs.declarations",
        "load_declarations": "needs.declarations_file",
        "check": "pipeline",
        "collect": "collection",
        "evaluate": "pipeline",
        "Severity": "results.finding",
        "Report": "results.report",
        "Verdict": "results.report",
    }

    def __getattr__(name: str) -> object:
        """Import a public name at its first use, so that ``import cloudguard`` is fast.

        Raises AttributeError for any other name.
        """
        from importlib import import_module  # noqa: PLC0415 - see the docstring

        if name == "__version__":
            return import_module("cloudguard.version").version()
        if name in _MODULES:
            return getattr(import_module(f"cloudguard.{_MODULES[name]}"), name)
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
