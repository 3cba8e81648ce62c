"""Shards: several runs divide the clusters between them."""

from __future__ import annotations

import re
from hashlib import sha256

from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Shard:
    """The share of one run: the shard ``number`` of ``of`` shards, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Return the shard for a text like "2/5"; raises ValueError for any other text."""
        match = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,5})", text)
        if match is None or int(match[1]) > int(match[2]):
            message = f"{text!r} is not a shard: write 2/5 for the second of five"
            raise ValueError(message)
        return cls(int(match[1]), int(match[2]))

    def takes(self, key: str) -> bool:
        """Whether the cluster with this key is in this shard. Each key is in exactly one of the shards."""
        digest = sha256(key.encode("utf-8", "backslashreplace")).digest()
        return int.from_bytes(digest[:8]) % self.of == self.number - 1
