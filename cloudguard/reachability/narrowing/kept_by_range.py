"""An index of kept traffic by sender range. There may be thousands of entries, and a rule concerns only a few."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.results.change import KeptTraffic, PeerOf


class KeptByRange:
    """An index that finds the entries of ``kept`` from given addresses. Entries with a group are always found."""

    def __init__(self, kept: Sequence[KeptTraffic]) -> None:
        self.kept = kept
        self._others = [
            number for number, kept_traffic in enumerate(kept) if kept_traffic.peer.kind is not PeerOf.RANGE
        ]
        numbered = (
            (start, end, number)
            for number, kept_traffic in enumerate(kept)
            if kept_traffic.peer.kind is PeerOf.RANGE
            for start, end in read_addresses(kept_traffic.peer.value).intervals
        )
        self._intervals = sorted(numbered)
        self._starts = [start for start, _, _ in self._intervals]
        self._furthest = [*accumulate((end for _, end, _ in self._intervals), max)]
        """For each interval, the maximum end of this interval and all earlier ones."""

    def within(self, addresses: AddressSet | None) -> list[KeptTraffic]:
        """Return, in their order, the entries whose range overlaps ``addresses`` (None: all entries)."""
        if addresses is None:
            return [*self.kept]
        numbers = {*self._others}
        for low, high in addresses.intervals:
            place = bisect_left(self._starts, high) - 1
            while place >= 0 and self._furthest[place] > low:
                _, end, number = self._intervals[place]
                if end > low:
                    numbers.add(number)
                place -= 1
        return [self.kept[number] for number in sorted(numbers)]
