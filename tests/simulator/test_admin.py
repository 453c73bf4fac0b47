"""What can be done to the world behind Tencent's back."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from simulator.clock import ManualClock
from simulator.server import Server
from tests.simulator.calling import DATA_DISK, INSTANCE, REGION, SYSTEM_DISK, Caller, refusal

MACHINE = f"instances/{REGION}/{INSTANCE}"


def _admin(server: Server, method: str, path: str, body: Any = None) -> httpx2.Response:
    return httpx2.request(method, f"{server.url}/_admin/{path}", json=body)


def test_a_machine_is_changed_as_somebody_else_would(server: Server, call: Caller) -> None:
    change = {"restrict_state": "EXPIRED", "tags": {"medic": "off"}, "symptom": "disk_readonly", "cured_by": "nothing"}
    answer = _admin(server, "POST", MACHINE, change)
    assert answer.status_code == 200
    row = call.instance()
    assert (row["RestrictState"], row["Tags"]) == ("EXPIRED", [{"Key": "medic", "Value": "off"}])
    state = _admin(server, "GET", "state").json()["regions"][REGION]["instances"][INSTANCE]
    assert (state["symptom"], state["spec"]["cured_by"]) == ("disk_readonly", "nothing")
    assert [entry.name for entry in server.log] == ["instance_changed", "DescribeInstances"]


def test_a_machine_that_is_stopped_by_force_finishes_no_reboot(
    server: Server, call: Caller, clock: ManualClock
) -> None:
    call.reboot()
    clock.advance(5)
    _admin(server, "POST", MACHINE, {"state": "STOPPED"})
    clock.advance(60)
    assert call.instance()["InstanceState"] == "STOPPED"
    assert "reboot_done" not in [entry.name for entry in server.log]
    agent = call.agent()
    assert agent is not None
    assert agent["AgentStatus"] == "Offline"


def test_a_disk_is_attached_and_can_be_snapshotted(server: Server, call: Caller) -> None:
    disk = {"disk_id": "disk-newnewne", "size_gib": 10}
    assert _admin(server, "POST", MACHINE, {"attach": disk}).status_code == 200
    assert [one["DiskId"] for one in call.instance()["DataDisks"]] == [DATA_DISK, "disk-newnewne"]
    assert call.snapshot("disk-newnewne").startswith("snap-")
    assert _admin(server, "POST", MACHINE, {"attach": disk, "state": "STOPPED"}).status_code == 409
    assert call.instance()["InstanceState"] == "RUNNING"


def test_a_machine_is_deleted_and_leaves_its_disks(server: Server, call: Caller) -> None:
    assert _admin(server, "DELETE", MACHINE).status_code == 200
    assert call.cvm("DescribeInstances", InstanceIds=[INSTANCE])["InstanceSet"] == []
    [disk] = call.cbs("DescribeDisks", DiskIds=[SYSTEM_DISK])["DiskSet"]
    assert disk["DiskState"] == "UNATTACHED"


@pytest.mark.parametrize(("do", "seen"), [("stall", ("CREATING", 50)), ("vanish", None)])
def test_something_befalls_a_snapshot(
    server: Server, call: Caller, clock: ManualClock, do: str, seen: tuple[str, int] | None
) -> None:
    snapshot_id = call.snapshot()
    clock.advance(30)
    assert _admin(server, "POST", f"snapshots/{REGION}/{snapshot_id}", {"do": do}).status_code == 200
    clock.advance(200)
    row = call.look_at(snapshot_id)
    assert (row and (row["SnapshotState"], row["Percent"])) == seen


def test_faults_are_armed_shown_and_cleared(server: Server, call: Caller) -> None:
    assert _admin(server, "POST", "faults", {"action": "RebootInstances", "kind": "throttle"}).status_code == 200
    _admin(server, "POST", "faults", [{"kind": "delay", "seconds": 0}, {"kind": "hold"}])
    assert [rule["kind"] for rule in _admin(server, "GET", "state").json()["faults"]] == ["throttle", "delay", "hold"]
    assert _admin(server, "DELETE", "faults").json() == []
    assert _admin(server, "POST", "release").status_code == 200
    assert refusal(call.reboot) == ""


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("instances/ap-guangzhou/ins-zzzzzzzz", {}, 404, "ap-guangzhou has no ins-zzzzzzzz"),
        ("instances/ap-atlantis/ins-zzzzzzzz", {}, 404, "ap-atlantis has no"),
        (MACHINE, {"colour": "blue"}, 400, "colour"),
        (MACHINE, {"state": "DANCING"}, 400, "state"),
        ("faults", {"kind": "earthquake"}, 400, "kind"),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(still: Server, path: str, body: Any, status: int, said: str) -> None:
    answer = _admin(still, "POST", path, body)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert still.log == []
