"""What the user declares in ``cloudguard.toml`` or by flags of the same names, checked by one set of rules.

Faults are told all at once. The keys are the flags' names without dashes in front.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Literal, Required, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from cloudguard.errors import UsageError
from cloudguard.model.cluster import Role
from cloudguard.needs.declarations import Declarations, DeclaredNeed, DeclaredPermission, DeclaredService
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet

FILE_NAME = "cloudguard.toml"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """Everything that flags, environment and file may declare; None where nothing is said.

    ``providers`` holds each provider's own options by its name: ("aws", "region") and the like.
    """

    cluster: str | None = None
    admin_cidrs: tuple[str, ...] | None = None
    services: tuple[DeclaredService, ...] | None = None
    needs: tuple[DeclaredNeed, ...] | None = None
    permissions: tuple[DeclaredPermission, ...] | None = None
    addons: tuple[str, ...] | None = None
    require_customer_key: bool | None = None
    cni: str | None = None
    api_ports: tuple[str, ...] | None = None
    etcd_ports: tuple[str, ...] | None = None
    node_ports: str | None = None
    role_tags: Mapping[Role, tuple[str, ...]] | None = None
    extra_hosts: Mapping[str, tuple[Role, ...]] | None = None
    providers: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None
    fail_on: str | None = None
    formats: tuple[str, ...] | None = None
    color: str | None = None

    def over(self, weaker: SettingsFile) -> SettingsFile:
        """Return these declarations, with what they leave unsaid taken from ``weaker``."""
        pairs = ((field.name, getattr(self, field.name), getattr(weaker, field.name)) for field in fields(self))
        return SettingsFile(**{name: theirs if own is None else own for name, own, theirs in pairs})

    def policy(self) -> Declarations:
        """Return what the checks read of them."""
        return Declarations(
            admin_cidrs=self.admin_cidrs,
            services=self.services or (),
            needs=self.needs or (),
            permissions=self.permissions or (),
            addons=self.addons or (),
            require_customer_key=bool(self.require_customer_key),
            cni=self.cni or "",
            api_ports=self.api_ports or (),
            etcd_ports=self.etcd_ports or (),
            node_ports=Declarations().node_ports if self.node_ports is None else self.node_ports,
        )


def _cidr(text: str) -> str:
    AddressSet.parse(text)
    return text


def _services(text: str) -> str:
    """Accept what a rule's services may say; a bare port number means TCP."""
    full = f"tcp/{text}" if text[:1].isdigit() else text
    if not ServiceSet.parse(full).intervals:
        message = f"{text!r} is no service at all"
        raise ValueError(message)
    return full


def _peer(text: str) -> str:
    return _cidr(text) if "/" in text and text[:1] in "0123456789abcdef:" else _filled(text)


def _tag(text: str) -> str:
    if not text.partition("=")[0] or "=" not in text:
        message = f"{text!r} is no tag: write KEY=VALUE"
        raise ValueError(message)
    return text


def _filled(text: str) -> str:
    if not text.strip():
        message = "it is empty"
        raise ValueError(message)
    return text


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Cidr = Annotated[str, AfterValidator(_cidr)]
_Services = Annotated[str, AfterValidator(_services)]
_Peer = Annotated[str, AfterValidator(_peer)]
_Tags = Annotated[list[Annotated[str, AfterValidator(_tag)]], BeforeValidator(_listed)]
_Text = Annotated[str, AfterValidator(_filled)]
_Texts = Annotated[list[str], BeforeValidator(_listed)]
_Roles = Annotated[list[Annotated[Role, Field(strict=False)]], BeforeValidator(_listed), Field(min_length=1)]
_Ports = Annotated[list[_Services], BeforeValidator(_listed)]


def _kebab(name: str) -> str:
    return name.replace("_", "-")


_SETTINGS = ConfigDict(extra="forbid", strict=True, alias_generator=_kebab)


@with_config(_SETTINGS)
class _Service(TypedDict, total=False):
    services: Required[_Services]
    sources: Annotated[list[_Cidr], BeforeValidator(_listed), Field(min_length=1)]
    reason: str


@with_config(_SETTINGS)
class _Need(TypedDict, total=False):
    """A flow (``peer`` and ``services``) or a permission (``actions`` and ``resources``)."""

    role: Required[_Text]
    reason: Required[_Text]
    peer: _Peer
    services: _Services
    actions: Annotated[list[_Text], BeforeValidator(_listed), Field(min_length=1)]
    resources: Annotated[list[_Text], BeforeValidator(_listed), Field(min_length=1)]


