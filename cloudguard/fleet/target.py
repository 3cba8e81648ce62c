"""What to check in one run: accounts, and clusters in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cloudguard.errors import CloudguardError
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.setting import Settings


@dataclass(frozen=True, slots=True)
class Target:
    """An account of a provider, and which of its clusters to check (``clusters`` empty: all that it shows).

    ``options`` are the provider's own flags. ``account`` is the one that has to answer, "" for any. ``settings`` are
    those of all its clusters, ``by_cluster`` those that are stronger for one.
    """

    provider: str
    options: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    clusters: tuple[str, ...] = ()
    account: str = ""
    settings: Settings = field(default_factory=Settings)
    by_cluster: Mapping[str, Settings] = field(default_factory=dict[str, Settings])

    @property
    def name(self) -> str:
        """The account in words: "aws 123456789012 eu-west-1"."""
        values = (value for name in sorted(self.options) for value in self.options[name])
        return " ".join(dict.fromkeys(filter(None, (self.provider, self.account, *values))))


@dataclass(frozen=True, slots=True)
class TargetCluster:
    """One cluster of a target; ``options`` choose it where the target's do not."""

    target: Target
    name: str
    options: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    @property
    def settings(self) -> Settings:
        """What is set for this cluster."""
        own = self.target.by_cluster.get(self.name)
        return own.over(self.target.settings) if own else self.target.settings

    @property
    def key(self) -> str:
        """A text that no other cluster of the run has, and that it keeps from run to run."""
        options = {**self.target.options, **self.options}
        values = (f"{name}={value}" for name in sorted(options) for value in options[name])
        return "\n".join((self.target.provider, self.target.account, *values, self.name))


@dataclass(frozen=True, slots=True)
class Collected:
    """What was read of a cluster, or of an account whose clusters can't be listed: facts, or why there are none."""

    name: str
    target: Target
    snapshot: Snapshot | None = None
    cluster: TargetCluster | None = None
    error: CloudguardError | None = None
