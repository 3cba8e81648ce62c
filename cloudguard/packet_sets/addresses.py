"""Sets of IP addresses. IPv4 and IPv6 are on one integer axis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, Self

from cloudguard.intervals import ADDRESS_END, V4_END, Interval, Intervals, address_point, address_text, cidr_interval
from cloudguard.values import dataclass

_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class AddressSet(Intervals):
    """A set of addresses."""

    @classmethod
    def everything(cls) -> Self:
        """Return every IPv4 and IPv6 address."""
        return cls(((0, ADDRESS_END),))

    @classmethod
    def parse(cls, text: str) -> AddressSet:
        """Return the set of an address or a CIDR (``10.0.0.0/8``, ``2001:db8::7``).

        Raises ValueError for any other text, and for a CIDR with host bits set.
        """
        return _parse(text)

    @classmethod
    def of(cls, texts: Iterable[str]) -> AddressSet:
        """Return the union of addresses and CIDRs. Raises ValueError for the first text that is neither."""
        return AddressSet.of_intervals(interval for text in texts for interval in _parse(text).intervals)

    def witness(self) -> str | None:
        """Return the most readable address, or None if the set is empty.

        It is the first of these that is in the set: 198.51.100.7, 2001:db8::7, the lowest public address, the lowest
        address.
        """
        if not self:
            return None
        documentation = next((point for point in _DOCUMENTATION if point in self), None)
        return address_text((self & PUBLIC or self).first() if documentation is None else documentation)

    @property
    def size4(self) -> int:
        """The number of IPv4 addresses."""
        return (self & ALL4).size

    @property
    def size6(self) -> int:
        """The number of IPv6 addresses."""
        return (self & ALL6).size

    def cidrs(self) -> tuple[str, ...]:
        """Return the smallest number of CIDRs that cover exactly this set, in order, IPv4 first."""
        return tuple(cidr for interval in self._by_version() for cidr in _cidrs_of(interval))

    def texts(self) -> tuple[str, ...]:
        """Return ``cidrs``, with single addresses written without a prefix length."""
        if len(self.intervals) == 1 and self.intervals[0][1] - self.intervals[0][0] == 1:
            return (address_text(self.intervals[0][0]),)
        return tuple(cidr.removesuffix("/128" if ":" in cidr else "/32") for cidr in self.cidrs())

    def _by_version(self) -> Iterator[Interval[int]]:
        """Yield the intervals. An interval with addresses of both versions is split into two."""
        for start, end in self.intervals:
            yield from ((start, V4_END), (V4_END, end)) if start < V4_END < end else ((start, end),)

    def __str__(self) -> str:
        cidrs = self.cidrs()
        more = f" and {len(cidrs) - _SHOWN} more" if len(cidrs) > _SHOWN else ""
        return ",".join(cidrs[:_SHOWN]) + more if cidrs else "none"


@lru_cache(maxsize=65_536)
def _parse(text: str) -> AddressSet:
    return AddressSet((cidr_interval(text),))


def _cidrs_of(interval: Interval[int]) -> Iterator[str]:
    """Yield the CIDRs of an interval that lies within one IP version."""
    start, end = interval
    base, width = (0, 32) if start < V4_END else (V4_END, 128)
    while start < end:
        value = start - base
        aligned = (value & -value).bit_length() - 1 if value else width
        bits = min(aligned, (end - start).bit_length() - 1)
        yield f"{address_text(start)}/{width - bits}"
        start += 1 << bits


_DOCUMENTATION: Final = (address_point("198.51.100.7"), address_point("2001:db8::7"))
"""Documentation addresses (RFC 5737, RFC 3849): the most readable examples of an address on the internet."""

ALL4: Final = AddressSet(((0, V4_END),))
ALL6: Final = AddressSet(((V4_END, ADDRESS_END),))

_NOT_PUBLIC: Final = (
    "0.0.0.0/8",  # "this network"
    "10.0.0.0/8",  # private use
    "100.64.0.0/10",  # shared address space (carrier-grade translation)
    "127.0.0.0/8",  # loopback
    "169.254.0.0/16",  # link local
    "172.16.0.0/12",  # private use
    "192.0.0.0/24",  # protocol assignments
    "192.168.0.0/16",  # private use
    "198.18.0.0/15",  # benchmarking
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, limited broadcast
)

PUBLIC: Final = (ALL4 - AddressSet.of(_NOT_PUBLIC)) | AddressSet.parse("2000::/3")
"""Addresses that senders on the internet may have.

IPv4: all addresses except those that the IANA IPv4 Special-Purpose Address Registry (RFC 6890 and its successors) and
the IPv4 multicast registry exclude from the internet. IPv6: 2000::/3, the range that IANA has opened for global unicast
(IPv6 Address Space registry, RFC 4291). The documentation ranges (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24,
2001:db8::/32) are included, because rules, examples and witnesses use them in place of real public addresses.
"""
