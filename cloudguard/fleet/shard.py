"""A share of the clusters, for one of several runs at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several runs that share the clusters between them; ``number`` counts from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Return the shard that "2/5" says; raises ValueError."""
        found = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,5})", text)
        if found is None or int(found[1]) > int(found[2]):
            message = f"{text!r} is no shard: write 2/5 for the second of five"
            raise ValueError(message)
        return cls(int(found[1]), int(found[2]))

    def takes(self, key: str) -> bool:
        """Whether this run checks the cluster of this key: just one of the runs does."""
        digest = sha256(key.encode("utf-8", "backslashreplace")).digest()
        return int.from_bytes(digest[:8]) % self.of == self.number - 1
