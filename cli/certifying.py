"""Performs the main job on one throw-away instance by hand, watching the cloud more closely than a repair does."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from activities.clients.tencent import TencentCloud
from remediation.certificate import (
    Finding,
    Looks,
    OperationWatched,
    RebootWatched,
    RestoreWatched,
    RollbackWatched,
    SnapshotWatched,
    certificate,
)
from remediation.cloud import Disk, Snapshot, expiry, snapshot_name
from remediation.errors import MedicError
from remediation.guardrails import protectable
from remediation.guest import GuestReport, report_of
from remediation.permits import SendPermit
from remediation.runbooks import Mode

TAG = "medic-certify"
"""Only an instance that carries the tag `medic-certify=yes` is worked on."""

Step = Callable[[str], None]
_NOTE_EVERY_SECONDS = 10.0


class Trial:
    """One instance, one run; every change is announced to `step`, which may end it."""

    def __init__(
        self, cloud: TencentCloud, region: str, instance_id: str, step: Step, *, note: Step, patience: float
    ) -> None:
        """
        Args:
            note: told now and then what is waited for.
            patience: how long each wait may take, in seconds.
        """
        self._note, self._note_at = note, 0.0
        self._cloud, self._region, self._instance, self._step = cloud, region, instance_id, step
        self._patience = timedelta(seconds=patience)
        self._key = uuid.uuid4().hex[:10]

    def disks(self) -> tuple[Disk, ...]:
        """Those that a snapshot is made of.

        Raises:
            MedicError: this instance is not one to be worked on.
        """
        instance = self._cloud.describe_instance(self._region, self._instance)
        if instance is None:
            raise MedicError(f"the cloud knows no {self._instance} in {self._region}")
        if instance.tags.get(TAG) != "yes":
            raise MedicError(f"{self._instance} does not carry the tag {TAG}=yes: set it on a throw-away instance")
        if not instance.is_running or instance.operation.in_progress:
            raise MedicError(f"{self._instance} is {instance.state}, or busy: it has to be RUNNING and at rest")
        disks = protectable(self._cloud.describe_disks(self._region, self._instance))
        if not disks:
            raise MedicError(f"{self._instance} has no disk of which a snapshot can be made")
        return disks

    def snapshot(self, disk: Disk) -> SnapshotWatched:
        """One snapshot, watched to its end."""
        name = snapshot_name(self._key, disk.disk_id, "certify")
        self._step(f"make a snapshot of {disk.disk_id} ({disk.size_gib} GiB)")
        asked_at = _now()
        snapshot_id, _ = self._cloud.create_snapshot(
            _permit(),
            self._region,
            disk.disk_id,
            name=name,
            expires_at=expiry(asked_at, 0),
            tags={"medic-run": self._key, "medic-instance": self._instance},
        )
        watched = SnapshotWatched(asked_at=asked_at)
        for _ in self._looking():
            seen = next(iter(self._cloud.describe_snapshots(self._region, (snapshot_id,))), None)
            named = bool(self._cloud.find_snapshots(self._region, disk.disk_id, name))
            early = seen is not None and seen.percent == 100 and not seen.is_ready
            watched = watched.model_copy(
                update={
                    "last": seen,
                    "named": watched.named or named,
                    "listed_after": watched.listed_after or (_now() - asked_at if seen is not None else None),
                    "early_hundred": watched.early_hundred or early,
                }
            )
            if seen is not None and seen.is_ready and named:
                break
            shown = f"{seen.state}, {seen.percent} %" if seen is not None else "not listed yet"
            self._waits(f"the snapshot of {disk.disk_id} is {shown}")
        return watched

    def reboot(self) -> RebootWatched:
        """The reboot, watched until the cloud reports its end and the agent was heard after it."""
        self._step(f"reboot {self._instance} (SOFT)")
        sent_at = _now()
        request = self._cloud.reboot_instance(_permit(), self._region, self._instance, stop_type="SOFT")
        watched = RebootWatched(request_id=request, sent_at=sent_at)
        for _ in self._looking():
            one = self._cloud.describe_instance(self._region, self._instance)
            state = f"{one.state}/{one.operation.state}" if one is not None else "unknown"
            shown = one is not None and one.operation.request_id == request
            over = shown and one is not None and one.operation.state in ("SUCCESS", "FAILED")
            states = watched.states if watched.states[-1:] == (state,) else (*watched.states, state)
            watched = watched.model_copy(
                update={
                    "last": one,
                    "states": states,
                    "shown_after": watched.shown_after or (_now() - sent_at if shown else None),
                    "done_at": watched.done_at or (_now() if over else None),
                }
            )
            if watched.done_at is None:
                self._waits(f"{self._instance} is {state}")
                continue
            agent = self._cloud.describe_agent(self._region, self._instance)
            beat, done_at = agent.last_heartbeat if agent is not None else None, watched.done_at
            watched = watched.model_copy(update={"agent": agent})
            if agent is None or (beat is not None and done_at is not None and beat > done_at):
                break
            self._waits("it is back; its agent was not heard yet")
        return watched

    def look_inside(self, command_id: str, occasion: str) -> GuestReport | None:
        """One run of the registered command; None if there is none, or nobody hears it."""
        agent = self._cloud.describe_agent(self._region, self._instance)
        if not command_id or agent is None or not agent.online:
            return None
        self._step(f"look inside {self._instance} by {command_id}, {occasion}")
        sent = self._cloud.invoke_command(_permit(), self._region, self._instance, command_id=command_id)
        for _ in self._looking():
            run = self._cloud.read_invocation(self._region, self._instance, sent)
            report = report_of(run) if run is not None else None
            if report is not None:
                return report
        return None

    def restore(self, snapshots: tuple[Snapshot, ...]) -> RestoreWatched:
        """Stop, take every disk back to its snapshot, and start: not with a disk that did not come back."""
        self._step(f"stop {self._instance} (SOFT_FIRST)")
        request = self._cloud.stop_instance(_permit(), self._region, self._instance, stop_type="SOFT_FIRST")
        stopped = self._until("stop", request, "STOPPED")
        if stopped.last is None or stopped.last.state != "STOPPED":
            return RestoreWatched(stopped=stopped)
        disks: tuple[RollbackWatched, ...] = ()
        for snapshot in snapshots:
            disks = (*disks, self._take_back(snapshot))
            if not disks[-1].is_back:
                return RestoreWatched(stopped=stopped, disks=disks)
        self._step(f"start {self._instance}")
        request = self._cloud.start_instance(_permit(), self._region, self._instance)
        return RestoreWatched(stopped=stopped, disks=disks, started=self._until("start", request, "RUNNING"))

    def _take_back(self, snapshot: Snapshot) -> RollbackWatched:
        disk_id = snapshot.disk_id
        self._step(f"take {disk_id} back to {snapshot.snapshot_id}; what was written since is lost")
        self._cloud.apply_snapshot(_permit(), self._region, disk_id, snapshot_id=snapshot.snapshot_id)
        watched = RollbackWatched(disk_id=disk_id)
        for _ in self._looking():
            disks = self._cloud.describe_disks(self._region, self._instance)
            seen = next((one for one in disks if one.disk_id == disk_id), None)
            rolling = seen is not None and seen.rolling_back
            over = watched.shown and not rolling
            watched = watched.model_copy(
                update={"shown": watched.shown or rolling, "last": seen if over else watched.last}
            )
            if over:
                break
            self._waits(f"{disk_id} goes back to {snapshot.snapshot_id}")
        return watched

    def _until(self, action: str, request_id: str, state: str) -> OperationWatched:
        watched = OperationWatched(action=action, request_id=request_id, state=state)
        for _ in self._looking():
            one = self._cloud.describe_instance(self._region, self._instance)
            watched = watched.model_copy(update={"last": one})
            if one is not None and one.operation.request_id == request_id and not one.operation.in_progress:
                break
            self._waits(f"{self._instance} is {one.state}" if one is not None else f"{self._instance} is not shown")
        return watched

    def certify(self, command_id: str, *, rollback: bool = False) -> tuple[Finding, ...]:
        """The main job, in its order: no reboot before every snapshot is ready; then a rollback to these, if wanted.

        Raises:
            MedicError: it is not to be worked on, or a snapshot did not become ready.
        """
        disks = self.disks()
        before = self.look_inside(command_id, "before")
        snapshots = tuple(self.snapshot(disk) for disk in disks)
        ready = tuple(one.last for one in snapshots if one.last is not None and one.last.is_ready)
        if len(ready) < len(disks):
            raise MedicError("a snapshot did not become ready in time: nothing was rebooted")
        reboot = self.reboot()
        looks = Looks(before=before, after=self.look_inside(command_id, "after"))
        return certificate(snapshots, reboot, looks, self.restore(ready) if rollback else None)

    def _waits(self, what: str) -> None:
        """Said every ten seconds, and not at the first look."""
        now = time.monotonic()
        if now >= self._note_at + _NOTE_EVERY_SECONDS:
            self._note(what)
            self._note_at = now

    def _looking(self) -> _Looking:
        self._note_at = time.monotonic()
        return _Looking(self._patience)


class _Looking:
    """Looks again and again until the patience is over; at least once."""

    def __init__(self, patience: timedelta, every_seconds: float = 1.0) -> None:
        self._until, self._every, self._first = time.monotonic() + patience.total_seconds(), every_seconds, True

    def __iter__(self) -> _Looking:
        return self

    def __next__(self) -> None:
        if not self._first:
            if time.monotonic() >= self._until:
                raise StopIteration
            time.sleep(self._every)
        self._first = False


def _permit() -> SendPermit:
    now = time.monotonic()
    return SendPermit(mode=Mode.ACT, read_at=now, deadline=now + 20, clock=time.monotonic)


def _now() -> datetime:
    return datetime.now(timezone.utc)
