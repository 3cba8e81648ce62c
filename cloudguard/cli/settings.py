"""The settings of one run. Their order: flag, environment variable, ``cloudguard.toml``, default; the first wins."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from cloudguard.cli.environment import check_names
from cloudguard.cli.flags import CONFIG, LOG_FILE, LOG_FORMAT, NOT_IN_FILE, QUIET, SNAPSHOT, VERBOSE
from cloudguard.cli.logs.log import LogSettings, begin
from cloudguard.errors import SettingsError, UsageError
from cloudguard.model.cluster import Role
from cloudguard.needs.declarations_file import FILE_NAME, load, place
from cloudguard.needs.setting import Setting, Settings, read_settings, variable
from cloudguard.needs.settings import (
    CLUSTER,
    CONTROL_PLANE_TAG,
    ETCD_TAG,
    FAIL_ON,
    HOST,
    IN_FILE,
    NODE_TAG,
    REPORT,
    WAIVERS,
)
from cloudguard.needs.waivers import FILE_NAME as WAIVERS_FILE
from cloudguard.provider.port import CollectRequest, installed
from cloudguard.values import dataclass

_SWITCHED: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A parsed command line. ``values`` maps the names of the given flags and arguments to their values.

    ``flags`` are all flags of the command. ``own_flags`` are the flags of ``provider`` ("" if none is named).
    """

    values: Mapping[str, object] = field(default_factory=dict[str, object])
    flags: tuple[Setting[Any], ...] = ()
    provider: str = ""
    own_flags: tuple[Setting[Any], ...] = ()

    def argument(self, name: str) -> str:
        """Return the value of an argument, "" if it is not given."""
        return cast("str", self.values.get(name, ""))

    def named_provider(self) -> str:
        """Return the provider; raises UsageError if none is named."""
        if not self.provider:
            message = f"name a provider ({', '.join(installed()) or 'none is installed'})"
            raise UsageError(message, hint="Or give --snapshot FILE" if SNAPSHOT in self.flags else "")
        return self.provider

    def settings(self) -> Settings:
        """Return all settings, and start the log as they say.

        Raises UsageError if a file can't be read or the log can't be written, and SettingsError with all other faults.
        """
        stronger, weaker = self.layers()
        settings = stronger.over(weaker)
        begin(
            LogSettings(
                settings.get(VERBOSE) or 0,
                settings.get(LOG_FORMAT) or "",
                settings.get(LOG_FILE) or "",
                quiet=bool(settings.get(QUIET)),
            )
        )
        check_names(quiet=bool(settings.get(QUIET)))
        return settings

    def layers(self) -> tuple[Settings, Settings]:
        """Return the settings of flags and variables, and the settings of the file.

        Raises UsageError if the file can't be read, and SettingsError with all other faults.
        """
        faults: list[str] = []
        flags = (*self.flags, *self.own_flags)
        stronger = _merged((partial(_from_flags, self.values, flags), partial(_from_environment, flags)), faults)
        named = stronger.get(CONFIG)
        name = named or FILE_NAME
        there = named or (CONFIG in self.flags and Path(name).is_file())
        raw: Mapping[str, object] = load(Path(name)) if there else {}
        weaker = _merged((partial(_from_file, raw, name), partial(self._from_own_table, raw, name)), faults)
        faults += [] if named else _undeclarable(weaker)
        if faults:
            raise SettingsError(tuple(dict.fromkeys(faults)))
        if WAIVERS in self.flags and Path(WAIVERS_FILE).is_file():
            weaker = weaker.over(Settings({WAIVERS: WAIVERS_FILE}))
        return stronger, weaker

    def _from_own_table(self, raw: Mapping[str, object], name: str) -> Settings:
        """Read the file's table ``[provider.NAME]``. If this is not a table, ``_from_file`` reports the fault."""
        tables = raw.get("provider")
        table = cast("Mapping[str, object]", tables).get(self.provider) if isinstance(tables, dict) else None
        options: Mapping[str, object] = cast("Mapping[str, object]", table) if isinstance(table, dict) else {}
        return read_settings(
            options, self.own_flags, lambda path: place(name, ("provider", self.provider, *path)), name
        )


def _undeclarable(settings: Settings) -> Iterator[str]:
    """Yield a fault for each key that only a file named by ``--config`` may hold, because it gates, writes or sends."""
    for setting in settings.origins:
        if setting.panel == REPORT or not setting.implicit:
            yield f"{FILE_NAME}: {setting.name} is allowed only in a file that is named with --config"


def _merged(layers: Iterable[Callable[[], Settings]], faults: list[str]) -> Settings:
    """Read all layers and merge them; the first layer wins. Add their faults to ``faults``."""
    merged = Settings()
    for layer in layers:
        try:
            merged = merged.over(layer())
        except SettingsError as error:
            faults += error.faults
    return merged


def _from_file(raw: Mapping[str, object], name: str) -> Settings:
    """Read the keys of a file: the keys of ``cloudguard.toml``, and the flags that are not among them."""
    known = {setting.name for setting in IN_FILE}
    more = (flag for flag in NOT_IN_FILE if flag is not CONFIG and flag.name not in known)
    return read_settings(raw, (*IN_FILE, *more), partial(place, name), str(Path(name).resolve()))


def _from_flags(values: Mapping[str, object], flags: Sequence[Setting[Any]]) -> Settings:
    raw = {flag.name: values[flag.name] for flag in flags if flag.name in values}
    return read_settings(raw, flags, lambda path: f"--{path[0]}")


def _from_environment(flags: Iterable[Setting[Any]]) -> Settings:
    texts = {flag: os.environ.get(variable(flag.name)) for flag in flags}
    raw = {flag.name: _flag_values(flag, text) for flag, text in texts.items() if text}
    return read_settings(raw, texts, lambda path: variable(str(path[0])))


def _flag_values(setting: Setting[Any], text: str) -> object:
    """Return the value of a flag for the ``text`` of its variable; spaces separate several values."""
    if setting.repeated:
        return text.split()
    return _SWITCHED.get(text.lower(), text) if setting.kind.switch else text


def request(line: CommandLine, settings: Settings, *, with_cluster: bool = True) -> CollectRequest:
    """Return the collect request for the provider that is named.

    With ``with_cluster``, the request also names the cluster. Raises UsageError if ``--cluster`` names several.
    """
    tags = ((Role.CONTROL_PLANE, CONTROL_PLANE_TAG), (Role.NODE, NODE_TAG), (Role.ETCD, ETCD_TAG))
    return CollectRequest(
        cluster=one_cluster(settings) if with_cluster else "",
        options={flag.name: value for flag in line.own_flags if (value := settings.get(flag) or _default(flag))},
        role_tags={role: value for role, setting in tags if (value := settings.get(setting))},
        extra_hosts=settings.get(HOST) or {},
    )


def fail_on(settings: Settings) -> str:
    """Return the lowest severity that gives exit status 3, or "never"."""
    return settings.get(FAIL_ON) or FAIL_ON.default


def one_cluster(settings: Settings) -> str:
    """Return the name of the cluster, "" if none is given; raises UsageError if several are given."""
    names = settings.get(CLUSTER) or ()
    if len(names) > 1:
        message = f"several clusters are given: {', '.join(names)}"
        raise UsageError(message, hint="Only check accepts more than one --cluster")
    return names[0] if names else ""


def _default(flag: Setting[Any]) -> tuple[str, ...]:
    """Return the value of the first of the flag's cloud variables that is set, as a tuple of at most one text."""
    return tuple(value for name in flag.variables if (value := os.environ.get(name)))[:1]
