"""P10: what a run that said `recovered` could have seen by then, and how the guest really was."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.checker.facts import Breach
from simulator.checker.history import History, clock
from simulator.log import Entry

_INTO_THE_GUEST = ("DescribeAutomationAgentStatus", "DescribeInvocationTasks")
_NOT_UP = {
    "stuck": "its last boot had not come to its end",
    "silent": "its agent was not heard after its last boot",
    "not_rebooted": "it had not gone down in its last reboot",
}


def dishonest_recoveries(history: History) -> Iterator[Breach]:
    """P10: `recovered` without a repair that the cloud called done, without having looked since, or untrue."""
    at = history.facts.said_recovered_at
    if at is None:
        return
    known = [one for one in history.entries if one.at <= at]
    seq = known[-1].seq if known else 0
    for why in _wrongs(history, known):
        yield Breach("P10", seq, f"{history.facts.instance_id} was told as recovered at {clock(at)}: {why}")


def _wrongs(history: History, known: list[Entry]) -> Iterator[str]:
    facts = history.facts
    ours = [one for one in known if one.kind == "effect" and facts.instance_id in one.targets]
    repairs = [one for one in ours if one.name in ("reboot_done", "start_done") and history.is_ours(one.request_id)]
    if not repairs:
        yield "the cloud had not finished any reboot or start of this run"
        return
    done = repairs[-1]
    state = [one for one in history.states if one.entry is None or one.entry.seq <= known[-1].seq][-1].value
    if state != "RUNNING":
        yield f"it was {state}"
    if not _looked(history, known, done, ("DescribeInstances",)):
        yield f"nobody had looked since {clock(done.at)}"
    up = [one for one in ours if one.name == "instance_running" and one.seq <= done.seq]
    if facts.agent == "online" and up and not _looked(history, known, up[-1], _INTO_THE_GUEST):
        yield f"nobody had listened to its guest since {clock(up[-1].at)}"
    if not facts.proven_in_guest or facts.agent == "absent":
        return
    yield from _guest(ours)
    symptom = _symptom(facts.symptom, ours)
    if symptom:
        yield f"{symptom} was still there"


def _looked(history: History, known: list[Entry], since: Entry, actions: tuple[str, ...]) -> bool:
    looks = (one for one in known if one.kind == "call" and one.name in actions and one.seq > since.seq)
    return any(history.was_answered(one) for one in looks)


def _guest(ours: list[Entry]) -> Iterator[str]:
    boots = [str(one.params.get("guest")) for one in ours if one.name == "instance_running"]
    if boots and boots[-1] in _NOT_UP:
        yield _NOT_UP[boots[-1]]


def _symptom(symptom: str | None, ours: list[Entry]) -> str | None:
    for one in ours:
        if one.name == "symptom_cured":
            symptom = None
        elif one.name in ("symptom_returned", "instance_changed") and "symptom" in one.params:
            symptom = one.params["symptom"]
    return symptom
