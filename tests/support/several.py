"""Checks all clusters of an account in one run, and each alone, by the command line."""

from __future__ import annotations

import json

import pytest

from cloudguard.formats.contract import document
from command import ran

NOON = "2026-01-01T12:00:00+00:00"
"""When everything is read."""


def assert_each_is_as_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, provider: str, *names: str
) -> None:
    """Assert that ``--all`` finds two clusters, and that the report on each is that of a check alone; they differ."""
    monkeypatch.setattr("cloudguard.provider.collecting._now", lambda: NOON)
    status, out, _ = ran(capsys, "check", provider, "--all", "-f", "json")
    together = {report["cluster"]["name"]: document.text(report) for report in json.loads(out)["reports"]}
    assert together.keys() == {*names}
    alone = {name: ran(capsys, "check", provider, "--cluster", name, "-f", "json") for name in names}
    assert together == {name: text for name, (_, text, _) in alone.items()}
    rows = [json.loads(text)["rows"] for text in together.values()]
    first, second = ({finding["check"] for row in each for finding in row["findings"]} for each in rows)
    assert first != second
    assert status == max(one for one, _, _ in alone.values())
