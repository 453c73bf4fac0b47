"""P1 and P13: what a run had in hand when it rebooted an instance, and when it rolled one back."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.checker.facts import Breach
from simulator.checker.history import History, Snapshot, at_send, clock, sent
from simulator.log import Entry


def unprotected_reboots(history: History) -> Iterator[Breach]:
    """P1: a reboot began, and a disk had no ready snapshot of this run when it was sent; P3 if it was only sent."""
    instance_id = history.facts.instance_id
    begun = {call.seq: effect.seq for effect, call in history.effects("reboot_accepted") if history.is_about(effect)}
    for call in history.mutating():
        if call.seq not in begun and not (call.name == "RebootInstances" and history.is_about(call)):
            continue
        for disk_id, why in _unprotected(history, call):
            said = f"reboot of {instance_id} sent {clock(sent(call))}, disk {disk_id}: {why}"
            yield Breach("P1" if call.seq in begun else "P3", begun.get(call.seq, call.seq), said)


def _unprotected(history: History, call: Entry) -> Iterator[tuple[str, str]]:
    run = history.run_of(call)
    for disk in history.disks:
        known = history.knew(disk.entry, call, "DescribeDisks", "DescribeInstances")
        if disk.value in history.facts.unprotected or not known:
            continue
        of_disk = [one for one in history.snapshots.values() if one.disk_id == disk.value and one.run == run]
        wrongs = [_wrong(history, one, call) for one in of_disk if run]
        if "" not in wrongs:
            yield disk.value, wrongs[-1] if wrongs else f"run {run or '(none)'} had made no snapshot of it"


def _wrong(history: History, one: Snapshot, call: Entry) -> str:
    """Why this snapshot protects nothing; "" if it does."""
    alarmed_at = history.facts.alarmed_at
    if one.normal is None or one.normal.seq > call.seq or one.normal.at > sent(call):
        became = f"only at {clock(one.normal.at)}" if one.normal else "never"
        return f"{one.snapshot_id} became NORMAL {became}"
    if one.gone and one.gone.seq < call.seq and history.knew(one.gone, call, "DescribeSnapshots"):
        return f"{one.snapshot_id} was gone at {clock(one.gone.at)} ({one.gone.name})"
    if alarmed_at is not None and one.begun.at < alarmed_at:
        return f"{one.snapshot_id} of {clock(one.begun.at)} is older than the alarm of {clock(alarmed_at)}"
    return ""


def unsafe_rollbacks(history: History) -> Iterator[Breach]:
    """P13: another disk's or an unready snapshot, a machine in use, no approval, or a start half-way."""
    approved_at = history.facts.rollback_approved_at
    for call in history.mutating():
        if call.name == "ApplySnapshot":
            disk_id, snapshot_id = call.params.get("DiskId"), call.params.get("SnapshotId")
            told = f"{snapshot_id} onto {disk_id} at {clock(sent(call))}"
            own, state = history.snapshots.get(str(snapshot_id)), at_send(history.states, call).value
            if own is None or own.disk_id != disk_id or own.run is None:
                yield Breach("P13", call.seq, f"{told}: no snapshot of this disk that a run had made")
            elif _wrong(history, own, call):
                yield Breach("P13", call.seq, f"{told}: {_wrong(history, own, call)}")
            if state != "STOPPED":
                yield Breach("P13", call.seq, f"{told}: {history.facts.instance_id} was {state}")
            if approved_at is None or sent(call) < approved_at:
                yield Breach("P13", call.seq, f"{told}: nobody had approved it")
        if call.name == "StartInstances" or call.params.get("AutoStartInstance"):
            yield from _partly(history, call)


def _partly(history: History, call: Entry) -> Iterator[Breach]:
    earlier = [one for one in history.entries if one.seq < call.seq]
    asked_with_it = {str(call.params["DiskId"])} if call.name == "ApplySnapshot" else set()
    begun = asked_with_it | {one.targets[0] for one in earlier if one.name == "rollback_started"}
    back = asked_with_it | {one.targets[0] for one in earlier if one.name == "rollback_done"}
    wanted = {one.value for one in history.disks} - history.facts.unprotected
    if begun & wanted and wanted - back:
        missing = ", ".join(sorted(wanted - back))
        said = f"start of {history.facts.instance_id} at {clock(sent(call))} while {missing} is not rolled back"
        yield Breach("P13", call.seq, said)
