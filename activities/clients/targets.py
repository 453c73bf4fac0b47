"""Explicit targets (P8): to this API an empty list means *everything*, so nothing empty and nothing odd is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from remediation.errors import Refused
from remediation.events import INSTANCE_ID

_DISK_ID = re.compile(r"disk-[0-9a-z]{1,32}")
_OTHER_IDS = {"SnapshotId": re.compile(r"snap-[0-9a-z]{1,32}"), "CommandId": re.compile(r"cmd-[0-9a-z]{1,32}")}


def instance(instance_id: str) -> str:
    """This id, if it is one of an instance."""
    if not isinstance(instance_id, str) or not INSTANCE_ID.fullmatch(instance_id):
        raise Refused(f"{instance_id!r} is not the id of an instance", code="NotSent")
    return instance_id


def check_target(action: str, region: str, params: Mapping[str, Any], mutating: bool) -> None:
    """Nothing empty; and in a mutating call one well-formed id of what it is about.

    Raises:
        Refused: it is not sent.
    """
    for name, value in params.items():
        if value in ([], None) and name != "Tags":
            raise Refused(f"not sent: {name} is empty, which means all", action=action, region=region, code="NotSent")
    if not mutating:
        return
    targets, kind = params.get("InstanceIds"), INSTANCE_ID
    if targets is None:
        targets, kind = [params.get("DiskId")], _DISK_ID
    others = all(kind_of.fullmatch(str(params[name])) for name, kind_of in _OTHER_IDS.items() if name in params)
    if len(targets) != 1 or not kind.fullmatch(str(targets[0])) or not others:
        raise Refused(f"not sent: {targets!r} is not one well-formed id", action=action, region=region, code="NotSent")
