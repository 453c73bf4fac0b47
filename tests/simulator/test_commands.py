"""The course of a registered command: what TAT tells of it, however it ends."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest
from tencentcloud.tat.v20201028 import models

from simulator.clock import ManualClock
from simulator.server import Server, serve
from tests.simulator.calling import INSTANCE, Caller, account, refusal
from tests.simulator.test_guests import COMMAND, invoke, task


def test_a_command_is_delivered_runs_and_succeeds(call: Caller, clock: ManualClock) -> None:
    invocation_id = invoke(call)
    seen = []
    for seconds in (0, 0.3, 0.3, 0.5):
        clock.advance(seconds)
        row = task(call, invocation_id, HideOutput=False)
        seen.append((row["TaskStatus"], row["TaskResult"]["Output"] != ""))
    assert seen == [("PENDING", False), ("DELIVERING", False), ("RUNNING", False), ("SUCCESS", True)]
    assert row["TaskResult"]["ExecStartTime"] <= row["TaskResult"]["ExecEndTime"] == row["EndTime"]


def test_the_output_is_hidden_unless_it_is_asked_for(call: Caller, clock: ManualClock) -> None:
    invocation_id = invoke(call)
    clock.advance(2)
    hidden, shown = (task(call, invocation_id, **asked)["TaskResult"] for asked in ({}, {"HideOutput": False}))
    assert (hidden["Output"], hidden["ExitCode"]) == ("", 0)
    assert b64decode(shown["Output"]).startswith(b"medic-guest 1\n")


def test_a_task_has_the_fields_that_the_sdk_knows(call: Caller) -> None:
    row = task(call, invoke(call))
    for model, given in (("InvocationTask", row), ("TaskResult", row["TaskResult"]), ("Command", _command(call))):
        known = {name.removeprefix("_") for name in vars(getattr(models, model)())}
        assert set(given) <= known
    assert {name.removeprefix("_") for name in vars(models.InvocationTask())} == set(row)


def _command(call: Caller) -> dict[str, Any]:
    [row] = call.tat("DescribeCommands", CommandIds=[COMMAND])["CommandSet"]
    found: dict[str, Any] = row
    return found


@pytest.mark.parametrize(
    ("machine", "status", "exit_code"),
    [
        ({"command": "fails"}, "FAILED", 1),
        ({"command": "times_out"}, "TIMEOUT", 0),
        ({"command": "is_silent"}, "TASK_TIMEOUT", 0),
        ({"command": "start_failed"}, "START_FAILED", 0),
        ({"command": "deliver_failed"}, "DELIVER_FAILED", 0),
        ({"command_on_read_only_root": "start_failed", "data_disks": []}, "START_FAILED", 0),
        ({"command_on_read_only_root": "start_failed"}, "SUCCESS", 0),  # it is the data disk that is read-only
    ],
)
def test_a_command_ends_as_the_machine_lets_it(
    clock: ManualClock, machine: dict[str, Any], status: str, exit_code: int
) -> None:
    with serve(account(instance={"symptom": "disk_readonly", **machine}), clock=clock) as server:
        call = Caller(server)
        invocation_id = invoke(call)
        clock.advance(62)
        row = task(call, invocation_id, HideOutput=False)
        assert (row["TaskStatus"], row["TaskResult"]["ExitCode"]) == (status, exit_code)
        assert b"== end" not in b64decode(row["TaskResult"]["Output"]) or status == "SUCCESS"
        assert bool(row["ErrorInfo"]) is (status not in ("SUCCESS", "FAILED"))


@pytest.mark.parametrize("back_after", [1, 40])
def test_a_guest_that_goes_down_on_the_way_never_answers(clock: ManualClock, back_after: float) -> None:
    durations = {"reboot": 0.5, "operation_lag": 0, "first_heartbeat": 0, "command": 2}
    with serve(account(durations=durations), clock=clock) as server:
        call = Caller(server)
        call.reboot()
        invocation_id = invoke(call)
        clock.advance(back_after)
        assert task(call, invocation_id)["TaskStatus"] in ("PENDING", "DELIVERING")
        clock.advance(62)
        assert call.instance()["InstanceState"] == "RUNNING"
        assert task(call, invocation_id)["TaskStatus"] == "TASK_TIMEOUT"


@pytest.mark.parametrize(
    ("machine", "asked", "code"),
    [
        ({"agent": "absent"}, {}, "ResourceUnavailable.AgentNotInstalled"),
        ({"agent": "offline"}, {}, "ResourceUnavailable.AgentStatusNotOnline"),
        ({"state": "STOPPED"}, {}, "ResourceUnavailable.InstanceStateNotRunning"),
        ({}, {"CommandId": "cmd-zzzzzzzz"}, "ResourceNotFound.CommandNotFound"),
        ({}, {"InstanceIds": ["ins-zzzzzzzz"]}, "ResourceNotFound.InstanceNotFound"),
        ({}, {"Parameters": "{}"}, "InvalidParameterValue.ParameterDisabled"),
    ],
)
def test_a_command_that_cannot_run_is_refused(machine: dict[str, Any], asked: dict[str, Any], code: str) -> None:
    with serve(account(instance=machine)) as server:
        wanted = {"CommandId": COMMAND, "InstanceIds": [INSTANCE], **asked}
        assert refusal(lambda: Caller(server).tat("InvokeCommand", **wanted)) == code
        assert [entry.name for entry in server.log] == ["InvokeCommand"]


def test_each_guest_of_an_invocation_has_a_task_of_its_own(clock: ManualClock) -> None:
    other = {"instance_id": "ins-bbbbbbbb", "system_disk": {"disk_id": "disk-bbbbbsys"}, "command": "fails"}
    with serve(account(more=[other]), clock=clock) as server:
        call = Caller(server)
        call.tat("InvokeCommand", CommandId=COMMAND, InstanceIds=[INSTANCE, "ins-bbbbbbbb"])
        clock.advance(2)
        rows = call.tat("DescribeInvocationTasks")["InvocationTaskSet"]
        assert {row["InstanceId"]: row["TaskStatus"] for row in rows} == {INSTANCE: "SUCCESS", "ins-bbbbbbbb": "FAILED"}
        found = call.tat("DescribeInvocationTasks", InvocationTaskIds=[rows[0]["InvocationTaskId"]])
        assert found["InvocationTaskSet"] == rows[:1]


def test_the_registered_command_can_be_read(server: Server, call: Caller) -> None:
    row = _command(call)
    assert (row["EnableParameter"], b64decode(row["Content"]).startswith(b"#!/bin/sh\n")) == (False, True)
    assert call.tat("DescribeCommands", CommandIds=["cmd-zzzzzzzz"])["TotalCount"] == 0
    assert (
        call.tat("DescribeCommands", Filters=[{"Name": "command-name", "Values": ["medic-guest"]}])["TotalCount"] == 1
    )
    assert Caller(server, region="ap-shanghai").tat("DescribeCommands")["TotalCount"] == 1
