"""The kinds of mistakes of which each cloud has at least ten tests, and how many tests each has.

A test names the mistake that it would find: ``@pytest.mark.mistake("member-left-out")``, or ``pytestmark`` for a whole
file. ``python tools/mistakes.py`` collects the tests of every cloud and prints the numbers as a table.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from tabulate import tabulate

CLOUDS = ("aws", "gcp", "azure")
ENOUGH = 10
"""The number of tests, each on an account of another shape, that a kind of mistake has on each cloud."""
MISTAKES = {
    "role-removed": "a name or a free-form tag takes a role from a host",
    "disk-removed": "a name or a free-form tag takes a disk out of the rows about etcd's data",
    "port-removed": "the API server or etcd is looked for on too few ports",
    "member-left-out": "a host or interface that an answer assigns to the cluster is left out",
    "way-in-left-out": "a balancer, endpoint or private link to the cluster, wherever it is, is left out",
    "service-left-out": "an interface that a service has in the cluster's subnets or groups is left out",
    "sender-without-route": "a sender that cannot send, or has no route, makes a row fail; or one that can is left out",
    "next-host-left-out": "a stopped host, or the next host of a pool with what its template gives it, is left out",
    "unknown-word": "an unknown type, scheme, action, protocol or field makes a row pass",
    "odd-answer": "an answer that is cut short, contradicts another or is not the API's makes a row pass",
    "copy-left-out": "a copy of etcd's data, or its share with others, is left out; or an external datastore",
    "stranger-trusted": "an outsider that may become an identity of the cluster is not found, or an insider is",
    "identity-left-out": "an identity of the cluster's service accounts, or what it may take over, is left out",
    "grant-left-out": "a grant by a resource's own policy, or inherited from above, is left out",
    "need-too-wide": "a need excuses a grant on what is not the cluster's",
    "document-misread": "a policy, its conditions or its variables are not read as the cloud reads them",
    "rank-lowered": "a condition or boundary hides an administrator or an escalation",
    "secret-read-as-list": "a read whose answer holds secrets, or an action that runs something, counts as a list",
    "wrong-witness": "the witness, message or blamed rule is not part of the excess",
    "declared-too-wide": "a declaration that allows everything is not shown",
    "imposed-misjudged": "a rule of the provider, the metadata service or a way in guarded by IAM has a wrong weight",
}
"""What goes wrong, by its name."""
NOT_THERE: dict[tuple[str, str], str] = {}
"""Why a cloud has fewer tests of a mistake, by mistake and cloud."""


class Counted:
    """A plugin of pytest that counts the collected tests by mistake and cloud."""

    def __init__(self) -> None:
        """Start from zero."""
        self.numbers = Counter[tuple[str, str]]()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count each test once for each of its marks."""
        for item in session.items:
            cloud = next((cloud for cloud in CLOUDS if f"cloudguard_{cloud}" in item.nodeid), None)
            if cloud is not None:
                self.numbers.update((str(mark.args[0]), cloud) for mark in item.iter_markers("mistake"))


def faults(numbers: Mapping[tuple[str, str], int]) -> list[str]:
    """Return a text for each mistake that has too few tests on a cloud, and for each unknown mistake that a test names.

    ``numbers``: the number of tests by mistake and cloud.
    """
    cells = ((name, cloud) for name in MISTAKES for cloud in CLOUDS if (name, cloud) not in NOT_THERE)
    tests = {cell: numbers.get(cell, 0) for cell in cells}
    few = [f"{name} on {cloud}: {number} tests" for (name, cloud), number in tests.items() if number < ENOUGH]
    return few + sorted({f"unknown mistake: {name}" for name, _ in numbers if name not in MISTAKES})


def main() -> int:
    """Print the table; return 1 if there are ``faults``."""
    counted = Counted()
    folders = [str(Path(__file__).parent.parent / "tests" / f"cloudguard_{cloud}") for cloud in CLOUDS]
    with redirect_stdout(StringIO()):  # pytest's own list of tests
        pytest.main([*folders, "--collect-only", "-p", "no:cacheprovider"], plugins=[counted])
    numbers = counted.numbers
    print(tabulate([[name, *(numbers[name, cloud] for cloud in CLOUDS)] for name in MISTAKES], ["mistake", *CLOUDS]))
    wrong = faults(numbers)
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
