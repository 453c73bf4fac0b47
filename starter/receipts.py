"""What the door answers: one receipt for each event, and what to change where an event will not be acted on."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from remediation.events import Alarm
from remediation.models import Fact

WorkerSeen = Literal["polls", "none polls", "unknown"]

STALE_AFTER = timedelta(minutes=30)
"""The default of `guardrails.max_age`: the door does not read medic.yaml, so it advises and never refuses."""


class EventReceipt(Fact):
    """What became of one event at the door.

    Attributes:
        status: `accepted`: its incident has it; `unreadable`: kept for people under `workflow_id`.
        event_id, instance_id, region: "" if unreadable.
        reason, hint: why it could not be read, and what to change; "" if accepted.
        advice: what to change in an accepted event that will probably not be acted on.
    """

    status: Literal["accepted", "unreadable"]
    event_id: str = ""
    instance_id: str = ""
    region: str = ""
    workflow_id: str
    reason: str = ""
    hint: str = ""
    advice: list[str] = Field(default=[])


class Receipt(Fact):
    """One receipt for each element of a delivery, in its order.

    Attributes:
        worker: `none polls`: what was accepted is kept, and nobody works on it; `unknown`: nobody looked in time.
    """

    events: list[EventReceipt]
    worker: WorkerSeen = "unknown"

    def as_dicts(self) -> list[dict[str, object]]:
        """Each event's receipt as plain JSON values: one log line each."""
        return [event.model_dump(mode="json") for event in self.events]


def advice_for(alarm: Alarm) -> list[str]:
    """What to change in an event that the worker will probably tell, but not act on."""
    advice = []
    if alarm.is_placeholder:
        advice.append(
            f"{alarm.instance_id} is the console template's placeholder: put the id of a real instance into `subject`"
        )
    age = alarm.received_at - alarm.occurred_at
    # A recovery is never acted on, however new it is.
    if age > STALE_AFTER and not alarm.is_recovery:
        advice.append(
            f"this event is {_in_words(age)} old; an alarm older than guardrails.max_age is told, not acted on; "
            "to try it now send it with `medic send FILE --now`"
        )
    return advice


def _in_words(age: timedelta) -> str:
    """The largest unit of which there are at least two: `45 minutes`, `30 hours`, `12 days`."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    hours = minutes // 60
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"
