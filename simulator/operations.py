"""Reboots, stops and starts of machines: which are refused, what each does to a machine and its guest, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.cloud import Cloud
from simulator.errors import ApiError
from simulator.guests import boot_id
from simulator.state import Instance, Operation, Region


@dataclass(frozen=True)
class _Course:
    """What an operation does to a machine: from which state, through which, to which."""

    word: str  # of its effects in the log
    start: str
    passing: str
    end: str


_COURSES = {
    "RebootInstances": _Course("reboot", "RUNNING", "REBOOTING", "RUNNING"),
    "StopInstances": _Course("stop", "RUNNING", "STOPPING", "STOPPED"),
    "StartInstances": _Course("start", "STOPPED", "STARTING", "RUNNING"),
}
# Parts of an operation's duration at which the machine leaves its state, and is in the new one but still OPERATING.
_LEAVES, _ARRIVES = 0.1, 0.85


def operate(
    cloud: Cloud,
    region: Region,
    one: Instance,
    name: str,
    request_id: str,
    now: float,
    how: str = "SOFT",
    *,
    then: Callable[[float], None] = lambda at: None,
) -> None:
    """Accept this operation on a machine that does not refuse it; how it ends, the machine's spec says.

    It becomes visible a little later, takes the place of one that holds the machine, and when it has succeeded `then`
    is called.
    """
    course, times, instance_id, end = _COURSES[name], cloud.durations, one.spec.instance_id, _end(one, name, how)
    seconds: float = getattr(times, course.word)
    visible = now + times.operation_lag
    leaves = visible + max(times.linger, seconds * _LEAVES)
    shift = leaves - visible - seconds * _LEAVES
    for_real = name != "RebootInstances" or one.spec.reboots_for_real
    operation = Operation(name, "OPERATING", request_id)

    def step(at: float, happen: Callable[[float], None]) -> None:
        # Somebody may have taken the machine out of this operation's hands in between.
        cloud.schedule(at, lambda at: happen(at) if one.running is operation else None)

    def tell(at: float, what: str) -> None:
        cloud.log.effect(at, f"{course.word}_{what}", region.name, instance_id, request_id=request_id)

    def show(at: float) -> None:
        one.operation = operation

    def leave(at: float) -> None:
        one.state = course.passing
        if course.start == "RUNNING" and for_real:
            one.fall_silent(at, times.heartbeat)
        tell(at, "started")

    def arrive(at: float) -> None:
        one.state = course.end
        if course.word == "reboot" and one.spec.agent_after_reboot:
            one.agent = one.spec.agent_after_reboot
        if course.end == "RUNNING" and for_real:
            one.boot()
        _tell_arrival(cloud, region, one, at, for_real)
        if course.end == "RUNNING" and for_real:
            one.speak_up(at + times.first_heartbeat)
        if course.end == "RUNNING" and for_real and not one.stuck:
            cure(cloud, region, one, "reboot", at)

    def finish(at: float) -> None:
        operation.state, one.running = "SUCCESS", None
        tell(at, "done")
        then(at)

    def fail(at: float) -> None:
        operation.state, operation.error, one.running = "FAILED", "The guest did not shut down in time.", None
        tell(at, "failed")

    if one.running and one.running.request_id:
        word = _COURSES[one.running.name or name].word
        cloud.log.effect(now, f"{word}_superseded", region.name, instance_id, request_id=one.running.request_id)
    one.running = operation
    tell(now, "accepted")
    step(visible, show)
    if end == "fails":
        step(visible + shift + seconds, fail)
        return
    step(leaves, leave)
    late = one.spec.soft_reboot_late_seconds if name == "RebootInstances" and end == "hangs" else 0
    if end == "hangs" and not late:
        return
    late = (late or 0) / cloud.speed
    step(visible + shift + late + seconds * _ARRIVES, arrive)
    step(visible + shift + late + seconds, finish)


def cure(cloud: Cloud, region: Region, one: Instance, by: str, at: float) -> None:
    if one.symptom and one.spec.cured_by == by:
        one.symptom = None
        cloud.log.effect(at, "symptom_cured", region.name, one.spec.instance_id)


def refusal(one: Instance, name: str, how: str = "SOFT") -> ApiError | None:
    """Why this operation cannot be begun now."""
    said = f"The request does not support the instances `{one.spec.instance_id}` "
    if one.restrict_state != "NORMAL":
        return ApiError("UnsupportedOperation.InstanceStateIsolating", said + "which are being isolated.")
    if one.state != _COURSES[name].start and not _breaks_in(one, name, how):
        state = one.state.title().replace("_", "")
        return ApiError(f"UnsupportedOperation.InstanceState{state}", said + f"which are in the state `{one.state}`.")
    if one.running and one.state == _COURSES[name].start:
        return ApiError("OperationDenied.InstanceOperationInProgress", said + "which are in operation.")
    return None


def _breaks_in(one: Instance, name: str, how: str) -> bool:
    """Whether this operation may take the place of the one that holds the machine."""
    policies = {
        ("RebootInstances", "REBOOTING"): one.spec.hard_while_rebooting,
        ("StopInstances", "REBOOTING"): one.spec.stop_while_rebooting,
        ("StopInstances", "STOPPING"): one.spec.stop_while_stopping,
    }
    return how == "HARD" and one.running is not None and policies.get((name, one.state)) == "accepts"


def _end(one: Instance, name: str, how: str) -> str:
    spec = one.spec
    soft, hard = {
        "RebootInstances": (spec.soft_reboot, spec.hard_reboot),
        "StopInstances": (spec.soft_stop, "works"),
        "StartInstances": ("works", "works"),
    }[name]
    return hard if how == "HARD" or (how == "SOFT_FIRST" and soft != "works") else soft


def _tell_arrival(cloud: Cloud, region: Region, one: Instance, at: float, for_real: bool) -> None:
    """What became of the guest stands beside it: it is up, stuck, without a word, or had never gone down."""
    params: dict[str, str] = {}
    if one.state == "RUNNING":
        heard = "up" if one.agent == "online" else "silent"
        guest = "not_rebooted" if not for_real else "stuck" if one.stuck else heard
        params = {"guest": guest, "boot_id": boot_id(cloud.world.seed, one.spec.instance_id, one.boots)}
    cloud.log.effect(at, f"instance_{one.state.lower()}", region.name, one.spec.instance_id, params=params)
