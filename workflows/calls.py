"""How a workflow calls an activity: queue, time-outs, what may interrupt it, and its failures in our own words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, RetryState, TimeoutError, TimeoutType

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from remediation.contract import FINAL, FINAL_WHEN_MUTATING, REASON, Queue
    from remediation.reasons import Code, Reason, because

Input = TypeVar("Input")
Output = TypeVar("Output")

# A read that was in flight when its worker died is tried again after this.
READ_SECONDS = 15
ACT_SECONDS = 30
# After a deadline, which also runs while no worker lives, one fresh look is given this long to be taken.
LAST_LOOK_SECONDS = 60
# A mutating call that no worker takes in hand for this long is planned again on a fresh reading.
ACT_START_SECONDS = 60
_NOBODY = "no worker took it in hand"


class Interruption(str, Enum):
    """What ends a wait before its time."""

    RECOVERED = "recovered"
    CANCELLED = "cancelled"


class Interrupted(Exception):
    """The wait was ended; a mutating call that was being awaited has certainly not been sent."""


class Expired(Exception):
    """The call's deadline has passed, and nothing was changed by it.

    Attributes:
        last: what was seen last.
        reason: what people are told, where the activity gave one.
        seen: whether the look after the deadline showed it; otherwise nobody knows how it stands.
    """

    def __init__(self, last: str, reason: Reason | None = None, *, seen: bool = False) -> None:
        super().__init__(last)
        self.last = last
        self.reason = reason or because(Code.CLOUD_ERROR, error=last)
        self.seen = seen


class NotStarted(Exception):
    """No worker took the call in hand in time: certainly not sent."""


class Unknown(Exception):
    """A mutating call may have been sent."""


class CallFailed(Exception):
    """The call failed for good; `kind` names its class (`Refused`, `NeedsPeople`, ...), `reason` is told to people."""

    def __init__(self, kind: str, message: str, reason: Reason | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.reason = reason or because(Code.CLOUD_ERROR, error=message)


class Calls:
    """The calls of one run, all of which one interruption ends."""

    def __init__(self, on_sent: Callable[[], None] = lambda: None) -> None:
        """
        Args:
            on_sent: called when the first mutating call has come back, and was or may have been sent.
        """
        self._interruption: Interruption | None = None
        self._shields = 0
        self._abandoned = False
        self.may_have_sent = False
        self._on_sent = on_sent

    @property
    def interruption(self) -> Interruption | None:
        """What ends the waits now; what comes while they are not to be interrupted is kept for later."""
        return None if self._shields else self._interruption

    @interruption.setter
    def interruption(self, what: Interruption | None) -> None:
        self._interruption = what

    @property
    def is_interrupted(self) -> bool:
        """Whether what is waited for ends now."""
        return self._abandoned or self.interruption is not None

    @contextmanager
    def abandoned(self) -> Iterator[None]:
        """What is under way in here ends as an interruption ends it, whatever else is to be seen through."""
        self._abandoned = True
        try:
            yield
        finally:
            self._abandoned = False

    @contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """What is done in here is done to its end."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1

    async def read(
        self,
        method: Callable[[Any, Input], Output],
        arg: Input,
        *,
        queue: Queue,
        within: float,
        summary: str,
        interruptible: bool = True,
        final: tuple[str, ...] = FINAL,
    ) -> Output:
        """A call that changes nothing, tried until it answers or `within` seconds have passed.

        Raises:
            Interrupted, Expired, CallFailed
        """
        return await self._call(
            method,
            arg,
            queue=queue,
            summary=summary,
            start_to_close_timeout=timedelta(seconds=READ_SECONDS),
            schedule_to_close_timeout=timedelta(seconds=max(within, 1)),
            retry_policy=_policy(final),
            cancellation_type=workflow.ActivityCancellationType.TRY_CANCEL,
            interruptible=interruptible,
        )

    async def wait(
        self,
        method: Callable[[Any, Input], Output],
        arg: Input,
        *,
        queue: Queue,
        within: float,
        summary: str,
        last_look: Callable[[], Input] | None = None,
    ) -> Output:
        """A read that says "not yet" until it is; a deadline is not judged before one fresh look (`last_look`).

        Raises:
            Interrupted, Expired, CallFailed
        """
        try:
            return await self.read(method, arg, queue=queue, within=within, summary=summary)
        except Expired:
            pass
        try:
            return await self.read(
                method,
                last_look() if last_look else arg,
                queue=queue,
                within=LAST_LOOK_SECONDS,
                summary=f"the last look: {summary}",
                final=(*FINAL, "NotYet"),
            )
        except CallFailed as failed:
            if failed.kind == "NotYet":
                raise Expired(failed.message, seen=True) from failed
            raise

    async def act(
        self, method: Callable[[Any, Input], Output], arg: Input, *, queue: Queue, within: float, summary: str
    ) -> Output:
        """A mutating call: tried again only after failures that prove that nothing was done.

        Args:
            within: for so many seconds it may be taken in hand; an attempt has its whole time also at their end.

        Raises:
            Interrupted, Expired, NotStarted, CallFailed: certainly not done.
            Unknown: it may have been.
        """
        to_start = min(max(within, 1), ACT_START_SECONDS)
        try:
            done = await self._call(
                method,
                arg,
                queue=queue,
                summary=summary,
                mutating=True,
                start_to_close_timeout=timedelta(seconds=ACT_SECONDS),
                schedule_to_start_timeout=timedelta(seconds=to_start),
                schedule_to_close_timeout=timedelta(seconds=max(within, to_start + ACT_SECONDS)),
                retry_policy=_policy(FINAL_WHEN_MUTATING),
                # What is being sent is waited for: only its end tells whether it was.
                cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        except Unknown:
            self._note_sent()
            raise
        self._note_sent()
        return done

    def _note_sent(self) -> None:
        if not self.may_have_sent:
            self.may_have_sent = True
            self._on_sent()

    async def rest(self, seconds: float, summary: str) -> None:
        """Let `seconds` pass.

        Raises:
            Interrupted
        """
        if seconds <= 0:
            return
        try:
            await workflow.wait_condition(
                lambda: self.is_interrupted, timeout=timedelta(seconds=seconds), timeout_summary=summary
            )
        except asyncio.TimeoutError:
            return
        raise Interrupted

    async def _call(
        self,
        method: Callable[[Any, Input], Output],
        arg: Input,
        *,
        queue: Queue,
        interruptible: bool = True,
        mutating: bool = False,
        **options: Any,
    ) -> Output:
        if interruptible and self.is_interrupted:
            raise Interrupted
        task_queue = queue.of(workflow.info().task_queue)
        handle: Any = workflow.start_activity_method(method, arg, task_queue=task_queue, **options)  # type: ignore[misc,call-overload,unused-ignore]  # the SDK's overloads know plain methods only
        await workflow.wait_condition(lambda: handle.done() or (interruptible and self.is_interrupted))
        if not handle.done():
            handle.cancel()
        try:
            return await handle  # type: ignore[no-any-return]  # the handle is untyped, see above
        except ActivityError as error:
            raise _in_our_words(error, mutating) from error


def _policy(final: tuple[str, ...]) -> RetryPolicy:
    return RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=2.0,
        maximum_interval=timedelta(seconds=60),
        non_retryable_error_types=list(final),
    )


