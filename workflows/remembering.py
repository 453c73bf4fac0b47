"""What an incident remembers: each decision once, the state that the next depends on, and the page that shows it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from remediation.contract import IncidentMemory, RebootBegun, Record, RemediationEnded, RunTold, SearchAttribute
    from remediation.decisions import Decision, Kind, remembered
    from remediation.events import Alarm
    from remediation.incidents import MEMORY, MOST_REMEMBERED, IncidentState, Run
    from remediation.report import Outcome
    from remediation.telling import say
    from workflows.journal import keyword

# What was held, or had joined, may be decided once more.
_NOT_LAST = (Kind.HOLD, Kind.JOIN)


class Memory:
    """The memory of one incident; it outlasts the run that holds it (continue-as-new)."""

    def __init__(self, carried: Any) -> None:
        self.unreadable = ""
        try:
            self._kept = IncidentMemory.model_validate(carried or {})
        except ValidationError as error:
            # A newer worker wrote it. What was decided stays in the earlier run's history; what was tried is not known,
            # and counts as an attempt: nothing is repaired until a day has passed.
            self.unreadable = f"{error.errors()[0]['loc']}: {error.errors()[0]['msg']}"
            now = workflow.now()
            tried = Run(
                run_key="forgotten", rule="", started_at=now, ended_at=now, outcome=Outcome.FAILED, watch_seconds=0
            )
            self._kept = IncidentMemory(state=IncidentState(runs=(tried,)), last_event_at=now)

    @property
    def state(self) -> IncidentState:
        return self._kept.state

    @state.setter
    def state(self, state: IncidentState) -> None:
        self._change(state=state)

    @property
    def records(self) -> tuple[Record, ...]:
        return self._kept.decisions

    @property
    def is_over(self) -> bool:
        """Whether nothing that happens now could depend on it any more."""
        return self.left <= timedelta()

    @property
    def left(self) -> timedelta:
        """How long it still lasts if nothing happens."""
        last = self._kept.last_event_at
        return MEMORY - (workflow.now() - last) if last is not None else timedelta()

    def carried(self) -> dict[str, Any]:
        """For the next run of this incident."""
        return self._kept.model_dump(mode="json")

    def event_came(self) -> None:
        self._change(last_event_at=workflow.now())

    def fold(self) -> bool:
        """One more event is only counted. Returns whether it is the first."""
        self._change(folded=self._kept.folded + 1)
        return self._kept.folded == 1

    def counts(self) -> dict[str, int]:
        """How many events had which decision."""
        counts: dict[str, int] = {}
        for record in self.records:
            counts[record.kind] = counts.get(record.kind, 0) + 1
        if self._kept.folded:
            counts["folded"] = self._kept.folded
        return counts

    def remember(self, decision: Decision, alarm: Alarm | None, run: Run | None = None) -> None:
        """The one record of this event; what was held, or had joined, and is decided once more is written over."""
        state = remembered(self.state, decision, alarm) if alarm is not None else self.state
        record = Record(
            event_id=decision.event_id,
            kind=decision.kind.value,
            rule=decision.rule,
            said=say(decision.reason),
            facts=decision.facts,
            needs_people=decision.needs_people,
            decided_at=decision.decided_at,
            run=run or (state.last_run if decision.kind in (Kind.JOIN, Kind.DUPLICATE, Kind.SUPPRESS) else None),
        )
        before = next((one for one in self.records if one.event_id == record.event_id and one.kind in _NOT_LAST), None)
        held = before is not None and before.kind == Kind.HOLD
        if before is not None and decision.kind not in (Kind.DUPLICATE, Kind.CONFLICT):
            record = record.model_copy(update={"held_at": before.held_at or (before.decided_at if held else None)})
            records = tuple(record if one is before else one for one in self.records)
        else:
            records = (*self.records, record)[-MOST_REMEMBERED:]
        self._change(state=state, decisions=records)
        if decision.kind is not Kind.REMEDIATE:
            left = "watching" if held else None
            self.show(f"{decision.kind.value}: {record.said}", "held" if decision.kind is Kind.HOLD else left)

    def get_to_know(self, told: RunTold) -> None:
        """A run tells of itself. One that was started by an incident that was ended by hand counts all the same."""
        if told.run is not None and self.state.run(told.run_key) is None:
            self.state = self.state.with_run(told.run)

    def rebooting(self, begun: RebootBegun) -> None:
        """A run is about to send a reboot: it may raise alarms from here on."""
        run = self.state.run(begun.run_key)
        if run is not None:
            self._know(run.model_copy(update={"reboot_at": begun.at}))

    def ended(self, run_key: str, outcome: Outcome, told: RemediationEnded | None = None) -> None:
        """A run has ended; without its own words nobody knows whether it rebooted, and it stays as it was."""
        run = self.state.run(run_key)
        if run is None or run.ended_at is not None:
            return
        known = told.model_dump(include={"reboot_at", "back_at", "rungs"}) if told is not None else {}
        self._know(run.model_copy(update={"outcome": outcome, "ended_at": workflow.now(), **known}))
        self.state = self.state.run_over(outcome)
        self.event_came()  # the watch counts from here, and memory has to outlast it
        self.show(f"remediation {run_key} ended: **{outcome.value}**", "watching")

    def show(self, now: str, phase: str | None = None) -> None:
        """Where the incident stands, in the Temporal UI."""
        rows = [
            f"| {record.decided_at:%m-%d %H:%M:%S} | {record.kind} | {record.rule} | {record.said} |"
            for record in self.records[-20:]
        ]
        head = ["| decided (UTC) | decision | rule | why |", "|---|---|---|---|"] if rows else []
        workflow.set_current_details("\n".join([f"**Now:** {now}", "", *head, *rows]))
        if phase is not None:
            workflow.upsert_search_attributes([keyword(SearchAttribute.PHASE).value_set(phase)])

    def _know(self, run: Run) -> None:
        decisions = tuple(
            record.model_copy(update={"run": run}) if record.run and record.run.run_key == run.run_key else record
            for record in self.records
        )
        self._change(state=self.state.with_run(run), decisions=decisions)

    def _change(self, **changes: object) -> None:
        self._kept = self._kept.model_copy(update=changes)
