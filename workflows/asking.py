"""Ask people, and wait for their answer: durably, once, and to a named end if nobody gives one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from remediation.approvals import (
        Answer,
        Answered,
        Approval,
        AskedDisk,
        Choice,
        Matter,
        Question,
        allowed_by,
        refusal,
    )
    from remediation.durations import write_duration
    from remediation.reasons import Code, Reason, because
    from remediation.report import Outcome, Phase
    from remediation.telling import say
    from workflows.attempt import Attempt, Ended
    from workflows.calls import Interrupted


class Desk:
    """Where the questions of one run lie open, one at a time, and where answers come in."""

    def __init__(self) -> None:
        self.question: Question | None = None
        self.approvers: tuple[str, ...] = ()
        self.answer: Answered | None = None
        self._numbered = 0

    def check(self, given: object) -> None:
        """For an update's validator: an answer that is not taken leaves nothing behind.

        Raises:
            ApplicationError: it says why.
        """
        try:
            answer = Answer.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            told = f"not an answer: {'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise ApplicationError(told, type="NotTaken", non_retryable=True) from None
        open_question = self.question if self.answer is None else None
        why = refusal(open_question, answer, self.approvers, workflow.now())
        if why is not None:
            raise ApplicationError(say(why), type="NotTaken", non_retryable=True)

    def take(self, given: object) -> Answered:
        """An answer that was checked in this very task."""
        assert self.question is not None  # noqa: S101  # the validator has seen to it; this tells the type checker
        answer = Answer.model_validate(given)
        told = answer.model_dump()
        self.answer = Answered(**told, matter=self.question.matter, at=workflow.now())
        return self.answer

    def lay_open(self, question: Question, approvers: tuple[str, ...]) -> int:
        """Returns which question of the run it is."""
        self.question, self.approvers, self.answer = question, approvers, None
        self._numbered += 1
        return self._numbered

    def close(self) -> None:
        self.question = None


async def ask(
    attempt: Attempt,
    matter: Matter,
    reason: Reason,
    *,
    action: str,
    choices: tuple[Choice, ...] = (Choice.GO, Choice.STOP),
    disks: tuple[AskedDisk, ...] = (),
    takes_seconds: float = 0,
    unless: Callable[[], bool] = lambda: False,
) -> Approval | None:
    """Put a question to people and wait; the approval, or None if `unless` came true or they said to wait on.

    Raises:
        Ended: they said no, or nothing.
        Interrupted
    """
    policy = attempt.runbook.approval
    question = Question(
        matter=matter,
        run_key=attempt.wanted.run_key,
        instance_id=attempt.target.instance_id,
        region=attempt.target.region,
        action=action,
        reason=reason,
        disks=disks,
        takes_seconds=round(takes_seconds),
        choices=choices,
        asked_at=workflow.now(),
        until=workflow.now() + timedelta(seconds=policy.within),
    )
    number = attempt.desk.lay_open(question, attempt.order.approvers)
    attempt.journal.begin("ask", f"an answer of people: {say(reason)}", Phase.ASKING)
    attempt.tell_question(question, number)
    answered = await _answer(attempt, question, unless)
    attempt.desk.close()
    if answered is None:
        return None
    attempt.answers = (*attempt.answers, answered)
    attempt.journal.note(f"{answered.by} answered `{answered.choice.value}`: {answered.why or 'no reason given'}")
    if answered.choice is Choice.STOP:
        raise Ended(Outcome.DENIED, because(Code.DENIED, by=answered.by, why=answered.why or "-"))
    return None if answered.choice is Choice.WAIT else allowed_by(question, answered)


async def _answer(attempt: Attempt, question: Question, unless: Callable[[], bool]) -> Answered | None:
    desk, calls, policy = attempt.desk, attempt.calls, attempt.runbook.approval
    try:
        await workflow.wait_condition(
            lambda: desk.answer is not None or calls.interruption is not None or unless(),
            timeout=question.until - workflow.now(),
            timeout_summary=f"an answer about: {question.action}",
        )
    except asyncio.TimeoutError:
        if desk.answer is not None:  # it was taken in the task in which the time ran out
            return desk.answer
        desk.close()
        outcome = Outcome.HANDED_OVER if policy.otherwise == "hand_over" else Outcome.CANCELLED
        within = write_duration(policy.within)
        raise Ended(outcome, because(Code.NOT_ANSWERED, within=within, action=question.action)) from None
    if desk.answer is None and calls.interruption is not None:
        desk.close()
        raise Interrupted
    return desk.answer
