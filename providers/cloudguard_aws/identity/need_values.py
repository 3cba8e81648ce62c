"""The values of placeholders in the tables of AWS needs, for one cluster.

Placeholders: ``<cluster>`` (``<dashed>``: with dashes for dots), ``<account>``, ``<region>``, ``<partition>``;
``<state>`` and ``<backups>`` (kops' buckets with their prefixes), ``<bucket>`` (those buckets) and ``<zone>`` (a hosted
zone), ``<pool>`` (a scaling group), ``<host>`` (an instance) and ``<disk>`` (a volume), as far as policies of the
identities name them; ``<key>`` (a customer's key of a disk or of Secrets) and ``<secrets>`` (the customer's key of
Secrets).
"""

from __future__ import annotations

import re
from typing import Final

from cloudguard.model.identity import Identities
from cloudguard.model.keys import KeyManager
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.iam.need_tables import Values

_ZONE: Final = re.compile(r"^arn:[^:]*:route53:::hostedzone/([A-Z0-9]+)$")
_KEY: Final = re.compile(r"^arn:[^:]*:kms:[^:]*:[^:]*:key/[^*?]+$")
_ROLE: Final = re.compile(r"^arn:([a-z-]+):iam::")


def values_of(snapshot: Snapshot) -> Values:
    """Return a dict of placeholder → its values."""
    cluster = snapshot.cluster
    texts = sorted(named_resources(snapshot.identities))
    in_bucket = rf"^arn:[^:]*:s3:::([^*?]+?)/{re.escape(cluster.name)}/"
    states = sorted({match[1] for text in texts if (match := re.match(in_bucket + r"\*$", text))})
    backups = sorted({match[1] for text in texts if (match := re.match(in_bucket + "backups/", text))})
    secrets = cluster.secrets_encryption.key if cluster.secrets_encryption else ""
    last = {text.rpartition("/")[2] for text in texts}
    keys = {*(key.id for key in cluster.keys if key.manager is KeyManager.CUSTOMER), secrets}
    partitions = {match[1] for identity in snapshot.identities.identities if (match := _ROLE.match(identity.id))}
    return {
        "cluster": [cluster.name],
        "dashed": [cluster.name.replace(".", "-")],
        "account": [cluster.account],
        "region": list(cluster.regions),
        "partition": sorted(partitions) or ["aws"],
        "state": states,
        "backups": backups,
        "bucket": sorted({path.partition("/")[0] for path in (*states, *backups)}),
        "key": sorted(filter(_KEY.match, keys)),
        "secrets": sorted(filter(_KEY.match, {secrets})),
        "pool": sorted(last & {pool.name for pool in cluster.pools}),
        "host": sorted(last & {host.id for host in cluster.hosts}),
        "disk": sorted(last & {disk.id for disk in cluster.disks}),
        "zone": sorted({match[1] for text in texts if (match := _ZONE.match(text))}),
    }


def named_resources(identities: Identities) -> frozenset[str]:
    """Return the resources that statements of the cluster's identities name."""
    policy_ids = {name for identity in identities.identities for name in identity.policies}
    statements = (
        statement for policy in identities.policies if policy.id in policy_ids for statement in policy.statements
    )
    return frozenset(resource for statement in statements for resource in statement.resources)
