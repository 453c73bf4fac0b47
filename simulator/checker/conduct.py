"""P2, P3, P5, P8 and P14: how often, in which order and on what a run acted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from simulator.checker.facts import Breach
from simulator.checker.history import History, clock, is_read, purpose, sent
from simulator.log import Entry

# Of each effect, which of its targets it may befall once in a run.
_ONCE = {"snapshot_begun": 1, "reboot_accepted": 0, "stop_accepted": 0, "start_accepted": 0, "rollback_started": 0}
# Of each mutating action, the parameters that name its targets, and what such an id begins with.
_NAMES = {
    "RebootInstances": {"InstanceIds": "ins"},
    "StopInstances": {"InstanceIds": "ins"},
    "StartInstances": {"InstanceIds": "ins"},
    "CreateSnapshot": {"DiskId": "disk"},
    "ApplySnapshot": {"DiskId": "disk", "SnapshotId": "snap"},
    "DeleteSnapshots": {"SnapshotIds": "snap"},
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
        allowed = history.facts.rungs if effect.name == "reboot_accepted" else 1
        if len(before) > allowed:
            said = f"{effect.name} of {target} in run {run} at {clock(before[0].at)} and again at {clock(effect.at)}"
            yield Breach("P2", effect.seq, said)


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
