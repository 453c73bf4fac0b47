"""The ladder: one rung after the other, each only if the one before is known not to have cured."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from remediation.approvals import Matter
    from remediation.cloud import ReadySnapshot
    from remediation.durations import write_duration
    from remediation.reasons import Code, Reason, because
    from remediation.report import Outcome
    from remediation.runbooks import Reboot, Rung
    from workflows.asking import ask
    from workflows.attempt import Attempt, Ended
    from workflows.rebooting import reboot
    from workflows.rolling_back import roll_back
    from workflows.verifying import verify


async def climb(attempt: Attempt, ready: tuple[ReadySnapshot, ...]) -> tuple[Outcome, Reason]:
    """How the last rung that was entered ended; no rung without the snapshots of before the repair.

    Raises:
        Ended, Interrupted
    """
    outcome, reason = Outcome.NOT_RECOVERED, because(Code.UNHEALTHY)
    for rung in attempt.ladder:
        if rung.rollback is None:  # which is asked for in any case
            await in_time(attempt, f"a {rung.words}")
        _not_gone(attempt)
        attempt.rungs = (*attempt.rungs, rung.words)
        try:
            outcome, reason = await _enter(attempt, rung, ready)
        except Ended as ended:
            if ended.outcome is not Outcome.NOT_RECOVERED:
                raise
            outcome, reason = ended.outcome, ended.reason
        if outcome is not Outcome.NOT_RECOVERED:
            break
        attempt.journal.note(f"the {rung.words} did not help: {reason.code.value}")
    return outcome, reason


def _not_gone(attempt: Attempt) -> None:
    """A symptom whose end was reported is not acted upon any more (P9); before the first reboot that ends any wait.

    Raises:
        Ended
    """
    gone, fired_at = attempt.recovered, attempt.fired_at
    if gone is None or attempt.reboot is None or (fired_at is not None and fired_at > gone.occurred_at):
        return
    at = f"{gone.occurred_at:%H:%M:%S} UTC"
    raise Ended(Outcome.HANDED_OVER, because(Code.GONE_UNPROVEN, at=at))


async def _enter(attempt: Attempt, rung: Rung, ready: tuple[ReadySnapshot, ...]) -> tuple[Outcome, Reason]:
    if rung.rollback is None:
        back = await reboot(attempt, rung.reboot or Reboot(), ready)
    else:
        back = await roll_back(attempt, rung.rollback, ready) or attempt.last_reboot
    return await verify(attempt, back)


async def in_time(attempt: Attempt, action: str) -> None:
    """An alarm that has become too old is not acted upon, unless people say so (P9).

    Raises:
        Ended, Interrupted
    """
    if workflow.now() < attempt.act_by:
        return
    limit = write_duration(attempt.order.act_within_seconds)
    age = write_duration(round((workflow.now() - attempt.wanted.alarm.occurred_at).total_seconds()))
    if not attempt.may_ask:
        raise Ended(Outcome.HANDED_OVER, because(Code.ACT_TOO_LATE, age=age, limit=limit))
    why = because(Code.ASKED_LATE, age=age, limit=limit)
    attempt.allow(await ask(attempt, Matter.TOO_LATE, why, action=action))
