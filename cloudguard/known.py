"""The provider's static tables for a snapshot: they are read without a call to the cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from cloudguard.errors import SettingsError
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.needs.in_force import faults_of, unknown_names
from cloudguard.provider.ownership.facts import KnowsOwners, OwnerFacts
from cloudguard.provider.port import Adapter, installed, load, sdk_of
from cloudguard.results.reference import KnowsReferences

if TYPE_CHECKING:
    from cloudguard.model.iam_catalog import IamCatalog
    from cloudguard.model.ways_in import WayIn
    from cloudguard.results.reference import ReferenceEntry


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
        adapter = adapter_of(provider)
        catalog, ways_in = (adapter.iam_catalog(snapshot), adapter.ways_in()) if adapter else (None, ())
        owners = owners_of(provider)
    faults = [*faults_of(declared)]
    if catalog:
        faults += unknown_names("addons", declared.addons, {need.addon for need in catalog.needs} - {""})
    if faults:
        raise SettingsError(faults)
    return Known(adapter, catalog, ways_in, owners, references_about(provider))


def adapter_of(provider: str) -> Adapter | None:
    """Return a provider's adapter, None if the provider is not installed."""
    return load(provider) if provider in installed() else None


def owners_of(provider: str) -> Mapping[str, OwnerFacts]:
    """Return a provider's table of programs that write resources; none where it is not installed."""
    adapter = adapter_of(provider)
    return adapter.owners() if isinstance(adapter, KnowsOwners) else {}


def references_about(provider: str) -> tuple[ReferenceEntry, ...]:
    """Return a provider's table of references to standards about its cloud; none where it is not installed."""
    adapter = adapter_of(provider)
    return adapter.references() if isinstance(adapter, KnowsReferences) else ()
