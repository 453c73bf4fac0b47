"""Facts to test with: an event, an alarm, an order, a sick instance with two disks, each to be bent by keyword."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from remediation.cloud import Disk, Instance, Operation, ReadySnapshot, Sighting, Snapshot, snapshot_name
from remediation.config import Config, read_config
from remediation.decisions import Order
from remediation.events import Alarm, parse_event
from remediation.freezes import Freeze

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=timezone.utc)
RUN_KEY = "0123456789"
SYSTEM = Disk(disk_id="disk-sys", usage="SYSTEM_DISK", size_gib=50)
DATA = Disk(disk_id="disk-dat", usage="DATA_DISK", size_gib=200)
BASELINE = Operation(name="RunInstances", state="SUCCESS", request_id="r-0")

PAGE = """\
channels:
  oncall:
    locale: zh
    to:
      - webhook: ${ONCALL_WEBHOOK}
      - mail: oncall@example.com
  quiet:
    to:
      - mail: quiet@example.com
rules:
  - name: disk-read-only
    when: {source: cvm.cloud.tencent, type: "cvm:ErrorEvent:DiskReadonly", status: "1"}
    notify: [oncall]
    run: snapshot-and-reboot
    scope: {tag: "medic=on"}
    mode: act
  - name: everything
    when: {source: cvm.cloud.tencent, type: ["cvm:ErrorEvent:DiskReadonly", "cvm:ErrorEvent:GuestReboot"]}
    notify: [quiet, oncall]
runbooks:
  snapshot-and-reboot:
    snapshot: {disks: all, timeout: 4h, on_failure: hand_over, keep: 14d}
    ladder:
      - reboot: {stop_type: SOFT, timeout: 5m}
    verify: {settle: 2m, timeout: 10m}
    watch: 6h
guardrails:
  max_age: 30m
  act_within: 1h
operators: [oncall]
"""
SECRET = "https://hooks.example.com/robot?key=hunter2-the-secret"
ENVIRONMENT = {"ONCALL_WEBHOOK": SECRET}


def a_config(text: str = PAGE) -> Config:
    return read_config(text, "medic.yaml", ENVIRONMENT)


def an_event(**fields: Any) -> dict[str, Any]:
    """EventBridge's own template for DiskReadonly; a field given as `...` is left out."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "3f9b2c6e-0000-4000-8000-000000000001",
        "source": "cvm.cloud.tencent",
        "type": "cvm:ErrorEvent:DiskReadonly",
        "subject": "ins-0abc1234",
        "time": int((NOW - timedelta(minutes=1)).timestamp() * 1000),
        "region": "ap-guangzhou",
        "datacontenttype": "application/json;charset=utf-8",
        "tags": {"key1": "value1"},
        "status": "1",
        "data": {"appId": 1250000000, "eventId": 39, "uin": "123456", "subAccountUin": "123456"},
    }
    return {name: value for name, value in {**event, **fields}.items() if value is not ...}


def an_alarm(**fields: Any) -> Alarm:
    return parse_event(an_event(**fields), NOW)


def an_order(**changes: Any) -> Order:
    """The order of the page's rule; `runbook` takes keys as they are written in medic.yaml."""
    runbook = {"snapshot": {}, "ladder": [{"reboot": {}}], **changes.pop("runbook", {})}
    facts = {"rule": "disk-read-only", "mode": "act", "scope": {"tag": "medic=on"}, "runbook_name": "fix"}
    return Order.model_validate({**facts, "runbook": runbook, "act_within_seconds": 3600, **changes})


def an_instance(**changes: Any) -> Instance:
    facts: dict[str, Any] = {
        "instance_id": "ins-0abc1234",
        "region": "ap-guangzhou",
        "name": "web-1",
        "state": "RUNNING",
        "operation": BASELINE,
        "tags": {"medic": "on"},
    }
    return Instance(**{**facts, **changes})


def a_sighting(**changes: Any) -> Sighting:
    facts: dict[str, Any] = {"instance": an_instance(), "disks": (SYSTEM, DATA), "read_at": NOW}
    return Sighting(**{**facts, **changes})


def ready(disk: Disk) -> ReadySnapshot:
    return ReadySnapshot(
        snapshot_id=disk.disk_id.replace("disk", "snap"),
        disk_id=disk.disk_id,
        name=snapshot_name(RUN_KEY, disk.disk_id),
        seen_ready_at=NOW,
        expires_at=NOW + timedelta(days=14),
    )


def seen(disk: Disk, **changes: Any) -> Snapshot:
    """The snapshot that `ready(disk)` is about, as it is read a moment later."""
    mine = ready(disk)
    facts = {"snapshot_id": mine.snapshot_id, "disk_id": mine.disk_id, "name": mine.name}
    return Snapshot(**{**facts, "state": "NORMAL", "percent": 100, **changes})


def a_freeze(where: str = "ap-guangzhou", *, now: datetime | None = None, lasting: float = 3600) -> Freeze:
    """Ada's, which lasts so many seconds from now on."""
    now = now or datetime.now(timezone.utc)
    return Freeze(where=where, reason="we move house", by="ada", since=now, until=now + timedelta(seconds=lasting))
