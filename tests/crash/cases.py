"""Where the worker is killed: at each event of the nominal histories, and at each moment of each mutating call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from remediation.cloud import CREATE_SNAPSHOT, REBOOT
from remediation.reasons import Code
from remediation.report import Outcome

Workflow = Literal["incident", "remediation"]
Rule = dict[str, Any]

# What became of the answer, as the simulator's faults say it.
ANSWERS: dict[str, Rule | None] = {
    "answered": None,
    "lost": {"kind": "lose_answer"},
    "HTTP 500": {"kind": "http_500", "at": "effect"},
    "cut": {"kind": "truncate"},
    "without its id": {"kind": "null_id"},
}


@dataclass(frozen=True)
class Case:
    """One run in which the worker is killed once, and replaced.

    Attributes:
        event: kill when the history of `workflow` has so many events; or, if 0:
        hold: the fault that stops a call where the worker is to die, armed before the run.
        fate: what the held call then comes to.
        stopped: whether the worker is stopped (SIGSTOP) until the cloud has answered, and killed then.
    """

    name: str
    workflow: Workflow = "remediation"
    event: int = 0
    hold: Rule = field(default_factory=dict)
    fate: Rule | None = None
    stopped: bool = False


def allowed(outcome: Outcome, reason: Code, *, reboot_in_hand: bool) -> bool:
    """All is healed; only a reboot that was in the dead worker's hands, and never showed, is a question for people."""
    if outcome is Outcome.RECOVERED:
        return True
    return reboot_in_hand and (outcome, reason) == (Outcome.HANDED_OVER, Code.REBOOT_UNKNOWN)


def at_events(workflow: Workflow, names: list[str]) -> list[Case]:
    """One for each event of a nominal history."""
    return [
        Case(f"{workflow} {number:02d} {name}", workflow, event=number) for number, name in enumerate(names, start=1)
    ]


def around_calls() -> list[Case]:
    """Each mutating call: before the send, under way, after the effect, and after the answer; with each fate of it."""
    return [
        case
        for label, action, skip, read in (
            # Which of both disks comes first is chance; the second call is held after the first has gone through.
            ("first CreateSnapshot", CREATE_SNAPSHOT, 0, 2),
            ("second CreateSnapshot", CREATE_SNAPSHOT, 1, 3),
            ("RebootInstances", REBOOT, 0, 4),
        )
        for case in _around(label, action, skip, read)
    ]


def _around(label: str, action: str, skip: int, read: int) -> list[Case]:
    here = {"action": action, "skip": skip}
    held: Rule = {**here, "kind": "hold"}
    cases = [
        Case(
            f"{label}, before the send",
            # The guard's reading; `read` others of this instance come before it.
            hold={"action": "DescribeInstances", "skip": read, "kind": "hold"},
        ),
        Case(f"{label}, under way: it takes effect late", hold={**held, "at": "arrival"}),
        Case(
            f"{label}, under way: it never arrives",
            hold={**held, "at": "arrival"},
            fate={**here, "kind": "drop_before"},
        ),
    ]
    for said, rule in ANSWERS.items():
        fate = {**here, **rule} if rule else None
        at_effect: Rule = {**held, "at": "effect"}
        cases.append(Case(f"{label}, after the effect and before the answer: {said}", hold=at_effect, fate=fate))
        after = f"{label}, after the answer and before the record: {said}"
        cases.append(Case(after, hold=at_effect, fate=fate, stopped=True))
    return cases
