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
    from cloudguard.errors import CloudguardError
    from cloudguard.needs.declarations import Declarations
    from cloudguard.needs.declarations_file import load_declarations
    from cloudguard.pipeline import check, collect, evaluate
    from cloudguard.results.finding import Severity
    from cloudguard.results.report import Report, Verdict

    __version__: str
else:  # type checkers need not know: to them a name that is not above is an error
    _MODULES = {
        "CloudguardError": "errors",
        "Declarations": "needs.declarations",
        "load_declarations": "needs.declarations_file",
        "check": "pipeline",
        "collect": "pipeline",
        "evaluate": "pipeline",
        "Severity": "results.finding",
        "Report": "results.report",
        "Verdict": "results.report",
    }

    def __getattr__(name: str) -> object:
        """Load what a library user names only when it is asked for, so that importing cloudguard costs nothing."""
        from importlib import import_module  # noqa: PLC0415 - lazily, as the docstring says

        if name == "__version__":
            return import_module("cloudguard.pipeline").version()
        if name in _MODULES:
            return getattr(import_module(f"cloudguard.{_MODULES[name]}"), name)
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
