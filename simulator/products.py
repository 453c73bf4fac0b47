"""Which actions there are: of each product its version, and of each action its parameters and who does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator import cbs, cvm, rollbacks, sts, tat
from simulator import parameters as p
from simulator.cloud import Call

Action = tuple[type[p.Parameters], Callable[[Call, Any], dict[str, Any]]]


@dataclass(frozen=True)
class Product:
    """One of Tencent's products, as far as we use it; `cam` is its name where permissions are given."""

    version: str
    cam: str
    actions: Mapping[str, Action]


PRODUCTS: Mapping[str, Product] = {
    "cvm": Product(
        "2017-03-12",
        "cvm",
        {
            "DescribeInstances": (p.DescribeInstances, cvm.describe_instances),
            "DescribeInstancesStatus": (p.DescribeInstancesStatus, cvm.describe_instances_status),
            "RebootInstances": (p.RebootInstances, cvm.reboot_instances),
            "StopInstances": (p.StopInstances, cvm.stop_instances),
            "StartInstances": (p.StartInstances, cvm.start_instances),
        },
    ),
    "cbs": Product(
        "2017-03-12",
        "cvm",  # permissions for disks and snapshots are given under cvm (API reference 598/69910)
        {
            "DescribeDisks": (p.DescribeDisks, cbs.describe_disks),
            "CreateSnapshot": (p.CreateSnapshot, cbs.create_snapshot),
            "DescribeSnapshots": (p.DescribeSnapshots, cbs.describe_snapshots),
            "ApplySnapshot": (p.ApplySnapshot, rollbacks.apply_snapshot),
            "DescribeSnapshotOverview": (p.DescribeSnapshotOverview, cbs.describe_snapshot_overview),
            "DeleteSnapshots": (p.DeleteSnapshots, cbs.delete_snapshots),
        },
    ),
    "sts": Product(
        "2018-08-13",
        "sts",
        {
            "AssumeRole": (p.AssumeRole, sts.assume_role),
            "GetCallerIdentity": (p.GetCallerIdentity, sts.get_caller_identity),
        },
    ),
    "tat": Product(
        "2020-10-28",
        "tat",
        {
            "DescribeAutomationAgentStatus": (p.DescribeAutomationAgentStatus, tat.describe_automation_agent_status),
            "DescribeCommands": (p.DescribeCommands, tat.describe_commands),
            "InvokeCommand": (p.InvokeCommand, tat.invoke_command),
            "DescribeInvocationTasks": (p.DescribeInvocationTasks, tat.describe_invocation_tasks),
        },
    ),
}
