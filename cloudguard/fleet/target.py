"""The accounts and clusters to check in one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from cloudguard.errors import CloudguardError
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.setting import Settings
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """An account of a provider, and the names of its clusters to check (``clusters`` empty: all clusters).

    ``options`` maps the provider's own flags to their values. ``account`` is the account that the credentials must
    belong to, "" for any. ``settings`` apply to all clusters of the target. ``by_cluster`` maps a cluster's name to
    settings that win over them.
    """

    provider: str
    options: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    clusters: tuple[str, ...] = ()
    account: str = ""
    settings: Settings = field(default_factory=Settings)
    by_cluster: Mapping[str, Settings] = field(default_factory=dict[str, Settings])

    @property
    def name(self) -> str:
        """The target's name for people: "aws 123456789012 eu-west-1"."""
        values = (value for name in sorted(self.options) for value in self.options[name])
        return " ".join(dict.fromkeys(filter(None, (self.provider, self.account, *values))))


@dataclass(frozen=True, slots=True)
class TargetCluster:
    """One cluster of a target; ``options`` are flags that select it, in addition to the target's options."""

    target: Target
    name: str
    options: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    @property
    def settings(self) -> Settings:
        """The settings that apply to this cluster."""
        own_settings = self.target.by_cluster.get(self.name)
        return own_settings.over(self.target.settings) if own_settings else self.target.settings

    @property
    def key(self) -> str:
        """A text that is unique to the cluster within the run and the same in every run."""
        options = {**self.target.options, **self.options}
        values = (f"{name}={value}" for name in sorted(options) for value in options[name])
        return "\n".join((self.target.provider, self.target.account, *values, self.name))


@dataclass(frozen=True, slots=True)
class Collected:
    """The result of reading a cluster: its snapshot, or the error.

    ``cluster`` is None if the clusters of ``target`` could not be listed.
    """

    name: str
    target: Target
    snapshot: Snapshot | None = None
    cluster: TargetCluster | None = None
    error: CloudguardError | None = None
