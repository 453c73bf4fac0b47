"""Pages whose rules ask or climb, and people who answer by the same update that `medic approve` sends."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from remediation import contract
from remediation.approvals import Answer, Answered, Choice, Matter, Question
from remediation.cloud import Snapshot
from tests.waiting import until
from tests.workflows.staging import Stage

APPROVER = "ada"
RUNGS = "    ladder: [reboot: {timeout: 5m}]"
HARD = (RUNGS, "    ladder: [reboot: {timeout: 3s}, reboot: {stop_type: HARD, timeout: 3s}]")
ROLLBACK = (RUNGS, "    ladder: [reboot: {timeout: 3s}, rollback: {timeout: 5m}]")
OLD = datetime.now(timezone.utc) - timedelta(days=1)
GOOD = {
    name: Snapshot(snapshot_id=name, disk_id=disk, name="nightly", state="NORMAL", percent=100, taken_at=OLD)
    for name, disk in (("snap-goodsys", "disk-sys"), ("snap-gooddat", "disk-dat"))
}
ASKS = ("operators: [desk]", f"operators: [desk]\napprovers: [{APPROVER}]")


async def asked(on: Stage, matter: Matter) -> Question:
    """The question about this, once it lies open."""

    async def is_open() -> Question | None:
        question = await on.remediation.query(contract.QUESTION, result_type=Question)
        return question if question is not None and question.matter is matter else None

    question: Question = await until(is_open)
    return question


async def answer(on: Stage, question: Question, choice: Choice = Choice.GO, *, by: str = APPROVER) -> Answered:
    """Answer it; raises what the update was refused with."""
    given = Answer(plan=question.plan, choice=choice, by=by, why="seen", user="u", identity="i")
    taken: Answered = await on.remediation.execute_update(
        contract.ANSWER, given.model_dump(mode="json"), result_type=Answered
    )
    return taken
