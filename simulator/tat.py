"""TAT 2020-10-28: whether the agent inside a machine is heard, and registered commands that it runs."""

from __future__ import annotations

from typing import Any

from simulator import parameters as p
from simulator.clock import utc_text
from simulator.cloud import Call, Instance, Invocation
from simulator.errors import ApiError

_COMMAND_SECONDS = 1.0


def describe_automation_agent_status(call: Call, asked: p.DescribeAutomationAgentStatus) -> dict[str, Any]:
    """A machine without an agent is simply not in the answer, and so is one that does not exist."""
    p.either(asked.InstanceIds, asked.Filters, "InstanceIds")
    known = [one for one in call.region.instances.values() if one.agent != "absent"]
    if asked.InstanceIds:
        known = [one for one in known if one.spec.instance_id in asked.InstanceIds]
    found = [one for one in known if p.matches(asked.Filters or (), _facts(one, call.now))]
    rows = [_row(one, call) for one in p.page(found, asked)]
    return {"TotalCount": len(found), "AutomationAgentSet": rows}


def invoke_command(call: Call, asked: p.InvokeCommand) -> dict[str, Any]:
    """One registered command in each of these guests; it begins at once, and takes a second."""
    if asked.CommandId not in call.region.spec.commands:
        raise ApiError("ResourceNotFound.CommandNotFound", f"The command `{asked.CommandId}` does not exist.")
    for instance_id in asked.InstanceIds:
        one = call.region.instances.get(instance_id)
        if one is None:
            raise ApiError("ResourceNotFound.InstanceNotFound", f"The instance `{instance_id}` does not exist.")
        if one.state != "RUNNING":
            raise ApiError("ResourceUnavailable.InstanceStateNotRunning", f"`{instance_id}` is not running.")
        if one.agent == "absent":
            raise ApiError("ResourceUnavailable.AgentNotInstalled", f"`{instance_id}` has no agent.")
        if not one.is_heard(call.now):
            raise ApiError("ResourceUnavailable.AgentStatusNotOnline", f"The agent of `{instance_id}` is not online.")
    invocation_id = call.cloud.new_id(call.region.invocations, "inv-")
    made = Invocation(invocation_id, asked.CommandId, tuple(asked.InstanceIds), call.now)
    call.region.invocations[invocation_id] = made
    call.cloud.log.effect(
        call.now, "command_invoked", call.region.name, invocation_id, *asked.InstanceIds, request_id=call.request_id
    )
    return {"InvocationId": invocation_id}


def describe_invocation_tasks(call: Call, asked: p.DescribeInvocationTasks) -> dict[str, Any]:
    p.either(asked.InvocationTaskIds, asked.Filters, "InvocationTaskIds")
    rows = [_task(one, instance, call) for one in call.region.invocations.values() for instance in one.instance_ids]
    if asked.InvocationTaskIds:
        rows = [row for row in rows if row["InvocationTaskId"] in asked.InvocationTaskIds]
    found = [row for row in reversed(rows) if p.matches(asked.Filters or (), _task_facts(row))]
    return {"TotalCount": len(found), "InvocationTaskSet": p.page(found, asked)}


def _task(one: Invocation, instance_id: str, call: Call) -> dict[str, Any]:
    return {
        "InvocationId": one.invocation_id,
        "InvocationTaskId": f"invt-{one.invocation_id.removeprefix('inv-')}",
        "CommandId": one.command_id,
        "InstanceId": instance_id,
        "TaskStatus": "SUCCESS" if call.now >= one.created_at + _COMMAND_SECONDS / call.cloud.speed else "RUNNING",
        "CreatedTime": utc_text(one.created_at),
    }


def _task_facts(row: dict[str, Any]) -> dict[str, list[str]]:
    names = {"invocation-id": "InvocationId", "instance-id": "InstanceId", "command-id": "CommandId"}
    return {name: [row[field]] for name, field in names.items()}


def _status(one: Instance, now: float) -> str:
    return "Online" if one.is_heard(now) else "Offline"


def _facts(one: Instance, now: float) -> dict[str, list[str]]:
    return {"instance-id": [one.spec.instance_id], "agent-status": [_status(one, now)], "environment": ["Linux"]}


def _row(one: Instance, call: Call) -> dict[str, Any]:
    beat = one.heartbeat(call.now, call.cloud.durations.heartbeat)
    return {
        "InstanceId": one.spec.instance_id,
        "Version": "1.1.3",
        "LastHeartbeatTime": utc_text(beat) if beat is not None else None,
        "AgentStatus": _status(one, call.now),
        "Environment": "Linux",
        "SupportFeatures": [],
    }
