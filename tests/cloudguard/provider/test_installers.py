"""OpenShift, shown by the balancer for its machine config server. Its templates for own infrastructure write no tag."""

from __future__ import annotations

import pytest

from builders import balancer
from cloudguard.model.cluster import Strength
from cloudguard.model.load_balancers import BackendTarget
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.installers import ShownInstaller, with_openshift

UNKNOWN, OPENSHIFT = ShownInstaller("unknown"), ShownInstaller("openshift", Strength.STRONG)
BOTH = ("cp-0", "cp-1")
SHOWN = {
    "all control-plane hosts": (UNKNOWN, "prod-x7k2p", BOTH, BOTH, "tcp/22623", OPENSHIFT),
    "names show it by weak evidence": (
        ShownInstaller("openshift"),
        "prod-x7k2p",
        BOTH,
        BOTH,
        "tcp/22623",
        OPENSHIFT,
    ),
    "one host is left out": (UNKNOWN, "prod-x7k2p", BOTH, ("cp-0",), "tcp/22623", UNKNOWN),
    "no control plane is known": (UNKNOWN, "prod-x7k2p", (), BOTH, "tcp/22623", UNKNOWN),
    "another port": (UNKNOWN, "prod-x7k2p", BOTH, BOTH, "tcp/6443", UNKNOWN),
    "the name is no infrastructure id": (UNKNOWN, "prod", BOTH, BOTH, "tcp/22623", UNKNOWN),
    "tags show another installer": (
        ShownInstaller("kops"),
        "prod-x7k2p",
        BOTH,
        BOTH,
        "tcp/22623",
        ShownInstaller("kops"),
    ),
}


@pytest.mark.parametrize(("known", "name", "hosts", "sent_to", "port", "shown"), SHOWN.values(), ids=SHOWN)
def test_the_machine_config_server_behind_a_balancer_shows_openshift(
    known: ShownInstaller, name: str, hosts: tuple[str, ...], sent_to: tuple[str, ...], port: str, shown: ShownInstaller
) -> None:
    targets = [BackendTarget(host, NO_ADDRESSES, ServiceSet.parse(port)) for host in sent_to]
    assert with_openshift(known, name, hosts, [balancer("api-int", port, targets)]) == shown
