"""The log read as what was true when: of one instance, its disks, their snapshots, and who asked for what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from simulator.checker.facts import Facts
from simulator.log import Entry

_READS = ("Describe", "Get", "List", "Inquiry", "AssumeRole")  # every other action changes something
_STATES = {
    "reboot_started": "REBOOTING",
    "stop_started": "STOPPING",
    "start_started": "STARTING",
    "instance_running": "RUNNING",
    "instance_stopped": "STOPPED",
    "instance_deleted": "DELETED",
}
_OPERATION = re.compile(r"(?P<what>reboot|stop|start)_(?P<step>accepted|done|failed)")
_GONE = {"snapshot_deleted", "snapshot_vanished", "snapshot_expired"}
_NAME = re.compile(r"medic-(?P<run>.+)-[0-9a-z]{8,32}-(?P<purpose>[a-z_]+)")
_HARMLESS = {"delay", "hold", "befall", "refuse"}  # after these an answer still says how things were


@dataclass(frozen=True)
class Snapshot:
    """One of a disk of ours; without `begun` it was there, and ready, before the log."""

    snapshot_id: str
    disk_id: str
    made_at: float
    begun: Entry | None = None
    run: str | None = None
    purpose: str = ""
    normal: Entry | None = None
    gone: Entry | None = None


@dataclass(frozen=True)
class Operation:
    """One operation on the instance; `ended` is None while it is under way."""

    what: str
    accepted: Entry
    ended: Entry | None = None


@dataclass(frozen=True)
class Since:
    """A value, and the entry that made it so; None for what was so from the beginning."""

    value: str
    entry: Entry | None = None


@dataclass
class History:
    """Everything that the promises are judged by."""

    entries: list[Entry]
    facts: Facts
    states: list[Since] = field(default_factory=list)
    restrictions: list[Since] = field(default_factory=list)
    disks: list[Since] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    calls: dict[str, Entry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.states = [Since(self.facts.state)]
        self.restrictions = [Since(self.facts.restrict_state)]
        self.disks = [Since(one) for one in self.facts.disks]
        began = self.entries[0].at if self.entries else 0.0
        for old in self.facts.earlier:
            made = Snapshot(old.snapshot_id, old.disk_id, began - old.age_seconds)
            self.snapshots[old.snapshot_id] = made
        ids = (one for one in self.entries if one.kind == "call" and one.request_id)
        self.calls = {str(one.request_id): one for one in ids}
        for entry in self.entries:
            if entry.kind == "effect" and entry.region == self.facts.region:
                self._take(entry)

    def is_ours(self, request_id: str | None) -> bool:
        """A call in this log made it, and no other people's."""
        return request_id in self.calls and request_id not in self.facts.foreign

    def mutating(self) -> Iterator[Entry]:
        """Our calls that would change something, also those that were refused."""
        for one in self.entries:
            if one.kind == "call" and not is_read(one) and self.is_ours(one.request_id):
                yield one

    def effects(self, *names: str) -> Iterator[tuple[Entry, Entry]]:
        """These effects of our calls, each with its call."""
        for one in self.entries:
            if one.kind == "effect" and one.name in names and self.is_ours(one.request_id):
                yield one, self.calls[str(one.request_id)]

    def run_of(self, call: Entry) -> str | None:
        """The run that sent it: what a snapshot is tagged with, and for all else the last run that took one."""
        if call.name == "CreateSnapshot":
            return run_key(call.params)
        made = [one for one in self.mutating() if one.name == "CreateSnapshot" and self.is_about(one)]
        runs = [run_key(one.params) for one in made if one.seq < call.seq]
        return next((run for run in reversed(runs) if run), None)

    def is_about(self, one: Entry) -> bool:
        """It concerns this instance, or a disk of it."""
        return not {self.facts.instance_id, *(disk.value for disk in self.disks)}.isdisjoint(one.targets)

    def last_look(self, call: Entry, *actions: str, or_lagging: bool = False) -> Entry | None:
        """The last of these reads that was answered before this call was sent, with how things were then."""
        fit = _HARMLESS | ({"lag"} if or_lagging else set())
        looks = [
            one
            for one in self.entries
            if one.seq < call.seq and one.at <= sent(call) and one.name in actions and self.was_answered(one, fit)
        ]
        return looks[-1] if looks else None

    def was_answered(self, read: Entry, fit: set[str] = _HARMLESS) -> bool:
        """We got this reading, and it says how things were; `fit` are the faults that leave it so."""
        return read.error is None and set(read.faults) <= fit and self.is_ours(read.request_id)

    def knew(self, what: Entry | None, call: Entry, *actions: str, lag: float = 0) -> bool:
        """Whether who sent this call could know of what had happened: it stood in the last reading before the send."""
        if what is None:
            return True
        if not self.facts.gap:
            return what.seq < call.seq and what.at <= sent(call)
        look = self.last_look(call, *actions)
        return look is not None and what.seq < look.seq and what.at + lag <= look.at

    def _take(self, entry: Entry) -> None:
        if entry.name.startswith("snapshot_"):
            self._take_snapshot(entry)
            return
        if self.facts.instance_id not in entry.targets:
            return
        state = _STATES.get(entry.name) or entry.params.get("state")
        if state:
            self.states.append(Since(str(state), entry))
        if entry.params.get("restrict_state"):
            self.restrictions.append(Since(str(entry.params["restrict_state"]), entry))
        if entry.params.get("attach"):
            self.disks.append(Since(str(entry.params["attach"]), entry))
        step = _OPERATION.fullmatch(entry.name)
        if step and step["step"] == "accepted":
            self.operations.append(Operation(step["what"], entry))
        elif (step or "state" in entry.params or entry.name == "instance_deleted") and self.operations:
            last = self.operations[-1]
            self.operations[-1] = Operation(last.what, last.accepted, last.ended or entry)

    def _take_snapshot(self, entry: Entry) -> None:
        snapshot_id, disk_id = entry.targets[:2]
        known = self.snapshots.get(snapshot_id)
        if entry.name == "snapshot_begun":
            call = self.calls.get(entry.request_id or "")
            params = call.params if call and self.is_ours(entry.request_id) else {}
            made = Snapshot(snapshot_id, disk_id, entry.at, entry, run_key(params), purpose(params))
            self.snapshots[snapshot_id] = made
        elif known and entry.name == "snapshot_normal":
            self.snapshots[snapshot_id] = replace(known, normal=entry)
        elif known and entry.name in _GONE:
            self.snapshots[snapshot_id] = replace(known, gone=entry)


