"""Lets happenings happen: the one place that changes the cloud on behalf of nobody who called."""

from __future__ import annotations

from simulator import cbs, operations
from simulator.cloud import Cloud
from simulator.happenings import AccountChange, Happening, InstanceChange
from simulator.state import Disk, Instance, Region

# What becomes of a machine is kept beside its spec; the rest of a change is a new spec.
_OWN = {"state", "restrict_state", "tags", "symptom", "agent"}
_DOWN = {"STOPPED", "STOPPING", "STARTING", "REBOOTING"}


class Impossible(Exception):
    """It cannot befall this: what it is about is not there, or is not in a state for it."""


def befall(cloud: Cloud, what: Happening, now: float, region: str = "") -> None:
    """Let this happen when its time has come; what is impossible then leaves `nothing_befell` in the log, and a reason.

    Args:
        region: where, if the happening does not say.
    """

    def in_its_time(at: float) -> None:
        try:
            happen(cloud, what, at, region)
        except Impossible as reason:
            targets = [one for one in (what.instance, what.disk) if one]
            cloud.log.effect(at, "nothing_befell", what.region or region, *targets, params={"reason": str(reason)})

    if what.in_seconds:
        cloud.schedule(now + what.in_seconds / cloud.speed, in_its_time)
    else:
        in_its_time(now)


def happen(cloud: Cloud, what: Happening, now: float, region_name: str = "") -> None:
    """Let this happen at once.

    Raises:
        Impossible: it cannot.
    """
    name = what.region or region_name
    if what.account is not None:
        change_account(cloud, what.account, now)
        return
    region = cloud.regions.get(name)
    one = region.instances.get(what.instance or "") if region else None
    disk = region.disks.get(what.disk or "") if region else None
    if region is None or (one is None and disk is None):
        raise Impossible(f"{name} has no {what.instance or what.disk}")
    if one is not None and what.change is not None:
        change_instance(cloud, region, one, what.change, now)
    elif one is not None and what.operate is not None:
        refused = operations.refusal(one, what.operate)
        if refused:
            raise Impossible(str(refused))
        operations.operate(cloud, region, one, what.operate, cloud.new_request_id(), now)
    elif one is not None:
        delete_instance(cloud, region, one, now)
    elif disk is not None:
        _snapshots(cloud, region, disk, what, now)


def change_instance(cloud: Cloud, region: Region, one: Instance, change: InstanceChange, now: float) -> None:
    """
    Raises:
        Impossible: the disk that is to be attached is there already.
    """
    if change.attach is not None and change.attach.disk_id in region.disks:
        raise Impossible(f"{change.attach.disk_id} is there already")
    # Only a symptom can be nothing; for all else, nothing means unchanged.
    written = change.model_dump(mode="json", exclude_unset=True, exclude={"attach"})
    told = {name: value for name, value in written.items() if value is not None or name == "symptom"}
    boots = change.state == "RUNNING" and one.state in _DOWN
    one.spec = one.spec.model_copy(update={name: value for name, value in told.items() if name not in _OWN})
    for name in _OWN & set(told):
        setattr(one, name, told[name])
    if change.attach is not None:
        region.disks[change.attach.disk_id] = Disk(change.attach, "DATA_DISK", now, one.spec.instance_id)
        one.disk_ids.append(change.attach.disk_id)
        told["attach"] = change.attach.disk_id
    if change.state is not None:
        one.running = None
    if change.state is not None or change.agent is not None:
        one.fall_silent(now, cloud.durations.heartbeat)
        if boots:
            one.boot()
        if one.state == "RUNNING":
            one.speak_up(now + cloud.durations.first_heartbeat)
    cloud.log.effect(now, "instance_changed", region.name, one.spec.instance_id, params=told)


def delete_instance(cloud: Cloud, region: Region, one: Instance, now: float) -> None:
    """Its disks stay, attached to nothing."""
    one.running = None
    del region.instances[one.spec.instance_id]
    for disk_id in one.disk_ids:
        region.disks[disk_id].instance_id = None
    cloud.log.effect(now, "instance_deleted", region.name, one.spec.instance_id)


def change_account(cloud: Cloud, change: AccountChange, now: float) -> None:
    told = change.model_dump(mode="json", exclude_none=True)
    if change.clock_skew_seconds is not None:
        cloud.clock_skew_seconds = change.clock_skew_seconds
    if change.deny is not None:
        cloud.deny = change.deny
    cloud.log.effect(now, "account_changed", "", params=told)


def _snapshots(cloud: Cloud, region: Region, disk: Disk, what: Happening, now: float) -> None:
    if what.snapshot == "begin":
        refused = cbs.refusal(region, disk)
        if refused:
            raise Impossible(str(refused))
        cbs.begin(cloud, region, disk, cloud.new_request_id(), now, name="by-hand")
        return
    found = [one for one in region.snapshots.values() if one.disk_id == disk.spec.disk_id]
    if not found:
        raise Impossible(f"there is no snapshot of {disk.spec.disk_id}")
    for one in found:
        (cbs.stall if what.snapshot == "stall" else cbs.vanish)(cloud, region, one, now)
