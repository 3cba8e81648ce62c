"""Sets of IP addresses, version 4 and 6 together on one integer axis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Final, Self

from cloudguard.intervals import Span, SpanSet

V4_END: Final = 1 << 32
"""Version 4 takes [0, V4_END); version 6 address n is the point V4_END + n."""

END: Final = V4_END + (1 << 128)
"""One past the last point of the axis."""

_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class AddressSet(SpanSet):
    """A set of addresses."""

    @classmethod
    def everything(cls) -> Self:
        """Return every address of both versions."""
        return cls(((0, END),))

    @classmethod
    def parse(cls, text: str) -> AddressSet:
        """Read an address or a CIDR (``10.0.0.0/8``, ``2001:db8::7``); raises ValueError, also on set host bits."""
        return _parse(text)

    @classmethod
    def of(cls, texts: Iterable[str]) -> AddressSet:
        """Return the union of addresses and CIDRs; raises ValueError on the first that is neither."""
        return AddressSet.of_spans(span for text in texts for span in _parse(text).spans)

    @classmethod
    def between(cls, first: str, last: str) -> AddressSet:
        """Return the addresses from ``first`` to ``last``, both included; raises ValueError when they don't go so."""
        low, high = address_point(first), address_point(last)
        if low > high or (low < V4_END) != (high < V4_END):
            message = f"{first!r} to {last!r} is no range of addresses"
            raise ValueError(message)
        return AddressSet(((low, high + 1),))

    @property
    def size4(self) -> int:
        """How many version 4 addresses it has."""
        return (self & ALL4).size

    @property
    def size6(self) -> int:
        """How many version 6 addresses it has."""
        return (self & ALL6).size

    def ranges(self) -> tuple[tuple[str, str], ...]:
        """Return the first and last address of each stretch, version 4 first."""
        stretches = (self & ALL4).spans + (self & ALL6).spans
        return tuple((address_text(start), address_text(end - 1)) for start, end in stretches)

    def cidrs(self) -> tuple[str, ...]:
        """Return the fewest CIDRs that cover exactly this set, in order, version 4 first."""
        return tuple(cidr for span in (self & ALL4).spans + (self & ALL6).spans for cidr in _cover(span))

    def __str__(self) -> str:
        cidrs = self.cidrs()
        more = f" and {len(cidrs) - _SHOWN} more" if len(cidrs) > _SHOWN else ""
        return ",".join(cidrs[:_SHOWN]) + more if cidrs else "none"


@lru_cache(maxsize=65_536)
def _parse(text: str) -> AddressSet:
    address, slash, length = text.partition("/")
    point = address_point(address)
    width = 32 if point < V4_END else 128
    if not slash:
        return AddressSet(((point, point + 1),))
    if not (length.isascii() and length.isdigit() and len(length) <= len("128") and int(length) <= width):
        message = f"{text!r} is no CIDR: its prefix length is a number from 0 to {width}"
        raise ValueError(message)
    size = 1 << (width - int(length))
    value = point if width == 32 else point - V4_END  # noqa: PLR2004 - the width of version 4
    if value & (size - 1):
        meant = f"{address_text(point - (value & (size - 1)))}/{int(length)}"
        message = f"{text!r} is no CIDR: it has host bits set; write {meant} or {address}/{width}"
        raise ValueError(message)
    return AddressSet(((point, point + size),))


def _cover(span: Span) -> Iterator[str]:
    """Yield the CIDRs of a span that lies within one version."""
    start, end = span
    base, width = (0, 32) if start < V4_END else (V4_END, 128)
    while start < end:
        value = start - base
        aligned = (value & -value).bit_length() - 1 if value else width
        bits = min(aligned, (end - start).bit_length() - 1)
        yield f"{address_text(start)}/{width - bits}"
        start += 1 << bits


def address_point(text: str) -> int:
    """Return the point of an address; raises ValueError when ``text`` is none."""
    try:
        if ":" in text:
            return V4_END + int.from_bytes(inet_pton(AF_INET6, text))
        return int.from_bytes(inet_pton(AF_INET, text))
    except (OSError, ValueError) as error:
        message = f"{text!r} is no IP address"
        raise ValueError(message) from error


def address_text(point: int) -> str:
    """Return the address at ``point`` in its usual text; raises ValueError off the axis."""
    if not 0 <= point < END:
        message = f"{point} is no point of the address axis"
        raise ValueError(message)
    if point < V4_END:
        return inet_ntop(AF_INET, point.to_bytes(4))
    return inet_ntop(AF_INET6, (point - V4_END).to_bytes(16))


ALL4: Final = AddressSet(((0, V4_END),))
ALL6: Final = AddressSet(((V4_END, END),))

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
"""Addresses that a stranger on the internet may have.

Version 4 is everything but what the IANA IPv4 Special-Purpose Address Registry (RFC 6890 and its successors) and the
IPv4 multicast registry keep off the internet; version 6 is 2000::/3, all that IANA has opened for global unicast (IPv6
Address Space registry, RFC 4291). The documentation ranges (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24,
2001:db8::/32) stay in: rules, examples and witnesses use them in place of real public addresses.
"""
