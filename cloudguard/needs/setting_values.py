"""The kinds of settings' values, and their readers for TOML and flags. All faults of a value are reported at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from difflib import get_close_matches
from typing import Any, Generic, TypeAlias, TypeVar, cast

from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.values import dataclass

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Reader: TypeAlias = Callable[[object], T]
"""A function that converts a TOML value to the setting's value. Raises ValueError; for a list or table, FaultsError."""
Step = TypeVar("Step", bound=str | int)
Path: TypeAlias = tuple[str | int, ...]
"""The keys and indices that lead to a value."""

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class FaultsError(ValueError):
    """The faults inside a list or table, each with its path and its message."""

    def __init__(self, faults: Sequence[tuple[Path, str]]) -> None:
        super().__init__("; ".join(message for _, message in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T_co]):
    """A kind of value. ``many``: a list; its flag may be repeated. ``switch``: a flag without a value.

    ``counted``: a switch that counts how often it is given. ``choices``: the values that shell completion offers.
    ``schema``: the JSON Schema of the value in a file ({}: any value).
    """

    read: Callable[[object], T_co]
    many: bool = False
    switch: bool = False
    counted: bool = field(default=False, kw_only=True)
    choices: tuple[str, ...] = field(default=(), kw_only=True)
    schema: Mapping[str, object] = field(default_factory=dict[str, object], kw_only=True)


def text(check: Callable[[str], str] | None = None) -> Kind[str]:
    """Return the kind of a text that is not blank. ``check`` returns the text to use, or raises ValueError."""

    def read(value: object) -> str:
        value_read = _of_type(value, str, "is not text: write it in quotes")
        if not value_read.strip():
            message = "it is empty"
            raise ValueError(message)
        return check(value_read) if check else value_read

    return Kind(read, schema={"type": "string", "minLength": 1})


def secret(*schemes: str) -> Kind[str]:
    """Return the kind of a URL that may hold secrets; no fault shows it. ``schemes``: allowed schemes (none: any)."""

    def read(value: object) -> str:
        scheme, separator, rest = value.strip().partition("://") if isinstance(value, str) else ("", "", "")
        if not (scheme and separator and rest) or (schemes and scheme.lower() not in schemes):
            examples = " or ".join(f"{scheme}://…" for scheme in schemes) or "SCHEME://…"
            raise FaultsError([((), f"it is not a URL: write {examples}")])
        return f"{scheme}://{rest}"

    return Kind(read)