def _one_of_both(need: _Need) -> _Need:
    flow, permission = {"peer", "services"}, {"actions", "resources"}
    said = need.keys() & (flow | permission)
    if said not in (flow, permission):
        message = "give peer and services (a flow), or actions and resources (a permission)"
        raise ValueError(message)
    known = [str(role) for role in Role] + ([] if said == flow else ["cluster", "pods"])
    if need["role"] not in known:
        message = f"role {need['role']!r} is none of {', '.join(known)}"
        raise ValueError(message)
    return need


@with_config(_SETTINGS)
class _File(TypedDict, total=False):
    cluster: _Text
    admin_cidr: Annotated[list[_Cidr], BeforeValidator(_listed)]
    service: list[_Service]
    need: list[Annotated[_Need, AfterValidator(_one_of_both)]]
    addons: Annotated[list[_Text], BeforeValidator(_listed)]
    require_cmk: bool
    cni: _Text
    api_port: _Ports
    etcd_port: _Ports
    node_ports: _Services
    control_plane_tag: _Tags
    node_tag: _Tags
    etcd_tag: _Tags
    host: dict[str, _Roles]
    provider: dict[str, dict[str, _Texts]]
    fail_on: Literal["critical", "high", "medium", "low", "never"]
    format: _Texts
    color: Literal["auto", "always", "never"]


_CHECKED = TypeAdapter(_File)


def read(text: str, name: str) -> SettingsFile:
    """Return what the TOML ``text`` of the file ``name`` declares; raises UsageError listing all that is wrong."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{name} is not TOML: {error}"
        raise UsageError(message) from None
    return checked(raw, name, _in_file)


def checked(raw: Mapping[str, object], name: str, place: Callable[[tuple[int | str, ...]], str]) -> SettingsFile:
    """Return the declarations in ``raw``, keyed as the file is; ``place`` words where a fault is.

    Raises UsageError naming ``name`` and every fault.
    """
    try:
        table = _CHECKED.validate_python(dict(raw))
    except ValidationError as error:
        faults = [
            _fault(place(fault["loc"]), fault["type"], fault["msg"], fault["input"])
            for fault in error.errors(include_url=False)
        ]
        message = (f"{name}: " if name else "") + "; ".join(faults)
        raise UsageError(message, hint="See docs/configuration.md") from None
    return _declarations(table)


def _declarations(table: _File) -> SettingsFile:
    tags = {
        Role.CONTROL_PLANE: table.get("control_plane_tag"),
        Role.NODE: table.get("node_tag"),
        Role.ETCD: table.get("etcd_tag"),
    }
    needs, own = table.get("need"), table.get("provider", {})
    return SettingsFile(
        cluster=table.get("cluster"),
        admin_cidrs=_tuple(table.get("admin_cidr")),
        services=_tuple(_service_of(one) for one in table["service"]) if "service" in table else None,
        needs=None if needs is None else tuple(_need_of(one) for one in needs if "peer" in one),
        permissions=tuple(_permission_of(one) for one in needs or () if "actions" in one) or None,
        addons=_tuple(table.get("addons")),
        require_customer_key=table.get("require_cmk"),
        cni=table.get("cni"),
        api_ports=_tuple(table.get("api_port")),
        etcd_ports=_tuple(table.get("etcd_port")),
        node_ports=table.get("node_ports"),
        role_tags={role: tuple(values) for role, values in tags.items() if values} or None,
        extra_hosts={host: tuple(roles) for host, roles in table.get("host", {}).items()} or None,
        providers={name: {key: tuple(values) for key, values in options.items()} for name, options in own.items()}
        or None,
        fail_on=table.get("fail_on"),
        formats=_tuple(table.get("format")),
        color=table.get("color"),
    )


def _service_of(table: _Service) -> DeclaredService:
    sources = tuple(table.get("sources", DeclaredService("").sources))
    return DeclaredService(table["services"], sources, table.get("reason", ""))


def _need_of(table: _Need) -> DeclaredNeed:
    return DeclaredNeed(table.get("peer", ""), table["role"], table.get("services", ""), table["reason"])


def _permission_of(table: _Need) -> DeclaredPermission:
    actions, resources = tuple(table.get("actions", ())), tuple(table.get("resources", ()))
    return DeclaredPermission(table["role"], actions, resources, table["reason"])


def _tuple(values: Iterable[_T] | None) -> tuple[_T, ...] | None:
    return None if values is None else tuple(values)


def _fault(where: str, kind: str, message: str, given: object) -> str:
    """Return one fault in words, with the value that was given where it is short enough to show."""
    if kind == "extra_forbidden":
        return f"{where}: no such key"
    if kind == "missing":
        return f"{where}: missing"
    said = message.removeprefix("Value error, ")
    shown = f" (given: {given!r})" if isinstance(given, str | int | float) and repr(given) not in said else ""
    return f"{where}: {said}{shown}"


def _in_file(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")
