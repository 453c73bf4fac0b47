"""Events that `medic send` makes: EventBridge's envelope from a few words, or a file stamped as of now."""

from __future__ import annotations

import difflib
import time
import uuid
from collections.abc import Mapping
from typing import Any

from cli.console import misused
from remediation.events import INSTANCE_ID, KNOWN_FAULTS, canonical_type, unpack

SOURCE = "cvm.cloud.tencent"
_FRIENDLY = {
    "disk-read-only": "DiskReadonly",
    "ping-unreachable": "PingUnreachable",
    "kernel-failure": "GuestCoreError",
    "out-of-memory": "GuestOom",
    "instance-rebooted": "GuestReboot",
    "nvme-error": "NvmeError",
}
FRIENDLY_NAMES = tuple(_FRIENDLY)


def make_event(kind: str, instance_id: str, region: str, status: str) -> dict[str, Any]:
    """An envelope as EventBridge sends it, of this moment.

    Args:
        kind: a friendly name such as `disk-read-only`, or a full type such as `cvm:ErrorEvent:DiskReadonly`.
        status: "1" fires, "0" means recovered, "-" has no state.

    Raises:
        BadParameter: a type or an instance id that nobody knows.
    """
    if INSTANCE_ID.fullmatch(instance_id) is None:
        raise misused(f"--instance {instance_id!r} is not an instance id: write ins-0123abcd")
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": SOURCE,
        "type": _full_type(kind),
        "subject": instance_id,
        "time": _now_ms(),
        "region": region,
        "datacontenttype": "application/json;charset=utf-8",
        "status": status,
        "tags": None,
        "data": {"dimensions": {"unInstanceId": instance_id}},
    }


def as_of_now(body: object) -> object:
    """The same delivery with a new id and the present time in each of its events: one that was never sent before."""
    if isinstance(body, Mapping) and isinstance(body.get("EventList"), list):
        return {**body, "EventList": [_stamped(one) for one in unpack(body)]}
    return _stamped(body)


def _stamped(event: object) -> object:
    return {**event, "id": str(uuid.uuid4()), "time": _now_ms()} if isinstance(event, Mapping) else event


def _full_type(kind: str) -> str:
    if kind in _FRIENDLY:
        return f"cvm:ErrorEvent:{_FRIENDLY[kind]}"
    if kind.startswith("cvm:"):
        return canonical_type(kind)
    known = {name.lower(): name for name in KNOWN_FAULTS}
    if kind.lower() in known:
        return f"cvm:ErrorEvent:{known[kind.lower()]}"
    close = difflib.get_close_matches(kind, FRIENDLY_NAMES, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(FRIENDLY_NAMES)}."
    raise misused(f"--type {kind!r} is not known; {hint} Or write it in full, as in cvm:ErrorEvent:DiskReadonly")


def _now_ms() -> int:
    return int(time.time() * 1000)