def list_of(item: Kind[T], *, least: int = 0) -> Kind[tuple[T, ...]]:
    """Return the kind of a list of at least ``least`` values of ``item``. A single value needs no list."""

    def read(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            return (item.read(value),)
        items = cast("list[object]", value)
        if len(items) < least:
            message = "the list is empty"
            raise ValueError(message)
        return tuple(read_all((number, item.read, value) for number, value in enumerate(items)).values())

    several = {"type": "array", "items": item.schema, **({"minItems": least} if least else {})}
    return Kind(read, many=True, choices=item.choices, schema={"anyOf": [item.schema, several]})


def switch() -> Kind[bool]:
    """Return the kind of a flag without a value: true or false."""
    wrong = "is not true or false"
    return Kind(lambda value: _of_type(value, bool, wrong), switch=True, schema={"type": "boolean"})


def counted() -> Kind[int]:
    """Return the kind of a flag that counts how often it is given. In a file, true counts as one."""

    def read(value: object) -> int:
        if isinstance(value, str) and value.isdecimal():
            return int(value)
        return int(_of_type(value, int, "is not a number, true or false"))  # true becomes 1

    return Kind(read, switch=True, counted=True, schema={"type": ["boolean", "integer"]})


def choice(*words: str) -> Kind[str]:
    """Return the kind of a text that is one of ``words``."""

    def check(value: str) -> str:
        if value not in words:
            message = f"{value!r} is not one of {', '.join(words)}"
            raise ValueError(message)
        return value

    return Kind(text(check).read, choices=words, schema={"enum": [*words]})


def choice_to_file(*words: str) -> Kind[str]:
    """Return the kind of "WORD" or "WORD=FILE", where WORD is one of ``words``."""

    def check(value: str) -> str:
        choice(*words).read(value.partition("=")[0])
        return value

    pattern = f"^({'|'.join(words)})(=.*)?$"
    return Kind(text(check).read, choices=words, schema={"type": "string", "pattern": pattern})


def table(
    make: Callable[..., T], required: Mapping[str, Kind[Any]], optional: Mapping[str, Kind[Any]] | None = None
) -> Kind[T]:
    """Return the kind of a table. ``make`` receives its values as keyword arguments.

    ``required`` and ``optional``: key → kind of its value. Unknown keys and missing required keys are faults.
    """
    kinds = {**required, **(optional or {})}

    def read(value: object) -> T:
        members = as_table(value)
        faults = [((key,), f"no such key{nearest(key, kinds)}") for key in members if key not in kinds]
        faults += [((key,), "missing") for key in required if key not in members]
        return make(**read_all(((key, kinds[key].read, members[key]) for key in members if key in kinds), faults))

    members = {key: kind.schema for key, kind in kinds.items()}
    return Kind(
        read, schema={"type": "object", "properties": members, "required": [*required], "additionalProperties": False}
    )


def mapping(item: Kind[T]) -> Kind[Mapping[str, T]]:
    """Return the kind of a table with any keys, whose values are of the kind ``item``."""

    def read(value: object) -> Mapping[str, T]:
        return read_all((key, item.read, member) for key, member in as_table(value).items())

    return Kind(read, schema={"type": "object", "additionalProperties": item.schema})


def as_table(value: object) -> Mapping[str, object]:
    """Return ``value`` as a table. Raises ValueError if it is not a table."""
    return cast("dict[str, object]", _of_type(value, dict, "is not a table"))


def _of_type(value: object, kind: type[T], wrong: str) -> T:
    if isinstance(value, kind):
        return value
    message = f"{value!r} {wrong}"
    raise ValueError(message)


def read_all(reads: Iterable[tuple[Step, Reader[T], object]], others: Iterable[tuple[Path, str]] = ()) -> dict[Step, T]:
    """Return the value of each part (key or index, reader, value), by its key or index.

    Raises FaultsError with the faults of all parts and with ``others``.
    """
    values, faults = dict[Step, T](), [*others]
    for step, read, value in reads:
        try:
            values[step] = read(value)
        except FaultsError as error:
            faults += [((step, *path), message) for path, message in error.faults]
        except ValueError as error:
            shown = isinstance(value, str | int | float) and repr(value) not in str(error)
            faults.append(((step,), f"{error} (given: {value!r})" if shown else str(error)))
    if faults:
        raise FaultsError(faults)
    return values


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ". Did you mean 'region'?" if a word of ``known`` is similar to ``word``, else "; known: …"."""
    words = sorted(known)
    near = get_close_matches(word, words, n=1)
    return f". Did you mean {near[0]!r}?" if near else f"; known: {', '.join(words) or 'none'}"


def duration() -> Kind[float]:
    """Return the kind of a duration, in seconds: "90", "90s", "30m", "2h", "7d"."""

    def read(value: object) -> float:
        match = re.fullmatch(r"(\d+)([smhd]?)", text().read(value))
        if match is None or not int(match[1]):
            message = f"{value!r} is not a time: write 90s, 30m, 2h or 7d"
            raise ValueError(message)
        return float(match[1]) * _SECONDS[match[2]]

    return Kind(read, schema={"type": "string", "pattern": "^[0-9]+[smhd]?$"})


def whole_number() -> Kind[int]:
    """Return the kind of a whole number that is 1 or more."""

    def read(value: object) -> int:
        digits = str(value)
        if not (digits.isascii() and digits.isdecimal() and int(digits)):
            message = f"{value!r} is not a whole number of at least 1"
            raise ValueError(message)
        return int(digits)

    return Kind(read, schema={"type": ["integer", "string"]})


def cidr(value: str) -> str:
    """Return ``value`` if it is a CIDR or an address. Raises ValueError otherwise."""
    AddressSet.parse(value)
    return value


def services(value: str) -> str:
    """Return ``value`` as services of a rule; a bare port number means TCP. Raises ValueError if it is not valid."""
    full = f"tcp/{value}" if value[:1].isdigit() else value
    if not ServiceSet.parse(full).intervals:
        message = f"{value!r} contains no service"
        raise ValueError(message)
    return full


def peer(value: str) -> str:
    """Return ``value`` if it is a CIDR or may be a group's id. Raises ValueError for an invalid CIDR."""
    return cidr(value) if "/" in value and value[:1] in "0123456789abcdef:" else value


def named(value: str) -> str:
    """Return ``value`` if it names somebody. Raises ValueError if it has only wildcards, and so means everybody."""
    if not value.strip("*?: "):
        message = f"{value!r} means everybody: name one principal"
        raise ValueError(message)
    return value


def tag(value: str) -> str:
    """Return ``value`` if it has the form ``KEY=VALUE``. Raises ValueError otherwise."""
    if not value.partition("=")[0] or "=" not in value:
        message = f"{value!r} is not a tag: write KEY=VALUE"
        raise ValueError(message)
    return value
