"""The one reboot, with the snapshots in hand, and the wait until the cloud reports it done."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.instances import InstanceActivities
    from remediation.acts import RebootInput
    from remediation.cloud import Operation, ReadySnapshot
    from remediation.contract import REBOOTING, Queue, RebootBegun, WaitForRebootInput
    from remediation.durations import write_duration
    from remediation.reasons import Code, because
    from remediation.report import Outcome, Phase, RebootSent
    from workflows.acting import REBOOT, StillUnknown, perform
    from workflows.attempt import Attempt, Ended
    from workflows.calls import CallFailed, Expired, Interruption


async def reboot_once(attempt: Attempt, baseline: Operation, ready: tuple[ReadySnapshot, ...]) -> RebootSent:
    """Send the reboot, or find out that it was sent; `baseline` is the last operation in this run's first reading."""
    rung = attempt.runbook.reboot
    attempt.journal.begin("reboot", f"the cloud to take a {rung.stop_type} reboot", Phase.REBOOTING)
    wanted = RebootInput(
        target=attempt.target,
        order=attempt.order,
        run_key=attempt.wanted.run_key,
        baseline=baseline,
        ready=ready,
        alarmed_at=attempt.wanted.alarm.occurred_at,
    )
    announce(attempt)
    by = workflow.now() + timedelta(seconds=attempt.order.timing.patience_seconds)
    summary = f"{rung.stop_type} reboot of {attempt.target.instance_id}"
    try:
        done = await perform(attempt.calls, REBOOT, wanted, by=by, summary=summary, resend=rung.resend)
    except StillUnknown as unknown:
        raise Ended(Outcome.HANDED_OVER, because(Code.REBOOT_UNKNOWN)) from unknown
    except (Expired, CallFailed) as refused:
        attempt.reboot_at = None
        # All was prepared, and the last check or the cloud said no: people have to look at it.
        raise Ended(Outcome.HANDED_OVER, refused.reason) from refused
    attempt.reboot = RebootSent(request_id=done.request_id, sent_at=done.sent_at, adopted=done.adopted)
    if attempt.calls.interruption is Interruption.RECOVERED:
        attempt.calls.interruption = None  # it came while the reboot was being sent: evidence from here on
    return attempt.reboot


def announce(attempt: Attempt) -> None:
    """The incident has to know before the first alarm that the reboot raises."""
    attempt.reboot_at = workflow.now()
    begun = RebootBegun(**attempt.told, at=attempt.reboot_at)

    async def tell() -> None:
        incident = workflow.get_external_workflow_handle(attempt.wanted.incident_id)
        try:
            await incident.signal(REBOOTING, begun.model_dump(mode="json"))
        except FailureError:
            workflow.logger.warning("the incident %s is not there any more", attempt.wanted.incident_id)

    # Beside the reboot: the incident's absence is no reason to wait.
    attempt.announced = asyncio.create_task(tell())


async def wait_until_back(attempt: Attempt, reboot: RebootSent) -> RebootSent:
    """Until the cloud reports *our* reboot as done, or as failed."""
    attempt.journal.begin("back", f"the instance to be back from request {reboot.request_id}")
    try:
        sighting = await attempt.calls.wait(
            InstanceActivities.wait_until_back,
            WaitForRebootInput(target=attempt.target, request_id=reboot.request_id),
            queue=Queue.READINGS,
            within=attempt.runbook.reboot.timeout,
            summary=f"wait until {attempt.target.instance_id} is back",
        )
    except Expired as late:
        # What was seen to be not back is not cured; what could not be seen may be either.
        outcome = Outcome.NOT_RECOVERED if late.seen else Outcome.HANDED_OVER
        timeout = write_duration(attempt.runbook.reboot.timeout)
        raise Ended(outcome, because(Code.REBOOT_TIMEOUT, timeout=timeout, last=late.last)) from late
    operation = sighting.instance.operation if sighting.instance else Operation()
    if operation.state == "FAILED":
        failed = because(Code.REBOOT_FAILED, request=reboot.request_id, error=operation.error or "no message")
        raise Ended(Outcome.NOT_RECOVERED, failed)
    attempt.reboot = reboot.model_copy(update={"back_at": sighting.read_at})
    return attempt.reboot
