"""Telling people, beside the work and in order: what cannot be delivered delays nothing, and is reported at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, TimeoutError

with workflow.unsafe.imports_passed_through():
    from activities.notifications import NotificationActivities
    from remediation.contract import Queue
    from remediation.decisions import Recipient
    from remediation.notices import OPERATORS, Delivery, Headline, Notice
    from remediation.reasons import Code, because

_LAST_RESORT_SECONDS = 120
_NEVER_TRIED = "nobody was there to deliver it in time"


class Teller:
    """Sends notices, each to each recipient by an activity of its own."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Task[None]] = {}
        self.undelivered: list[str] = []

    @property
    def is_idle(self) -> bool:
        return all(task.done() for task in self._last.values())

    def tell(self, notice: Notice, recipients: Iterable[Recipient], *, patience_seconds: float) -> None:
        """Begin to deliver; nobody waits, but for the next notice to the same recipient."""
        for recipient in recipients:
            before = self._last.get(str(recipient))
            delivery = self._deliver(notice, recipient, patience_seconds, before)
            self._last[str(recipient)] = asyncio.create_task(delivery)

    async def finish(self) -> None:
        """Until every notice is delivered or given up; what was given up is told to the operators."""
        await workflow.wait_condition(lambda: self.is_idle)

    async def _deliver(
        self, notice: Notice, recipient: Recipient, patience_seconds: float, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await workflow.wait_condition(before.done)
        failure = await self._send(notice, recipient, patience_seconds)
        if failure == _NEVER_TRIED:
            # The patience ran out while no worker lived: that is no reason to say nothing.
            failure = await self._send(notice, recipient, _LAST_RESORT_SECONDS)
        if failure is None:
            return
        self.undelivered.append(f"{notice.headline.value} to {recipient}: {failure}")
        if recipient != OPERATORS:
            report = notice.model_copy(
                update={
                    "id": f"{notice.id}-undelivered-{recipient.channel}-{recipient.place}",
                    "headline": Headline.NEEDS_YOU,
                    "reason": because(Code.UNDELIVERED, recipient=recipient, error=failure),
                }
            )
            again = await self._send(report, OPERATORS, _LAST_RESORT_SECONDS)
            if again is not None:
                workflow.logger.error("a notice reached nobody: %s", again)

    async def _send(self, notice: Notice, recipient: Recipient, patience_seconds: float) -> str | None:
        try:
            await workflow.execute_activity_method(
                NotificationActivities.send_notice,
                Delivery(notice=notice, recipient=recipient),
                task_queue=Queue.NOTICES.of(workflow.info().task_queue),
                summary=f"{notice.headline.value} to {recipient.channel or 'operators'} ({recipient.kind})",
                start_to_close_timeout=timedelta(seconds=30),
                schedule_to_close_timeout=timedelta(seconds=max(patience_seconds, 1)),
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=60)),
            )
        except ActivityError as error:
            return _NEVER_TRIED if isinstance(error.cause, TimeoutError) else str(error.cause or error)
        return None
