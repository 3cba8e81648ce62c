"""What flags, environment and ``cloudguard.toml`` say together: flag > environment > file > default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cloudguard.cli.typer_commands import Values
from cloudguard.errors import UsageError
from cloudguard.needs.declarations_file import FILE_NAME, SettingsFile, checked, read
from cloudguard.provider.port import CollectRequest, load

_TEXTS = ("cluster", "node-ports", "cni", "fail-on", "color")
_LISTS = ("admin-cidr", "api-port", "etcd-port", "control-plane-tag", "node-tag", "etcd-tag", "format")


def declarations(values: Values) -> SettingsFile:
    """Return all that is declared. Raises UsageError naming every wrong flag, or every wrong key of the file."""
    return checked(_said(values), "", lambda location: f"--{location[0]}").over(_file(values.one("config")))


def request(values: Values, declared: SettingsFile, provider: str) -> CollectRequest:
    """Return what to collect from ``provider``. Raises UsageError for an option that it doesn't have."""
    known = {option.name: option for option in load(provider).options}
    own = (declared.providers or {}).get(provider, {})
    strange = sorted(set(own) - set(known))
    if strange:
        message = f"{FILE_NAME}: provider.{provider}.{strange[0]}: no such key"
        raise UsageError(message, hint=f"Known: {', '.join(sorted(known))}")
    said = {name: _own(values, name, many=option.many) for name, option in known.items()}
    return CollectRequest(
        cluster=declared.cluster or "",
        options={**own, **{name: value for name, value in said.items() if value is not None}},
        role_tags=declared.role_tags or {},
        extra_hosts=declared.extra_hosts or {},
    )


def _own(values: Values, name: str, *, many: bool) -> tuple[str, ...] | None:
    if many:
        return values.many(name)
    value = values.one(name)
    return None if value is None else (value,)


def _said(values: Values) -> Mapping[str, object]:
    """Return what flags and environment say, in the file's shape."""
    said: dict[str, object] = {name: values.one(name) for name in _TEXTS if values.one(name) is not None}
    said |= {name: list(many) for name in _LISTS if (many := values.many(name)) is not None}
    if values.on("require-cmk"):
        said["require-cmk"] = True
    if services := values.many("service"):
        said["service"] = [_service(text) for text in services]
    if hosts := values.many("host"):
        said["host"] = _hosts(hosts)
    return said


def _service(text: str) -> Mapping[str, object]:
    services, equals, source = text.partition("=")
    return {"services": services, "sources": [source]} if equals else {"services": services}


def _hosts(texts: Iterable[str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for text in texts:
        host, equals, role = text.rpartition("=")
        if not equals or not host:
            message = f"--host: {text!r} is not ID=ROLE"
            raise UsageError(message, hint="Write --host i-0abc=etcd")
        found.setdefault(host, []).append(role)
    return found


def _file(given: str | None) -> SettingsFile:
    path = Path(given or FILE_NAME)
    if given is None and not path.is_file():
        return SettingsFile()
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8: byte {error.start} is wrong"
        raise UsageError(message) from None
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise UsageError(message) from None
    return read(text, str(path))
