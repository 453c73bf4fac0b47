"""One attempt as its steps share it: what was ordered, how to call, and what has been done so far."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from remediation.acts import Target
    from remediation.approvals import Answered, Approval, Question
    from remediation.cloud import Operation, Sighting
    from remediation.contract import RemediateInput
    from remediation.decisions import Order
    from remediation.events import Alarm
    from remediation.guest import GuestReport
    from remediation.health import Judgement
    from remediation.reasons import Reason
    from remediation.report import Outcome, RebootSent, RolledBack, SnapshotTaken
    from remediation.runbooks import Mode, Runbook, Rung, SnapshotPolicy
    from workflows.calls import Calls
    from workflows.journal import Journal

if TYPE_CHECKING:
    from workflows.asking import Desk


class Ended(Exception):
    """The story ends here, with this outcome."""

    def __init__(self, outcome: Outcome, reason: Reason) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome
        self.reason = reason


@dataclass
class Attempt:
    """What every step of the story needs and may add to.

    Attributes:
        desk: where people are asked; tell_question: how they hear of a question, by its number.
        approval: what a person has allowed last.
        baseline: the instance's last operation as history has it: of our own once there was one.
        inside: what was seen inside before anything was touched.
        fired_at: when the same fault fired last, of what this run was told.
        reboot: the last one; hanging: it too, until it has been seen to end.
    """

    wanted: RemediateInput
    calls: Calls
    journal: Journal
    started_at: datetime
    desk: Desk
    tell_question: Callable[[Question, int], None]
    sighting: Sighting | None = None
    baseline: Operation = field(default_factory=Operation)
    permit_key: str = ""
    approval: Approval | None = None
    answers: tuple[Answered, ...] = ()
    snapshots: dict[tuple[str, str], SnapshotTaken] = field(default_factory=dict)
    reboot: RebootSent | None = None
    hanging: RebootSent | None = None
    reboot_at: datetime | None = None
    announced: asyncio.Task[None] | None = None
    rungs: tuple[str, ...] = ()
    rolled_back: tuple[RolledBack, ...] = ()
    inside: GuestReport | None = None
    fired_at: datetime | None = None
    judgement: Judgement | None = None
    recovered: Alarm | None = None

    @property
    def order(self) -> Order:
        """What a person has approved is carried out as what a rule lets act."""
        order = self.wanted.order
        return order.model_copy(update={"mode": Mode.ACT}) if self._may_act else order

    @property
    def _may_act(self) -> bool:
        return self.wanted.order.mode is Mode.ASK and self.approval is not None

    @property
    def runbook(self) -> Runbook:
        return self.wanted.order.runbook

    @property
    def ladder(self) -> tuple[Rung, ...]:
        """The rungs that are left: what seemed to cure before and did not last is not tried again."""
        return self.runbook.ladder[self.order.first_rung :]

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
    def is_touched(self) -> bool:
        """Whether the instance, or anything of it, was changed by this run."""
        return bool(self.snapshots) or self.reboot is not None or bool(self.rungs)

    def begun(self, reboot: RebootSent) -> None:
        """A reboot of ours is under way: from here on it is the operation that a reading has to show."""
        self.reboot = self.hanging = reboot
        self.baseline = Operation(request_id=reboot.request_id)

    def back(self, reboot: RebootSent) -> None:
        """It was seen to end."""
        self.reboot, self.hanging = reboot, None

    def allow(self, approval: Approval | None) -> None:
        """What a person has allowed: later words are added to earlier ones."""
        if approval is None or self.approval is None:
            self.approval = approval or self.approval
            return
        bare = dict.fromkeys((*self.approval.unprotected, *approval.unprotected))
        self.approval = approval.model_copy(update={"unprotected": tuple(bare)})

    @property
    def act_by(self) -> datetime:
        """After this nothing is begun: the alarm, or the yes of a person after it, is too old then (P9)."""
        alarmed_at = self.wanted.alarm.occurred_at
        since = max(alarmed_at, self.approval.at) if self.approval is not None else alarmed_at
        return since + timedelta(seconds=self.order.act_within_seconds)

    @property
    def may_ask(self) -> bool:
        """Whether there is anybody who could say yes."""
        return bool(self.order.approvers)

    @property
    def last_reboot(self) -> RebootSent:
        """The one whose help is judged.

        Raises:
            RuntimeError: there was none.
        """
        if self.reboot is None:
            raise RuntimeError("nothing was rebooted yet")
        return self.reboot

    @property
    def patiently(self) -> datetime:
        """Until then a call is tried that the cloud does not take."""
        return workflow.now() + timedelta(seconds=self.order.timing.patience_seconds)

    def snapshots_by(self, policy: SnapshotPolicy) -> datetime:
        """A snapshot that is ready only when the reboot may not be sent any more is waited for only if one can ask."""
        by = workflow.now() + timedelta(seconds=policy.timeout)
        return by if self.may_ask else min(by, self.act_by)

    @property
    def name(self) -> str:
        return self.sighting.instance.name if self.sighting and self.sighting.instance else ""
