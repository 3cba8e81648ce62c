"""Reads a targets' file: TOML with the accounts and clusters to check, and the declarations for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from cloudguard.errors import SettingsError
from cloudguard.fleet.target import Target
from cloudguard.needs.declarations_file import declarations, load, place
from cloudguard.needs.setting import Setting, Settings
from cloudguard.needs.setting_values import FaultsError, Kind, as_table, choice, list_of, mapping, table, text
from cloudguard.needs.settings import CLUSTER, HOSTS, IN_FILE, NEED
from cloudguard.provider.port import Option, installed
from cloudguard.provider.port import load as load_provider
from cloudguard.values import dataclass

DECLARED_FOR_ONE: Final = tuple(
    setting
    for setting in IN_FILE
    if setting.declares or setting is NEED or (setting.panel == HOSTS and setting is not CLUSTER)
)
"""The settings that may be set for a single cluster: those about its hosts, and all of ``Declarations``."""
_OF_TARGET: Final = ("provider", "clusters", "declarations", "cluster")
_COMMON: Final = ("account", "role", "regions")
"""Keys of a ``[[target]]`` that every provider maps to one of its own flags."""


@dataclass(frozen=True, slots=True)
class _File:
    """The file's tables."""

    target: tuple[Target, ...]
    declarations: Settings = field(default_factory=Settings)
    cluster: Mapping[str, Settings] = field(default_factory=dict[str, Settings])


def read_targets_file(name: str, stronger: Settings, weaker: Settings) -> tuple[Target, ...]:
    """Return the targets in the file ``name``, with their settings.

    For a cluster, these settings win over one another in this order: ``stronger`` (flags and variables), the tables of
    the cluster (in its target, then in the file), the declarations of its target, the declarations of the file,
    ``weaker`` (``cloudguard.toml``).

    Raises UsageError if the file can't be read, and SettingsError with every fault in it.
    """
    raw = load(Path(name))
    settings = _settings(str(Path(name).resolve()))
    kinds = {"declarations": settings, "cluster": mapping(settings)}
    target = Kind(partial(_target, settings))
    try:
        file = table(_File, {"target": list_of(target, least=1)}, kinds).read(dict(raw))
    except FaultsError as error:
        raise SettingsError([f"{place(name, path)}: {fault}" for path, fault in error.faults]) from None
    targets = tuple(_with_all(target, file, stronger, weaker) for target in file.target)
    _refuse_wrong(name, file, targets)
    return targets


def _settings(file: str) -> Kind[Settings]:
    """Return the kind that reads a table of declarations; ``file`` is the origin of its settings."""
    by_name: Mapping[str, Setting[Any]] = {setting.name: setting for setting in DECLARED_FOR_ONE}

    def make(**values: object) -> Settings:
        settings = {by_name[key]: value for key, value in values.items()}
        return Settings(settings, dict.fromkeys(settings, file))

    return table(make, {}, {name: setting.kind for name, setting in by_name.items()})


def _target(settings: Kind[Settings], value: object) -> Target:
    """Read a ``[[target]]``. Its provider defines some of the keys that it may have."""
    members = as_table(value)
    provider = members.get("provider")
    known = load_provider(provider).options if isinstance(provider, str) and provider in installed() else ()
    options = {option.name: option for option in known}
    common = {option.target_key: option for option in known if option.target_key}
    fault = f"{provider} has no flag for this key"
    optional: dict[str, Kind[Any]] = {
        "account": text(),
        "clusters": list_of(text(), least=1),
        "declarations": settings,
        "cluster": mapping(settings),
        **{key: _of_option(common[key]) if key in common else _refused(fault) for key in _COMMON[1:]},
        **{name: _of_option(option) for name, option in options.items()},
    }
    if not known:  # the provider is wrong or missing: report only this fault, not the keys that depend on it
        optional |= dict.fromkeys(members.keys() - optional.keys() - {"provider"}, Kind(_anything))
    return table(partial(_target_of, common), {"provider": choice(*installed())}, optional).read(value)


def _of_option(option: Option) -> Kind[Any]:
    return list_of(text(), least=1) if option.many else text()


def _refused(fault: str) -> Kind[Any]:
    def read(value: object) -> None:
        del value
        raise FaultsError([((), fault)])

    return Kind(read)


def _anything(value: object) -> object:
    return value


def _target_of(common: Mapping[str, Option], **values: object) -> Target:
    """Return the target with the values of its table; raises ValueError if two keys set the same flag."""
    account = cast("str", values.pop("account", "")) if "account" not in common else ""
    options = dict[str, Sequence[str]]()
    for key, value in values.items():
        if key in _OF_TARGET:
            continue
        name = common[key].name if key in common else key
        if name in options:
            message = f"{key} and {name} set the same flag: give only one of them"
            raise ValueError(message)
        options[name] = (value,) if isinstance(value, str) else cast("tuple[str, ...]", value)
    return Target(
        cast("str", values["provider"]),
        options,
        cast("tuple[str, ...]", values.get("clusters", ())),
        account,
        cast("Settings", values.get("declarations", Settings())),
        cast("Mapping[str, Settings]", values.get("cluster", {})),
    )


def _with_all(target: Target, file: _File, stronger: Settings, weaker: Settings) -> Target:
    """Return ``target`` with the settings of all sources merged; the strongest source wins."""
    below = target.settings.over(file.declarations).over(weaker)
    by_cluster = dict(file.cluster)
    by_cluster.update(
        (name, settings.over(by_cluster.get(name, Settings()))) for name, settings in target.by_cluster.items()
    )
    return replace(
        target,
        settings=stronger.over(below),
        by_cluster={name: stronger.over(settings).over(below) for name, settings in by_cluster.items()},
    )


def _refuse_wrong(name: str, file: _File, targets: tuple[Target, ...]) -> None:
    """Raise SettingsError for contradictory declarations, and for tables of clusters that no target names."""
    faults = list[str]()
    for settings in (each for target in targets for each in (target.settings, *target.by_cluster.values())):
        try:
            declarations(settings)
        except SettingsError as error:
            faults += (f"{name}: {fault}" for fault in error.faults)
    for chosen, tables in ((targets, file.cluster), *(((target,), target.by_cluster) for target in file.target)):
        named = {cluster for target in chosen for cluster in target.clusters}
        if all(target.clusters for target in chosen):
            faults += (f"{name}: cluster.{key}: no target has this cluster" for key in sorted(tables.keys() - named))
    if faults:
        raise SettingsError(tuple(dict.fromkeys(faults)))
