"""Writes docs/applied.md: the plan of every scene, carried out in a made-up cloud. ``make applied``.

Each scene is checked and planned, the plan's calls are made, and the scene is checked again.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]  # a script's own folder is all that Python looks in
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # read when moto is imported: its images are in no scene

import aws_applied
import azure_applied
import azure_proxy
import azure_scenes
import gcp_applied
import gcp_proxy
import gcp_scenes
from applied import Applied
from azure_fixtures import Subscription
from azure_server import Azure
from cloudguard.results.report import Verdict
from gcp_project import Project
from gcp_server import Google
from moto_fixtures.aws.scene import scenes

PAGE = Path(__file__).parent / "applied.md"
HEAD = """<!-- Written by `make applied`. -->

# Plans carried out

This page shows the results of plans that were carried out in simulated clouds. It covers every scene (test account) in
which a row fails. Each scene is checked and planned. The plan declares the administrators, and uses `--api-inside` if
it requires this. Then the plan's calls are made, and the scene is checked again. If a row still does not pass, its line
gives the reason.
"""
_LONGEST = 200
_PASSING = frozenset({Verdict.PASS, Verdict.PROVIDER})
"""Verdicts of a row that does not fail any more. The provider runs the etcd of a managed cluster."""
_AWS = """The calls go to [moto](https://docs.getmoto.org/). The column "by" names their client: boto3, or the real
`aws` with the lines of `cloudguard plan -f shell`. A probe reads the answers of EC2 and uses no code of cloudguard. It
compares who can connect to whom before and after the calls: hosts, other machines, load balancers, senders from
outside, the next host of every pool, and a replacement for every host. "Opened" lists the connections that are possible
only after the calls.
"""
_PROBED = """The calls go to a server on loopback. The server answers like the cloud's API and stores the writes of a
plan. A probe reads its answers and uses no code of cloudguard. It compares who can connect to whom, as on AWS.
"""
_BY_SHELL = frozenset(
    (
        "conditions",
        "eks_public",
        "etcd_volume_plain",
        "external_member",
        "former_disk",
        "key_pending_deletion",
        "metadata_open",
        "next_host",
        "peering",
        "tunnels",
    )
)
"""Scenes that have each kind of call between them; all of them with ``aws`` would take an hour."""


def aws() -> str:
    """Return AWS's section; a line for each row that failed."""
    lines, rows, passing = list[str](), 0, 0
    for name, scene in scenes().items():
        if "FAIL" in scene.VERDICTS.values():
            applied = aws_applied.apply(scene, by_shell=name in _BY_SHELL)
            rows, passing = rows + len(applied.failing), passing + len({*applied.failing} - {*applied.left})
            lines += aws_lines(name, applied)
    head = f"## AWS\n\n{_AWS}\n{passing} of {rows} failing rows pass after the calls.\n\n"
    table = "| scene | row | calls | by | then | why not | opened |\n|---|---|---|---|---|---|---|\n"
    return head + table + "\n".join(lines) + "\n"


def aws_lines(name: str, applied: aws_applied.Applied) -> Iterator[str]:
    """Yield a line for each row of a scene that failed."""
    by, opened = "`aws`" if name in _BY_SHELL else "boto3", _cell(applied.opened) or "nothing"
    for row in applied.failing:
        then, why = ("FAIL", "; ".join(applied.reasons)) if row in applied.left else ("PASS", "")
        yield f"| {name} | {row} | {len(applied.calls)} | {by} | {then} | {_cell(why)} | {opened} |"


def azure() -> Iterator[tuple[str, Applied]]:
    """Yield the scenes of Azure in which a row fails, changed on the tests' server on loopback."""
    with TemporaryDirectory() as folder, azure_proxy.behind(Azure(Subscription()), Path(folder)) as proxy:
        os.environ.update(proxy.environment)
        for name, scene in azure_scenes.SCENES.items():
            if Verdict.FAIL in scene.verdicts.values():
                yield name, azure_applied.applied(proxy, scene)


def google() -> Iterator[tuple[str, Applied]]:
    """Yield the scenes of Google Cloud in which a row fails, changed on the tests' server on loopback."""
    with TemporaryDirectory() as folder, gcp_proxy.behind(Google(Project()), Path(folder)) as proxy:
        os.environ.update(proxy.environment)
        for name, scene in gcp_scenes.SCENES.items():
            if Verdict.FAIL in scene.verdicts.values():
                yield name, gcp_applied.applied(proxy, scene)


def section(title: str, scenes: Iterator[tuple[str, Applied]]) -> str:
    """Return a cloud's section: how many rows pass now, and a line for each row that failed."""
    lines, rows, passing = list[str](), 0, 0
    for name, applied in scenes:
        for row, (_, after) in applied.verdicts.items():
            rows, passing = rows + 1, passing + (after in _PASSING)
            why = "" if after in _PASSING else "; ".join(dict.fromkeys(applied.reasons(row)))
            opened = _cell(applied.opened) or "nothing"
            lines.append(f"| {name} | {row} | {applied.calls} | {after.name} | {_cell(why)} | {opened} |")
    head = f"## {title}\n\n{_PROBED}\n{passing} of {rows} failing rows pass after the calls.\n\n"
    table = "| scene | row | calls | then | why not | opened |\n|---|---|---|---|---|---|"
    return head + "\n".join([table, *lines]) + "\n"


def _cell(text: str) -> str:
    """Return text that breaks no table: without bars and ends of lines, ids by their last parts, and not too long."""
    short = re.sub(r"/subscriptions/\S*/", "…/", text).replace("|", "/").replace("\n", " ")
    return short if len(short) <= _LONGEST else f"{short[:_LONGEST]}…"


SECTIONS: Mapping[str, Callable[[], str]] = {
    "AWS": aws,
    "Azure": lambda: section("Azure", azure()),
    "Google Cloud": lambda: section("Google Cloud", google()),
}
"""What writes each section of the page, by its title."""


def main() -> None:
    """Write the page."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "CLOUDGUARD_"))]:
        del os.environ[name]
    PAGE.write_text("\n".join([HEAD, *(written() for written in SECTIONS.values())]), encoding="utf-8")


if __name__ == "__main__":
    main()
