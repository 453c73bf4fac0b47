"""P1 and P13: what a run had in hand when it took an instance down, and when it rolled one back."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.checker.facts import Breach
from simulator.checker.history import History, Snapshot, at_send, clock, sent
from simulator.log import Entry

_WORDS = {"RebootInstances": "reboot", "StopInstances": "stop", "ApplySnapshot": "stop"}


def unprotected_reboots(history: History) -> Iterator[Breach]:
    """P1: a reboot or stop began, and a disk had no ready snapshot when it was sent; P3 if it was only sent."""
    instance_id = history.facts.instance_id
    effects = history.effects("reboot_accepted", "stop_accepted")
    begun = {call.seq: effect.seq for effect, call in effects if history.is_about(effect)}
    for call in history.mutating():
        goes_down = call.name in ("RebootInstances", "StopInstances") and history.is_about(call)
        if call.seq not in begun and not goes_down:
            continue
        for disk_id, why in _unprotected(history, call):
            word = _WORDS.get(call.name, call.name)
            said = f"{word} of {instance_id} sent {clock(sent(call))}, disk {disk_id}: {why}"
            yield Breach("P1" if call.seq in begun else "P3", begun.get(call.seq, call.seq), said)


def _unprotected(history: History, call: Entry) -> Iterator[tuple[str, str]]:
    run, facts = history.run_of(call), history.facts
    for disk in history.disks:
        known = history.knew(disk.entry, call, "DescribeDisks", "DescribeInstances")
        if disk.value in facts.unprotected or not known:
            continue
        of_disk = [one for one in history.snapshots.values() if one.disk_id == disk.value]
        wrongs = [_wrong(history, one, call) for one in of_disk if run and one.run == run]
        fresh = [one for one in of_disk if sent(call) - facts.reuse_seconds < one.made_at < sent(call)]
        wrongs += [_unready(history, one, call) for one in fresh]
        if "" not in wrongs:
            yield disk.value, wrongs[-1] if wrongs else f"run {run or '(none)'} had made no snapshot of it"


def _wrong(history: History, one: Snapshot, call: Entry) -> str:
    """Why this snapshot protects nothing; "" if it does."""
    alarmed_at = history.facts.alarmed_at
    if alarmed_at is not None and one.made_at < alarmed_at:
        return f"{one.snapshot_id} of {clock(one.made_at)} is older than the alarm of {clock(alarmed_at)}"
    return _unready(history, one, call)


def _unready(history: History, one: Snapshot, call: Entry) -> str:
    """Why nothing can be brought back from this snapshot; "" if it can."""
    if one.begun and (one.normal is None or one.normal.seq > call.seq or one.normal.at > sent(call)):
        became = f"only at {clock(one.normal.at)}" if one.normal else "never"
        return f"{one.snapshot_id} became NORMAL {became}"
    if one.gone and one.gone.seq < call.seq and history.knew(one.gone, call, "DescribeSnapshots"):
        return f"{one.snapshot_id} was gone at {clock(one.gone.at)} ({one.gone.name})"
    return ""


def unsafe_rollbacks(history: History) -> Iterator[Breach]:
    """P13: another disk's or an unready snapshot, a machine in use, no approval, no way back, or a start half-way."""
    begun: set[str | None] = set()
    for call in history.mutating():
        if call.name == "ApplySnapshot" and history.is_about(call):
            wrongs = [*_ill_chosen(history, call), *_unapproved(history, call)]
            run = history.run_of(call)
            wrongs += [] if run in begun else _irreversible(history, call, run)
            begun.add(run)
            told = f"{call.params.get('SnapshotId')} onto {call.params.get('DiskId')} at {clock(sent(call))}"
            yield from (Breach("P13", call.seq, f"{told}: {why}") for why in wrongs)
        if call.name == "StartInstances" or call.params.get("AutoStartInstance"):
            yield from _partly(history, call)


def _ill_chosen(history: History, call: Entry) -> Iterator[str]:
    snapshot = history.snapshots.get(str(call.params.get("SnapshotId")))
    if snapshot is None or snapshot.disk_id != call.params.get("DiskId"):
        yield "no snapshot of this disk"
    elif _unready(history, snapshot, call):
        yield _unready(history, snapshot, call)
    state = at_send(history.states, call).value
    if state != "STOPPED":
        yield f"{history.facts.instance_id} was {state}"


def _unapproved(history: History, call: Entry) -> Iterator[str]:
    facts = history.facts
    if facts.rollback_approved_at is None or sent(call) < facts.rollback_approved_at:
        yield "nobody had approved it"
    elif facts.approved.get(str(call.params.get("DiskId"))) != call.params.get("SnapshotId"):
        approved = ", ".join(f"{snapshot_id} onto {disk_id}" for disk_id, snapshot_id in facts.approved.items())
        yield f"approved was {approved or 'nothing'}"


def _irreversible(history: History, call: Entry, run: str | None) -> Iterator[str]:
    """Of each disk, before the first rollback: a way to undo it."""
    for disk_id in sorted(_wanted(history)):
        of_disk = (one for one in history.snapshots.values() if one.disk_id == disk_id and one.run == run)
        ways_back = [one for one in of_disk if one.purpose == "before_rollback"]
        if all(_unready(history, one, call) for one in ways_back):
            yield f"{disk_id} had no ready snapshot of before the rollback"


def _partly(history: History, call: Entry) -> Iterator[Breach]:
    wanted, begun, back = _wanted(history), set[str](), set[str]()
    for one in history.entries:
        if one.seq < call.seq and one.name.startswith("rollback_"):
            begun.add(one.targets[0])
            (back.add if one.name == "rollback_done" else back.discard)(one.targets[0])
    if call.name == "ApplySnapshot":  # the cloud starts the instance once this one is done
        begun.add(str(call.params.get("DiskId")))
        back.add(str(call.params.get("DiskId")))
    if begun & wanted and wanted - back:
        missing = ", ".join(sorted(wanted - back))
        said = f"start of {history.facts.instance_id} at {clock(sent(call))} while {missing} is not rolled back"
        yield Breach("P13", call.seq, said)


def _wanted(history: History) -> set[str]:
    """The disks that stand and fall together."""
    return {one.value for one in history.disks} - history.facts.unprotected
