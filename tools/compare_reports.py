"""Compare the reports of two versions of the code on the same snapshots. Messages and new JSON keys are ignored.

``python tools/compare_reports.py OTHER SNAPSHOTS``: OTHER is a checkout of another commit with its own ``.venv``
(``make lint`` there creates it). SNAPSHOTS is a folder with files from tools/scene_snapshots.py or ``cloudguard
collect``. Both versions judge each file with ``cloudguard check --snapshot FILE -f json``. Compared are: verdicts,
findings (id, check, severity, hosts), the number of unknown facts, and changes. Exit status: 0 equal, 3 different, 2 a
wrong argument.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SAME, BAD, DIFFERENT = 0, 2, 3
ROOT = Path(__file__).parent.parent


def judge(root: Path, snapshot: Path) -> dict[str, Any]:
    """Return the JSON report on ``snapshot`` by the code in ``root``; {"error": text} if the run fails."""
    search = os.pathsep.join([str(root), str(root / "providers")])
    done = subprocess.run(
        [
            str(root / ".venv/bin/python"),
            "-m",
            "cloudguard",
            "check",
            "--snapshot",
            str(snapshot.resolve()),
            "-f",
            "json",
        ],
        cwd=snapshot.parent,
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        return {"error": done.stderr.strip() or f"status {done.returncode} and no report"}


def parts(report: dict[str, Any]) -> Iterator[str]:
    """Yield the compared parts of a report, one line for each part."""
    if "error" in report:
        yield f"error: {report['error'].splitlines()[-1]}"
        return
    for row in report["rows"]:
        yield f"{row['row']}: verdict {row['verdict']}"
        yield f"{row['row']}: {len(row['unknown'])} unknown"
        for finding in row["findings"]:
            hosts = ", ".join(sorted(finding["hosts"])) or "no host"
            yield f"{row['row']}: finding {finding['id']} {finding['check']} {finding['severity']} on {hosts}"
    for change in report["plan"]["changes"]:
        yield f"plan: change {change['id']} {change['kind']}"


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return the lines that only one of two reports has: "- " for ``before`` and "+ " for ``now``, in order."""
    old, new = list(parts(before)), list(parts(now))
    lines = [*(f"- {line}" for line in old if line not in new), *(f"+ {line}" for line in new if line not in old)]
    return sorted(lines, key=lambda line: (line[2:].partition(":")[0], line[0] == "+"))


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="a checkout of another commit, with its own .venv")
    parser.add_argument("snapshots", type=Path, help="a folder of snapshots")
    options = parser.parse_args(arguments)
    other: Path = options.other.resolve()
    files: list[Path] = sorted(options.snapshots.glob("*.json"))
    if not (other / ".venv/bin/python").exists():
        print(f"{other} has no .venv: run make lint there", file=sys.stderr)
        return BAD
    if not files:
        print(f"{options.snapshots} holds no snapshots", file=sys.stderr)
        return BAD
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        before = pool.map(judge, [other] * len(files), files)
        now = pool.map(judge, [ROOT] * len(files), files)
        compared = [(file.name, differences(*reports)) for file, *reports in zip(files, before, now, strict=True)]
    for name, lines in compared:
        if lines:
            print(name, *(f"  {line}" for line in lines), sep="\n")
    different = sum(bool(lines) for _, lines in compared)
    print(f"{len(files)} snapshots, {different} with differences")
    return DIFFERENT if different else SAME


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
