"""Where a run stands, as the Temporal UI shows it: phase, steps with their times, current details."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow
from temporalio.common import SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from remediation.contract import SearchAttribute
    from remediation.report import Phase, Step


def keyword(name: SearchAttribute) -> SearchAttributeKey[str]:
    """The typed key of one of our search attributes."""
    return SearchAttributeKey.for_keyword(name.value)


class Journal:
    """The steps of one run, written as they happen."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._open: tuple[str, datetime] | None = None
        self._notes: list[str] = []
        self.steps: tuple[Step, ...] = ()

    @property
    def began_at(self) -> datetime:
        """When the open step began."""
        return self._open[1] if self._open is not None else workflow.now()

    def begin(self, step: str, waiting_for: str, phase: Phase | None = None) -> None:
        """The step before ends here, and `step` begins."""
        self.end()
        self._open = (step, workflow.now())
        if phase is not None:
            workflow.upsert_search_attributes([keyword(SearchAttribute.PHASE).value_set(phase.value)])
        self._show(f"**Now:** {waiting_for}")

    def note(self, text: str) -> None:
        """Something worth reading that is not a step of its own."""
        self._notes.append(text)

    def end(self) -> None:
        """The open step ends here."""
        if self._open is not None:
            name, started_at = self._open
            self.steps = (*self.steps, Step(name=name, started_at=started_at, ended_at=workflow.now()))
            self._open = None

    def close(self, ending: str) -> None:
        """The last words."""
        self.end()
        self._show(ending)

    def _show(self, now: str) -> None:
        rows = [f"| {step.name} | {step.started_at:%H:%M:%S} | {step.seconds:.1f} s |" for step in self.steps]
        table = ["| step | from (UTC) | took |", "|---|---|---|", *rows] if rows else []
        notes = [f"- {note}" for note in self._notes]
        workflow.set_current_details("\n".join([f"### {self._title}", "", now, "", *table, "", *notes]))
