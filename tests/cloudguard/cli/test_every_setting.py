"""Every setting works as a flag, an environment variable and a key of the file that ``--config`` names; flags win."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, cast

import pytest

from cloudguard.cli.flags import CONFIG, NOT_IN_FILE
from cloudguard.cli.settings import CommandLine
from cloudguard.errors import SettingsError
from cloudguard.needs.declarations_file import FILE_NAME
from cloudguard.needs.setting import Setting, variable
from cloudguard.needs.settings import IN_FILE, REPORT

VALUES: Final = (
    "1/2",
    "i-1=etcd",
    "a=b",
    "10.0.0.0/8",
    "tcp/443",
    "7d",
    "90s",
    "2",
    "sqlite:///runs.db",
    "https://ping.test/1",
    "x",
)
"""Values to try: each setting accepts one of them."""
FLAGS: Final = tuple(
    {setting.name: setting for setting in (*NOT_IN_FILE, *IN_FILE) if setting.flag and setting is not CONFIG}.values()
)
BY_NAME: Final = [pytest.param(setting, id=setting.name) for setting in FLAGS]


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)


def _value(setting: Setting[Any]) -> object:
    """Return a value as the command line passes it on."""
    if setting.kind.switch:
        return 1 if setting.kind.counted else True
    return next(_accepted(setting))


def _accepted(setting: Setting[Any]) -> Iterator[object]:
    for text in (*setting.kind.choices, *VALUES):
        value = [text] if setting.repeated else text
        with suppress(ValueError):
            setting.flag_kind.read(value)
            yield value


def _toml(setting: Setting[Any], value: object) -> str:
    """Return the line of a file with this value; JSON's strings, lists, numbers and booleans are valid TOML."""
    if setting.from_flag is None:
        return f"{setting.name} = {json.dumps(value)}\n"
    made = setting.from_flag(cast("Sequence[str]", value))
    if isinstance(made, dict):
        table = "".join(f"{json.dumps(key)} = {json.dumps(part)}\n" for key, part in cast("Any", made).items())
        return f"[{setting.name}]\n{table}"
    return "".join(
        f"[[{setting.name}]]\n" + "".join(f"{key} = {json.dumps(part)}\n" for key, part in item.items())
        for item in cast("list[dict[str, object]]", made)
    )


def _read(setting: Setting[Any], **values: object) -> object:
    line = CommandLine({name.replace("_", "-"): value for name, value in values.items()}, (CONFIG, setting))
    stronger, weaker = line.layers()
    return stronger.over(weaker).get(setting)


@pytest.mark.parametrize("setting", BY_NAME)
def test_every_setting_works_as_flag_variable_and_key(setting: Setting[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    value = _value(setting)
    by_flag = _read(setting, **{setting.name: value})
    assert by_flag not in {None, False} if not isinstance(by_flag, dict | list) else by_flag
    Path("named.toml").write_text(_toml(setting, value), encoding="utf-8")
    assert _read(setting, config="named.toml") == by_flag
    monkeypatch.setenv(variable(setting.name), str(cast("list[str]", value)[0] if isinstance(value, list) else value))
    assert _read(setting) == by_flag


@pytest.mark.parametrize("setting", BY_NAME)
def test_cloudguard_toml_may_not_set_gates_or_what_writes_or_sends(setting: Setting[Any]) -> None:
    Path(FILE_NAME).write_text(_toml(setting, _value(setting)), encoding="utf-8")
    if setting.panel == REPORT or not setting.implicit:
        with pytest.raises(
            SettingsError, match=f"{setting.name} is allowed only in a file that is named with --config"
        ):
            _read(setting)
    else:
        assert _read(setting) is not None


def test_the_settings_that_gate_write_or_send_are_barred() -> None:
    barred = {setting.name for setting in FLAGS if setting.panel == REPORT or not setting.implicit}
    assert {"output", "format", "fail-on", "log-file", "targets", "store", "notify", "ping", "baseline"} <= barred
    assert {"admin-cidr", "cni", "cluster", "node-tag"}.isdisjoint(barred)
