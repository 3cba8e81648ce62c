"""How many inputs a property draws, and from which seed.

Few and always the same ones, unless the environment says otherwise: DRAWS times as many, from SEED. ``make long`` sets
both and prints the seed.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import settings

DRAWS: Final = int(os.environ.get("DRAWS", "1"))
SEED: Final = int(os.environ.get("SEED", "0"))


def seeds(count: int) -> range:
    """Return ``count`` seeds for tests that draw by ``random.Random``, or DRAWS times as many."""
    return range(SEED, SEED + count * DRAWS)


def examples(count: int) -> settings:
    """Return the settings of a property: ``count`` draws, or DRAWS times as many, and no deadline."""
    return settings(max_examples=count * DRAWS, deadline=None, derandomize=not SEED)
