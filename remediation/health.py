"""From readings to healthy, unhealthy or unknown: an error of a probe is unknown, never one of the other two."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from remediation.cloud import Sighting
from remediation.models import Fact
from remediation.reasons import Code, Reason, because


class Health(str, Enum):
    """The three values of a reading, and of the judgement over all of them."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"


class Reading(Fact):
    """What one probe saw."""

    probe: str
    health: Health
    why: Reason
    required: bool = True


class Judgement(Fact):
    """All readings, judged: healthy only if every required one is."""

    health: Health
    readings: tuple[Reading, ...]

    @property
    def proven(self) -> tuple[Reason, ...]:
        return tuple(one.why for one in self.readings if one.health is Health.HEALTHY)

    @property
    def unproven(self) -> tuple[Reason, ...]:
        return tuple(one.why for one in self.readings if one.health is not Health.HEALTHY)


def judge(readings: tuple[Reading, ...]) -> Judgement:
    """Healthy if every required reading is healthy, unhealthy if one is unhealthy, otherwise unknown.

    No required reading at all proves nothing, and is unknown.
    """
    required = [one.health for one in readings if one.required]
    if Health.UNHEALTHY in required:
        health = Health.UNHEALTHY
    elif required and all(one is Health.HEALTHY for one in required):
        health = Health.HEALTHY
    else:
        health = Health.UNKNOWN
    return Judgement(health=health, readings=readings)


def made_worse(before: Sighting, now: Sighting) -> bool:
    """Whether the repair took something away that was there: the instance ran, or its guest was heard, and not now."""
    if before.instance is None or now.instance is None:
        return False
    stopped = before.instance.is_running and not now.instance.is_running
    was_heard = before.agent is not None and before.agent.online
    is_silent = now.agent is not None and not now.agent.online
    return stopped or (was_heard and is_silent)


def read_health(
    sighting: Sighting,
    *,
    request_id: str,
    back_at: datetime,
    recovered_at: datetime | None,
    fired_at: datetime | None = None,
    require: tuple[str, ...] = (),
) -> tuple[Reading, ...]:
    """What one sighting after the reboot proves.

    Args:
        request_id: the cloud's id of *our* reboot.
        back_at: when it was seen back; only evidence newer than this counts: a SOFT shutdown takes its time, and the
            guest of before may still give signs of life after the reboot was sent.
        recovered_at: when a recovery alarm (`status` "0") came in after it, if one did.
        fired_at: when the same fault fired last.
        require: what else the runbook asks for.
    """
    readings = (
        _reboot_reported(sighting, request_id),
        _running(sighting),
        _heartbeat(sighting, back_at),
        _quiet(back_at, fired_at),
        _recovery_alarm(back_at, recovered_at),
        Reading(probe="guest", health=Health.UNKNOWN, why=because(Code.GUEST_NOT_PROBED), required=False),
    )
    asked = {"agent": "agent", "recovery": "alarm"}  # of the guest nobody can tell here
    wanted = {asked[one] for one in require if one in asked}
    return tuple(one.model_copy(update={"required": True}) if one.probe in wanted else one for one in readings)


def _quiet(back_at: datetime, fired_at: datetime | None) -> Reading:
    if fired_at is not None and fired_at > back_at:
        at = f"{fired_at:%H:%M:%S} UTC"
        return Reading(probe="quiet", health=Health.UNHEALTHY, why=because(Code.FIRED_AGAIN, at=at))
    return Reading(probe="quiet", health=Health.HEALTHY, why=because(Code.QUIET), required=False)


def _reboot_reported(sighting: Sighting, request_id: str) -> Reading:
    operation = sighting.instance.operation if sighting.instance else None
    why = because(Code.REBOOT_DONE, request=request_id)
    if operation is not None and operation.request_id == request_id and operation.state == "SUCCESS":
        return Reading(probe="operation", health=Health.HEALTHY, why=why)
    if operation is not None and operation.request_id == request_id and operation.state == "FAILED":
        failed = because(Code.REBOOT_FAILED, request=request_id, error=operation.error or "no message")
        return Reading(probe="operation", health=Health.UNHEALTHY, why=failed)
    return Reading(probe="operation", health=Health.UNKNOWN, why=because(Code.REBOOT_UNKNOWN))


def _running(sighting: Sighting) -> Reading:
    if sighting.instance is not None and sighting.instance.is_running:
        return Reading(probe="state", health=Health.HEALTHY, why=because(Code.RUNNING))
    state = sighting.instance.state if sighting.instance else "unknown"
    return Reading(probe="state", health=Health.UNHEALTHY, why=because(Code.NOT_RUNNING, state=state))


def _heartbeat(sighting: Sighting, back_at: datetime) -> Reading:
    if sighting.agent_error:
        why = because(Code.AGENT_UNREADABLE, error=sighting.agent_error)
        return Reading(probe="agent", health=Health.UNKNOWN, why=why)
    if sighting.agent is None:
        return Reading(probe="agent", health=Health.UNKNOWN, why=because(Code.AGENT_ABSENT), required=False)
    beat = sighting.agent.last_heartbeat
    if beat is not None and beat > back_at:
        after = int((beat - back_at).total_seconds())
        return Reading(probe="agent", health=Health.HEALTHY, why=because(Code.HEARTBEAT, seconds=after))
    return Reading(probe="agent", health=Health.UNKNOWN, why=because(Code.NO_HEARTBEAT))


def _recovery_alarm(back_at: datetime, recovered_at: datetime | None) -> Reading:
    if recovered_at is not None and recovered_at >= back_at:
        why = because(Code.SYMPTOM_GONE)
        return Reading(probe="alarm", health=Health.HEALTHY, why=why, required=False)
    return Reading(probe="alarm", health=Health.UNKNOWN, why=because(Code.NO_RECOVERY_ALARM), required=False)
