"""What one piece of work leaves in Temporal, read from its real history."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle


@dataclass(frozen=True)
class Footprint:
    """One run's history: its size, and how often it has each type of event."""

    events: int
    kib: float
    types: Counter[str]

    @property
    def tasks(self) -> int:
        return self.types["WORKFLOW_TASK_COMPLETED"]

    @property
    def work(self) -> tuple[int, int, int]:
        """Activities, local activities and children: what has to be the same in both pairs."""
        return (
            self.types["ACTIVITY_TASK_SCHEDULED"],
            self.types["MARKER_RECORDED"],
            self.types["START_CHILD_WORKFLOW_EXECUTION_INITIATED"],
        )


async def footprint(handle: WorkflowHandle[Any, Any]) -> Footprint:
    """As it is now."""
    history = await handle.fetch_history()
    described = await handle.describe()
    types = Counter(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events)
    size = described.raw_description.workflow_execution_info.history_size_bytes
    return Footprint(len(history.events), size / 1024, types)
