"""The provider's static tables for a snapshot: they are read without a call to the cloud."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from cloudguard.errors import SettingsError, UsageError
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.needs.in_force import faults_of, unknown_names
from cloudguard.provider.ownership.facts import KnowsOwners, OwnerFacts
from cloudguard.provider.port import Adapter, installed, load
from cloudguard.results.reference import KnowsReferences

if TYPE_CHECKING:
    from cloudguard.model.iam_catalog import IamCatalog
    from cloudguard.model.ways_in import WayIn
    from cloudguard.results.reference import ReferenceEntry


@contextmanager
def sdk_of(provider: str) -> Generator[None]:
    """Raise UsageError, with the command to install it, if a package of the provider's SDK is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"the provider {provider!r} needs the package {error.name!r}, which is not installed"
        raise UsageError(message, hint=f"In a clone of cloudguard, run: pip install '.[{provider}]'") from error


class Known(NamedTuple):
    """A snapshot's adapter, None if it is not installed, and the adapter's static tables."""

    adapter: Adapter | None
    iam_catalog: IamCatalog | None
    ways_in: tuple[WayIn, ...]
    owners: Mapping[str, OwnerFacts]
    references: tuple[ReferenceEntry, ...]


def known_of(snapshot: Snapshot, declared: Declarations) -> Known:
    """Return the snapshot's adapter and its static tables. Raises SettingsError as ``pipeline.evaluate`` does."""
    provider = snapshot.cluster.provider
    with sdk_of(provider):
        adapter = load(provider) if provider in installed() else None
        catalog, ways_in = (adapter.iam_catalog(snapshot), adapter.ways_in()) if adapter else (None, ())
        owners = adapter.owners() if isinstance(adapter, KnowsOwners) else dict[str, OwnerFacts]()
    faults = [*faults_of(declared)]
    if catalog:
        faults += unknown_names("addons", declared.addons, {need.addon for need in catalog.needs} - {""})
    if faults:
        raise SettingsError(faults)
    return Known(adapter, catalog, ways_in, owners, references_about(provider))


def references_about(provider: str) -> tuple[ReferenceEntry, ...]:
    """Return a provider's table of references to standards about its cloud; none where it is not installed."""
    adapter = load(provider) if provider in installed() else None
    return adapter.references() if isinstance(adapter, KnowsReferences) else ()
