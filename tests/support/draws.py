"""The number of random inputs of a property, and their seed.

By default there are few inputs, and always the same ones. The environment variables DRAWS (a factor) and SEED change
this. ``make long`` sets both and prints the seed.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import settings

DRAWS: Final = int(os.environ.get("DRAWS", "1"))
SEED: Final = int(os.environ.get("SEED", "0"))


def seeds(count: int) -> range:
    """Return ``count`` times DRAWS seeds, for tests that draw with ``random.Random``."""
    return range(SEED, SEED + count * DRAWS)


def examples(count: int) -> settings:
    """Return the Hypothesis settings of a property: ``count`` times DRAWS examples and no deadline."""
    return settings(max_examples=count * DRAWS, deadline=None, derandomize=not SEED)
