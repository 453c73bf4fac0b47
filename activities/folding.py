"""The desk where each notice of a rule is shown before it is sent: does it go by itself, or is it told with others?"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any, NamedTuple

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from remediation import contract
from remediation.folding import Asked, to_fold
from remediation.notices import Delivery

_PATIENCE = timedelta(seconds=5)
_MOST_AT_ONCE = 50
# What is folded is in no hurry, and the server takes 2,000 updates for one run.
_REST_SECONDS = 0.5

log = logging.getLogger("medic.notices")


class _Waiting(NamedTuple):
    asked: Asked
    answer: asyncio.Future[bool]


class NoticeDesk:
    """Asks the NoticeFold of a rule, for all activities of this process; what comes meanwhile is asked together."""

    def __init__(self, client: Client, task_queue: str, limit: int, loop: asyncio.AbstractEventLoop) -> None:
        """
        Args:
            task_queue: prefix of the queues; a NoticeFold runs on that of the workflows.
            limit: so many notices of a rule within five minutes are sent one by one.
            loop: the client's.
        """
        self._client = client
        self._task_queue = task_queue
        self._limit = limit
        self._loop = loop
        self._waiting: dict[str, list[_Waiting]] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    def is_folded(self, delivery: Delivery) -> bool:
        """Whether it is kept to be told with others; called in an activity's thread. In doubt it is not: people hear.

        A notice without a rule, and one that itself tells of folded ones, always goes by itself.
        """
        notice = delivery.notice
        if not notice.rule or notice.folded:
            return False
        asked = Asked(notice=to_fold(notice), recipient=delivery.recipient)
        answer = asyncio.run_coroutine_threadsafe(self._ask(notice.rule, asked), self._loop)
        try:
            return answer.result(timeout=2 * _PATIENCE.total_seconds())
        except Exception as error:  # noqa: BLE001  # whatever it is, the notice must not be lost for it
            answer.cancel()
            log.warning("notice %s goes by itself, as the question got no answer: %r", notice.id, error)
            return False

    async def _ask(self, rule: str, asked: Asked) -> bool:
        answer: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.setdefault(rule, []).append(_Waiting(asked, answer))
        if rule not in self._asking:
            self._asking[rule] = asyncio.create_task(self._ask_for_all(rule))
        return await answer

    async def _ask_for_all(self, rule: str) -> None:
        """One question at a time, until nobody waits; a lone notice waits for no other."""
        try:
            while some := self._waiting[rule][:_MOST_AT_ONCE]:
                del self._waiting[rule][:_MOST_AT_ONCE]
                folded = await self._folded(rule, tuple(one.asked for one in some))
                for one in some:
                    if not one.answer.done():
                        one.answer.set_result(one.asked.notice.id in folded)
                if folded:
                    await asyncio.sleep(_REST_SECONDS)
        finally:
            del self._asking[rule]

    async def _folded(self, rule: str, asked: tuple[Asked, ...]) -> frozenset[str]:
        """The ids of those that are folded; none, if nobody answers in time."""
        question = contract.NoticesAsked(limit=self._limit, notices=asked).model_dump(mode="json")
        try:
            return frozenset(await asyncio.wait_for(self._update(rule, question), _PATIENCE.total_seconds()))
        except Exception as error:  # noqa: BLE001  # whatever it is, people must be told
            log.warning("notices of rule %s go one by one, as their fold does not answer: %r", rule, error)
            return frozenset()

    async def _update(self, rule: str, question: dict[str, Any]) -> list[str]:
        while True:
            start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
                contract.NOTICE_FOLD,
                id=contract.notice_fold_id(self._task_queue, rule),
                task_queue=contract.Queue.WORKFLOWS.of(self._task_queue),
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"the notices of {rule}: some one by one, further ones together",
            )
            # The SDK keeps an error in the start's own future as well, and complains if nobody looks at it there.
            began = asyncio.create_task(start.workflow_handle())
            began.add_done_callback(lambda task: task.cancelled() or task.exception())
            try:
                folded: list[str] = await self._client.execute_update_with_start_workflow(
                    contract.ADMIT_NOTICES, question, start_workflow_operation=start, result_type=list[str]
                )
            except (RPCError, WorkflowUpdateFailedError) as error:
                # It ended, or went on as new, just as it was asked: it may be asked twice.
                log.info("the fold of rule %s is asked again: %s", rule, error)
                await asyncio.sleep(0.1)
            else:
                return folded
