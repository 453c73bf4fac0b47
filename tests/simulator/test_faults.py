"""Each fault as the SDK sees it, and whether the call took effect nevertheless."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from requests.exceptions import ChunkedEncodingError
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from simulator.faults import FaultRule, Faults
from simulator.server import Server, serve
from tests.simulator.calling import DATA_DISK, SYSTEM_DISK, Caller, account, refusal
from tests.waiting import wait_until


def _begun(server: Server) -> int:
    return sum(entry.name == "snapshot_begun" for entry in server.log)


@pytest.mark.parametrize(
    ("rule", "code", "begun"),
    [
        ({"kind": "throttle"}, "RequestLimitExceeded", 0),
        ({"kind": "error", "code": "InternalError.ComponentError"}, "InternalError.ComponentError", 0),
        ({"kind": "error", "at": "effect"}, "InternalError", 1),
        ({"kind": "http_500"}, "ServerNetworkError", 0),
        ({"kind": "http_500", "at": "effect"}, "ServerNetworkError", 1),
        ({"kind": "drop_before"}, "ClientNetworkError", 0),
        ({"kind": "lose_answer"}, "ClientNetworkError", 1),
    ],
)
def test_a_fault_is_seen_by_the_sdk_as_the_real_one_is(
    call: Caller, server: Server, rule: dict[str, Any], code: str, begun: int
) -> None:
    server.faults.add({"action": "CreateSnapshot", **rule})
    assert refusal(call.snapshot) == code
    assert _begun(server) == begun
    assert refusal(lambda: call.snapshot(DATA_DISK)) == ""  # it hits once


def test_a_truncated_answer_breaks_in_the_middle_after_the_effect(call: Caller, server: Server) -> None:
    server.faults.add({"kind": "truncate"})
    with pytest.raises(ChunkedEncodingError, match="IncompleteRead"):
        call.snapshot()
    assert _begun(server) == 1


def test_an_answer_can_come_without_ids(call: Caller, server: Server) -> None:
    server.faults.add({"kind": "null_id"})
    assert call.cbs("CreateSnapshot", DiskId=SYSTEM_DISK) == {"SnapshotId": None, "RequestId": None}
    assert _begun(server) == 1


def test_the_wrong_content_type_hides_an_error_from_the_sdk(call: Caller, server: Server) -> None:
    server.faults.add({"kind": "wrong_content_type"})
    hidden = call.cbs("CreateSnapshot", DiskId="disk-zzzzzzzz")
    assert hidden["Error"]["Code"] == "InvalidDiskId.NotFound"


def test_the_log_says_which_fault_hit_a_call(call: Caller, server: Server) -> None:
    for kind in ("drop_before", "lose_answer"):
        server.faults.add({"kind": kind})
        refusal(call.snapshot)
    calls = [entry for entry in server.log if entry.kind == "call"]
    assert [(entry.error, entry.faults) for entry in calls] == [
        ("(drop_before)", ("drop_before",)),
        (None, ("lose_answer",)),
    ]


def test_a_delay_lets_the_caller_give_up_while_the_effect_still_comes(server: Server) -> None:
    server.faults.add({"kind": "delay", "seconds": 30})
    impatient = Caller(server, timeout_seconds=0.1)
    assert refusal(impatient.snapshot) == "ClientNetworkError"
    assert _begun(server) == 0
    server.faults.release()
    wait_until(lambda: _begun(server) == 1)


@pytest.mark.parametrize(("at", "begun"), [("arrival", 0), ("effect", 1)])
def test_a_call_is_held_before_or_after_its_effect_until_it_is_released(
    call: Caller, server: Server, at: str, begun: int
) -> None:
    server.faults.add({"action": "CreateSnapshot", "kind": "hold", "at": at})
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(call.snapshot()))
    thread.start()
    wait_until(lambda: server.waiting == ["CreateSnapshot"])
    assert (_begun(server), answers) == (begun, [])
    assert Caller(server).instance()["InstanceState"] == "RUNNING"  # the others are served meanwhile
    server.faults.release()
    thread.join()
    assert (_begun(server), len(answers), server.waiting) == (1, 1, [])


def test_a_held_call_does_not_keep_the_simulator_from_ending() -> None:
    with serve(account(faults=[{"kind": "hold", "times": None}])) as server:
        thread = threading.Thread(target=lambda: refusal(Caller(server).instance))
        thread.start()
        wait_until(lambda: bool(server.waiting))
    thread.join(5)
    assert not thread.is_alive()


def test_a_rule_picks_its_calls_by_action_region_target_and_number() -> None:
    rule = FaultRule(action="CreateSnapshot", kind="throttle", region="r", target="disk-a", skip=1, times=2)
    faults = Faults([rule])

    def hit(action: str = "CreateSnapshot", region: str = "r", target: str = "disk-a") -> int:
        return len(faults.ask("arrival", action, region, [target]))

    assert [hit("RebootInstances"), hit(region="other"), hit(target="disk-b")] == [0, 0, 0]
    assert [hit(), hit(), hit(), hit()] == [0, 1, 1, 0]
    assert faults.rules == []


def test_of_two_rules_that_decide_the_second_waits_for_the_next_call() -> None:
    faults = Faults([FaultRule(kind="throttle"), FaultRule(kind="delay"), FaultRule(kind="http_500")])
    hits = [[rule.kind for rule in faults.ask("arrival", "A", "r", [])] for _ in range(3)]
    assert hits == [["throttle", "delay"], ["http_500"], []]


def test_a_fault_has_its_own_point_unless_it_can_be_moved() -> None:
    with pytest.raises(ValueError, match="always comes at its own point"):
        FaultRule(kind="lose_answer", at="arrival")


def test_a_connection_that_broke_is_no_error_of_the_server(call: Caller, server: Server) -> None:
    server.faults.add({"kind": "lose_answer"}, {"kind": "truncate"})
    for _ in range(2):
        with pytest.raises((TencentCloudSDKException, ChunkedEncodingError)):
            call.instance()
    assert call.instance()["InstanceState"] == "RUNNING"
