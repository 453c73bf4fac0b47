"""What the registered command tells of a guest, as it is read through TAT."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

from simulator.clock import ManualClock
from simulator.server import Server, serve
from tests.simulator.calling import DATA_DISK, INSTANCE, SYSTEM_DISK, Caller, account

COMMAND = "cmd-guestpr0"


def task(call: Caller, invocation_id: str, **shown: Any) -> dict[str, Any]:
    filters = [{"Name": "invocation-id", "Values": [invocation_id]}]
    [row] = call.tat("DescribeInvocationTasks", Filters=filters, **shown)["InvocationTaskSet"]
    found: dict[str, Any] = row
    return found


def invoke(call: Caller) -> str:
    invocation_id: str = call.tat("InvokeCommand", CommandId=COMMAND, InstanceIds=[INSTANCE])["InvocationId"]
    return invocation_id


def printed(call: Caller, clock: ManualClock) -> str:
    invocation_id = invoke(call)
    clock.advance(2)
    row = task(call, invocation_id, HideOutput=False)
    assert row["TaskStatus"] == "SUCCESS"
    return b64decode(row["TaskResult"]["Output"]).decode()


def sections(call: Caller, clock: ManualClock) -> dict[str, list[str]]:
    head, *rest = printed(call, clock).split("\n== ")
    assert (head, rest[-1]) == ("medic-guest 1", "end\n")
    return {name: content.split("\n") for name, _, content in (one.partition("\n") for one in rest)}


def options(call: Caller, clock: ManualClock) -> dict[str, str]:
    """Of each mount on a disk."""
    rows = [line.split() for line in sections(call, clock)["mounts"] if line.startswith("/dev/")]
    return {row[1]: row[3].split(",")[0] for row in rows}


def boot_id(call: Caller, clock: ManualClock) -> str:
    [found] = sections(call, clock)["boot_id"]
    return found


def test_a_healthy_guest_has_its_disks_mounted_as_its_fstab_says(call: Caller, clock: ManualClock) -> None:
    told = sections(call, clock)
    assert list(told) == ["boot_id", "mounts", "df", "dfi", "fstab", "end"]
    assert told["fstab"][1:] == ["/dev/vda1 / ext4 defaults 0 1", "/dev/vdb /data1 ext4 defaults 0 1"]
    assert "tmpfs /sys/fs/cgroup tmpfs ro,nosuid,nodev,noexec,mode=755 0 0" in told["mounts"]
    assert options(call, clock) == {"/": "rw", "/data1": "rw"}
    assert [line.split() for line in told["df"][:3]] == [
        ["Filesystem", "1024-blocks", "Used", "Available", "Capacity", "Mounted", "on"],
        ["/dev/vda1", "52428800", "15728640", "36700160", "30%", "/"],
        ["/dev/vdb", "209715200", "62914560", "146800640", "30%", "/data1"],
    ]
    assert [line.split()[-2:] for line in told["dfi"][:3]] == [["Mounted", "on"], ["5%", "/"], ["5%", "/data1"]]


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ({}, {"/": "rw", "/data1": "ro"}),
        ({"sick_disk": SYSTEM_DISK}, {"/": "ro", "/data1": "rw"}),
        ({"data_disks": []}, {"/": "ro"}),
        ({"symptom": "guest_oom"}, {"/": "rw", "/data1": "rw"}),
    ],
)
def test_a_read_only_disk_is_mounted_read_only_until_it_is_cured(
    clock: ManualClock, machine: dict[str, Any], expected: dict[str, str]
) -> None:
    with serve(account(instance={"symptom": "disk_readonly", **machine}), clock=clock) as server:
        call = Caller(server)
        assert options(call, clock) == expected
        call.reboot()
        clock.advance(40)
        assert set(options(call, clock).values()) == {"rw"}


def test_a_guest_that_is_sick_after_its_reboot_has_booted_and_shows_it(clock: ManualClock) -> None:
    with serve(account(instance={"symptom": "disk_readonly", "cured_by": "nothing"}), clock=clock) as server:
        call = Caller(server)
        before = boot_id(call, clock)
        call.reboot()
        clock.advance(40)
        assert options(call, clock)["/data1"] == "ro"
        assert boot_id(call, clock) != before


def test_each_boot_has_an_id_of_its_own_and_keeps_it(call: Caller, clock: ManualClock) -> None:
    seen = [boot_id(call, clock), boot_id(call, clock)]
    call.reboot()
    clock.advance(40)
    seen.append(boot_id(call, clock))
    call.cvm("StopInstances", InstanceIds=[INSTANCE])
    clock.advance(11)
    call.cvm("StartInstances", InstanceIds=[INSTANCE])
    clock.advance(20)
    seen.append(boot_id(call, clock))
    assert seen[0] == seen[1]
    assert len(set(seen)) == 3


def test_a_reboot_that_was_none_ends_in_success_with_the_old_boot_id_and_the_old_sickness(clock: ManualClock) -> None:
    with serve(account(instance={"symptom": "disk_readonly", "reboots_for_real": False}), clock=clock) as server:
        call = Caller(server)
        before = boot_id(call, clock)
        call.reboot()
        clock.advance(40)
        assert call.instance()["LatestOperationState"] == "SUCCESS"
        assert (boot_id(call, clock), options(call, clock)["/data1"]) == (before, "ro")


@pytest.mark.parametrize("operations", [["RebootInstances"], ["StopInstances", "StartInstances"]])
def test_a_guest_with_a_broken_fstab_is_never_heard_again_after_a_boot(
    clock: ManualClock, operations: list[str]
) -> None:
    with serve(account(instance={"fstab_broken": True}), clock=clock) as server:
        call = Caller(server)
        assert "/dev/vdz /backup ext4 defaults 0 2" in sections(call, clock)["fstab"]
        for operation in operations:
            call.cvm(operation, InstanceIds=[INSTANCE])
            clock.advance(40)
        row = call.instance()
        assert (row["InstanceState"], row["LatestOperationState"]) == ("RUNNING", "SUCCESS")
        clock.advance(100)
        agent = call.agent()
        assert agent is not None
        assert agent["AgentStatus"] == "Offline"


def test_a_full_disk_and_full_inodes_are_shown(clock: ManualClock) -> None:
    data = {"disk_id": DATA_DISK, "size_gib": 200, "inodes_used_percent": 100}
    world = account(instance={"data_disks": [data]}, system_disk={"used_percent": 100})
    with serve(world, clock=clock) as server:
        told = sections(Caller(server), clock)
        assert told["df"][1].split() == ["/dev/vda1", "52428800", "52428800", "0", "100%", "/"]
        assert told["dfi"][2].split()[1:] == ["13107200", "13107200", "0", "100%", "/data1"]


def test_what_is_longer_than_24_kb_loses_its_end_and_says_how_much(clock: ManualClock) -> None:
    with serve(account(instance={"containers": 200}), clock=clock) as server:
        call = Caller(server)
        invocation_id = invoke(call)
        clock.advance(2)
        result = task(call, invocation_id, HideOutput=False)["TaskResult"]
        assert len(b64decode(result["Output"])) == 24 * 1024
        assert result["Dropped"] > 0
        assert b"== end" not in b64decode(result["Output"])


def test_a_machine_that_starts_by_itself_has_booted(server: Server, call: Caller, clock: ManualClock) -> None:
    one = server.cloud.regions["ap-guangzhou"].instances[INSTANCE]
    call.cvm("StopInstances", InstanceIds=[INSTANCE])
    clock.advance(11)
    call.instance()
    assert one.boots == 0
    call.cvm("StartInstances", InstanceIds=[INSTANCE])
    clock.advance(20)
    call.instance()
    assert one.boots == 1
