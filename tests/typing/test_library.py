"""The library's public names and their types. Type checkers read this file, and pytest runs it.

mypy and pyright report a comment that ignores an error which does not occur.
"""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import pytest

import cloudguard
import sample
from cloudguard import (
    CloudguardError,
    Declarations,
    Report,
    Severity,
    Verdict,
    __version__,
    check,
    collect,
    evaluate,
    load_declarations,
)
from cloudguard.model.snapshot import Snapshot


def test_results_have_types() -> None:
    report = assert_type(evaluate(sample.snapshot(), load_declarations('cni = "calico"')), Report)
    assert assert_type(report.row("etcd-access").verdict, Verdict) is Verdict.FAIL
    assert max(assert_type(finding.severity, Severity) for finding in report.findings) is Severity.CRITICAL
    assert assert_type(__version__, str) == cloudguard.__version__


def test_calls_have_types() -> None:
    with pytest.raises(CloudguardError):
        assert_type(collect("nimbus", cluster="prod", options={"region": "here"}), Snapshot)
    with pytest.raises(CloudguardError):
        assert_type(check("nimbus", cluster="prod", declarations=Declarations(cni="calico")), Report)
    with pytest.raises(CloudguardError):
        assert_type(load_declarations(Path("no/such/file")), Declarations)


def test_unknown_names_and_arguments_are_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        cloudguard.nonsense  # type: ignore[attr-defined] # noqa: B018
    with pytest.raises(TypeError):
        check("memory", clutser="prod")  # type: ignore[call-arg]


def test_every_public_name_exists() -> None:
    assert [name for name in cloudguard.__all__ if not hasattr(cloudguard, name)] == []
