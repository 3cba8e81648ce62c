"""The scenes of every cloud are written as snapshots that the program reads."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest

import azure_scenes
import gcp_scenes
from cloudguard.model.files import snapshot_file
from moto_fixtures.aws.scene import scenes
from tools import scene_snapshots


def test_a_snapshot_of_each_scene_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene_snapshots, "scenes", lambda: {"clean": scenes()["clean"]})
    monkeypatch.setattr(gcp_scenes, "SCENES", {"kops": gcp_scenes.SCENES["kops"]})
    monkeypatch.setattr(azure_scenes, "SCENES", {"clean": azure_scenes.SCENES["clean"]})
    with patch.dict(os.environ):  # undoes what the tool sets
        assert scene_snapshots.main([str(tmp_path / "new")]) == 0
    found = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "new").iterdir()}
    assert {name: snapshot_file.load(text, name).cluster.name for name, text in found.items()} == {
        "aws-clean.json": "prod",
        "gcp-kops.json": "prod",
        "azure-clean.json": "prod",
    }
