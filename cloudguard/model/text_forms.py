"""The text forms of address sets and service sets in a snapshot file. Pydantic is loaded only if a file is used."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final

from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


class TextForm:
    """Pydantic metadata for ``Annotated``: a value is written as JSON of type ``text``, and read back from it.

    ``read`` raises ValueError for a wrong text. This becomes one fault of the file, with its path. Pydantic reads
    files, and ``files.plain_values`` writes them.
    """

    def __init__(self, text: object, read: Callable[[Any], object], write: Callable[[Any], object]) -> None:
        self._text, self._read, self.write = text, read, write

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of the JSON, with ``read`` after validation."""
        from pydantic_core import core_schema  # noqa: PLC0415 - loaded only when used

        del source
        return core_schema.no_info_after_validator_function(self._read, handler.generate_schema(self._text))


def read_addresses(text: str) -> AddressSet:
    """Return the addresses of comma-separated addresses and CIDRs; "" is none. Raises ValueError if it is wrong."""
    if "," not in text:
        return AddressSet.parse(text) if text else NO_ADDRESSES
    return AddressSet.of(text.split(","))


def write_addresses(addresses: AddressSet) -> str:
    """Return addresses as the text that ``read_addresses`` reads."""
    return ",".join(addresses.texts())


@lru_cache(maxsize=4096)
def write_services(services: ServiceSet) -> str:
    """Return services as the text that ``ServiceSet.parse`` reads."""
    return str(services)


NO_ADDRESSES: Final = AddressSet.nothing()
NO_SERVICES: Final = ServiceSet.nothing()
EVERY_SERVICE: Final = ServiceSet.everything()

Services = Annotated[ServiceSet, TextForm(str, ServiceSet.parse, write_services)]
"""Services as text: "tcp/443", "tcp/30000-32767,udp/53", "icmp/3/4", "proto/4", "all", "none"."""
Addresses = Annotated[AddressSet, TextForm(str, read_addresses, write_addresses)]
"""Addresses as one text: "10.0.0.4", "10.0.0.0/28", "2001:db8::/32"; "" is none."""
Ranges = Annotated[AddressSet, TextForm(list[str], AddressSet.of, AddressSet.cidrs)]
"""Addresses as a list of CIDRs."""
