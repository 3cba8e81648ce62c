"""The matrix: who outside the cluster can connect to which services of its hosts, coloured by the widest sender."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cloudguard.results.network.exposure import ENDPOINT, HostExposure, ServiceExposure, Widest
from cloudguard.results.report import Report
from cloudguard.results.wording import count
from cloudguard.values import dataclass

WORDS: Final = {
    Widest.INTERNET: "the internet",
    Widest.PUBLIC: "some public addresses",
    Widest.INSIDE: "inside",
    Widest.NOBODY: "only the cluster",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """The senders that can connect to a service.

    ``words`` is the ``widest`` sender as text, ``senders`` are the others. ``possible`` are senders that may be able to
    connect ("": none).
    """

    widest: str
    words: str
    senders: str
    possible: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A row: a class of hosts, and a cell for each column. None: the hosts do not have this service."""

    title: str
    example: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The table of hosts and services. ``columns`` has one exposure for each kind of service."""

    columns: tuple[ServiceExposure, ...]
    rows: tuple[MatrixRow, ...]


def matrix_of(report: Report) -> Matrix | None:
    """Return the matrix of a report, None if no row has an exposure."""
    exposures = [exposure for row in report.rows for exposure in row.basis.exposure]
    columns = dict[str, ServiceExposure]()
    for exposure in sorted(exposures, key=lambda exposure: -len(exposure.services)):
        for service in exposure.services:
            columns.setdefault(service.name, service)
    rows = tuple(_row(exposure, columns) for exposure in exposures)
    return Matrix(tuple(columns.values()), rows) if rows else None


def _row(exposure: HostExposure, names: Iterable[str]) -> MatrixRow:
    cells = {service.name: _cell(service) for service in exposure.services}
    hosts = count(exposure.count, "host") if exposure.count else "the next host"
    title = exposure.roles if exposure.roles == ENDPOINT else f"{hosts}: {exposure.roles}"
    return MatrixRow(title, exposure.example, tuple(cells.get(name) for name in names))


def _cell(service: ServiceExposure) -> Cell:
    by = f" by {', '.join(service.by)}" if service.by else ""
    possible = f"perhaps {WORDS[service.possible]}" if service.possible else ""
    words = WORDS[service.widest]
    senders = ", ".join(sender for sender in service.senders if sender != words)
    return Cell(service.widest, words, (senders + by).strip(), possible)
