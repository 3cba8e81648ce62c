"""A store grows with the changes: a reduced run of the benchmark, extrapolated to a year of fifty clusters."""

from __future__ import annotations

from collections.abc import Callable

from cloudguard.history.store import Store
from kept_years import accounts, size, written

NIGHTS, CLUSTERS, FINDINGS = 365, 50, 60
MOST = 10 * 2**20
REDUCED, OF = 40, 2


def test_a_year_of_fifty_clusters_takes_ten_mebibytes_at_most(sqlite_store: Callable[[], Store]) -> None:
    store = sqlite_store()
    assert store.address.file is not None
    of, sizes = accounts(OF, FINDINGS), list[int]()
    store.compact()
    sizes.append(size(store.address.file))
    for nights in (range(1), range(1, 1 + REDUCED)):
        assert len([*written(store, of, nights)]) == OF * len(nights)
        store.compact()
        sizes.append(size(store.address.file))
    empty, first, grown = sizes
    a_cluster, a_night = (first - empty) / OF, (grown - first) / (OF * REDUCED)
    assert empty + CLUSTERS * (a_cluster + NIGHTS * a_night) < MOST
