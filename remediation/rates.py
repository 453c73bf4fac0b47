"""How often each kind of activity may start, so that all workers together stay below the cloud's published rates."""

from __future__ import annotations

from remediation.contract import Queue

# Starts of activities per second, enforced by the server across all workers. They are chosen so that the calls that
# the activities make (CALLS) stay below the published rate of each API in one region, even if all is about one region.
RATES: dict[Queue, float] = {
    Queue.READINGS: 20,
    Queue.SNAPSHOTS: 4,
    Queue.SNAPSHOT_WAITS: 7,
    Queue.REBOOTS: 4,
    Queue.COMMANDS: 4,
}
CALLS: dict[Queue, dict[str, int]] = {
    Queue.READINGS: {
        "DescribeInstances": 1,
        "DescribeDisks": 1,
        "DescribeAutomationAgentStatus": 1,
    },
    Queue.SNAPSHOTS: {
        "DescribeInstances": 1,
        "DescribeDisks": 1,
        "DescribeSnapshots": 2,
        "CreateSnapshot": 1,
        "ApplySnapshot": 1,
    },
    Queue.SNAPSHOT_WAITS: {"DescribeSnapshots": 1, "DescribeDisks": 1},
    Queue.REBOOTS: {
        "DescribeInstances": 1,
        "DescribeDisks": 1,
        "DescribeSnapshots": 1,
        "RebootInstances": 1,
        "StopInstances": 1,
        "StartInstances": 1,
    },
    Queue.COMMANDS: {
        "DescribeInstances": 1,
        "DescribeAutomationAgentStatus": 1,
        "InvokeCommand": 1,
        "DescribeInvocationTasks": 1,
    },
}
PUBLISHED_RATES = {
    "DescribeInstances": 40,
    "RebootInstances": 10,
    "StopInstances": 10,
    "StartInstances": 10,
    "ApplySnapshot": 20,
    "InvokeCommand": 20,
    "DescribeInvocationTasks": 20,
    "DescribeDisks": 100,
    "CreateSnapshot": 20,
    "DescribeSnapshots": 20,
    "DescribeAutomationAgentStatus": 60,
}
"""Requests per second and account in one region (reference: the API's pages; docs/reference/rates.md)."""
