"""The course of a machine's operations, as the real API shows it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from simulator.clock import ManualClock
from simulator.server import Server, serve
from tests.simulator.calling import INSTANCE, Caller, account, machines, refusal

STATES = ("InstanceState", "LatestOperation", "LatestOperationState")


def _states(call: Caller) -> tuple[Any, ...]:
    row = call.instance()
    return tuple(row[name] for name in STATES)


def test_a_reboot_goes_through_every_state_that_the_real_one_does(call: Caller, clock: ManualClock) -> None:
    request_id = call.reboot()
    assert _states(call) == ("RUNNING", None, None)  # not visible at once
    seen = []
    for seconds in (0.3, 4, 23, 4):
        clock.advance(seconds)
        seen.append(_states(call))
    assert seen == [
        ("RUNNING", "RebootInstances", "OPERATING"),
        ("REBOOTING", "RebootInstances", "OPERATING"),
        ("RUNNING", "RebootInstances", "OPERATING"),
        ("RUNNING", "RebootInstances", "SUCCESS"),
    ]
    assert call.instance()["LatestOperationRequestId"] == request_id


def test_stop_and_start_go_through_their_own_states(call: Caller, clock: ManualClock) -> None:
    call.cvm("StopInstances", InstanceIds=[INSTANCE], StopType="SOFT")
    clock.advance(2)
    assert _states(call) == ("STOPPING", "StopInstances", "OPERATING")
    clock.advance(10)
    assert _states(call) == ("STOPPED", "StopInstances", "SUCCESS")
    assert refusal(call.reboot) == "UnsupportedOperation.InstanceStateStopped"
    call.cvm("StartInstances", InstanceIds=[INSTANCE])
    clock.advance(2)
    assert _states(call) == ("STARTING", "StartInstances", "OPERATING")
    clock.advance(15)
    assert _states(call) == ("RUNNING", "StartInstances", "SUCCESS")
    assert refusal(lambda: call.cvm("StartInstances", InstanceIds=[INSTANCE])) == (
        "UnsupportedOperation.InstanceStateRunning"
    )


def test_a_second_operation_is_refused_as_long_as_the_first_is_not_over(call: Caller, clock: ManualClock) -> None:
    call.reboot()
    codes = []
    for seconds in (0, 5, 22, 4):
        clock.advance(seconds)
        codes.append(refusal(call.reboot))
    assert codes == [
        "OperationDenied.InstanceOperationInProgress",
        "UnsupportedOperation.InstanceStateRebooting",
        "OperationDenied.InstanceOperationInProgress",
        "",
    ]


@pytest.mark.parametrize(
    ("instance", "code"),
    [
        ({"state": "PENDING"}, "UnsupportedOperation.InstanceStatePending"),
        ({"state": "SERVICE_LIVE_MIGRATE"}, "UnsupportedOperation.InstanceStateServiceLiveMigrate"),
        ({"restrict_state": "EXPIRED"}, "UnsupportedOperation.InstanceStateIsolating"),
    ],
)
def test_a_machine_that_cannot_be_rebooted_says_why(instance: dict[str, Any], code: str) -> None:
    with serve(account(instance=instance)) as server:
        assert refusal(Caller(server).reboot) == code


def test_a_soft_reboot_that_fails_says_so_and_a_hard_one_then_works(clock: ManualClock) -> None:
    with serve(account(instance={"soft_reboot": "fails"}), clock=clock) as server:
        call = Caller(server)
        call.reboot()
        clock.advance(31)
        assert _states(call) == ("RUNNING", "RebootInstances", "FAILED")
        assert "did not shut down" in call.instance()["LatestOperationErrorMsg"]
        call.reboot(stop_type="HARD")
        clock.advance(31)
        assert _states(call) == ("RUNNING", "RebootInstances", "SUCCESS")


def test_a_reboot_can_hang_for_ever(clock: ManualClock) -> None:
    with serve(account(instance={"soft_reboot": "hangs"}), clock=clock) as server:
        call = Caller(server)
        call.reboot()
        clock.advance(290)
        assert _states(call) == ("REBOOTING", "RebootInstances", "OPERATING")


@pytest.mark.parametrize(("cured_by", "symptom"), [("reboot", None), ("nothing", "disk_readonly")])
def test_a_symptom_is_cured_by_a_reboot_or_not(clock: ManualClock, cured_by: str, symptom: str | None) -> None:
    with serve(account(instance={"symptom": "disk_readonly", "cured_by": cured_by}), clock=clock) as server:
        Caller(server).reboot()
        clock.advance(31)
        assert ("symptom_cured" in [entry.name for entry in server.log]) is (symptom is None)
        assert server.cloud.regions["ap-guangzhou"].instances[INSTANCE].symptom == symptom


def test_no_ids_mean_every_machine_as_they_do_at_the_real_api() -> None:
    with serve(account(more=[*machines(2), {**machines(3)[2], "state": "STOPPED"}])) as server:
        call = Caller(server)
        assert call.cvm("DescribeInstances", InstanceIds=[])["TotalCount"] == 4
        call.cvm("RebootInstances", InstanceIds=[])
        rebooted = [entry.targets for entry in server.log if entry.name == "reboot_accepted"]
        assert rebooted == [(INSTANCE,), ("ins-00000000",), ("ins-00000001",)]


def test_one_machine_that_cannot_spoils_the_whole_call(call: Caller, server: Server) -> None:
    assert refusal(lambda: call.cvm("RebootInstances", InstanceIds=[INSTANCE, "ins-zzzzzzzz"])) == (
        "InvalidInstanceId.NotFound"
    )
    assert [entry.name for entry in server.log if entry.kind == "effect"] == []


def test_an_unknown_id_is_an_empty_set_and_a_malformed_one_an_error(call: Caller) -> None:
    assert call.cvm("DescribeInstances", InstanceIds=["ins-zzzzzzzz"])["InstanceSet"] == []
    for wrong in ("disk-aaaaasys", "lhins-aaaaaaaa", "ins-AAAAAAAA", ""):
        assert refusal(partial(call.instance, wrong)) == "InvalidInstanceId.Malformed"


def test_machines_are_found_by_filters_but_not_by_ids_as_well(call: Caller) -> None:
    wanted = [{"Name": "tag:medic", "Values": ["on"]}, {"Name": "instance-state", "Values": ["RUNNING"]}]
    assert call.cvm("DescribeInstances", Filters=wanted)["TotalCount"] == 1
    assert call.cvm("DescribeInstances", Filters=[{"Name": "tag:medic", "Values": ["off"]}])["TotalCount"] == 0
    assert refusal(lambda: call.cvm("DescribeInstances", InstanceIds=[INSTANCE], Filters=wanted)) == "InvalidParameter"
    unknown = [{"Name": "colour", "Values": ["blue"]}]
    assert refusal(lambda: call.cvm("DescribeInstances", Filters=unknown)) == "InvalidFilter"
    many = [{"Name": "zone", "Values": list("abcdef")}]
    assert refusal(lambda: call.cvm("DescribeInstances", Filters=many)) == "InvalidFilterValue.LimitExceeded"


def test_the_status_alone_can_be_read_cheaply(call: Caller) -> None:
    rows = call.cvm("DescribeInstancesStatus", InstanceIds=[INSTANCE])["InstanceStatusSet"]
    assert rows == [{"InstanceId": INSTANCE, "InstanceState": "RUNNING"}]


def test_a_region_knows_only_its_own(server: Server) -> None:
    shanghai = Caller(server, region="ap-shanghai")
    assert shanghai.cvm("DescribeInstances", InstanceIds=[INSTANCE])["InstanceSet"] == []
    assert refusal(shanghai.reboot) == "InvalidInstanceId.NotFound"
    assert refusal(shanghai.snapshot) == "InvalidDiskId.NotFound"
