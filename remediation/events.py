"""From EventBridge's envelope to an Alarm, or to EventRejected: total over anything that may arrive.

The envelope's traps are those that Tencent's own samples show: time in milliseconds or seconds, as a number or a
string; a bare or six-segment subject; types in CamelCase or snake_case; `EventList` batches.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any

from remediation import strict_json
from remediation.errors import EventRejected
from remediation.models import Fact
from remediation.quoting import quoted
from remediation.regions import normalise_region

INSTANCE_ID = re.compile(r"ins-[0-9a-z]{1,32}")
_PLACEHOLDER = re.compile(r"ins-(x+|0+|example)")
_EVENT_ID = re.compile(r"[\x21-\x7e]{1,128}")
TYPE = re.compile(r"cvm:[A-Za-z]{1,40}:[A-Za-z0-9_]{1,80}")
_EARLIEST = datetime(2015, 1, 1, tzinfo=timezone.utc)
CLOCK_TOLERANCE = timedelta(minutes=10)
_SECONDS_BELOW = 10**11  # a smaller number of milliseconds would be a day of 1973

# The names that rules and people use; anything else keeps the spelling in which it came.
KNOWN_FAULTS = (
    "DiskReadonly",
    "GuestCoreError",
    "GuestOom",
    "PingUnreachable",
    "GuestReboot",
    "NvmeError",
    "NfctTableFull",
    "ErrorCfgFstab",
    "ErrorCfgDNS",
    "InstanceRestarted",
    "InstanceRestarting",
    "CvmPacketDropedByQosWanOutBandwidth",
    "CvmPacketDropedByQosConnectionSession",
)
_CANONICAL = {name.lower(): name for name in KNOWN_FAULTS}


class Status(str, Enum):
    """What EventBridge's `status` says of the fault."""

    FIRING = "1"
    RECOVERED = "0"
    STATELESS = "-"


class Alarm(Fact):
    """Tencent's statement that something is wrong (or is well again) with one instance."""

    event_id: str
    type: str
    fault: str
    status: Status
    instance_id: str
    region: str
    occurred_at: datetime
    received_at: datetime
    event: dict[str, Any]

    @property
    def is_recovery(self) -> bool:
        return self.status is Status.RECOVERED

    @property
    def is_firing(self) -> bool:
        """Whether its end will be reported too; what has no state counts as firing, and nobody reports its end."""
        return self.status is Status.FIRING

    @property
    def body_hash(self) -> str:
        """The same for every delivery of one event."""
        return body_hash(self.event)

    def ends(self, firing: Alarm) -> bool:
        """Whether this recovery says that the fault of `firing` is over: the same fault, and not before it."""
        return self.is_recovery and self.fault == firing.fault and self.occurred_at >= firing.occurred_at

    @property
    def is_placeholder(self) -> bool:
        """The console's template carries an id such as ins-xxxxxxxx."""
        return _PLACEHOLDER.fullmatch(self.instance_id) is not None


LONGEST_BATCH = 500
"""Elements; an event has some 300 bytes at the least, and a function takes 128 KB."""


def read_json(body: bytes) -> object:
    """The JSON value in `body` (UTF-8, a BOM is allowed).

    Raises:
        EventRejected: it is no JSON, or JSON that no sender means (NaN, thousands of digits, endless nesting, a key
            that is there twice).
    """
    try:
        return strict_json.read(body.decode("utf-8-sig"))
    except ValueError as error:
        raise EventRejected(f"not JSON: {error}", 'Send one EventBridge envelope, or {"EventList": [...]}') from None


def unpack(body: object) -> list[object]:
    """The envelopes in a delivery: EventBridge sends one, or `{"EventList": [...]}` when batching is on.

    A batch that is too long for a delivery of real events is left whole: it is one that cannot be read.
    """
    batch = body.get("EventList") if isinstance(body, Mapping) else None
    return list(batch) if isinstance(batch, list) and len(batch) <= LONGEST_BATCH else [body]


def parse_event(event: object, received_at: datetime) -> Alarm:
    """One envelope → Alarm. `received_at` is when the door took it in (aware, UTC).

    Raises:
        EventRejected: not a readable event about a CVM instance; says which field, and what is expected there.
    """
    if not isinstance(event, Mapping):
        raise EventRejected(f"an event is a JSON object, this is {_kind(event)}")
    if isinstance(event.get("EventList"), list):
        count = len(event["EventList"])
        raise EventRejected(f"an EventList of {count} is not taken apart: at most {LONGEST_BATCH}, none within another")
    if not all(isinstance(key, str) for key in event):
        raise EventRejected("an event is a JSON object, and its keys are text")
    kind = _canonical_type(event)
    region, raw = normalise_region(event.get("region")), event.get("status")
    status = _status(raw)
    return Alarm(
        event_id=_event_id(event),
        type=kind,
        fault=kind.rpartition(":")[2],
        status=status,
        instance_id=_instance_id(event),
        region=region,
        occurred_at=_occurred_at(event, received_at),
        received_at=received_at,
        # Rules match on the normalised names, whichever spelling came; only what says nothing stays as it is.
        event={**event, "type": kind, "region": region, **({} if raw in (None, "") else {"status": status.value})},
    )


