"""The reboot of one rung, with the snapshots in hand, and the wait until the cloud reports it done."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.instances import InstanceActivities
    from remediation.acts import OperationSent, RebootInput
    from remediation.cloud import Operation, ReadySnapshot
    from remediation.contract import REBOOTING, Queue, RebootBegun, WaitForOperationInput
    from remediation.durations import write_duration
    from remediation.reasons import Code, because
    from remediation.report import Outcome, Phase, RebootSent
    from remediation.runbooks import Reboot
    from workflows.acting import REBOOT, StillUnknown, perform
    from workflows.attempt import Attempt, Ended
    from workflows.calls import CallFailed, Expired, Interruption
    from workflows.operating import start, stop


async def reboot(attempt: Attempt, rung: Reboot, ready: tuple[ReadySnapshot, ...]) -> RebootSent:
    """Reboot once, and wait until it is back; a reboot of ours that hangs is replaced by this one.

    Raises:
        Ended: it did not come back, or nobody knows; as NOT_RECOVERED the next rung may be entered.
    """
    attempt.journal.begin("reboot", f"the cloud to take a {rung.stop_type} reboot", Phase.REBOOTING)
    announce(attempt)
    hanging = attempt.hanging
    try:
        done = await _send(attempt, rung, ready, hanging)
    except StillUnknown as unknown:
        raise Ended(Outcome.HANDED_OVER, because(Code.REBOOT_UNKNOWN)) from unknown
    except (Expired, CallFailed) as refused:
        if hanging is not None and refused.reason.code is Code.CAME_BACK:
            return await _wait_until_back(attempt, hanging, rung)
        if hanging is not None:
            return await _stop_and_start(attempt, rung, ready, hanging)
        if attempt.reboot is None:
            attempt.reboot_at = None
        # All was prepared, and the last check or the cloud said no: people have to look at it.
        raise Ended(Outcome.HANDED_OVER, refused.reason) from refused
    sent = RebootSent(request_id=done.request_id, stop_type=rung.stop_type, sent_at=done.sent_at, adopted=done.adopted)
    attempt.begun(sent)
    if attempt.calls.interruption is Interruption.RECOVERED:
        attempt.calls.interruption = None  # it came while the reboot was being sent: evidence from here on
    return await _wait_until_back(attempt, sent, rung)


async def _send(
    attempt: Attempt, rung: Reboot, ready: tuple[ReadySnapshot, ...], hanging: RebootSent | None
) -> OperationSent:
    wanted = RebootInput(
        target=attempt.target,
        order=attempt.order,
        run_key=attempt.wanted.run_key,
        baseline=attempt.baseline,
        ready=ready,
        alarmed_at=attempt.wanted.alarm.occurred_at,
        approval=attempt.approval,
        stop_type=rung.stop_type,
        replaces=hanging.request_id if hanging is not None else "",
    )
    summary = f"{rung.stop_type} reboot of {attempt.target.instance_id}"
    return await perform(attempt.calls, REBOOT, wanted, by=attempt.patiently, summary=summary, resend=rung.resend)


async def _stop_and_start(
    attempt: Attempt, rung: Reboot, ready: tuple[ReadySnapshot, ...], hanging: RebootSent
) -> RebootSent:
    """The cloud takes no second reboot while the first hangs: a power cut by hand comes to the same."""
    attempt.journal.note("no reboot is taken while the one before hangs: stop and start instead")
    with attempt.calls.uninterrupted():  # a cancel between both would leave it off
        stopped = await stop(attempt, ready, "HARD", timeout=rung.timeout, replaces=hanging.request_id)
        started = await start(attempt, timeout=rung.timeout)
    sent = RebootSent(request_id=started.request_id, stop_type="HARD", sent_at=stopped.sent_at, back_at=workflow.now())
    attempt.begun(sent)
    attempt.back(sent)
    return sent


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


async def _wait_until_back(attempt: Attempt, sent: RebootSent, rung: Reboot) -> RebootSent:
    """Until the cloud reports *our* reboot as done, or as failed."""
    attempt.journal.begin("back", f"the instance to be back from request {sent.request_id}")
    try:
        sighting = await attempt.calls.wait(
            InstanceActivities.wait_until_done,
            WaitForOperationInput(target=attempt.target, request_id=sent.request_id),
            queue=Queue.READINGS,
            within=rung.timeout,
            summary=f"wait until {attempt.target.instance_id} is back",
        )
    except Expired as late:
        # What was seen to be not back is not cured; what could not be seen may be either.
        outcome = Outcome.NOT_RECOVERED if late.seen else Outcome.HANDED_OVER
        timeout = write_duration(rung.timeout)
        raise Ended(outcome, because(Code.REBOOT_TIMEOUT, timeout=timeout, last=late.last)) from late
    operation = sighting.instance.operation if sighting.instance else Operation()
    if operation.state == "FAILED":
        attempt.hanging = None
        failed = because(Code.REBOOT_FAILED, request=sent.request_id, error=operation.error or "no message")
        raise Ended(Outcome.NOT_RECOVERED, failed)
    back = sent.model_copy(update={"back_at": sighting.read_at})
    attempt.back(back)
    return back
