"""NoticeFold: one for each rule; counts its notices, and tells together what is not sent one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from remediation import contract
    from remediation.contract import SearchAttribute
    from remediation.folding import Digest, Fold, Kept, told_together
    from remediation.notices import OPERATORS, Headline, Notice, RunRef
    from remediation.reasons import Code, because
    from workflows.journal import keyword
    from workflows.telling import Teller

_NOTICE_SECONDS = 900
_MOST_UPDATES = 1_000  # the server takes 2,000 in one run


@workflow.defn(name=contract.NOTICE_FOLD)
class NoticeFold:
    """Asked about every notice of one rule before it is sent, whichever worker sends it."""

    @workflow.init
    def __init__(self, memory: Any = None) -> None:
        self._rule = workflow.info().workflow_id.rpartition("/")[2]
        self._teller = Teller()
        self._fold = Fold()
        self._mistake: Exception | None = None
        self._limit = 0
        self._updates = 0
        self._told = 0
        try:
            self._fold = Fold.model_validate(memory or {})
        except ValidationError as error:  # a newer worker wrote it
            self._mistake = error

    @workflow.run
    async def run(self, memory: Any = None) -> int:
        """Returns how many messages told of others, when nothing waits and nothing has to be remembered.

        A cancel is not obeyed: what waits would be told to nobody.
        """
        workflow.upsert_search_attributes([keyword(SearchAttribute.RULE).value_set(self._rule)])
        life = asyncio.create_task(self._live())
        while not life.done():
            try:
                await asyncio.shield(life)
            except asyncio.CancelledError:
                workflow.set_current_details("A cancel was asked for: it ends by itself when nothing waits.")
        if not life.result():
            workflow.continue_as_new(self._fold.model_dump(mode="json"))
        return self._told

    @workflow.update(name=contract.ADMIT_NOTICES, description="which of these notices are told together with others")
    def admit_notices(self, asked: Any = None) -> list[str]:
        """The ids of those that are not to be sent by themselves; in doubt none: people must be told."""
        self._updates += 1
        try:
            question = contract.NoticesAsked.model_validate(asked)
            self._limit, now = question.limit, workflow.now()
            return [one.notice.id for one in question.notices if not self._fold.admit(one, question.limit, now)]
        except Exception:  # noqa: BLE001  # otherwise the task is tried again for ever, and nobody hears of anything
            workflow.logger.exception("a question about notices could not be answered")
            return []

    async def _live(self) -> bool:
        """Until there is nothing to do any more (true), or this run has grown too long (false)."""
        while True:
            self._tell_what_is_due()
            if self._has_grown_long:
                return False
            wake = self._fold.wakes_at(workflow.now())
            if wake > workflow.now():
                await self._wait_until(wake)
            elif self._teller.is_idle:
                return True
            else:
                await workflow.wait_condition(lambda: self._teller.is_idle or self._fold.due is not None)

    async def _wait_until(self, wake: datetime) -> None:
        """Or until something is due sooner."""
        try:
            await workflow.wait_condition(
                lambda: self._is_due_before(wake) or self._has_grown_long,
                timeout=wake - workflow.now(),
                timeout_summary="tell what waits, or end",
            )
        except asyncio.TimeoutError:
            return

    def _is_due_before(self, wake: datetime) -> bool:
        return self._fold.due is not None and self._fold.due < wake

    @property
    def _has_grown_long(self) -> bool:
        # What is on its way to people would be lost: it goes first.
        long = self._updates >= _MOST_UPDATES or workflow.info().is_continue_as_new_suggested()
        return long and self._teller.is_idle

    def _tell_what_is_due(self) -> None:
        kept = self._fold.kept
        try:
            for digest in self._fold.take(workflow.now()):
                self._tell(digest)
        except Exception as bug:  # noqa: BLE001  # the same
            workflow.logger.exception("what waited could not be told")
            self._fold, self._mistake = Fold(), bug
        if self._mistake is not None:
            self._confess(self._mistake, kept.values())
            self._mistake = None

    def _tell(self, digest: Digest) -> None:
        self._told += 1
        notice_id = f"{workflow.info().run_id}-together-{self._told}"
        notice = told_together(digest, self._rule, self._limit, notice_id=notice_id, run=self._run_ref())
        self._teller.tell(notice, digest.recipients, patience_seconds=_NOTICE_SECONDS)

    def _confess(self, mistake: Exception, kept: Iterable[Kept]) -> None:
        """A mistake of ours may keep notices from people: the operators hear of it, with what is known of them."""
        notice = Notice(
            id=f"{workflow.info().run_id}-mistake-{workflow.uuid4().hex[:10]}",
            headline=Headline.NEEDS_YOU,
            reason=because(Code.OUR_BUG, error=f"notices of {self._rule} may not have been told: {mistake!r:.300}"),
            details=tuple(f"[{one.notice.headline.value}] {one.notice.instance_id}" for one in kept),
            run=self._run_ref(),
        )
        self._teller.tell(notice, (OPERATORS,), patience_seconds=_NOTICE_SECONDS)

    def _run_ref(self) -> RunRef:
        info = workflow.info()
        return RunRef(workflow_id=info.workflow_id, run_id=info.run_id)
