"""Whole clusters on Google Cloud through the real SDK: what must be found is found, and nothing else above advice."""

from __future__ import annotations

import pytest

from cloudguard import pipeline
from cloudguard.adapter import Request
from cloudguard.checks.base import Severity
from cloudguard.model import codec
from gcp_process import Proxy
from gcp_scenes import SCENES
from gcp_server import Google


@pytest.mark.parametrize("name", SCENES)
def test_what_must_be_found_is_found_and_nothing_else(name: str, google_cloud: Proxy) -> None:
    scene = SCENES[name]
    google_cloud.google = Google(scene.build(), beside=scene.beside())
    snapshot = pipeline.collect("gcp", Request(cluster="prod"))
    assert snapshot.gaps == ()
    report = pipeline.evaluate(snapshot, scene.policy)
    found = sorted(
        (one.check, str(one.severity.name).lower())
        for row in report.rows
        for one in row.findings
        if one.severity > Severity.LOW
    )
    assert found == sorted(scene.findings)
    assert {row.row: row.verdict for row in report.rows} == scene.verdicts
    assert codec.load(codec.dump(snapshot), "it") == snapshot
