"""Read ``cloudguard.toml``. Its keys are the settings in ``settings.IN_FILE``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from cloudguard.errors import SettingsError, UsageError
from cloudguard.needs import setting_values
from cloudguard.needs.declarations import Declarations, DeclaredNeed, DeclaredPermission, InForce
from cloudguard.needs.in_force import faults_of
from cloudguard.needs.setting import Settings, read_settings
from cloudguard.needs.settings import CONTROL_PLANE_TAG, ETCD_TAG, HOST, IN_FILE, NEED, NODE_TAG, WAIVER, WAIVERS
from cloudguard.needs.waivers import DeclaredWaiver, too_late

FILE_NAME = "cloudguard.toml"
MOST_MEBIBYTES = 1
_MEBIBYTE = 2**20


def load_declarations(source: Path | str) -> Declarations:
    """Return the declarations in a ``cloudguard.toml``. Its other keys are checked but not used.

    A str that contains "=" or a line break is the file's content. Any other str, or a Path, names the file. Raises
    UsageError if the file cannot be read, and SettingsError (a UsageError) with all faults.
    """
    if isinstance(source, str) and ("=" in source or "\n" in source):
        return declarations(read(parse(source, FILE_NAME), FILE_NAME))
    return declarations(read(load(Path(source)), str(source)))


def load(path: Path) -> Mapping[str, object]:
    """Return the TOML tables of the file. Raises UsageError if the file cannot be read or is not TOML."""
    try:
        with path.open("rb") as stream:
            text = bounded(stream, str(path), MOST_MEBIBYTES).decode()
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8: byte {error.start} is wrong"
        raise UsageError(message) from None
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise UsageError(message) from None
    return parse(text, str(path))


def load_waivers(path: Path) -> tuple[DeclaredWaiver, ...]:
    """Return the waivers in a file that holds only waivers.

    Raises UsageError if the file cannot be read, and SettingsError (a UsageError) with all faults.
    """
    return _numbered(read_settings(load(path), (WAIVER,), partial(place, str(path)), str(path.resolve())))


def _numbered(settings: Settings) -> tuple[DeclaredWaiver, ...]:
    """Return the waivers in the settings of one file, each with its number in the file and the file's path."""
    origin = settings.origins.get(WAIVER, "")
    listed = enumerate(settings.get(WAIVER) or (), 1)
    return tuple(replace(waiver, number=number, origin=origin) for number, waiver in listed)


def bounded(stream: BinaryIO, name: str, most: int) -> bytes:
    """Return the content of ``stream``, the file ``name``. Raises UsageError if it is larger than ``most`` MiB."""
    content = bytearray()
    while block := stream.read(_MEBIBYTE):
        content += block
        if len(content) > most * _MEBIBYTE:
            message = f"{name} is larger than {most} MiB"
            raise UsageError(message)
    return bytes(content)


def parse(text: str, name: str) -> Mapping[str, object]:
    """Return the tables of the TOML ``text`` of the file ``name``. Raises UsageError if ``text`` is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{name} is not valid TOML: {error}"
        raise UsageError(message) from None


def read(raw: Mapping[str, object], name: str) -> Settings:
    """Return the settings in the TOML tables ``raw`` of the file ``name``. Raises SettingsError with all faults."""
    return read_settings(raw, IN_FILE, lambda path: place(name, path), str(Path(name).resolve()))


def place(name: str, path: setting_values.Path) -> str:
    """Return the place of ``path`` in the file ``name`` as text: "cloudguard.toml: need[0].peer"."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return f"{name}: {steps.lstrip('.')}"


def declarations(settings: Settings) -> Declarations:
    """Return the declarations in ``settings``. Raises SettingsError if a declaration is wrong."""
    values = {setting.declares: settings.get(setting) for setting in IN_FILE if setting.declares}
    needs = settings.get(NEED) or ()
    file = settings.get(WAIVERS)
    waivers = (*_numbered(settings), *(load_waivers(Path(file)) if file else ()))
    declared = Declarations(
        waivers=waivers,
        needs=tuple(need for need in needs if isinstance(need, DeclaredNeed)),
        permissions=tuple(need for need in needs if isinstance(need, DeclaredPermission)),
        stated_in=tuple((setting.name, origin) for setting, origin in settings.origins.items()),
        others=tuple(_role_declarations(settings)),
        **{name: value for name, value in values.items() if value is not None},
    )
    if faults := (*faults_of(declared), *too_late(waivers, datetime.now(UTC).date())):
        raise SettingsError(faults)
    return declared


def _role_declarations(settings: Settings) -> Iterator[InForce]:
    """Yield the declarations of host roles: tags, and hosts with their roles."""
    for setting in (CONTROL_PLANE_TAG, NODE_TAG, ETCD_TAG):
        if values := settings.get(setting):
            yield InForce(setting.name, values, settings.origins.get(setting, ""))
    if hosts := settings.get(HOST):
        values = tuple(f"{host}={'+'.join(roles)}" for host, roles in hosts.items())
        yield InForce(HOST.name, values, settings.origins.get(HOST, ""))
