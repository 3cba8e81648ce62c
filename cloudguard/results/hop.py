"""The path of a witness: what a packet or a request passes, hop by hop."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloudguard.results.change import RuleTraffic


class HopKind(StrEnum):
    """What is passed at a hop."""

    INTERNET = "internet"
    """A public address of the target; ``id`` is the subnet that routes it."""
    ENDPOINT = "endpoint"
    """A managed control plane's endpoint; ``lets`` is its service."""
    BALANCER = "balancer"
    """A load balancer's listener; ``lets`` is what it listens on."""
    BALANCER_FILTER = "balancer-filter"
    """A filter of the balancer; without ``rule``, the balancer has none."""
    CLIENT_ADDRESS = "client-address"
    """What the balancer does with the sender's address; ``lets`` is "preserved", "replaced" or "unknown"."""
    SUBNET_FILTER = "subnet-filter"
    TARGET_FILTER = "target-filter"
    """A filter of the host or endpoint itself."""
    STATEMENT = "statement"
    """A policy statement: ``id`` and ``name`` are the policy's, ``rule`` is the statement, ``lets`` what it grants."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop. ``word`` is what people call the thing ("security group", "nlb", "public endpoint").

    ``rule`` is the id of the rule that lets the packet pass, ``lets`` what it lets pass in all. ``attributed``: the
    finding is attributed to this hop; elsewhere the packet passes as it should.
    """

    kind: HopKind
    id: str
    name: str = ""
    word: str = ""
    rule: str = ""
    lets: RuleTraffic | str = ""
    attributed: bool = False
