"""approve and deny as processes: what is asked is shown in full, and an answer is taken once."""

from __future__ import annotations

import pytest

from remediation.approvals import Matter
from tests.cli.consoles import Console
from tests.clouds import StagedCloud
from tests.temporal_server import Server
from tests.workflows.answering import ASKS, asked
from tests.workflows.staging import stage

pytestmark = pytest.mark.temporal
MODE_ASK = ("    mode: act", "    mode: ask")


async def test_what_a_run_asks_is_shown_and_answered_by_the_command_that_the_notice_names(
    server: Server, unique: str
) -> None:
    console, said = Console(server, unique), ("--as", "ada", "--reason", "quiet hour")
    async with stage(server.client, unique, StagedCloud(), MODE_ASK, ASKS) as on:
        await on.send()
        plan = (await asked(on, Matter.FIRST_ACTION)).plan

        shown = await console("approve", console.instance, *said)
        assert (shown.code, on.cloud.mutating()) == (2, [])  # nobody can be asked at a terminal that is none
        assert f"medic approve {on.remediation.id} --plan {plan}" in shown.err
        for wrong in (("--plan", "0000000000", *said), ("--plan", plan, "--as", "eve", "--reason", "me too")):
            refused = await console("approve", console.instance, *wrong)
            assert (refused.code, on.cloud.mutating()) == (4, [])
        assert "eve is not listed under `approvers`" in refused.err

        taken = await console("approve", console.instance, "--plan", plan, *said, "--output", "json")
        assert (taken.code, taken.json["answered"]["by"]) == (0, "ada"), taken.err
        result = await on.ended()
        late = await console("deny", console.instance, "--plan", plan, *said)
    assert (result.answers[0].why, result.answers[0].plan) == ("quiet hour", plan)
    assert "@" in result.answers[0].user
    assert late.code == 4


async def test_a_no_ends_the_run_and_who_waits_for_it_is_told_with_4(server: Server, unique: str) -> None:
    console = Console(server, unique)
    async with stage(server.client, unique, StagedCloud(), MODE_ASK, ASKS) as on:
        await on.send()
        plan = (await asked(on, Matter.FIRST_ACTION)).plan
        denied = await console("deny", console.instance, "--plan", plan, "--as", "bob", "--reason", "not tonight")
        assert denied.code == 0, denied.err
        await on.ended()
        shown = await console("show", console.instance, "--follow")
    assert shown.code == 4, shown.err
    assert "bob said no: not tonight" in shown.out
    assert on.cloud.mutating() == []
