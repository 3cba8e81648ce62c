"""Runs ``cloudguard check aws --cluster prod`` on a small account inside this process (``make demo``)."""

from __future__ import annotations

import os
import shlex
import sys

# moto reads these variables on import. Remove the caller's: the demo must use no real account, endpoint or settings.
for name in [name for name in os.environ if name.startswith(("AWS_", "CLOUDGUARD_"))]:
    del os.environ[name]
os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

import boto3
from moto import mock_aws

from cloudguard.cli import run
from cloudguard.errors import ExitStatus
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.installers import CLUSTER
from moto_fixtures.aws.scenes import showcase


def main() -> int:
    """Run the demo. Findings are expected, so they are no failure."""
    words = ["check", "aws", "--cluster", CLUSTER, "--region", REGION]
    with mock_aws():
        showcase.build(Account(boto3.Session(region_name=REGION)))
        sys.stderr.write(f"$ cloudguard {shlex.join(words)}\n")
        status = run(words)
    return 0 if status == ExitStatus.FINDINGS else status


if __name__ == "__main__":
    sys.exit(main())
