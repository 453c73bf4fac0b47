"""What the demo proves, from the cloud's own log of calls alone: never from our own records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from simulator.log import Entry


def broken(log: Sequence[Entry], instance_id: str, disks: Iterable[str]) -> list[str]:
    """What the log does not bear out, in words; an empty list is the proof.

    One CreateSnapshot for each disk, all of them NORMAL before the one RebootInstances, which names one instance.
    """
    wrong: list[str] = []
    effective = [entry for entry in log if entry.kind == "call" and entry.error is None]
    reboots = [entry for entry in effective if entry.name == "RebootInstances"]
    if len(reboots) != 1:
        return [f"{len(reboots)} calls of RebootInstances, expected one"]
    reboot = reboots[0]
    if reboot.params.get("InstanceIds") != [instance_id]:
        wrong.append(f"RebootInstances named {reboot.params.get('InstanceIds')}, expected [{instance_id}]")
    for disk in disks:
        begun = [one for one in effective if one.name == "CreateSnapshot" and one.params.get("DiskId") == disk]
        if len(begun) != 1:
            wrong.append(f"{len(begun)} calls of CreateSnapshot for {disk}, expected one")
        ready = [one for one in log if one.name == "snapshot_normal" and disk in one.targets]
        if not ready or ready[0].seq > reboot.seq:
            wrong.append(f"the snapshot of {disk} was not NORMAL when the reboot was sent")
    return wrong
