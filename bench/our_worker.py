"""Our production workers as they are measured: an instant cloud behind the client seam, or the SDK over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import Worker

from activities.cloud import Cloud
from bench.notes import Notes
from remediation.cloud import Snapshot
from remediation.config import read_config
from remediation.permits import SendPermit
from remediation.settings import Settings
from tests.clouds import StagedCloud
from worker import build_workers

PAGE = """
channels:
  oncall: {to: [{webhook: "http://127.0.0.1/nobody"}]}
rules:
  - name: disk-read-only
    when: {type: "cvm:ErrorEvent:DiskReadonly", status: "1"}
    notify: [oncall]
    run: snapshot-and-reboot
    scope: {tag: "medic=on"}
    mode: act
runbooks:
  snapshot-and-reboot:
    snapshot: {timeout: 4h}
    ladder: [reboot]
    verify: {settle: 0s, timeout: 1m}
operators: [oncall]
guardrails: {act_within: 12h, max_acting: 1000, max_actions_per_hour: 10000}
"""
_NEVER = 10**9


@dataclass
class InstantCloud(StagedCloud):
    """Everything is ready at the first look, and a search does not take longer with every snapshot ever made."""

    polls_until_back: int = 0
    _named: dict[tuple[str, str], str] = field(default_factory=dict)

    def find_snapshots(self, region: str, disk_id: str, name: str) -> tuple[Snapshot, ...]:
        with self._lock:
            self._called("DescribeSnapshots")
            found = self._named.get((disk_id, name))
            return (self.snapshots[found],) if found else ()

    def create_snapshot(
        self, permit: SendPermit, region: str, disk_id: str, *, name: str, expires_at: datetime, tags: Mapping[str, str]
    ) -> tuple[str, str]:
        made = super().create_snapshot(permit, region, disk_id, name=name, expires_at=expires_at, tags=tags)
        self._named[disk_id, name] = made[0]
        return made


def our_workers(kind: str, client: Client, queue: str, notes: Path, stack: ExitStack) -> list[Worker]:
    """Of this kind: `ours`; `waiting` and `polling`, whose snapshots are never ready; `http`, with the simulator."""
    waits = kind in ("waiting", "polling")
    instant = InstantCloud(polls_until_ready=_NEVER if waits else 1)
    cloud: Cloud = instant
    if kind == "http":
        from bench.crowd import simulated  # only here: the simulator is no part of a worker's memory

        cloud = stack.enter_context(simulated())
    # Who only waits is looked at again after an hour, so that what is measured is the waiting.
    interval = "1h" if kind == "waiting" else "1s"
    settings = Settings.model_validate(
        # Every notice asks whether it goes by itself, and each does: a digest would tell nothing of the latency.
        {"task_queue": queue, "rate_limits": "off", "poll_interval": interval, "fold_after": 10**6}
    )
    ears = Notes(notes, lambda: len(instant.calls))
    return build_workers(client, settings, read_config(PAGE, "bench.yaml", {}), cloud, webhook=ears)
