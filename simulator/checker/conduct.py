"""P2, P3, P5, P8 and P14: how often, in which order and on what a run acted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from simulator.checker.facts import Breach
from simulator.checker.history import History, clock, is_read, purpose, sent, stop_type
from simulator.log import Entry

# Of each effect, which of its targets it may befall once in a run.
_ONCE = {"snapshot_begun": 1, "start_accepted": 0, "rollback_started": 0}
# Of each mutating action, the parameters that name its targets, and what such an id begins with.
_NAMES = {
    "RebootInstances": {"InstanceIds": "ins"},
    "StopInstances": {"InstanceIds": "ins"},
    "StartInstances": {"InstanceIds": "ins"},
    "CreateSnapshot": {"DiskId": "disk"},
    "ApplySnapshot": {"DiskId": "disk", "SnapshotId": "snap"},
    "DeleteSnapshots": {"SnapshotIds": "snap"},
    "InvokeCommand": {"InstanceIds": "ins", "CommandId": "cmd"},
}


def repetitions(history: History) -> Iterator[Breach]:
    """P2: the same thing came about twice in one run, whatever was answered."""
    seen: dict[tuple[Any, ...], list[Entry]] = defaultdict(list)
    for effect, call in history.effects(*_ONCE):
        what = purpose(call.params) if effect.name == "snapshot_begun" else ""
        target, run = effect.targets[_ONCE[effect.name]], history.run_of(call)
        if not history.is_about(effect):
            continue
        before = seen[run, effect.name, target, what]
        before.append(effect)
        allowed = max(1, _stops(history, effect, run)) if effect.name == "start_accepted" else 1
        if len(before) > allowed:
            said = f"{effect.name} of {target} in run {run} at {clock(before[0].at)} and again at {clock(effect.at)}"
            yield Breach("P2", effect.seq, said)


def missteps(history: History) -> Iterator[Breach]:
    """P2: a reboot or a stop came about for which the ladder had no rung left, or only one below."""
    climbed: dict[str | None, int] = defaultdict(int)
    told: dict[str | None, list[str]] = defaultdict(list)
    for effect, call in history.effects("reboot_accepted", "stop_accepted"):
        if not history.is_about(effect):
            continue
        run, how = history.run_of(call), stop_type(call)
        fits = {"HARD", "rollback"} if effect.name == "stop_accepted" else {how}
        ladder = history.facts.rungs
        rung = next((n for n in range(climbed[run], len(ladder)) if ladder[n] in fits), None)
        if rung is None:
            before = ", ".join(told[run]) or "nothing"
            said = f"{effect.name} ({how}) of {effect.targets[0]} in run {run} at {clock(effect.at)} after {before}: "
            yield Breach("P2", effect.seq, said + f"the ladder {', '.join(ladder)} has no rung for it")
        else:
            climbed[run] = rung + 1
        told[run].append(f"{effect.name} ({how}) at {clock(effect.at)}")


def _stops(history: History, before: Entry, run: str | None) -> int:
    """How often this run had stopped the instance before this."""
    stops = history.effects("stop_accepted")
    return sum(history.run_of(call) == run and effect.seq < before.seq for effect, call in stops)


def disorder(history: History) -> Iterator[Breach]:
    """P3: a run acted after a later one had begun, or took its snapshot after its own reboot."""
    runs: list[str] = []
    rebooting = {call.seq for _, call in history.effects("reboot_accepted")}
    rebooted: dict[str, Entry] = {}
    for call in history.mutating():
        run = history.run_of(call)
        if run is None or not history.is_about(call):
            continue
        if run not in runs:
            runs.append(run)
        told = f"run {run} sent {call.name} of {', '.join(call.targets)} at {clock(sent(call))}"
        if run != runs[-1]:
            yield Breach("P3", call.seq, f"{told} although run {runs[-1]} had begun")
        if call.seq in rebooting:
            rebooted[run] = call
        elif call.name == "CreateSnapshot" and purpose(call.params) != "before_rollback" and run in rebooted:
            yield Breach("P3", call.seq, f"{told}, after its reboot of {clock(rebooted[run].at)}")


def acts_of_an_observer(history: History) -> Iterator[Breach]:
    """P5: a run that only observes has sent a call that changes something."""
    for call in history.mutating() if history.facts.mode == "observe" else ():
        if call.targets and history.facts.others.issuperset(call.targets):
            continue
        said = f"{call.name} of {', '.join(call.targets)} sent at {clock(sent(call))} in mode observe"
        yield Breach("P5", call.seq, said + (f", and refused as {call.error}" if call.error else ""))


def vague_targets(history: History) -> Iterator[Breach]:
    """P8: a mutating call names not exactly one well-formed id of its kind, or a read asks for an empty list."""
    for call in history.mutating():
        for name, kind in _NAMES.get(call.name, {}).items():
            given = call.params.get(name)
            ids = given if isinstance(given, list) else [given]
            if len(ids) != 1 or not re.fullmatch(kind + r"-[0-9a-z]+", str(ids[0])):
                yield Breach("P8", call.seq, f"{call.name} at {clock(sent(call))} with {name}={given!r}")
        if call.name not in _NAMES and len(call.targets) != 1:
            yield Breach("P8", call.seq, f"{call.name} at {clock(sent(call))} names {call.targets!r}")
    for call in history.entries:
        if call.kind != "call" or not is_read(call) or not history.is_ours(call.request_id):
            continue
        empty = [name for name, given in call.params.items() if name.endswith("Ids") and not given]
        filters = call.params.get("Filters")
        empty += [str(one.get("Name")) for one in filters or () if isinstance(one, dict) and not one.get("Values")]
        empty += ["Filters"] if filters == [] else []
        if empty:
            said = f"{call.name} at {clock(sent(call))} with empty {', '.join(empty)}, which means everything"
            yield Breach("P8", call.seq, said)


def strays(history: History) -> Iterator[Breach]:
    """P14: a mutating call on what is not this instance's, or in another region."""
    facts = history.facts
    for call in history.mutating():
        disks = {one.value for one in history.disks}
        allowed = {facts.instance_id, *disks, *facts.others}
        allowed |= {one.snapshot_id for one in history.snapshots.values() if one.disk_id in allowed}
        wrong = [one for one in call.targets if one not in allowed]
        if call.region != facts.region and not (call.targets and facts.others.issuperset(call.targets)):
            wrong = [f"{one} in {call.region}" for one in call.targets or ("everything",)]
        if wrong:
            said = f"{call.name} at {clock(sent(call))} on {', '.join(wrong)}, which is not of {facts.instance_id}"
            yield Breach("P14", call.seq, said)
