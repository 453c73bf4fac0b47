"""What is read inside a machine is not trusted, and what is seen there may forbid a reboot or prove one."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.cloud import Invocation
from remediation.guest import GuestReport, read_report, report_of
from remediation.guest_guardrails import may_reboot
from remediation.health import Health, Judgement, Reading
from remediation.inside import with_inside
from remediation.reasons import Code, because
from tests.guests import output

NOW = datetime(2026, 11, 23, tzinfo=timezone.utc)
CLOUD_SAYS_WELL = Judgement(
    health=Health.HEALTHY, readings=(Reading(probe="state", health=Health.HEALTHY, why=because(Code.RUNNING)),)
)


def test_real_file_systems_are_told_apart_from_the_others() -> None:
    report = read_report(output(read_only=("/data",)))
    assert [(one.target, one.read_only) for one in report.mounts] == [("/", False), ("/data", True)]
    assert {one.target for one in report.space} == {"/", "/data"}
    assert report.read_only == ("/data",)


def test_what_fstab_wants_read_only_is_not_sick() -> None:
    assert read_report(output(read_only=("/data",), fstab=("/dev/vdb /data xfs ro,nofail 0 0",))).read_only == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        output().replace("== end\n", ""),
        output()[: len(output()) // 2],
        output(boot_id=""),
        "medic-guest 1\n== end\n",
        "medic-guest 1\n== boot_id\nx\n== mounts\n== end\n",
    ],
)
def test_a_part_of_the_whole_is_unreadable(text: str) -> None:
    report = read_report(text)
    assert report.unreadable
    assert report.mounts == ()


@given(st.text())
def test_no_output_whatever_raises(text: str) -> None:
    read_report(text)
    read_report(f"medic-guest 1\n== boot_id\nb\n== mounts\n/dev/vda1 / ext4 rw 0 0\n{text}\n== end")


@pytest.mark.parametrize(
    ("facts", "read"),
    [
        ({"status": "PENDING"}, None),
        ({"status": "RUNNING"}, None),
        ({"status": "SUCCESS", "output": output()}, ""),
        ({"status": "SUCCESS", "output": output(), "dropped": 7}, "7 bytes of its output were dropped"),
        ({"status": "START_FAILED", "error": "Read-only file system"}, "could not be started (Read-only file system)"),
        ({"status": "TASK_TIMEOUT"}, "ended as TASK_TIMEOUT"),
        ({"status": "FAILED", "exit_code": 2, "output": output()}, "ended as FAILED (2)"),
    ],
)
def test_a_run_of_the_command_is_under_way_read_or_failed(facts: dict[str, object], read: str | None) -> None:
    run = Invocation.model_validate({"invocation_id": "inv-1", "command_id": "cmd-1", **facts})
    report = report_of(run)
    assert (report is None) == (read is None)
    if report is not None and read is not None:
        assert read in report.unreadable
        assert bool(report.unreadable) == bool(read)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (output(), None),
        (output(space={"/": 98}), None),
        (output(space={"/data": 99}), Code.DISK_FULL),
        (output(inodes={"/": 100}), Code.INODES_FULL),
        (output(fstab=("UUID=gone /backup ext4 defaults 0 2",)), Code.FSTAB_BROKEN),
        (output(fstab=("UUID=gone /backup ext4 defaults,nofail 0 2",)), None),
        (output(fstab=("UUID=gone /backup ext4 noauto 0 2", "/swapfile none swap sw 0 0")), None),
        (output(fstab=("server:/x /mnt nfs defaults 0 0",)), None),
    ],
)
def test_what_a_reboot_cannot_help_or_may_not_survive(text: str, code: Code | None) -> None:
    reason = may_reboot(read_report(text)).reason
    assert (reason.code if reason else None) == code


BEFORE, AFTER = read_report(output("a", read_only=("/data",))), read_report(output("b"))


@pytest.mark.parametrize(
    ("before", "after", "required", "health", "codes"),
    [
        (BEFORE, AFTER, False, Health.HEALTHY, {Code.BOOT_NEW, Code.MOUNTS_WRITABLE}),
        (BEFORE, read_report(output("a")), False, Health.UNHEALTHY, {Code.BOOT_SAME, Code.MOUNTS_WRITABLE}),
        (BEFORE, read_report(output("b", read_only=("/",))), False, Health.UNHEALTHY, {Code.MOUNTS_READ_ONLY}),
        (None, AFTER, True, Health.HEALTHY, {Code.BOOT_NOT_COMPARED, Code.MOUNTS_WRITABLE}),
        (BEFORE, None, False, Health.HEALTHY, {Code.AGENT_ABSENT}),
        (BEFORE, None, True, Health.UNKNOWN, {Code.AGENT_ABSENT}),
    ],
)
def test_two_looks_inside_prove_a_reboot_and_writable_file_systems(
    before: GuestReport | None, after: GuestReport | None, required: bool, health: Health, codes: set[Code]
) -> None:
    blind = because(Code.AGENT_ABSENT) if after is None else None
    judgement = with_inside(CLOUD_SAYS_WELL, before, after, blind, required=required)
    assert judgement.health is health
    assert codes <= {one.why.code for one in judgement.readings}
