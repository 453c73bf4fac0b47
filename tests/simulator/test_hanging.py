"""A SOFT reboot or stop that hangs holds the machine, until something else takes its place or it ends after all."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from simulator.clock import ManualClock
from simulator.server import Server, serve
from tests.simulator.calling import INSTANCE, Caller, account, refusal

HANGS = {"soft_reboot": "hangs", "symptom": "disk_readonly"}


def states(call: Caller) -> tuple[str, str, str]:
    row = call.instance()
    return row["InstanceState"], row["LatestOperation"], row["LatestOperationState"]


def stop(call: Caller, stop_type: str | None = None) -> str:
    how = {"StopType": stop_type} if stop_type else {}
    return refusal(lambda: call.cvm("StopInstances", InstanceIds=[INSTANCE], **how))


def effects(server: Server) -> list[str]:
    return [entry.name for entry in server.log if entry.kind == "effect"]


def test_a_soft_reboot_that_hangs_stays_so_and_refuses_what_is_not_meant_to_break_in(clock: ManualClock) -> None:
    with serve(account(instance=HANGS), clock=clock) as server:
        call = Caller(server)
        call.reboot()
        clock.advance(250)
        assert states(call) == ("REBOOTING", "RebootInstances", "OPERATING")
        for stop_type in ("SOFT", "HARD", "SOFT_FIRST"):
            refused = refusal(partial(call.reboot, stop_type=stop_type))
            assert refused == "UnsupportedOperation.InstanceStateRebooting"
        assert stop(call) == "UnsupportedOperation.InstanceStateRebooting"
        assert stop(call, "SOFT_FIRST") == "UnsupportedOperation.InstanceStateRebooting"


@pytest.mark.parametrize(
    ("allowed", "code"), [("accepts", ""), ("refuses", "UnsupportedOperation.InstanceStateRebooting")]
)
def test_a_hard_stop_ends_it_if_the_cloud_accepts_one(clock: ManualClock, allowed: str, code: str) -> None:
    with serve(account(instance={**HANGS, "stop_while_rebooting": allowed}), clock=clock) as server:
        call = Caller(server)
        call.reboot()
        clock.advance(100)
        assert stop(call, "HARD") == code
        clock.advance(11)
        if code:
            assert states(call)[0] == "REBOOTING"
            return
        assert states(call) == ("STOPPED", "StopInstances", "SUCCESS")
        call.cvm("StartInstances", InstanceIds=[INSTANCE])
        clock.advance(20)
        assert states(call) == ("RUNNING", "StartInstances", "SUCCESS")
        assert "reboot_superseded" in effects(server)
        assert "symptom_cured" in effects(server)  # a stop and a start is a boot as well


def test_a_hard_reboot_takes_its_place_if_the_cloud_accepts_one(clock: ManualClock) -> None:
    with serve(account(instance={**HANGS, "hard_while_rebooting": "accepts"}), clock=clock) as server:
        call = Caller(server)
        call.reboot()
        clock.advance(100)
        hard = call.reboot(stop_type="HARD")
        clock.advance(31)
        row = call.instance()
        assert (row["InstanceState"], row["LatestOperationRequestId"]) == ("RUNNING", hard)
        assert row["LatestOperationState"] == "SUCCESS"
        assert effects(server).count("reboot_done") == 1


def test_it_comes_to_its_end_late_unless_something_took_its_place(clock: ManualClock) -> None:
    world = account(instance={**HANGS, "soft_reboot_late_seconds": 120})
    with serve(world, clock=clock) as server:
        call = Caller(server)
        call.reboot()
        clock.advance(100)
        assert states(call) == ("REBOOTING", "RebootInstances", "OPERATING")
        clock.advance(60)
        assert states(call) == ("RUNNING", "RebootInstances", "SUCCESS")
        assert "symptom_cured" in effects(server)
    clock = ManualClock()
    with serve(world, clock=clock) as server:
        call = Caller(server)
        call.reboot()
        clock.advance(100)
        assert stop(call, "HARD") == ""
        clock.advance(150)
        assert states(call) == ("STOPPED", "StopInstances", "SUCCESS")
        assert "reboot_done" not in effects(server)


@pytest.mark.parametrize(
    ("soft_stop", "stop_type", "ends"),
    [
        ("hangs", None, ("STOPPING", "StopInstances", "OPERATING")),
        ("hangs", "SOFT", ("STOPPING", "StopInstances", "OPERATING")),
        ("fails", "SOFT", ("RUNNING", "StopInstances", "FAILED")),
        ("hangs", "HARD", ("STOPPED", "StopInstances", "SUCCESS")),
        ("hangs", "SOFT_FIRST", ("STOPPED", "StopInstances", "SUCCESS")),
        ("works", "SOFT", ("STOPPED", "StopInstances", "SUCCESS")),
    ],
)
def test_how_a_stop_ends_depends_on_its_type(
    clock: ManualClock, soft_stop: str, stop_type: str | None, ends: tuple[str, str, str]
) -> None:
    with serve(account(instance={"soft_stop": soft_stop}), clock=clock) as server:
        call = Caller(server)
        assert stop(call, stop_type) == ""
        clock.advance(60)
        assert states(call) == ends


@pytest.mark.parametrize(("allowed", "ends"), [("accepts", "STOPPED"), ("refuses", "STOPPING")])
def test_a_stop_that_hangs_gives_way_to_a_hard_one_only_where_it_may(
    clock: ManualClock, allowed: str, ends: str
) -> None:
    with serve(account(instance={"soft_stop": "hangs", "stop_while_stopping": allowed}), clock=clock) as server:
        call = Caller(server)
        stop(call)
        clock.advance(60)
        assert (stop(call, "HARD") == "") is (ends == "STOPPED")
        clock.advance(11)
        assert states(call)[0] == ends


@pytest.mark.parametrize("changes", [{"soft_stop": "hangs"}, {"fstab_broken": True}, {"reboots_for_real": False}])
def test_a_machine_can_change_its_manners_while_it_runs(changes: dict[str, Any], clock: ManualClock) -> None:
    happens = {"region": "ap-guangzhou", "instance": INSTANCE, "change": changes}
    with serve(account(happenings=[happens]), clock=clock) as server:
        Caller(server).instance()
        spec = server.cloud.regions["ap-guangzhou"].instances[INSTANCE].spec
        assert {name: getattr(spec, name) for name in changes} == changes
