"""The course of one registered command in one guest, as its agent takes it, runs it, and answers; or does not."""

from __future__ import annotations

from collections.abc import Callable

from simulator.cloud import Call, Cloud
from simulator.guests import report, root_is_read_only
from simulator.state import Instance, Region, Task

COMMAND_NAME = "medic-guest"
COMMAND_TIMEOUT = 60  # seconds, of a command that was registered without one
# Parts of a command's duration at which it is on its way to the agent, and runs.
_DELIVERING, _RUNNING = 0.25, 0.5


def begin(call: Call, invocation_id: str, command_id: str, instance_id: str, timeout: float) -> None:
    """From PENDING to one of SUCCESS, FAILED, TIMEOUT, TASK_TIMEOUT, START_FAILED, DELIVER_FAILED.

    A guest that falls silent on the way, or boots, answers no more: TASK_TIMEOUT.
    """
    cloud, region, times = call.cloud, call.region, call.cloud.durations
    one = region.instances[instance_id]
    task = Task(
        task_id=cloud.new_id(region.tasks, "invt-"),
        invocation_id=invocation_id,
        command_id=command_id,
        instance_id=instance_id,
        created_at=call.now,
        boots=one.boots,
        timeout=timeout,
        updated_at=call.now,
    )
    region.tasks[task.task_id] = task
    runs_for = timeout / cloud.speed if one.spec.command == "times_out" else times.command * (1 - _RUNNING)
    ends = call.now + times.command * _RUNNING + runs_for

    def step(at: float, become: Callable[[float], None]) -> None:
        # Without a word from the agent a task stays as it is until it is given up.
        cloud.schedule(at, lambda at: become(at) if task.ended_at is None and _is_heard(region, task, at) else None)

    def deliver(at: float) -> None:
        if one.spec.command == "deliver_failed":
            _end(cloud, region, task, "DELIVER_FAILED", at, error="The command could not be delivered.")
        else:
            _become(task, "DELIVERING", at)

    def run(at: float) -> None:
        if one.spec.command == "start_failed" or _cannot_start(region, one):
            _end(cloud, region, task, "START_FAILED", at, error="The agent cannot write the command to its disk.")
            return
        _become(task, "RUNNING", at)
        task.began_at = at

    def finish(at: float) -> None:
        if one.spec.command == "times_out":
            _end(cloud, region, task, "TIMEOUT", at, error="The command took too long.")
        elif one.spec.command == "fails":
            task.exit_code, task.output = 1, b"sh: out of memory\n"
            _end(cloud, region, task, "FAILED", at)
        else:
            task.output = report(cloud.world.seed, region, one)
            _end(cloud, region, task, "SUCCESS", at)

    def give_up(at: float) -> None:
        if task.ended_at is None:
            _end(cloud, region, task, "TASK_TIMEOUT", at, error="The agent did not answer.")

    cloud.schedule(ends + times.command_silence, give_up)
    if one.spec.command == "is_silent":
        return
    step(call.now + times.command * _DELIVERING, deliver)
    step(call.now + times.command * _RUNNING, run)
    step(ends, finish)


def _is_heard(region: Region, task: Task, at: float) -> bool:
    one = region.instances.get(task.instance_id)
    return one is not None and one.state == "RUNNING" and one.is_heard(at) and one.boots == task.boots


def _cannot_start(region: Region, one: Instance) -> bool:
    return one.spec.command_on_read_only_root == "start_failed" and root_is_read_only(region, one)


def _become(task: Task, status: str, at: float) -> None:
    task.status, task.updated_at = status, at


def _end(cloud: Cloud, region: Region, task: Task, status: str, at: float, error: str = "") -> None:
    _become(task, status, at)
    task.ended_at, task.error = at, error
    cloud.log.effect(at, "command_ended", region.name, task.invocation_id, task.instance_id, params={"status": status})
