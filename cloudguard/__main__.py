"""``python -m cloudguard``."""

import sys

from cloudguard.cli import run

if __name__ == "__main__":
    sys.exit(run())
