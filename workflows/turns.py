"""The region's permit for a run that people approved: it is asked for only then, so that nobody waits behind people."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from remediation.reasons import Code, because
    from remediation.report import Outcome
    from workflows.attempt import Attempt, Ended
    from workflows.calls import Interrupted
    from workflows.deciding import give_back, request_permit


async def wait_for_turn(attempt: Attempt, turns: list[str]) -> None:
    """Until the region lets this run act; `turns` are the keys that its guard has signalled.

    Raises:
        Ended: its turn did not come in time.
        Interrupted
    """
    key, region = attempt.wanted.run_key, attempt.target.region
    attempt.journal.begin("turn", f"a permit of {region}")
    reason = because(Code.GUARD_SILENT, error="not asked")
    while workflow.now() < attempt.act_by:
        answer = await request_permit(attempt.order, attempt.wanted.alarm, key, attempt.wanted.recipients)
        if answer.granted:
            attempt.permit_key = key
            return
        reason = answer.reason or reason
        again = timedelta(seconds=answer.ask_again_seconds) if answer.ask_again_seconds else None
        left = attempt.act_by - workflow.now()
        try:
            await workflow.wait_condition(
                lambda: key in turns or attempt.calls.interruption is not None,
                timeout=min(again, left) if again is not None else left,
                timeout_summary="the region's turn",
            )
        except asyncio.TimeoutError:
            continue
        turns.clear()  # whether it has come the guard says itself
        if attempt.calls.interruption is not None:
            await give_back(region, key)
            raise Interrupted
    await give_back(region, key)
    raise Ended(Outcome.HANDED_OVER, reason)
