"""The flags that commands share."""

from __future__ import annotations

from cloudguard.cli.typer_commands import Flag

CLUSTER = Flag("cluster", "The cluster's name; may be left out where there is only one.", "NAME")
SNAPSHOT = Flag("snapshot", "Judge this file, made by collect, instead of asking the cloud (- is stdin).", "FILE")
CONFIG = Flag("config", "Read declarations from FILE instead of ./cloudguard.toml.", "FILE")
OUTPUT = Flag("output", "Write to FILE instead of stdout.", "FILE", short="-o")

ROLES = (
    Flag("control-plane-tag", "Hosts with this tag are control plane.", "KEY=VALUE", many=True),
    Flag("node-tag", "Hosts with this tag are nodes.", "KEY=VALUE", many=True),
    Flag("etcd-tag", "Hosts with this tag run etcd.", "KEY=VALUE", many=True),
    Flag("host", "This machine belongs to the cluster: ROLE is control-plane, etcd or node.", "ID=ROLE", many=True),
)
POLICY = (
    Flag("admin-cidr", "Administrators connect to the API server from here.", "CIDR", many=True),
    Flag("service", "Clients may reach this service on the nodes, from CIDR if given.", "tcp/443[=CIDR]", many=True),
    Flag("node-ports", "The NodePort range (default tcp and udp 30000-32767).", "PORTS"),
    Flag("cni", "The network plugin, where nothing in the account tells it.", "NAME"),
    Flag("api-port", "The API server listens here.", "PORT", many=True),
    Flag("etcd-port", "etcd listens here, for clients or peers.", "PORT", many=True),
    Flag("require-cmk", "etcd's disks must be encrypted by a key of your own.", switch=True),
)
REPORT = (
    Flag("fail-on", "The least severity that makes the status 3 (default medium).", "critical|high|medium|low|never"),
    Flag("format", "Write table, json or markdown, to FILE if given.", "FMT[=FILE]", many=True, short="-f"),
    OUTPUT,
    Flag("color", "Colour severities (default auto).", "auto|always|never"),
)
TALK = (
    Flag("no-progress", "Show no progress.", switch=True),
    Flag("quiet", "Say nothing on stderr but errors.", switch=True, short="-q"),
    Flag("verbose", "Show the traceback of an internal error.", switch=True, short="-v"),
)
