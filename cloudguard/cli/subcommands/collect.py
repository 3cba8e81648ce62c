"""The command ``collect``."""

from __future__ import annotations

from cloudguard.cli import output
from cloudguard.cli.failures import say
from cloudguard.cli.settings import CommandLine
from cloudguard.cli.snapshots import snapshot_of
from cloudguard.errors import ExitStatus
from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import gap_line
from cloudguard.model.files import snapshot_file
from cloudguard.results.wording import count


def collect(line: CommandLine) -> int:
    """Read one cluster and write its snapshot; the exit status is 4 if something could not be read."""
    settings = line.settings()
    file = output.file_of(settings)
    output.writable(file)
    reading = snapshot_of(line, settings, keep=bool(file))
    snapshot = reading.result
    output.save(snapshot_file.dump(snapshot), file)
    if reading.signal:
        raise reading.signal
    for gap in snapshot.gaps:
        say(visible(f"cloudguard: not read: {gap.call} on {gap.resource}: {gap_line(gap)}"))
    counts = f"{count(len(snapshot.cluster.hosts), 'host')}, {count(len(snapshot.gaps), 'gap')}"
    output.inform(settings, f"{snapshot.cluster.name}: {counts}")
    return int(ExitStatus.INCOMPLETE if snapshot.gaps else ExitStatus.CLEAN)
