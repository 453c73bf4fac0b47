"""The shape of the cloud as the activities see it; `activities/clients/tencent.py` is the one that is real."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from remediation.cloud import Agent, Disk, Instance, Invocation, Snapshot
from remediation.permits import SendPermit


class Cloud(Protocol):
    """Reads, and the mutating calls, each of which demands a permit. Every failure is a `CloudError`."""

    def describe_instance(self, region: str, instance_id: str) -> Instance | None: ...

    def describe_disks(self, region: str, instance_id: str) -> tuple[Disk, ...]: ...

    def describe_agent(self, region: str, instance_id: str) -> Agent | None: ...

    def find_snapshots(self, region: str, disk_id: str, name: str) -> tuple[Snapshot, ...]: ...

    def describe_snapshots(self, region: str, snapshot_ids: tuple[str, ...]) -> tuple[Snapshot, ...]: ...

    def find_invocations(self, region: str, instance_id: str, command_id: str) -> tuple[Invocation, ...]: ...

    def create_snapshot(
        self, permit: SendPermit, region: str, disk_id: str, *, name: str, expires_at: datetime, tags: Mapping[str, str]
    ) -> tuple[str, str]: ...

    def reboot_instance(self, permit: SendPermit, region: str, instance_id: str, *, stop_type: str) -> str: ...

    def stop_instance(self, permit: SendPermit, region: str, instance_id: str, *, stop_type: str) -> str: ...

    def start_instance(self, permit: SendPermit, region: str, instance_id: str) -> str: ...

    def apply_snapshot(self, permit: SendPermit, region: str, disk_id: str, *, snapshot_id: str) -> str: ...

    def invoke_command(self, permit: SendPermit, region: str, instance_id: str, *, command_id: str) -> str: ...
