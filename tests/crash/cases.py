"""Where the worker is killed: at each event of the nominal histories, and at each moment of each mutating call."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

from remediation.cloud import APPLY_SNAPSHOT, CREATE_SNAPSHOT, INVOKE_COMMAND, REBOOT, START, STOP
from remediation.reasons import Code
from remediation.report import Outcome

Workflow = Literal["incident", "remediation"]
Story = Literal["reboot", "climb"]
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
        story: `reboot` heals by its first rung; `climb` goes on from a SOFT reboot that hangs to a rollback.
        event: kill when the history of `workflow` has so many events; or, if 0:
        hold: the fault that stops a call where the worker is to die, armed before the run.
        fate: what the held call then comes to.
        stopped: whether the worker is stopped (SIGSTOP) until the cloud has answered, and killed then.
    """

    name: str
    story: Story = "reboot"
    workflow: Workflow = "remediation"
    event: int = 0
    hold: Rule = field(default_factory=dict)
    fate: Rule | None = None
    stopped: bool = False


# What people are asked about if it was in the dead worker's hands, and never showed: it is not sent a second time.
_QUESTIONABLE = {
    "reboot_instance": Code.REBOOT_UNKNOWN,
    "stop_instance": Code.STOP_UNKNOWN,
    "apply_snapshot": Code.ROLLBACK_UNSEEN,
}


def allowed(outcome: Outcome, reason: Code, in_hand: Collection[str]) -> bool:
    """All is healed; only what may not be sent again can be left to people, and only if it was in hand (activities)."""
    if outcome is Outcome.RECOVERED:
        return True
    doubts = {code for activity, code in _QUESTIONABLE.items() if activity in in_hand}
    return outcome is Outcome.HANDED_OVER and reason in doubts


def at_events(story: Story, workflow: Workflow, names: list[str]) -> list[Case]:
    """One for each event of a nominal history."""
    prefix = workflow if story == "reboot" else story
    return [
        Case(f"{prefix} {number:02d} {name}", story, workflow, event=number)
        for number, name in enumerate(names, start=1)
    ]


def around_calls() -> list[Case]:
    """Each mutating call: before the send, under way, after the effect, and after the answer; with each fate of it."""
    reboot = [
        case
        for label, action, skip, read in (
            # Which of both disks comes first is chance; the second call is held after the first has gone through.
            ("first CreateSnapshot", CREATE_SNAPSHOT, 0, 2),
            ("second CreateSnapshot", CREATE_SNAPSHOT, 1, 3),
            ("RebootInstances", REBOOT, 0, 4),
        )
        for case in (_before(label, read), *_around(label, "reboot", action, skip))
    ]
    climb = [
        case
        for label, action, skip in (
            ("the look inside", INVOKE_COMMAND, 0),
            ("the SOFT reboot that hangs", REBOOT, 0),
            ("the stop in its place", STOP, 0),
            ("the start after it", START, 0),
            ("the rollback's stop", STOP, 1),
            ("the safety snapshot", CREATE_SNAPSHOT, 2),
            ("the first rollback", APPLY_SNAPSHOT, 0),
            ("the second rollback", APPLY_SNAPSHOT, 1),
            ("the rollback's start", START, 1),
        )
        for case in _around(f"climb, {label}", "climb", action, skip)
    ]
    return reboot + climb


def _before(label: str, read: int) -> Case:
    """The guard's reading is held; `read` others of this instance come before it. (A climb polls as often as it takes:
    there the events of its history have to do.)"""
    hold: Rule = {"action": "DescribeInstances", "skip": read, "kind": "hold"}
    return Case(f"{label}, before the send", hold=hold)


def _around(label: str, story: Story, action: str, skip: int) -> list[Case]:
    here = {"action": action, "skip": skip}
    held: Rule = {**here, "kind": "hold"}
    never = {**here, "kind": "drop_before"}
    cases = [
        Case(f"{label}, under way: it takes effect late", story, hold={**held, "at": "arrival"}),
        Case(f"{label}, under way: it never arrives", story, hold={**held, "at": "arrival"}, fate=never),
    ]
    for said, rule in ANSWERS.items():
        fate = {**here, **rule} if rule else None
        at_effect: Rule = {**held, "at": "effect"}
        cases.append(Case(f"{label}, after the effect and before the answer: {said}", story, hold=at_effect, fate=fate))
        after = f"{label}, after the answer and before the record: {said}"
        cases.append(Case(after, story, hold=at_effect, fate=fate, stopped=True))
    return cases
