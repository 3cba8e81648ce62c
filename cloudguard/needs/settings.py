"""All settings. Each is declared once, with its flag, environment variable, key of the file, help and default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeGuard

from cloudguard.model.cluster import Role
from cloudguard.model.identity import SERVICE_ACCOUNT
from cloudguard.needs.declarations import (
    Declarations,
    DeclaredNeed,
    DeclaredOutsider,
    DeclaredPermission,
    DeclaredService,
)
from cloudguard.needs.setting import Setting
from cloudguard.needs.setting_values import (
    Kind,
    as_table,
    choice,
    choice_to_file,
    cidr,
    duration,
    list_of,
    mapping,
    named,
    peer,
    secret,
    services,
    switch,
    table,
    tag,
    text,
)
from cloudguard.needs.waivers import WAIVER_TABLE

SEVERITIES: Final = ("critical", "high", "medium", "low")
HOSTS, DECLARED, REPORT = "Cluster and hosts", "Declarations", "Report"
HISTORY, NOTICES = "History", "Notices"
"""The panels of ``--help``."""


def _service_tables(values: Sequence[str]) -> object:
    pairs = [value.partition("=") for value in values]
    return [{"services": name, **({"sources": source} if equals else {})} for name, equals, source in pairs]


def _host_table(values: Sequence[str]) -> object:
    hosts: dict[str, list[str]] = {}
    for value in values:
        host, equals, role = value.rpartition("=")
        if not equals or not host:
            message = f"{value!r} is not ID=ROLE, as in i-0abc=etcd"
            raise ValueError(message)
        hosts.setdefault(host, []).append(role)
    return hosts


def _read_role(value: object) -> Role:
    return Role(choice(*Role).read(value))


def _read_need(value: object) -> DeclaredNeed | DeclaredPermission:
    """Read a flow (``peer`` and ``services``) or a permission (``actions`` and ``resources``)."""
    keys = as_table(value).keys() & {*_FLOW, *_PERMISSION}
    if keys == set(_FLOW):
        return _NEEDED_FLOW.read(value)
    if keys == set(_PERMISSION):
        return _NEEDED_PERMISSION.read(value)
    message = "give peer and services (a flow), or actions and resources (a permission)"
    raise ValueError(message)


_FLOW: Final[Mapping[str, Kind[Any]]] = {"peer": text(peer), "services": text(services)}
_PERMISSION: Final[Mapping[str, Kind[Any]]] = {
    "actions": list_of(text(), least=1),
    "resources": list_of(text(), least=1),
}
_NEEDED_FLOW: Final = table(DeclaredNeed, {"role": choice(*Role), "reason": text(), **_FLOW})
_NEEDED_PERMISSION: Final = table(
    DeclaredPermission,
    {"role": choice(*Role, "cluster", "pods", SERVICE_ACCOUNT), "reason": text(), **_PERMISSION},
    {"identity": text()},
)
_NEED: Final = Kind(_read_need, schema={"anyOf": [_NEEDED_FLOW.schema, _NEEDED_PERMISSION.schema]})
_SERVICE: Final = table(
    DeclaredService, {"services": text(services)}, {"sources": list_of(text(cidr), least=1), "reason": text()}
)
_OUTSIDER: Final = table(DeclaredOutsider, {"principal": text(named), "reason": text()}, {"identity": text()})
_TAGS: Final = list_of(text(tag))
_PORTS: Final = list_of(text(services))

CLUSTER: Final = Setting(
    "cluster NAME", list_of(text(), least=1), "The cluster's name.", HOSTS, "the only one that the account shows"
)
CONTROL_PLANE_TAG: Final = Setting(
    "control-plane-tag KEY=VALUE",
    _TAGS,
    "Hosts with this tag (Name=prod-master-*) are control-plane hosts.",
    HOSTS,
    "the installer's",
)
NODE_TAG: Final = Setting(
    "node-tag KEY=VALUE", _TAGS, "Hosts with this tag are nodes; * and ? match any text.", HOSTS, "the installer's"
)
ETCD_TAG: Final = Setting(
    "etcd-tag KEY=VALUE", _TAGS, "Hosts with this tag run etcd; * and ? match any text.", HOSTS, "the installer's"
)
HOST: Final = Setting(
    "host ID=ROLE",
    mapping(list_of(Kind(_read_role, schema=choice(*Role).schema), least=1)),
    "A host of the cluster with its role: control-plane, etcd or node.",
    HOSTS,
    from_flag=_host_table,
)
ADMIN_CIDR: Final = Setting(
    "admin-cidr CIDR",
    list_of(text(cidr)),
    "Administrators connect to the API server from this range. In the file, an empty list means: from nowhere.",
    DECLARED,
    "not declared: public access is judged by its size",
    declares="admin_cidrs",
)
ADMIN_REASON: Final = Setting(
    "admin-reason TEXT",
    text(),
    "The reason for administrators' ranges with more than 65,536 addresses.",
    DECLARED,
    declares="admin_reason",
)
API_INSIDE: Final = Setting(
    "api-inside",
    switch(),
    "The cluster's hosts connect to the API server inside their network, not at its public address.",
    DECLARED,
    "unknown: a plan keeps the public access that a host may use",
    declares="api_inside",
)
SERVICE: Final = Setting(
    "service tcp/443[=CIDR]",
    list_of(_SERVICE),
    "Clients may connect to this service on the nodes, from CIDR if given.",
    DECLARED,
    declares="services",
    from_flag=_service_tables,
)
NEED: Final = Setting("need", list_of(_NEED), "A flow or a permission of your own that the cluster needs.", flag=False)
OUTSIDER: Final = Setting(
    "outsider",
    list_of(_OUTSIDER),
    "A principal outside the account that may assume an identity of the cluster.",
    flag=False,
    declares="outsiders",
)
ADDONS: Final = Setting(
    "addons NAME",
    list_of(text()),
    "An add-on that runs with the hosts' identity: ebs-csi, cluster-autoscaler, …",
    DECLARED,
    "detected",
    declares="addons",
)
REQUIRE_CMK: Final = Setting(
    "require-cmk",
    switch(),
    "Require a customer's key for etcd's disks and their copies.",
    DECLARED,
    declares="require_customer_key",
)
CNI: Final = Setting("cni NAME", text(), "The network plugin: calico, cilium, …", DECLARED, "unknown", declares="cni")
API_PORT: Final = Setting(
    "api-port PORT",
    _PORTS,
    "A port of the API server: 6443 or tcp/443.",
    DECLARED,
    "the installer's",
    declares="api_ports",
)
ETCD_PORT: Final = Setting(
    "etcd-port PORT", _PORTS, "A client or peer port of etcd.", DECLARED, "the installer's", declares="etcd_ports"
)
ETCD_TLS: Final = Setting(
    "etcd-tls TEXT",
    text(),
    "Declares that etcd uses TLS for clients and peers; TEXT says how you know.",
    DECLARED,
    "unknown: no cloud shows this",
    declares="etcd_tls",
)
_NODE_PORTS: Final = Declarations().node_ports
NODE_PORTS: Final = Setting(
    "node-ports PORTS", text(services), "The NodePort range.", DECLARED, _NODE_PORTS, declares="node_ports"
)
WAIVERS: Final = Setting(
    "waivers FILE", text(), "Read waivers of findings from FILE.", DECLARED, "./cloudguard-waivers.toml if there is one"
)
WAIVER: Final = Setting("waiver", list_of(WAIVER_TABLE), "A finding that is accepted until a date.", flag=False)
STRICT_WAIVERS: Final = Setting(
    "strict-waivers", switch(), "Exit with status 3 also if a waiver has expired or covers nothing.", REPORT
)
FAIL_ON: Final = Setting(
    "fail-on SEVERITY",
    choice(*SEVERITIES, "never"),
    "The lowest severity that gives exit status 3: critical, high, medium, low or never.",
    REPORT,
    "medium",
)
NOTIFY: Final = Setting(
    "notify URL",
    list_of(secret()),
    "Send a notice to this apprise URL: slack://…, msteams://…, mailto://… or json://…",
    NOTICES,
    implicit=False,
)
NOTIFY_EVENTS: Final = ("new", "fixed", "incomplete", "expiring", "always")
NOTIFY_ON: Final = Setting(
    "notify-on EVENT",
    list_of(choice(*NOTIFY_EVENTS)),
    f"Send notices only for this event: {', '.join(NOTIFY_EVENTS[:-1])} or {NOTIFY_EVENTS[-1]}.",
    NOTICES,
    "new, incomplete and expiring",
    implicit=False,
)
PING: Final = Setting(
    "ping URL",
    secret("http", "https"),
    "Request this URL at the end, with /start appended at the start, and /fail if not everything was read.",
    NOTICES,
    implicit=False,
)
FORMATS: Final = (
    *("table", "json", "markdown", "html", "pdf"),
    *("sarif", "junit", "csv", "ocsf", "asff", "gitlab", "github", "openmetrics"),
)
FORMAT: Final = Setting(
    "format FMT[=FILE]",
    list_of(choice_to_file(*FORMATS)),
    f"Write {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, to FILE if given.",
    REPORT,
    "table",
    short="-f",
)
STORE: Final = Setting(
    "store URL",
    text(),
    "Compare with the last run in this store, and add this run: sqlite:///FILE, postgresql+psycopg://… or none.",
    HISTORY,
    "the store of history init",
    implicit=False,
)
BASELINE: Final = Setting(
    "baseline FILE", text(), "Compare with this JSON report instead of the last run.", HISTORY, implicit=False
)
FAIL_ON_NEW: Final = Setting(
    "fail-on-new", switch(), "Exit with status 3 only for new, reopened and wider findings.", HISTORY, implicit=False
)
ONLY_CHANGES: Final = Setting(
    "only-changes", switch(), "Print nothing if nothing has changed. Files are still written.", HISTORY, implicit=False
)
HEARTBEAT: Final = Setting(
    "heartbeat TIME",
    duration(),
    "With --only-changes: print after this time (7d) even if nothing has changed.",
    HISTORY,
    implicit=False,
)
LOCK_WAIT: Final = Setting(
    "lock-wait TIME",
    duration(),
    "Wait at most this time (5m) for another run of the same cluster and store.",
    HISTORY,
    "do not wait; exit status 75",
    implicit=False,
)
COLOR: Final = Setting(
    "color WHEN", choice("auto", "always", "never"), "Colour severities: auto, always or never.", REPORT, "auto"
)
PROVIDER: Final = Setting(
    "provider", mapping(mapping(list_of(text()))), "The flags of a provider, by the provider's name.", flag=False
)


def _is_setting(value: object) -> TypeGuard[Setting[Any]]:
    return isinstance(value, Setting)


IN_FILE: Final = tuple(filter(_is_setting, globals().values()))
"""The settings that ``cloudguard.toml`` may hold: all settings of this module."""
