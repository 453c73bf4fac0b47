"""A look inside the machine by the registered command; where it cannot be had, that is said, and is no verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.guests import GuestActivities
    from remediation.acts import InvokeCommandInput
    from remediation.approvals import AskedDisk, Matter
    from remediation.contract import Queue, WaitForReportInput
    from remediation.guest import GuestReport
    from remediation.guest_guardrails import may_reboot
    from remediation.reasons import Code, Reason, because
    from remediation.report import Outcome
    from workflows.acting import INVOKE_COMMAND, StillUnknown, perform
    from workflows.asking import ask
    from workflows.attempt import Attempt, Ended
    from workflows.calls import CallFailed, Expired

_WITHIN_SECONDS = 120


@dataclass(frozen=True)
class Seen:
    """What was seen inside, or why nothing was."""

    report: GuestReport | None = None
    blind: Reason | None = None


async def look_inside(attempt: Attempt, occasion: str) -> Seen:
    """One run of the command.

    Raises:
        Interrupted
    """
    command, sighting = attempt.order.guest_command, attempt.sighting
    if not command:
        return Seen(blind=because(Code.GUEST_NOT_PROBED))
    if sighting is None or sighting.agent is None:
        return Seen(blind=because(Code.AGENT_ABSENT))
    attempt.journal.begin("inside", f"a look inside, {occasion}")
    wanted = InvokeCommandInput(
        target=attempt.target, order=attempt.order, run_key=attempt.wanted.run_key, command_id=command
    )
    by = workflow.now() + timedelta(seconds=_WITHIN_SECONDS)
    summary = f"look inside {attempt.target.instance_id}, {occasion}"
    try:
        sent = await perform(attempt.calls, INVOKE_COMMAND, wanted, by=by, summary=summary)
        report = await attempt.calls.wait(
            GuestActivities.wait_for_report,
            WaitForReportInput(target=attempt.target, invocation_id=sent.invocation_id),
            queue=Queue.COMMANDS,
            within=_WITHIN_SECONDS,
            summary=f"what was seen inside, {occasion}",
        )
    except (StillUnknown, Expired, CallFailed) as failed:
        return Seen(blind=because(Code.GUEST_UNREADABLE, error=str(failed)))
    if report.unreadable:
        return Seen(blind=because(Code.GUEST_UNREADABLE, error=report.unreadable))
    return Seen(report=report)


async def look_before(attempt: Attempt) -> None:
    """What is inside before anything is touched: a reboot that cannot help, or not be survived, is not begun.

    Raises:
        Ended, Interrupted
    """
    if not attempt.order.guest_command:
        return
    seen = await look_inside(attempt, "before anything is touched")
    attempt.inside = seen.report
    if seen.report is not None:
        verdict = may_reboot(seen.report)
        if not verdict.allowed and verdict.reason is not None:
            raise Ended(Outcome.HANDED_OVER, verdict.reason)
        return
    why = seen.blind or because(Code.GUEST_NOT_PROBED)
    attempt.journal.note(f"nobody looked inside: {why.code.value}")
    if attempt.may_ask and not attempt.answers:
        disks = tuple(AskedDisk(disk_id=disk.disk_id) for disk in attempt.sighting.disks) if attempt.sighting else ()
        action = "a repair of an instance that nobody could look into"
        attempt.allow(await ask(attempt, Matter.FIRST_ACTION, why, action=action, disks=disks))
