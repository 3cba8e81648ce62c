"""Write a snapshot of every scene as ``PROVIDER-NAME.json``: ``python tools/scene_snapshots.py DIR``.

With ``--ids``, write the ids of the scenes' findings into ``tests/support/finding_ids.txt`` instead. Review the
differences: if an id changes and its scene does not, users would see the finding as fixed and as new.

tools/compare_reports.py compares the reports of two versions of the code on these snapshots. Write the snapshots with
the older version, because newer versions can read them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]  # by default Python searches only the script's folder
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # moto reads it when imported; no scene uses these images

import azure_proxy
import azure_scenes
import finding_ids
import gcp_proxy
import gcp_scenes
from aws_scenes import collected
from azure_fixtures import Subscription
from azure_server import Azure
from cloudguard import collection, pipeline
from cloudguard.model.files import snapshot_file
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from gcp_project import Project
from gcp_server import Google
from moto_fixtures.aws.scene import scenes


def aws_snapshots() -> Iterator[tuple[str, Snapshot]]:
    """Yield the name and snapshot of each AWS scene, built and read in a moto account in this process."""
    for name in scenes():
        yield name, collected(name).snapshot


def gcp_snapshots() -> Iterator[tuple[str, Snapshot]]:
    """Yield the name and snapshot of each Google Cloud scene, read from the tests' server on loopback."""
    with TemporaryDirectory() as folder, gcp_proxy.behind(Google(Project()), Path(folder)) as proxy:
        os.environ.update(proxy.environment)
        for name, scene in gcp_scenes.SCENES.items():
            proxy.google = Google(scene.build(), beside=scene.beside())
            yield name, collection.collect("gcp", cluster="prod")


def azure_snapshots() -> Iterator[tuple[str, Snapshot]]:
    """Yield the name and snapshot of each Azure scene, read from the tests' server on loopback."""
    with TemporaryDirectory() as folder, azure_proxy.behind(Azure(Subscription()), Path(folder)) as proxy:
        os.environ.update(proxy.environment)
        for name, scene in azure_scenes.SCENES.items():
            proxy.azure = Azure(scene.build())
            options = {"subscription": (proxy.azure.account.subscription,)}
            yield name, collection.collect("azure", cluster="prod", options=options)


def declared(provider: str, name: str) -> Declarations:
    """Return the declarations about a scene's cluster."""
    if provider == "aws":
        return scenes()[name].DECLARED.policy
    return gcp_scenes.SCENES[name].policy if provider == "gcp" else azure_scenes.SCENES[name].policy


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where to write; made if it does not exist")
    parser.add_argument("--ids", action="store_true", help="write the findings' ids")
    options = parser.parse_args(arguments)
    folder: Path | None = options.folder
    if bool(folder) == bool(options.ids):
        parser.error("give a folder, or --ids")
    ids: list[str] = []
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "CLOUDGUARD_"))]:
        del os.environ[name]
    count = 0
    for provider, snapshots in (
        ("aws", aws_snapshots()),
        ("gcp", gcp_snapshots()),
        ("azure", azure_snapshots()),
    ):
        for name, snapshot in snapshots:
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{provider}-{name}.json").write_text(snapshot_file.dump(snapshot), encoding="utf-8")
            else:
                report = pipeline.evaluate(snapshot, declared(provider, name))
                ids += finding_ids.lines(f"{provider}/{name}", report)
            count += 1
    if not folder:
        finding_ids.FILE.write_text("".join(f"{line}\n" for line in ids), encoding="utf-8")
    print(f"{count} snapshots in {folder}" if folder else f"{len(ids)} ids in {finding_ids.FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
