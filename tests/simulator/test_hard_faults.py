"""The faults that leave a caller in the dark: broken and refused connections, silence, late effects, reads that lag."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

import httpx2
import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from simulator.checker import Facts, check
from simulator.clock import ManualClock
from simulator.faults import FaultRule, Faults
from simulator.server import Server, serve
from tests.simulator.calling import INSTANCE, REGION, SYSTEM_DISK, Caller, account, refusal
from tests.waiting import wait_until


def begun(server: Server) -> int:
    return sum(entry.name == "snapshot_begun" for entry in server.log)


@pytest.mark.parametrize(("at", "effect"), [("arrival", 0), ("effect", 1)])
def test_a_connection_is_reset_before_or_after_the_effect(call: Caller, server: Server, at: str, effect: int) -> None:
    server.faults.add({"action": "CreateSnapshot", "kind": "reset", "at": at})
    with pytest.raises(TencentCloudSDKException, match="reset by peer"):
        call.snapshot()
    assert begun(server) == effect
    assert call.instance()["InstanceState"] == "RUNNING"


@pytest.mark.parametrize(("at", "effect"), [("arrival", 0), ("effect", 1)])
def test_silence_lasts_until_the_caller_gives_up_and_changes_nothing_later(
    server: Server, at: str, effect: int
) -> None:
    server.faults.add({"kind": "silence", "at": at})
    assert refusal(Caller(server, timeout_seconds=0.1).snapshot) == "ClientNetworkError"
    wait_until(lambda: server.waiting == [])
    server.faults.release()
    assert begun(server) == effect


def test_silence_does_not_keep_the_simulator_from_ending() -> None:
    with serve(account(faults=[{"kind": "silence"}])) as server:
        codes: list[str] = []
        thread = threading.Thread(target=lambda: codes.append(refusal(Caller(server, timeout_seconds=60).instance)))
        thread.start()
        wait_until(lambda: server.waiting == ["DescribeInstances"])
    thread.join(5)
    assert codes == ["ClientNetworkError"]


def test_a_refusing_port_refuses_everybody_for_a_while_and_then_nobody(call: Caller, server: Server) -> None:
    server.faults.add({"action": "DescribeInstances", "kind": "refuse", "seconds": 0.2})
    assert call.instance()["InstanceState"] == "RUNNING"  # the call itself is answered
    with pytest.raises(TencentCloudSDKException, match="refused"):
        call.snapshot()  # also over the connection that was kept alive
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=1)
    wait_until(lambda: refusal(call.snapshot) == "")
    assert begun(server) == 1


def test_the_admin_can_have_the_port_refuse(call: Caller, server: Server) -> None:
    assert httpx2.post(f"{server.url}/_admin/refuse/0.2").status_code == 200
    assert refusal(call.instance) == "ClientNetworkError"
    wait_until(lambda: refusal(call.instance) == "")


def test_it_ends_while_its_port_refuses() -> None:
    with serve(account(faults=[{"kind": "refuse", "seconds": 600}])) as server:
        Caller(server).instance()
    assert not [thread for thread in threading.enumerate() if thread.name == "simulator"]


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        ({}, "Response"),  # the SDK finds its envelope missing
        ({"body": "<html>busy</html>", "content_type": "text/html"}, ""),
        ({"body": "[]"}, ""),
        ({"body": ""}, ""),
    ],
)
def test_a_wrong_body_comes_with_http_200_after_the_effect(
    call: Caller, server: Server, rule: dict[str, Any], seen: str
) -> None:
    server.faults.add({"action": "CreateSnapshot", "kind": "wrong_body", **rule})
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError, TencentCloudSDKException)) as raised:
        call.snapshot()
    assert seen in str(raised.value)
    assert begun(server) == 1


def test_a_wrong_body_can_come_instead_of_the_effect(call: Caller, server: Server) -> None:
    server.faults.add({"kind": "wrong_body", "at": "arrival", "body": json.dumps({"Response": {}})})
    assert call.cbs("CreateSnapshot", DiskId=SYSTEM_DISK) == {}
    assert begun(server) == 0


@pytest.mark.parametrize(
    ("answer", "code"),
    [("lose_answer", "ClientNetworkError"), ("http_500", "ServerNetworkError"), ("error", "InternalError")],
)
def test_an_effect_can_come_long_after_its_answer_was_lost(
    call: Caller, server: Server, clock: ManualClock, answer: str, code: str
) -> None:
    server.faults.add({"action": "CreateSnapshot", "kind": "late", "seconds": 240, "answer": answer})
    assert refusal(call.snapshot) == code
    clock.advance(239)
    assert call.cbs("DescribeSnapshots")["TotalCount"] == 0  # the caller's own reads are no proof
    clock.advance(2)
    assert call.cbs("DescribeSnapshots")["TotalCount"] == 1
    sent = next(entry for entry in server.log if entry.name == "CreateSnapshot")
    came = next(entry for entry in server.log if entry.name == "snapshot_begun")
    assert (sent.faults, came.request_id, round(came.at - sent.at)) == (("late",), sent.request_id, 240)
    assert sent.error in ("(late)", "InternalError")


def test_a_late_effect_can_come_to_nothing_and_what_is_wrong_at_once_is_said_at_once(
    call: Caller, server: Server, clock: ManualClock
) -> None:
    server.faults.add({"action": "RebootInstances", "kind": "late", "seconds": 10, "times": 2})
    assert refusal(lambda: call.cvm("RebootInstances")) == "MissingParameter"
    assert refusal(call.reboot) == "ClientNetworkError"
    call.reboot()
    clock.advance(11)
    [late] = [entry for entry in server.log if entry.name == "late_call_refused"]
    assert late.params == {"code": "UnsupportedOperation.InstanceStateRebooting"}


def test_a_late_reboot_and_the_one_that_was_sent_again_are_two(clock: ManualClock) -> None:
    world = account(faults=[{"action": "RebootInstances", "kind": "late", "seconds": 100}])
    with serve(world, clock=clock) as server:
        call = Caller(server)
        for _ in range(2):
            refusal(call.instance)
            refusal(call.reboot)
            clock.advance(60)
        clock.advance(60)
        facts = Facts.of(world, REGION, INSTANCE, unprotected=frozenset([SYSTEM_DISK, "disk-aaaaadat"]))
        assert [breach.promise for breach in check(server.log, facts)] == ["P2"]


def test_reads_that_lag_show_the_cloud_as_it_was(clock: ManualClock) -> None:
    lagging = [{"action": name, "kind": "lag", "seconds": 20, "times": None} for name in LAGGING]
    with serve(account(faults=lagging), clock=clock) as server:
        call = Caller(server)
        snapshot_id = call.snapshot()
        request_id = call.reboot()
        seen: list[tuple[Any, ...]] = []
        for seconds in (19, 2, 20, 60):
            clock.advance(seconds)
            row, snapshot = call.instance(), call.look_at(snapshot_id)
            assert row["LatestOperationRequestId"] in (None, request_id)
            seen.append((row["InstanceState"], row["LatestOperationState"], snapshot and snapshot["Percent"]))
        assert seen == [
            ("RUNNING", None, None),
            ("RUNNING", "OPERATING", 1),
            ("REBOOTING", "OPERATING", 35),
            ("RUNNING", "SUCCESS", 100),
        ]
        # The cloud itself is not late.
        assert refusal(call.reboot) == ""
        assert refusal(call.reboot) == "OperationDenied.InstanceOperationInProgress"


LAGGING = ("DescribeInstances", "DescribeSnapshots")


def test_a_lag_that_is_armed_later_shows_nothing_older_than_the_next_call(
    call: Caller, server: Server, clock: ManualClock
) -> None:
    call.reboot()
    clock.advance(10)
    server.faults.add({"kind": "lag", "seconds": 3600, "times": None})
    assert call.instance()["InstanceState"] == "REBOOTING"
    clock.advance(60)
    assert call.instance()["InstanceState"] == "REBOOTING"
    server.faults.clear()
    assert call.instance()["InstanceState"] == "RUNNING"


def test_snapshots_can_be_refused_for_hours(clock: ManualClock) -> None:
    code = "ResourceUnavailable.TooManyCreatingSnapshot"
    refused = {"action": "CreateSnapshot", "kind": "error", "code": code, "times": None}
    with serve(account(faults=[refused]), clock=clock) as server:
        call = Caller(server)
        for _ in range(3):
            assert refusal(call.snapshot) == code
            clock.advance(3600)


def test_chances_are_the_same_for_the_same_seed_and_sequence() -> None:
    rules = [FaultRule(kind="throttle", chance=0.5, times=None), FaultRule(kind="delay", chance=0.2, times=None)]

    def hits(seed: int) -> list[list[str]]:
        faults = Faults(rules, seed)
        return [[rule.kind for rule in faults.ask("arrival", "A", "r", [])] for _ in range(200)]

    assert hits(7) == hits(7)
    assert hits(7) != hits(8)
    assert 60 < sum("throttle" in one for one in hits(7)) < 140
    assert 15 < sum("delay" in one for one in hits(7)) < 70


def test_the_seed_of_the_world_draws_the_faults_that_a_caller_meets() -> None:
    def codes(seed: int) -> list[str]:
        rule = {"kind": "http_500", "chance": 0.5, "times": None}
        with serve(account(seed=seed, limits=False, faults=[rule])) as server:
            return [refusal(Caller(server).instance) for _ in range(20)]

    assert codes(3) == codes(3)
    assert set(codes(3)) == {"", "ServerNetworkError"}


def test_what_belongs_to_befall_belongs_to_nothing_else() -> None:
    with pytest.raises(ValueError, match="belongs to the kind befall"):
        FaultRule(kind="befall")