def is_read(call: Entry) -> bool:
    return call.name.startswith(_READS)


def sent(call: Entry) -> float:
    """When it arrived at the cloud, however long a fault then held it back."""
    return call.at if call.arrived is None else call.arrived


def at_send(values: Iterable[Since], call: Entry) -> Since:
    """The last of these values that had come about when this call was sent."""
    known = [one for one in values if one.entry is None or (one.entry.seq < call.seq and one.entry.at <= sent(call))]
    return known[-1]


def run_key(params: Mapping[str, Any]) -> str | None:
    """By the tag `medic-run`, or by the snapshot's name."""
    tags = {one.get("Key"): one.get("Value") for one in params.get("Tags") or () if isinstance(one, dict)}
    named = _NAME.fullmatch(str(params.get("SnapshotName", "")))
    return tags.get("medic-run") or (named["run"] if named else None)


def purpose(params: Mapping[str, Any]) -> str:
    named = _NAME.fullmatch(str(params.get("SnapshotName", "")))
    return named["purpose"] if named else ""


def stop_type(call: Entry) -> str:
    """How this call lets a guest go down: SOFT unless it says otherwise."""
    forced = call.params.get("ForceReboot") or call.params.get("ForceStop")
    return str(call.params.get("StopType") or ("SOFT_FIRST" if forced else "SOFT"))


def clock(at: float) -> str:
    """A time as the checker writes it; UTC."""
    return datetime.fromtimestamp(at, timezone.utc).strftime("%H:%M:%S.%f")[:-3]
