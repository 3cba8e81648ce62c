"""Writes a snapshot of every scene as ``PROVIDER-NAME.json``: ``python tools/scene_snapshots.py DIR``.

tools/compare_reports.py compares what two versions of the code say about them. Newer versions read the snapshots of
older ones, so write them with the older of the two.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]  # a script's own folder is all that Python looks in
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # read when moto is imported: its images are in no scene

import azure_proxy
import azure_scenes
import gcp_proxy
import gcp_scenes
from aws_scenes import collected
from azure_fixtures import Subscription
from azure_server import Azure
from cloudguard import pipeline
from cloudguard.model.files import snapshot_file
from cloudguard.model.snapshot import Snapshot
from gcp_project import Project
from gcp_server import Google
from moto_fixtures.aws.scene import scenes


def aws_snapshots() -> Iterator[tuple[str, Snapshot]]:
    """Yield the scenes of AWS by name, each built and read in an account within this process."""
    for name in scenes():
        yield name, collected(name).snapshot


def gcp_snapshots() -> Iterator[tuple[str, Snapshot]]:
    """Yield the scenes of Google Cloud by name, each read from the tests' server on loopback."""
    with TemporaryDirectory() as folder, gcp_proxy.behind(Google(Project()), Path(folder)) as proxy:
        os.environ.update(proxy.environment)
        for name, scene in gcp_scenes.SCENES.items():
            proxy.google = Google(scene.build(), beside=scene.beside())
            yield name, pipeline.collect("gcp", cluster="prod")


def azure_snapshots() -> Iterator[tuple[str, Snapshot]]:
    """Yield the scenes of Azure by name, each read from the tests' server on loopback."""
    with TemporaryDirectory() as folder, azure_proxy.behind(Azure(Subscription()), Path(folder)) as proxy:
        os.environ.update(proxy.environment)
        for name, scene in azure_scenes.SCENES.items():
            proxy.azure = Azure(scene.build())
            options = {"subscription": (proxy.azure.account.subscription,)}
            yield name, pipeline.collect("azure", cluster="prod", options=options)


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where to write; made if it does not exist")
    folder: Path = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "CLOUDGUARD_"))]:
        del os.environ[name]
    count = 0
    for provider, snapshots in (
        ("aws", aws_snapshots()),
        ("gcp", gcp_snapshots()),
        ("azure", azure_snapshots()),
    ):
        for name, snapshot in snapshots:
            (folder / f"{provider}-{name}.json").write_text(snapshot_file.dump(snapshot), encoding="utf-8")
            count += 1
    print(f"{count} snapshots in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
