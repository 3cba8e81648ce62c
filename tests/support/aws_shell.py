"""Run the shell lines of a plan with the real ``aws`` command, on the account that moto imitates in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from moto.server import ThreadedMotoServer

HOST = "127.0.0.1"
Lines = Callable[[Sequence[str]], None]


@contextmanager
def account_on_loopback() -> Generator[Lines]:
    """Serve the account on a free loopback port. Yield a function that runs lines with ``aws`` there, as one script."""
    server = ThreadedMotoServer(HOST, port=0)
    server.start()
    _, port = server.get_host_and_port()
    tools = Path(sys.executable).parent
    environment = {
        "PATH": f"{tools}{os.pathsep}{os.defpath}",
        "AWS_ENDPOINT_URL": f"http://{HOST}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def run(lines: Sequence[str]) -> None:
        script = "\n".join(("set -eu", *lines))
        done = subprocess.run(["/bin/sh", "-c", script], env=environment, capture_output=True, check=False, text=True)  # noqa: S603 - the plan's own lines
        assert done.returncode == 0, f"{done.stderr[-2000:]}\n{script}"

    try:
        yield run
    finally:
        server.stop()
