"""Stop, start: an operation sent once, and seen to its end."""

from __future__ import annotations

from typing import Any, Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.instances import InstanceActivities
    from remediation.acts import OperationSent, StartInput, StopInput
    from remediation.approvals import Approval
    from remediation.cloud import Operation, ReadySnapshot
    from remediation.contract import Queue, WaitForOperationInput
    from remediation.durations import write_duration
    from remediation.reasons import Code, because
    from remediation.report import Outcome, RolledBack
    from workflows.acting import START, STOP, Action, StillUnknown, perform
    from workflows.attempt import Attempt, Ended
    from workflows.calls import CallFailed, Expired


async def stop(
    attempt: Attempt,
    ready: tuple[ReadySnapshot, ...],
    stop_type: Literal["SOFT", "HARD", "SOFT_FIRST"],
    *,
    timeout: float,
    replaces: str = "",
) -> OperationSent:
    """Until it is seen STOPPED.

    Raises:
        Ended: it was not, or nobody knows.
    """
    attempt.journal.begin("stop", f"the cloud to stop the instance ({stop_type})")
    wanted = StopInput(
        **_common(attempt),
        ready=ready,
        alarmed_at=attempt.wanted.alarm.occurred_at,
        approval=attempt.approval,
        stop_type=stop_type,
        replaces=replaces,
    )
    sent = await _send(attempt, STOP, wanted, f"stop {attempt.target.instance_id}", Code.STOP_UNKNOWN)
    await _seen(attempt, sent, "STOPPED", timeout, Code.STOP_FAILED)
    return sent


async def start(
    attempt: Attempt, *, timeout: float, approval: Approval | None = None, rolled_back: tuple[RolledBack, ...] = ()
) -> OperationSent:
    """Until it is seen RUNNING.

    Raises:
        Ended: it was not, or nobody knows.
    """
    attempt.journal.begin("start", "the cloud to start the instance")
    wanted = StartInput(**_common(attempt), approval=approval, rolled_back=rolled_back)
    sent = await _send(attempt, START, wanted, f"start {attempt.target.instance_id}", Code.START_UNKNOWN)
    await _seen(attempt, sent, "RUNNING", timeout, Code.START_FAILED)
    return sent


def _common(attempt: Attempt) -> dict[str, Any]:
    return {
        "target": attempt.target,
        "order": attempt.order,
        "run_key": attempt.wanted.run_key,
        "baseline": attempt.baseline,
    }


async def _send(
    attempt: Attempt, action: Action[Any, OperationSent], wanted: Any, summary: str, unknown: Code
) -> OperationSent:
    try:
        sent = await perform(attempt.calls, action, wanted, by=attempt.patiently, summary=summary)
    except StillUnknown as lost:
        raise Ended(Outcome.HANDED_OVER, because(unknown)) from lost
    except (Expired, CallFailed) as refused:
        raise Ended(Outcome.HANDED_OVER, refused.reason) from refused
    attempt.baseline = Operation(request_id=sent.request_id)
    return sent


async def _seen(attempt: Attempt, sent: OperationSent, state: str, timeout: float, failed: Code) -> None:
    instance_id = attempt.target.instance_id
    try:
        sighting = await attempt.calls.wait(
            InstanceActivities.wait_until_done,
            WaitForOperationInput(target=attempt.target, request_id=sent.request_id, state=state),
            queue=Queue.READINGS,
            within=timeout,
            summary=f"wait until {instance_id} is {state}",
        )
    except (Expired, CallFailed) as late:
        told = because(failed, error=f"not {state} within {write_duration(int(timeout))}, but {late}")
        raise Ended(Outcome.HANDED_OVER, told) from late
    operation = sighting.instance.operation if sighting.instance else Operation()
    if operation.state == "FAILED":
        raise Ended(Outcome.HANDED_OVER, because(failed, error=operation.error or "no message"))
