"""The hops of a witness: the stations that a packet or a request passes."""

from __future__ import annotations

from enum import StrEnum

from cloudguard.results.change import RuleTraffic
from cloudguard.values import dataclass


class HopKind(StrEnum):
    """The kind of a hop."""

    INTERNET = "internet"
    """A public address of the target; ``id`` is the subnet that routes it."""
    ENDPOINT = "endpoint"
    """A managed control plane's endpoint; ``lets`` is its service."""
    BALANCER = "balancer"
    """A load balancer's listener; ``lets`` is its service."""
    BALANCER_FILTER = "balancer-filter"
    """A filter of the balancer; without ``rule``, the balancer has none."""
    CLIENT_ADDRESS = "client-address"
    """The balancer's handling of the sender's address; ``lets`` is "preserved", "replaced" or "unknown"."""
    SUBNET_FILTER = "subnet-filter"
    TARGET_FILTER = "target-filter"
    """A filter of the host or endpoint itself."""
    STATEMENT = "statement"
    """A policy statement: ``id`` and ``name`` are the policy's, ``rule`` is the statement, ``lets`` is its grant."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop. ``word`` is the common word for its kind ("security group", "nlb", "public endpoint").

    ``rule`` is the id of the rule that lets the packet pass. ``lets`` is all traffic that the rule lets pass.
    ``attributed``: this hop is responsible for the finding. At other hops the packet passes as intended.
    """

    kind: HopKind
    id: str
    name: str = ""
    word: str = ""
    rule: str = ""
    lets: RuleTraffic | str = ""
    attributed: bool = False
