"""``cloudguard check aws --cluster prod`` on a small account that lives in this process (``make demo``)."""

from __future__ import annotations

import os
import shlex
import sys

os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # read when moto starts

import boto3
from moto import mock_aws

from cloudguard.cli import run
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.installers import CLUSTER
from moto_fixtures.aws.scenes import showcase


def main() -> int:
    """Run it; what the check found is no failure of the demo."""
    words = ["check", "aws", "--cluster", CLUSTER, "--region", REGION]
    with mock_aws():
        showcase.build(Account(boto3.Session(region_name=REGION)))
        sys.stderr.write(f"$ cloudguard {shlex.join(words)}\n")
        run(words)
    return 0


if __name__ == "__main__":
    sys.exit(main())
