"""The tool writes the scenes of every cloud as snapshots that the program reads."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest

import azure_scenes
import finding_ids
import gcp_scenes
from aws_scenes import collected
from cloudguard.model.files import snapshot_file
from moto_fixtures.aws.scene import scenes
from tools import scene_snapshots


def test_a_snapshot_of_each_scene_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene_snapshots, "scenes", lambda: {"clean": scenes()["clean"]})
    monkeypatch.setattr(gcp_scenes, "SCENES", {"kops": gcp_scenes.SCENES["kops"]})
    monkeypatch.setattr(azure_scenes, "SCENES", {"clean": azure_scenes.SCENES["clean"]})
    with patch.dict(os.environ):  # restores the environment variables that the tool sets
        assert scene_snapshots.main([str(tmp_path / "new")]) == 0
    found = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "new").iterdir()}
    assert {name: snapshot_file.load(text, name).cluster.name for name, text in found.items()} == {
        "aws-clean.json": "prod",
        "gcp-kops.json": "prod",
        "azure-clean.json": "prod",
    }


def test_ids_of_the_scenes_findings_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene_snapshots, "aws_snapshots", lambda: [("clean", collected("clean").snapshot)])
    monkeypatch.setattr(scene_snapshots, "gcp_snapshots", list)
    monkeypatch.setattr(scene_snapshots, "azure_snapshots", list)
    monkeypatch.setattr(finding_ids, "FILE", tmp_path / "ids.txt")
    with patch.dict(os.environ):
        assert scene_snapshots.main(["--ids"]) == 0
    written = (tmp_path / "ids.txt").read_text(encoding="utf-8").splitlines()
    known = (Path(finding_ids.__file__).with_suffix(".txt")).read_text(encoding="utf-8").splitlines()
    assert written == [line for line in known if line.startswith("aws/clean ")] != []
