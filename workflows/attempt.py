"""One attempt as its steps share it: what was ordered, how to call, and what has been done so far."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from remediation.acts import Target
    from remediation.cloud import Sighting
    from remediation.contract import RemediateInput
    from remediation.decisions import Order
    from remediation.events import Alarm
    from remediation.health import Judgement
    from remediation.reasons import Reason
    from remediation.report import Outcome, RebootSent, SnapshotTaken
    from remediation.runbooks import Runbook, SnapshotPolicy
    from workflows.calls import Calls
    from workflows.journal import Journal


class Ended(Exception):
    """The story ends here, with this outcome."""

    def __init__(self, outcome: Outcome, reason: Reason) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome
        self.reason = reason


@dataclass
class Attempt:
    """What every step of the story needs and may add to."""

    wanted: RemediateInput
    calls: Calls
    journal: Journal
    started_at: datetime
    sighting: Sighting | None = None
    snapshots: dict[str, SnapshotTaken] = field(default_factory=dict)
    reboot: RebootSent | None = None
    reboot_at: datetime | None = None
    announced: asyncio.Task[None] | None = None
    judgement: Judgement | None = None
    recovered: Alarm | None = None

    @property
    def order(self) -> Order:
        return self.wanted.order

    @property
    def runbook(self) -> Runbook:
        return self.wanted.order.runbook

    @property
    def target(self) -> Target:
        return Target(region=self.wanted.alarm.region, instance_id=self.wanted.alarm.instance_id)

    @property
    def told(self) -> dict[str, Any]:
        """What every signal to the incident says of this run (`contract.RunTold`)."""
        return {
            "run_key": self.wanted.run_key,
            "rule": self.order.rule,
            "fault": self.wanted.alarm.fault,
            "started_at": self.started_at,
            "watch_seconds": self.runbook.watch,
        }

    @property
    def act_by(self) -> datetime:
        """After this no reboot is sent: the alarm is too old then (P9)."""
        return self.wanted.alarm.occurred_at + timedelta(seconds=self.order.act_within_seconds)

    def snapshots_by(self, policy: SnapshotPolicy) -> datetime:
        """A snapshot that is ready only when the reboot may not be sent any more is not waited for."""
        return min(workflow.now() + timedelta(seconds=policy.timeout), self.act_by)

    @property
    def name(self) -> str:
        return self.sighting.instance.name if self.sighting and self.sighting.instance else ""
