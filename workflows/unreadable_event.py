"""UnreadableEvent: what could not be read is kept, and people are told; many of them in one digest an hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from remediation import contract
    from remediation.notices import OPERATORS, Headline, Notice, RunRef
    from remediation.reasons import Code, because
    from workflows.telling import Teller

_FOLDED_OVER = timedelta(hours=1)
_MOST_LISTED = 50
_NOTICE_SECONDS = 900


@workflow.defn(name=contract.UNREADABLE_EVENT)
class UnreadableEvent:
    """One body that could not be read, kept under its hash: the same body is kept once."""

    @workflow.run
    async def run(self, event: Any = None) -> str:
        """Returns why it could not be read; the body is the input of this run."""
        try:
            why = contract.UnreadableInput.model_validate(event).reason
        except ValidationError:
            why = "the door's own report cannot be read by this worker"
        line = f"{why} ({workflow.info().workflow_id})"
        # The digest may close between the two calls: then a new one is started.
        for _ in range(5):
            if await self._start_digest(line) or await self._add_to_digest(line):
                break
        else:
            workflow.logger.error("no digest took it: %s", line)
        return why

    async def _start_digest(self, line: str) -> bool:
        try:
            await workflow.start_child_workflow(
                contract.UNREADABLE_DIGEST,
                line,
                id=contract.unreadable_digest_id(workflow.info().task_queue),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                static_summary="what could not be read within an hour",
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _add_to_digest(self, line: str) -> bool:
        digest = workflow.get_external_workflow_handle(contract.unreadable_digest_id(workflow.info().task_queue))
        try:
            await digest.signal(contract.TAKE_UNREADABLE, line)
        except FailureError:
            return False
        return True


@workflow.defn(name=contract.UNREADABLE_DIGEST)
class UnreadableDigest:
    """Tells the first at once, and all that follow within the hour in one notice at its end."""

    @workflow.init
    def __init__(self, first: Any = None) -> None:
        self._teller = Teller()
        self._lines: list[str] = []
        self._count = 0

    @workflow.run
    async def run(self, first: Any = None) -> int:
        """Returns how many were told."""
        self._tell("first", 1, [str(first)])
        await workflow.sleep(_FOLDED_OVER, summary="fold what else comes within the hour")
        told = 0
        while self._count > told:
            count, lines = self._count - told, self._lines
            told, self._lines = self._count, []
            self._tell(f"to-{told}", count, lines)
            await self._teller.finish()
        await self._teller.finish()
        return 1 + told

    @workflow.signal(name=contract.TAKE_UNREADABLE)
    def take_unreadable(self, line: Any = None) -> None:
        """One more; past a page they are only counted."""
        self._count += 1
        if len(self._lines) < _MOST_LISTED:
            self._lines.append(str(line))

    def _tell(self, which: str, count: int, lines: list[str]) -> None:
        info = workflow.info()
        reason = because(Code.UNREADABLE, error=lines[0]) if count == 1 else because(Code.FOLDED, count=count)
        notice = Notice(
            id=f"{info.run_id}-{which}",
            headline=Headline.NEEDS_YOU,
            reason=reason,
            details=tuple(lines),
            run=RunRef(workflow_id=info.workflow_id, run_id=info.run_id),
        )
        self._teller.tell(notice, (OPERATORS,), patience_seconds=_NOTICE_SECONDS)