def body_hash(event: object) -> str:
    """A stable name for a body that has no usable id: 16 hex digits."""
    try:
        canonical = json.dumps(event, sort_keys=True, ensure_ascii=True, default=repr)
    except (TypeError, ValueError, RecursionError):  # no JSON: the door's `tidy` lets none of it through
        canonical = f"{type(event).__name__} that is no JSON"
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def canonical_fault(name: str) -> str:
    """`disk_readonly` → `DiskReadonly`; a name that nobody knows stays as it is."""
    return _CANONICAL.get(name.replace("_", "").lower(), name)


def canonical_type(text: str) -> str:
    """`disk_readonly`, `cvm:ErrorEvent:disk_readonly`, `磁盘只读(cvm:ErrorEvent:DiskReadonly)` → one spelling."""
    inner = re.search(r"\((cvm:[^()]*)\)", text)
    parts = (inner[1] if inner else text).split(":")
    if len(parts) == 1:
        parts = ["cvm", "ErrorEvent", parts[0]]
    return ":".join([*parts[:-1], canonical_fault(parts[-1])])


def _canonical_type(event: Mapping[str, Any]) -> str:
    raw = event.get("type")
    source = event.get("source")
    if not isinstance(raw, str):
        raise EventRejected("the event has no `type`", 'A CVM alarm has one such as "cvm:ErrorEvent:DiskReadonly"')
    if source is not None and source != "cvm.cloud.tencent":
        raise EventRejected(
            f"source {quoted(source)} is not cvm.cloud.tencent", "Only events about CVM instances are taken"
        )
    kind = canonical_type(raw)
    if not TYPE.fullmatch(kind):
        raise EventRejected(f"type {quoted(raw)} is not a CVM event", 'Expected the form "cvm:ErrorEvent:DiskReadonly"')
    return kind


def _instance_id(event: Mapping[str, Any]) -> str:
    data = event.get("data")
    data = data if isinstance(data, Mapping) else {}
    dimensions = data.get("dimensions")
    dimensions = dimensions if isinstance(dimensions, Mapping) else {}
    subject = event.get("subject")
    candidates = [subject, data.get("instanceId"), data.get("InstanceId"), dimensions.get("unInstanceId")]
    for candidate in candidates:
        if isinstance(candidate, str):
            # bare, or the tail of a six-segment name: qcs::cvm:ap-guangzhou:uin/1:instance/ins-abc
            tail = re.split(r"[/:]", candidate)[-1]
            if INSTANCE_ID.fullmatch(tail):
                return tail
    raise EventRejected(f"no instance id in subject {quoted(subject)}", "Expected the form ins-0123abcd")


def _occurred_at(event: Mapping[str, Any], received_at: datetime) -> datetime:
    raw = event.get("time")
    if raw is None:
        raw = event.get("timer")  # as one of Tencent's tables spells it
    if isinstance(raw, str) and re.fullmatch(r"\d{1,16}", raw):
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not 0 < raw < 10**14:
        raise EventRejected(
            f"time {quoted(raw)} is not a time", "Expected milliseconds since 1970, as in 1677727912553"
        )
    seconds = raw if raw < _SECONDS_BELOW else raw / 1000
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    if moment < _EARLIEST:
        raise EventRejected(f"time {quoted(raw)} lies before 2015", "Expected milliseconds (or seconds) since 1970")
    if moment > received_at + CLOCK_TOLERANCE:
        raise EventRejected(f"time {moment.isoformat()} lies in the future", "Check the sender's clock")
    return moment


def _status(raw: object) -> Status:
    if raw in ("1", 1) and raw is not True:
        return Status.FIRING
    if raw in ("0", 0) and raw is not False:
        return Status.RECOVERED
    if raw in ("-", "", None):
        return Status.STATELESS
    raise EventRejected(f"status {quoted(raw)} is not known", 'Expected "1" (firing), "0" (recovered) or "-"')


def _event_id(event: Mapping[str, Any]) -> str:
    raw = event.get("id")
    if isinstance(raw, str) and _EVENT_ID.fullmatch(raw):
        return raw
    return f"body-{body_hash(dict(event))}"


def _kind(value: object) -> str:
    kinds = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
