"""What is wrong is said in one clear message: what, where, how to mend it; never a stack trace, never silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remediation.report import Outcome
from tests.end_to_end.deployment import PAGE, deployment, world
from tests.temporal_server import Server
from tests.waiting import until

pytestmark = [pytest.mark.temporal, pytest.mark.processes]


@pytest.mark.parametrize(
    ("number", "said"),
    [(2, "STOPPED"), (3, "EXPIRED"), (4, "ldisk-demosys4")],
    ids=["stopped", "isolated", "local disks"],
)
async def test_an_instance_that_may_not_be_worked_on_is_refused_and_told_why(
    server: Server, tmp_path: Path, number: int, said: str
) -> None:
    with deployment(server, tmp_path) as on:
        on.command("worker")
        await on.send(number)
        result = await on.ended(number)
        told = [one.body for one in on.box.received if one.kind == "webhook"]

    assert result.outcome is Outcome.REFUSED
    assert [one["headline"] for one in told] == ["NEEDS YOU"]
    assert said in told[0]["text"]
    assert on.mutating() == []


@pytest.mark.parametrize(
    ("number", "headline", "said"),
    [(0, "NEEDS YOU", "ins-nobody01"), (5, "OBSERVED", "medic=on")],
    ids=["unknown", "out of scope"],
)
async def test_an_instance_out_of_reach_starts_no_run_and_people_hear_why(
    server: Server, tmp_path: Path, number: int, headline: str, said: str
) -> None:
    with deployment(server, tmp_path) as on:
        on.instances.append("ins-nobody01")  # number 0: there is none of that id
        on.command("worker")
        await on.send(number)

        async def told() -> list[dict[str, Any]]:
            return [one.body for one in on.box.received if one.kind == "webhook"]

        [notice] = await until(told)

    assert notice["headline"] == headline
    assert said in notice["text"]
    assert on.mutating() == []


@pytest.mark.parametrize(
    ("settings", "denied", "said"),
    [
        ({"TENCENTCLOUD_SECRET_KEY": "wrong"}, (), "TENCENTCLOUD_SECRET_KEY"),
        ({"TENCENTCLOUD_SECRET_ID": "AKIDnobody"}, (), "TENCENTCLOUD_SECRET_ID"),
        ({}, ("CreateSnapshot",), "CreateSnapshot"),
        ({}, ("RebootInstances",), "RebootInstances"),
        ({"MEDIC_CLOUD_ENDPOINT": "http://127.0.0.1:9", "MEDIC_CLOUD_PATIENCE": "3s"}, (), "cannot be reached"),
    ],
    ids=["wrong key", "wrong id", "no permission to snapshot", "no permission to reboot", "cloud away"],
)
async def test_what_only_people_can_mend_is_handed_over_with_its_name(
    server: Server, tmp_path: Path, settings: dict[str, str], denied: tuple[str, ...], said: str
) -> None:
    with deployment(server, tmp_path, world(deny=denied), **settings) as on:
        on.command("worker")
        await on.send()
        result = await on.ended()
        told = [one.body for one in on.box.received if one.kind == "webhook"]

    assert result.outcome is Outcome.HANDED_OVER
    assert told[-1]["headline"] == "NEEDS YOU"
    assert said in told[-1]["text"]
    assert on.calls("RebootInstances") == 0


@pytest.mark.parametrize(
    ("page", "settings", "said"),
    [
        (
            PAGE.replace("mode: act", "mod: act"),
            {},
            "medic.yaml:11:5 rules[0].mod: unknown key `mod` (did you mean `mode`?)",
        ),
        (PAGE, {"ONCALL_WEBHOOK": ""}, "ONCALL_WEBHOOK"),
        (PAGE, {"MEDIC_CONFIG": "nowhere.yaml"}, "nowhere.yaml"),
        (PAGE, {"MEDIC_TASKQUEUE": "x"}, "did you mean MEDIC_TASK_QUEUE?"),
        (PAGE, {"TENCENTCLOUD_SECRET_ID": "", "HOME": "/nonexistent"}, "TENCENTCLOUD_SECRET_ID"),
        (PAGE, {"TEMPORAL_ADDRESS": "127.0.0.1:9"}, "TEMPORAL_ADDRESS"),
        (PAGE, {"TEMPORAL_NAMESPACE": "nowhere"}, "TEMPORAL_NAMESPACE"),
    ],
    ids=["typo", "secret missing", "no page", "setting typo", "no credentials", "temporal away", "no namespace"],
)
async def test_a_worker_that_cannot_start_says_why_in_a_message_and_exits_with_1(
    server: Server, tmp_path: Path, page: str, settings: dict[str, str], said: str
) -> None:
    with deployment(server, tmp_path, page=page) as on:
        ended = on.once("worker", MEDIC_LOG_LEVEL="info", **settings)

    assert ended.returncode == 1
    assert said in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr
