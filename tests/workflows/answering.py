"""People who are asked, and answer by the same update that `medic approve` sends."""

from __future__ import annotations

from remediation import contract
from remediation.approvals import Answer, Answered, Choice, Matter, Question
from tests.waiting import until
from tests.workflows.staging import Stage

APPROVER = "ada"
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
