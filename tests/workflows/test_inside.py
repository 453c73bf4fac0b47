"""A look inside, before anything is touched and after each rung; where there is none, that is said."""

from __future__ import annotations

import pytest
from temporalio.client import Client

from remediation.approvals import Choice, Matter
from remediation.cloud import CREATE_SNAPSHOT, INVOKE_COMMAND, REBOOT
from remediation.reasons import Code
from remediation.report import Outcome
from tests.clouds import StagedCloud
from tests.guests import output
from tests.workflows.answering import ASKS, HARD, answer, asked
from tests.workflows.staging import region_of, stage

pytestmark = pytest.mark.temporal


def looks(unique: str) -> tuple[str, str]:
    """The stage's page with the command of its region."""
    return ("operators: [desk]", f"operators: [desk]\nguest: {{commands: {{{region_of(unique)}: cmd-guestpr0}}}}")


async def test_a_reboot_and_writable_file_systems_are_proven_from_inside(client: Client, unique: str) -> None:
    cloud = StagedCloud()
    async with stage(client, unique, cloud, looks(unique)) as on:
        await on.send()
        result = await on.ended()
        history = await on.remediation.fetch_history()
    assert result.outcome is Outcome.RECOVERED
    assert {Code.BOOT_NEW, Code.MOUNTS_WRITABLE, Code.QUIET} <= {one.code for one in result.proven}
    assert cloud.mutating() == [INVOKE_COMMAND, CREATE_SNAPSHOT, CREATE_SNAPSHOT, REBOOT, INVOKE_COMMAND]
    scheduled = [one.activity_task_scheduled_event_attributes.activity_type.name for one in history.events]
    assert (scheduled.count("invoke_command"), scheduled.count("wait_for_report")) == (2, 2)


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (output(space={"/data": 100}), Code.DISK_FULL),
        (output(inodes={"/": 100}), Code.INODES_FULL),
        (output(fstab=("UUID=gone /backup ext4 defaults 0 2",)), Code.FSTAB_BROKEN),
    ],
)
async def test_accident_what_a_reboot_cannot_help_or_not_survive_is_handed_over_untouched(
    client: Client, unique: str, inside: str, code: Code
) -> None:
    cloud = StagedCloud(inside=lambda _: inside)
    async with stage(client, unique, cloud, looks(unique)) as on:
        await on.send()
        result = await on.ended()
    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, code)
    assert cloud.mutating() == [INVOKE_COMMAND]


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (lambda boots: output(f"b{boots}", read_only=("/data",) if boots < 2 else ()), Code.MOUNTS_READ_ONLY),
        (lambda boots: output("b1" if boots < 2 else "b2"), Code.BOOT_SAME),
    ],
)
async def test_accident_a_repair_that_completes_without_curing_leads_to_the_next_rung(
    client: Client, unique: str, inside: object, code: Code
) -> None:
    cloud = StagedCloud(inside=inside)  # type: ignore[arg-type]
    async with stage(client, unique, cloud, looks(unique), HARD) as on:
        await on.send()
        result = await on.ended()
    assert (result.outcome, result.rungs) == (Outcome.RECOVERED, ("SOFT reboot", "HARD reboot"))
    assert cloud.acted == [f"{REBOOT} SOFT", f"{REBOOT} HARD"]
    assert code in Code


async def test_accident_a_remedy_that_never_helps_is_not_repeated_for_ever(client: Client, unique: str) -> None:
    cloud = StagedCloud(inside=lambda boots: output(f"b{boots}", read_only=("/data",)))
    async with stage(client, unique, cloud, looks(unique), HARD) as on:
        await on.send()
        result = await on.ended()
    assert result.outcome is Outcome.NOT_RECOVERED
    assert Code.MOUNTS_READ_ONLY in {one.code for one in result.unproven}
    assert cloud.acted == [f"{REBOOT} SOFT", f"{REBOOT} HARD"]


@pytest.mark.parametrize("cloud", [StagedCloud(agent=False), StagedCloud(command_ends_as="START_FAILED")])
async def test_where_nobody_can_look_inside_that_is_said_and_no_verdict(
    client: Client, unique: str, cloud: StagedCloud
) -> None:
    async with stage(client, unique, cloud, looks(unique)) as on:
        await on.send()
        result = await on.ended()
    assert result.outcome is Outcome.RECOVERED
    assert {one.code for one in result.unproven} & {Code.AGENT_ABSENT, Code.GUEST_UNREADABLE}


async def test_what_the_page_requires_and_nobody_saw_is_not_called_recovered(client: Client, unique: str) -> None:
    required = ("verify: {settle: 0s, timeout: 1m}", "verify: {settle: 0s, timeout: 1m, require: [guest]}")
    async with stage(client, unique, StagedCloud(agent=False), looks(unique), required) as on:
        await on.send()
        result = await on.ended()
    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.NO_PROOF)


async def test_people_are_asked_before_an_instance_is_repaired_that_nobody_could_look_into(
    client: Client, unique: str
) -> None:
    cloud = StagedCloud(agent=False)
    command = looks(unique)
    both = (command[0], command[1] + ASKS[1].removeprefix(ASKS[0]))
    async with stage(client, unique, cloud, both) as on:
        await on.send()
        question = await asked(on, Matter.FIRST_ACTION)
        assert (question.reason.code, cloud.mutating()) == (Code.AGENT_ABSENT, [])
        await answer(on, question, Choice.STOP)
        result = await on.ended()
    assert result.outcome is Outcome.DENIED


async def test_a_rule_that_observes_does_not_even_look_inside(client: Client, unique: str) -> None:
    cloud = StagedCloud()
    async with stage(client, unique, cloud, looks(unique), ("    mode: act", "    mode: observe")) as on:
        await on.send()
        result = await on.ended()
    assert (result.outcome, cloud.mutating()) == (Outcome.WOULD_ACT, [])
