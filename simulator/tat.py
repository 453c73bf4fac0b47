"""TAT 2020-10-28: whether the agent inside a machine is heard, and registered commands that it runs."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from simulator import parameters as p
from simulator.clock import utc_text
from simulator.cloud import Call
from simulator.commands import COMMAND_NAME, COMMAND_TIMEOUT, begin
from simulator.errors import ApiError
from simulator.guests import COMMAND
from simulator.state import Instance, Task

_OUTPUT_BYTES = 24 * 1024  # what DescribeInvocationTasks shows of an output
_FILTER_VALUES = 5


def describe_automation_agent_status(call: Call, asked: p.DescribeAutomationAgentStatus) -> dict[str, Any]:
    """A machine without an agent is simply not in the answer, and so is one that does not exist."""
    p.either(asked.InstanceIds, asked.Filters, "InstanceIds")
    known = [one for one in call.region.instances.values() if one.agent != "absent"]
    if asked.InstanceIds:
        known = [one for one in known if one.spec.instance_id in asked.InstanceIds]
    found = [one for one in known if p.matches(asked.Filters or (), _facts(one, call.now))]
    rows = [_row(one, call) for one in p.page(found, asked)]
    return {"TotalCount": len(found), "AutomationAgentSet": rows}


def describe_commands(call: Call, asked: p.DescribeCommands) -> dict[str, Any]:
    p.either(asked.CommandIds, asked.Filters, "CommandIds")
    rows = [_command_row(one) for one in call.region.spec.commands]
    found = [row for row in rows if not asked.CommandIds or row["CommandId"] in asked.CommandIds]
    found = [row for row in found if p.matches(asked.Filters or (), _command_facts(row))]
    return {"TotalCount": len(found), "CommandSet": p.page(found, asked)}


def invoke_command(call: Call, asked: p.InvokeCommand) -> dict[str, Any]:
    """One registered command in each of these guests; it takes no parameters."""
    if asked.CommandId not in call.region.spec.commands:
        raise ApiError("ResourceNotFound.CommandNotFound", f"The command `{asked.CommandId}` does not exist.")
    if asked.Parameters is not None:
        raise ApiError("InvalidParameterValue.ParameterDisabled", "The command does not take parameters.")
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
    taken = {one.invocation_id: one for one in call.region.tasks.values()}
    invocation_id = call.cloud.new_id(taken, "inv-")
    call.cloud.log.effect(
        call.now, "command_invoked", call.region.name, invocation_id, *asked.InstanceIds, request_id=call.request_id
    )
    for instance_id in dict.fromkeys(asked.InstanceIds):
        begin(call, invocation_id, asked.CommandId, instance_id, asked.Timeout or COMMAND_TIMEOUT)
    return {"InvocationId": invocation_id}


def describe_invocation_tasks(call: Call, asked: p.DescribeInvocationTasks) -> dict[str, Any]:
    p.either(asked.InvocationTaskIds, asked.Filters, "InvocationTaskIds")
    if any(len(one.Values) > _FILTER_VALUES for one in asked.Filters or ()):
        raise ApiError("InvalidParameterValue", f"A filter takes at most {_FILTER_VALUES} values.")
    rows = [_task_row(one, asked.HideOutput) for one in call.region.tasks.values()]
    if asked.InvocationTaskIds:
        rows = [row for row in rows if row["InvocationTaskId"] in asked.InvocationTaskIds]
    found = [row for row in reversed(rows) if p.matches(asked.Filters or (), _task_facts(row))]
    return {"TotalCount": len(found), "InvocationTaskSet": p.page(found, asked)}


def _task_row(one: Task, hide_output: bool) -> dict[str, Any]:
    shown = b"" if hide_output else one.output[:_OUTPUT_BYTES]
    return {
        "InvocationId": one.invocation_id,
        "InvocationTaskId": one.task_id,
        "CommandId": one.command_id,
        "CommandName": COMMAND_NAME,
        "CommandDocument": _document(one.timeout),
        "InstanceId": one.instance_id,
        "TaskStatus": one.status,
        "TaskResult": {
            "ExitCode": one.exit_code,
            "Output": b64encode(shown).decode(),
            "ExecStartTime": _moment(one.began_at),
            "ExecEndTime": _moment(one.ended_at if one.began_at is not None else None),
            "Dropped": max(0, len(one.output) - _OUTPUT_BYTES),
            "OutputUrl": "",
            "OutputUploadCOSErrorInfo": "",
        },
        "StartTime": utc_text(one.created_at),
        "EndTime": _moment(one.ended_at),
        "CreatedTime": utc_text(one.created_at),
        "UpdatedTime": utc_text(one.updated_at),
        "ErrorInfo": one.error,
        "InvocationSource": "USER",
    }


def _document(timeout: float) -> dict[str, Any]:
    return {
        "Content": b64encode(COMMAND.encode()).decode(),
        "CommandType": "SHELL",
        "Timeout": int(timeout),
        "WorkingDirectory": "/root",
        "Username": "root",
        "OutputCOSBucketUrl": "",
        "OutputCOSKeyPrefix": "",
    }


def _command_row(command_id: str) -> dict[str, Any]:
    return {
        **_document(COMMAND_TIMEOUT),
        "CommandId": command_id,
        "CommandName": COMMAND_NAME,
        "Description": "Reads, and changes nothing.",
        "EnableParameter": False,
        "DefaultParameters": "{}",
        "DefaultParameterConfs": [],
        "FormattedDescription": "",
        "CreatedBy": "USER",
        "Scenes": [],
        "Tags": [],
    }


def _command_facts(row: dict[str, Any]) -> dict[str, list[str]]:
    names = {"command-id": "CommandId", "command-name": "CommandName", "command-type": "CommandType"}
    return {name: [row[field]] for name, field in {**names, "created-by": "CreatedBy"}.items()}


def _task_facts(row: dict[str, Any]) -> dict[str, list[str]]:
    names = {"invocation-id": "InvocationId", "invocation-task-id": "InvocationTaskId", "command-id": "CommandId"}
    return {name: [row[field]] for name, field in {**names, "instance-id": "InstanceId"}.items()}


def _moment(at: float | None) -> str | None:
    return None if at is None else utc_text(at)


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