def _in_our_words(error: ActivityError, mutating: bool) -> Exception:
    cause = error.cause
    if isinstance(cause, TimeoutError):
        if cause.type == TimeoutType.SCHEDULE_TO_START:
            # So a reading ends, too, whose whole time has passed while no worker was free.
            return NotStarted(_NOBODY) if mutating else Expired(_NOBODY)
        # Also when the whole deadline ran out: an attempt may have been in flight at that moment.
        return Unknown(str(cause)) if mutating else Expired(_last_words(cause))
    if isinstance(cause, ApplicationError) and cause.type == "OutcomeUnknown":
        return Unknown(cause.message)
    if isinstance(cause, CancelledError) or error.retry_state == RetryState.CANCEL_REQUESTED:
        return Interrupted()
    if isinstance(cause, ApplicationError):
        reason = _reason_behind(cause)
        if cause.type not in FINAL and error.retry_state == RetryState.TIMEOUT:
            return Expired(cause.message, reason)
        return CallFailed(cause.type or "", cause.message, reason)
    return CallFailed(type(cause).__name__, str(cause))


def _reason_behind(error: ApplicationError) -> Reason | None:
    """The reason that a guardrail gave, if it was one that said no."""
    behind = error.cause
    if not isinstance(behind, ApplicationError) or behind.type != REASON:
        return None
    try:
        return Reason.model_validate(behind.details[0])
    except (IndexError, ValidationError):  # of another version
        return None


def _last_words(timeout: TimeoutError) -> str:
    """What the attempt before the time-out had seen, if it said so."""
    before = timeout.cause
    return before.message if isinstance(before, ApplicationError) else "no answer"
