"""What flags, environment and ``cloudguard.toml`` say together: flag > environment > file > default."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from cloudguard.cli.flags import CONFIG, SNAPSHOT
from cloudguard.errors import SettingsError, UsageError
from cloudguard.model.cluster import Role
from cloudguard.needs.declarations_file import FILE_NAME, load, place, read
from cloudguard.needs.settings import (
    CLUSTER,
    CONTROL_PLANE_TAG,
    ETCD_TAG,
    HOST,
    NODE_TAG,
    Setting,
    Settings,
    read_settings,
    variable,
)
from cloudguard.provider.port import CollectRequest, installed

_SWITCHED: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


@dataclass(frozen=True, slots=True)
class Given:
    """What a command line gives: values by the names of flags and arguments; what is not given is not in ``values``.

    ``known`` are the command's flags; ``own`` are those of ``provider`` ("" where none is named).
    """

    values: Mapping[str, object] = field(default_factory=dict[str, object])
    known: tuple[Setting[Any], ...] = ()
    provider: str = ""
    own: tuple[Setting[Any], ...] = ()

    def word(self, argument: str) -> str:
        """Return the value of an argument, "" when it is not given."""
        return cast("str", self.values.get(argument, ""))

    def named_provider(self) -> str:
        """Return the provider; raises UsageError when none is named."""
        if not self.provider:
            message = f"name a provider ({', '.join(installed()) or 'none is installed'})"
            raise UsageError(message, hint="Or give --snapshot FILE" if SNAPSHOT in self.known else "")
        return self.provider

    def settings(self) -> Settings:
        """Return all settings. Raises UsageError for a file that is none, SettingsError with every other fault."""
        faults: list[str] = []
        flags = (*self.known, *self.own)
        said = _together((partial(_of_flags, self.values, flags), partial(_of_environment, flags)), faults)
        name = said.get(CONFIG) or FILE_NAME
        raw: Mapping[str, object] = load(Path(name)) if said.get(CONFIG) or Path(name).is_file() else {}
        of_file = _together((partial(read, raw, name), partial(self._of_own_table, raw, name)), faults)
        if faults:
            raise SettingsError(tuple(dict.fromkeys(faults)))
        return said.over(of_file)

    def _of_own_table(self, raw: Mapping[str, object], name: str) -> Settings:
        """Return what the file's table ``[provider.NAME]`` says; ``read`` refuses what is no table."""
        tables = raw.get("provider")
        table = cast("Mapping[str, object]", tables).get(self.provider) if isinstance(tables, dict) else None
        own: Mapping[str, object] = cast("Mapping[str, object]", table) if isinstance(table, dict) else {}
        return read_settings(own, self.own, lambda path: place(name, ("provider", self.provider, *path)))


def _together(layers: Iterable[Callable[[], Settings]], faults: list[str]) -> Settings:
    """Return the layers' settings, the stronger first; what is wrong in them is added to ``faults``."""
    together = Settings()
    for layer in layers:
        try:
            together = together.over(layer())
        except SettingsError as error:
            faults += error.faults
    return together


def _of_flags(values: Mapping[str, object], known: Sequence[Setting[Any]]) -> Settings:
    names = {setting.name for setting in known}
    said = {name: value for name, value in values.items() if name in names}
    return read_settings(said, known, lambda path: f"--{path[0]}", words=True)


def _of_environment(known: Iterable[Setting[Any]]) -> Settings:
    texts = {setting: os.environ.get(variable(setting.name)) for setting in known}
    said = {setting.name: _words(setting, text) for setting, text in texts.items() if text}
    return read_settings(said, texts, lambda path: variable(str(path[0])), words=True)


def _words(setting: Setting[Any], text: str) -> object:
    """Return what a flag would give for a variable's ``text``; several values are separated by spaces."""
    if setting.repeated:
        return text.split()
    return _SWITCHED.get(text.lower(), text) if setting.kind.switch else text


def request(given: Given, settings: Settings) -> CollectRequest:
    """Return what to collect from the provider that is named."""
    tags = ((Role.CONTROL_PLANE, CONTROL_PLANE_TAG), (Role.NODE, NODE_TAG), (Role.ETCD, ETCD_TAG))
    return CollectRequest(
        cluster=settings.get(CLUSTER) or "",
        options={flag.name: value for flag in given.own if (value := settings.get(flag))},
        role_tags={role: value for role, setting in tags if (value := settings.get(setting))},
        extra_hosts=settings.get(HOST) or {},
    )
