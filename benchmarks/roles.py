"""Measure the excess of real cluster roles, and cloudsplaining on the same documents.

``CLOUDSPLAINING=/path/to/python python benchmarks/roles.py``: the Python of an environment with cloudsplaining. Without
it, only cloudguard is measured. Times are milliseconds of processor time: the best of a few rounds, with the catalogs
loaded before. The peak memory is printed at the end. cloudsplaining lists risky actions; it does not know needs, does
not handle partial denies, and compares no policies.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
from time import process_time

from tabulate import tabulate

from cloudguard.authorization.excess import Comparer, Excess
from cloudguard_aws.iam_catalog.policy_writer import PolicyDocuments
from docs.identities.known_roles import KnownRole, known_roles
from docs.identities.render import VALUES, compared

ROUNDS = 3
THEIRS = """
import json, sys, time
from cloudsplaining.scan.policy_document import PolicyDocument
def judge(documents):
    for document in documents:
        found = PolicyDocument(document)
        found.allows_privilege_escalation, found.allows_data_exfiltration_actions
        found.permissions_management_without_constraints, found.infrastructure_modification
roles = json.load(sys.stdin)
for documents in roles.values():
    judge(documents)
times = {}
for name, documents in roles.items():
    best = []
    for _ in range(%d):
        started = time.process_time()
        judge(documents)
        best.append((time.process_time() - started) * 1000)
    times[name] = min(best)
json.dump(times, sys.stdout)
"""


def documents_of(role: KnownRole) -> list[object]:
    """Return a role's policies as documents."""
    texts = (text for policy in role.policies for text in PolicyDocuments().write(policy.statements))
    return [json.loads(text) for text in texts]


def ours(role: KnownRole) -> tuple[float, Excess]:
    """Return the milliseconds of one comparison, including its setup, and the excess that it found."""
    times: list[float] = []
    first, identity = compared(role)
    excess = first.of(identity)
    for _ in range(ROUNDS):
        started = process_time()
        comparer = Comparer(first.facts.cluster, first.identities, first.iam_catalog, first.facts.declarations)
        excess = comparer.of(identity)
        excess.certain.witness()
        times.append((process_time() - started) * 1000)
    return min(times), excess


def theirs(roles: tuple[KnownRole, ...]) -> dict[str, float]:
    """Return role id → cloudsplaining's milliseconds; empty if cloudsplaining is not installed."""
    python = os.environ.get("CLOUDSPLAINING")
    if not python:
        return {}
    documents = json.dumps({role.id: documents_of(role) for role in roles})
    ran = subprocess.run([python, "-c", THEIRS % ROUNDS], input=documents, capture_output=True, text=True, check=True)
    return {str(name): float(value) for name, value in json.loads(ran.stdout).items()}


def main() -> None:
    """Print the table."""
    roles = known_roles(VALUES)
    other = theirs(roles)
    rows: list[list[object]] = []
    for role in roles:
        milliseconds, excess = ours(role)
        seconds = other.get(role.id)
        ratio = f"{seconds / milliseconds:.1f}" if seconds else "-"
        rows.append([role.id, len(excess.effective.statements), milliseconds, seconds, ratio])
    headers = ["role", "statements", "ours ms", "cloudsplaining ms", "theirs to ours"]
    print(tabulate(rows, headers, floatfmt=".1f", missingval="not installed"))
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
