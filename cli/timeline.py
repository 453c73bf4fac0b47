"""The story of a run, step by step, out of its history and pending activities: it needs no worker to be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Literal

from temporalio.api.enums.v1 import EventType, PendingActivityState

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp
    from temporalio.api.failure.v1 import Failure
    from temporalio.api.history.v1 import HistoryEvent
    from temporalio.api.workflow.v1 import PendingActivityInfo
    from temporalio.converter import DataConverter

_SOON_TAKEN = 3.0  # seconds after which it is worth saying that no worker has taken a step

_BOUND_SECONDS = 1.0

State = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True)
class Line:
    """One step.

    Attributes:
        step: its summary, or the activity's name if it has none.
        activity: the activity's name; "" for a rest or a message from outside.
        attempts: how often it was begun; for a wait, how often was looked.
        seconds: since it was scheduled, until it ended or until now.
        detail: what was seen last, or why it failed.
    """

    step: str
    activity: str
    state: State
    attempts: int
    started_at: datetime
    seconds: float
    detail: str = ""

    @property
    def is_open(self) -> bool:
        return self.state in ("waiting", "running")


async def read_timeline(
    history: Iterable[HistoryEvent], pending: Iterable[PendingActivityInfo], converter: DataConverter, now: datetime
) -> list[Line]:
    """History events and `raw_description.pending_activities` → one line a step, in the order of their beginning.

    Args:
        converter: decodes the summaries: the client's `data_converter`.
        now: for the seconds of what is still open.
    """
    waits = {one.activity_id: one for one in pending}
    lines: dict[int, Line] = {}
    for event in history:
        at = _moment(event.event_time)
        kind = event.event_type
        if kind == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled = event.activity_task_scheduled_event_attributes
            name = scheduled.activity_type.name
            line = Line(await _summary(event, converter) or name, name, "waiting", 0, at, 0.0)
            wait = waits.get(scheduled.activity_id)
            lines[event.event_id] = _with_pending(line, wait, now) if wait else line
        elif kind == EventType.EVENT_TYPE_TIMER_STARTED:
            summary = await _summary(event, converter)
            if summary:  # a timer without one bounds something else, and is no step of its own
                lines[event.event_id] = Line(summary, "", "running", 1, at, 0.0)
        elif kind == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            begun = event.activity_task_started_event_attributes
            _change(lines, begun.scheduled_event_id, state="running", attempts=begun.attempt)
        elif kind == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
            reason = event.workflow_execution_cancel_requested_event_attributes.cause
            lines[event.event_id] = Line("cancel was asked for", "", "done", 1, at, 0.0, reason)
        elif kind == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            signal = event.workflow_execution_signaled_event_attributes.signal_name
            lines[event.event_id] = Line(f"heard: {signal}", "", "done", 1, at, 0.0)
        else:
            _close(lines, event, at)
    story = [replace(one, seconds=_between(one.started_at, now)) if one.is_open else one for one in lines.values()]
    # A timer that has only just begun may be the bound of something that comes in time: that is no step.
    return [one for one in story if one.activity or not one.is_open or one.seconds >= _BOUND_SECONDS]


def _close(lines: dict[int, Line], event: HistoryEvent, at: datetime) -> None:
    """What ended with this event, if it ended something."""
    kind = event.event_type
    if kind == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
        _end(lines, event.activity_task_completed_event_attributes.scheduled_event_id, "done", at)
    elif kind == EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED:
        failed = event.activity_task_failed_event_attributes
        _end(lines, failed.scheduled_event_id, "failed", at, _gist(failed.failure))
    elif kind == EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
        late = event.activity_task_timed_out_event_attributes
        _end(lines, late.scheduled_event_id, "failed", at, f"timed out; last: {_gist(late.failure)}")
    elif kind == EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
        _end(lines, event.activity_task_canceled_event_attributes.scheduled_event_id, "done", at, "given up")
    elif kind == EventType.EVENT_TYPE_TIMER_FIRED:
        _end(lines, event.timer_fired_event_attributes.started_event_id, "done", at)
    elif kind == EventType.EVENT_TYPE_TIMER_CANCELED:
        # It bounded something that came in time, or a rest that was interrupted: nothing to tell.
        lines.pop(event.timer_canceled_event_attributes.started_event_id, None)
    elif kind in _ENDINGS:
        # A run that was ended by force leaves its steps open: they are not at work any more.
        for number, line in lines.items():
            if line.is_open:
                _end(lines, number, "failed", at, "the run ended before it did")


_ENDINGS = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
)


def _with_pending(line: Line, wait: PendingActivityInfo, now: datetime) -> Line:
    started = wait.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    seen = _gist(wait.last_failure) if wait.HasField("last_failure") else ""
    untaken = wait.attempt <= 1 and not started
    lonely = untaken and _between(line.started_at, now) > _SOON_TAKEN
    detail = seen or ("no worker has taken it yet" if lonely else "")
    return replace(line, state="running" if started else "waiting", attempts=wait.attempt - untaken, detail=detail)


def _change(lines: dict[int, Line], number: int, *, state: State, attempts: int) -> None:
    if number in lines:
        lines[number] = replace(lines[number], state=state, attempts=attempts)


def _end(lines: dict[int, Line], number: int, state: State, at: datetime, detail: str = "") -> None:
    line = lines.get(number)
    if line is not None:
        lines[number] = replace(line, state=state, seconds=_between(line.started_at, at), detail=detail)


def _gist(failure: Failure) -> str:
    """The innermost words: the outer ones only say that an activity failed."""
    while failure.HasField("cause"):
        failure = failure.cause
    return " ".join(failure.message.split())


async def _summary(event: HistoryEvent, converter: DataConverter) -> str:
    if not event.user_metadata.HasField("summary"):
        return ""
    (text,) = await converter.decode([event.user_metadata.summary])
    return str(text)


def _moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=timezone.utc)


def _between(earlier: datetime, later: datetime) -> float:
    return max((later - earlier).total_seconds(), 0.0)
