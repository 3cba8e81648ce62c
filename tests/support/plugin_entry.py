"""Register cloudguard's pytest plugin in environments that were created before the plugin existed."""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from pathlib import Path


def environment(folder: Path, *paths: Path) -> dict[str, str]:
    """Return this process's environment with ``folder`` and ``paths`` on Python's path.

    If the plugin is not registered, its metadata is written into ``folder``.
    """
    if "cloudguard" not in entry_points(group="pytest11").names:
        about = folder / "cloudguard_testing-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: cloudguard-testing\nVersion: 1\n")
        (about / "entry_points.txt").write_text("[pytest11]\ncloudguard = cloudguard.testing.plugin\n")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (folder, *paths)))}
