"""New versions of launch templates: made from the version in use, and set where the scaling group reads its version."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from cloudguard.model.cluster import Pool
from cloudguard.provider.calls.cloud_forms import NoCallError, Pair
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import ApiCall, answer
from cloudguard_aws.changes.edits import EC2, answer_name

Fields = dict[str, Any]
"""Fields of LaunchTemplateData."""
Edited = Callable[[Fields], Fields]
"""Takes the fields of ``REPLACED`` in a template, and returns the fields to change in a new version."""
AUTO_SCALING: Final = "autoscaling"
_LATEST: Final = "$Latest"
_DEFAULT: Final = "$Default"


def template_of(index: SnapshotIndex, pool: str) -> tuple[Pool, Fields]:
    """Return a scaling group and its template's fields.

    Raises NoCallError if a new template version can't be used, or if the group has several templates.
    """
    pools = index.pools.get(pool, ())
    if len(pools) != 1 or not pools[0].template_fields or ":" not in pools[0].template:
        message = f"the template of {pool} cannot be edited, or the group has several templates"
        raise NoCallError(message)
    return pools[0], cast("Fields", json.loads(pools[0].template_fields))


def new_version(index: SnapshotIndex, pool: str, edit: Edited, earlier: tuple[Edited, ...] = ()) -> Iterator[Pair]:
    """Yield the calls that make and use a new version of a group's template with ``edit``, each with its inverse.

    ``earlier``: the edits of the versions that the plan made before. The new version is made from the last of them.
    """
    known, fields = template_of(index, pool)
    template, _, number = known.template.rpartition(":")
    named = str(fields.pop("Version", ""))
    for edited in earlier:
        fields |= edited(fields)
    last, new = _version_name(pool, len(earlier)), _version_name(pool, len(earlier) + 1)
    source = answer(last) if earlier else number
    about = {"LaunchTemplateId": template}
    data = edit(fields)
    make = about | {"SourceVersion": source, "VersionDescription": "cloudguard", "LaunchTemplateData": data}
    answers = {new: "LaunchTemplateVersion.VersionNumber"}
    forget = ApiCall(EC2, "DeleteLaunchTemplateVersions", about | {"Versions": [answer(new)]})
    yield ApiCall(EC2, "CreateLaunchTemplateVersion", make, answers), (forget,)
    if named == _LATEST:
        return
    if named == _DEFAULT:
        put = ApiCall(EC2, "ModifyLaunchTemplate", about | {"DefaultVersion": answer(new)})
        yield put, (ApiCall(EC2, "ModifyLaunchTemplate", about | {"DefaultVersion": source}),)
    else:
        yield _of_group(pool, about, answer(new)), (_of_group(pool, about, source),)


def _version_name(pool: str, number: int) -> str:
    return answer_name("version", pool, str(number))


def _of_group(pool: str, about: Mapping[str, Any], version: object) -> ApiCall:
    template = {**about, "Version": version}
    return ApiCall(AUTO_SCALING, "UpdateAutoScalingGroup", {"AutoScalingGroupName": pool, "LaunchTemplate": template})
