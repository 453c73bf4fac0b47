"""TAT 2020-10-28: whether the agent inside a machine is heard."""

from __future__ import annotations

from typing import Any

from simulator import parameters as p
from simulator.clock import utc_text
from simulator.cloud import Call, Instance


def describe_automation_agent_status(call: Call, asked: p.DescribeAutomationAgentStatus) -> dict[str, Any]:
    """A machine without an agent is simply not in the answer, and so is one that does not exist."""
    p.either(asked.InstanceIds, asked.Filters, "InstanceIds")
    known = [one for one in call.region.instances.values() if one.agent != "absent"]
    if asked.InstanceIds:
        known = [one for one in known if one.spec.instance_id in asked.InstanceIds]
    found = [one for one in known if p.matches(asked.Filters or (), _facts(one, call.now))]
    rows = [_row(one, call) for one in p.page(found, asked)]
    return {"TotalCount": len(found), "AutomationAgentSet": rows}


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
