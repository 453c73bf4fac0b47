"""medic doctor: a deployment that is well is told so; each thing that is wrong is found, named, and hides no other."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from cli.bounded import within
from cli.doctor_cloud import look_at_cloud
from cli.doctor_page import TERRAFORM_RULES, look_at_channels, look_at_rules, read_page
from cli.doctor_temporal import look_at_temporal
from remediation.diagnosis import Check, Finding, Seen, Status
from remediation.settings import read_settings
from simulator.inbox import inbox
from simulator.server import Server as Simulator
from simulator.server import serve
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY, World, load_world
from starter.workers import workers_of
from tests.end_to_end.deployment import deployment
from tests.remediation.facts import PAGE, a_config
from tests.temporal_server import Server
from tests.waiting import until

REGION = "ap-guangzhou"
INSIDE = a_config(PAGE + "guest: {commands: {ap-guangzhou: cmd-guestpr0}}\n")
READS = {
    "cvm:DescribeInstances",
    "cvm:DescribeDisks",
    "cvm:DescribeSnapshots",
    "tat:DescribeAutomationAgentStatus",
    "tat:DescribeInvocationTasks",
}


def of(findings: tuple[Finding, ...], check: Check) -> list[tuple[Status, Seen]]:
    return [(one.status, one.seen) for one in findings if one.check is check]


# --- the whole, as a process ---


@pytest.mark.temporal
@pytest.mark.processes
async def test_a_deployment_that_is_well_is_told_so_and_one_without_temporal_is_not_and_the_rest_is_still_looked_at(
    server: Server, client: Client, tmp_path: Path
) -> None:
    with deployment(server, tmp_path) as on:
        on.command("worker")

        async def polls() -> bool:
            return bool(await workers_of(client, on.task_queue))

        await until(polls)
        words = ("doctor", "--region", on.region, "--output", "json")
        well = await asyncio.to_thread(on.once, *words, "--send")
        away = await asyncio.to_thread(
            on.once, "doctor", "--region", on.region, LANG="zh_CN.UTF-8", LC_ALL="", TEMPORAL_ADDRESS="127.0.0.1:1"
        )
        received, sent = [one.kind for one in on.box.received], on.mutating()
    assert (well.returncode, well.stderr.count("sending a test message")) == (0, 2), well.stdout + well.stderr
    told = json.loads(well.stdout)
    assert told["well"] is True
    assert {one["status"] for one in told["findings"]} == {"ok", "warning", "by hand"}
    # The dev server keeps what has ended for a day; nothing else is in doubt.
    assert [one["check"] for one in told["findings"] if one["status"] == "warning"] == ["retention"]
    assert {one.value for one in Check} == {one["check"] for one in told["findings"]}
    assert sorted(received) == ["mail", "webhook"]
    assert set(sent) == {"GetCallerIdentity"}

    assert away.returncode == 1
    assert "问题  Temporal: " in away.stdout
    assert "未知  worker: " in away.stdout
    assert "正常  密钥: " in away.stdout
    assert "正常  通知渠道 oncall[0] (webhook): " in away.stdout
    assert DEMO_SECRET_KEY not in away.stdout + away.stderr + well.stdout + well.stderr


# --- Temporal ---


@pytest.mark.temporal
async def test_a_new_namespace_lacks_attributes_and_a_worker_and_fix_registers_the_first(
    server: Server, client: Client, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = RegisterNamespaceRequest(namespace=f"new-{unique}")
    asked.workflow_execution_retention_period.FromTimedelta(timedelta(days=30))
    for name, value in {**server.environment, "TEMPORAL_NAMESPACE": asked.namespace}.items():
        monkeypatch.setenv(name, value)

    missing = await look_at_temporal(f"medic-{unique}", fix=False)
    assert of(missing, Check.NAMESPACE) == [(Status.PROBLEM, Seen.NAMESPACE_MISSING)]
    assert of(missing, Check.TEMPORAL) == [(Status.OK, Seen.TEMPORAL_ANSWERS)]

    await client.workflow_service.register_namespace(asked)

    async def there() -> Any:
        found = await look_at_temporal(f"medic-{unique}", fix=False)
        seen = [(Status.PROBLEM, Seen.ATTRIBUTES_MISSING)]
        return found if of(found, Check.ATTRIBUTES) == seen and of(found, Check.RETENTION)[0][0] is Status.OK else None

    found = await until(there)
    assert of(found, Check.WORKER) == [(Status.PROBLEM, Seen.WORKER_ABSENT)]
    fixed = await look_at_temporal(f"medic-{unique}", fix=True)
    assert of(fixed, Check.ATTRIBUTES) == [(Status.OK, Seen.ATTRIBUTES_ADDED)]
    again = await look_at_temporal(f"medic-{unique}", fix=True)
    assert of(again, Check.ATTRIBUTES) == [(Status.OK, Seen.ATTRIBUTES_THERE)]


# --- the cloud, in this process ---


def bent(**changes: Any) -> World:
    return load_world().model_copy(update=changes)


def full(count: int) -> World:
    """The demo world whose region has this many snapshots."""
    world = load_world().model_dump()
    disk = world["regions"][REGION]["instances"][0]["system_disk"]["disk_id"]
    many = [{"snapshot_id": f"snap-{number:08d}", "disk_id": disk} for number in range(count)]
    world["regions"][REGION]["snapshots"] = many
    return World.model_validate(world)


async def asked(
    cloud: Simulator, monkeypatch: pytest.MonkeyPatch, keys: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    keys = keys or {"TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRET_KEY": DEMO_SECRET_KEY}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    return await look_at_cloud(read_settings({"MEDIC_CLOUD_ENDPOINT": cloud.url}), INSIDE, (REGION,))


async def test_credentials_are_told_by_their_account_and_no_list_goes_out_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serve(speed=1000) as cloud:
        found = await asked(cloud, monkeypatch)
        sent = [entry for entry in cloud.log if entry.kind == "call"]
    [caller] = [one for one in found if one.check is Check.CREDENTIALS]
    assert (caller.status, caller.facts["account"]) == (Status.OK, "100000000001")
    assert {one.about.partition(",")[0] for one in found if one.check is Check.READ} == READS
    assert {one.status for one in found if one.check is Check.READ} == {Status.OK}
    assert {one.name for one in sent} == {one.partition(":")[2] for one in READS} | {"GetCallerIdentity"}
    named = [entry.params.get("InstanceIds") for entry in sent if "InstanceIds" in entry.params]
    assert named == [["ins-00000000"]] * 2


async def test_a_wrong_secret_is_one_problem_and_says_nothing_of_permissions(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRET_KEY": "not-the-key"}
    with serve(speed=1000) as cloud:
        found = await asked(cloud, monkeypatch, keys)
    assert [one.check for one in found if one.status is Status.PROBLEM] == [Check.CREDENTIALS]
    assert set(of(found, Check.READ)) == {(Status.UNKNOWN, Seen.WAITS)}
    assert of(found, Check.QUOTA) == [(Status.UNKNOWN, Seen.WAITS)]
    assert of(found, Check.CLOCK) == [(Status.OK, Seen.CLOCK_RIGHT)]
    assert "not-the-key" not in str(found)


async def test_a_clock_that_is_off_by_ten_minutes_is_one_problem_with_its_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serve(bent(clock_skew_seconds=600), speed=1000) as cloud:
        found = await asked(cloud, monkeypatch)
    [problem] = [one for one in found if one.status is Status.PROBLEM]
    assert problem.check is Check.CLOCK
    assert -602 <= float(problem.facts["seconds"]) <= -598
    assert of(found, Check.CREDENTIALS) == [(Status.UNKNOWN, Seen.WAITS)]


async def test_a_clock_that_is_off_by_less_than_a_signature_takes_is_told_beside_calls_that_go_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serve(bent(clock_skew_seconds=-120), speed=1000) as cloud:
        found = await asked(cloud, monkeypatch)
    assert of(found, Check.CLOCK) == [(Status.WARNING, Seen.CLOCK_OFF)]
    assert of(found, Check.CREDENTIALS) == [(Status.OK, Seen.CREDENTIALS_OF)]


async def test_a_permission_that_is_missing_is_named_and_the_others_are_still_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = load_world()
    [credential] = world.credentials
    deny = ("DescribeSnapshots", "GetCallerIdentity")
    with serve(bent(credentials=(credential.model_copy(update={"deny": deny}),)), speed=1000) as cloud:
        found = await asked(cloud, monkeypatch)
    assert [one.about for one in found if one.status is Status.PROBLEM] == [f"cvm:DescribeSnapshots, {REGION}"]
    assert of(found, Check.READ).count((Status.OK, Seen.READ_ALLOWED)) == len(READS) - 1
    assert of(found, Check.CREDENTIALS) == [(Status.WARNING, Seen.CREDENTIALS_TAKEN)]
    assert of(found, Check.QUOTA) == [(Status.UNKNOWN, Seen.WAITS)]


async def test_a_quota_that_is_near_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    quotas = []
    for count in (0, 308):  # of 384 that five disks give
        with serve(full(count), speed=1000) as cloud:
            quotas += [one for one in await asked(cloud, monkeypatch) if one.check is Check.QUOTA]
    assert [one.status for one in quotas] == [Status.OK, Status.WARNING]
    assert [(one.facts["count"], one.facts["limit"]) for one in quotas] == [("0", "384"), ("308", "384")]


async def test_a_cloud_that_breaks_one_answer_leaves_that_unknown_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(speed=1000) as cloud:
        cloud.faults.add({"action": "DescribeDisks", "kind": "http_500", "times": None})
        found = await asked(cloud, monkeypatch)
    assert of(found, Check.READ).count((Status.UNKNOWN, Seen.NOT_LOOKED)) == 1
    assert of(found, Check.READ).count((Status.OK, Seen.READ_ALLOWED)) == len(READS) - 1
    assert not [one for one in found if one.status is Status.PROBLEM]


# --- the page, in this process ---


def said(_: str) -> None:
    """Nobody listens."""


async def test_a_broken_page_is_named_with_its_place_and_what_depends_on_it_is_unknown(tmp_path: Path) -> None:
    page = tmp_path / "medic.yaml"
    page.write_text(PAGE.replace("run: snapshot-and-reboot", "run: snapshot-and-rebot"), encoding="utf-8")
    config, text, found = read_page(str(page))
    assert (config, text) == (None, "")
    assert of(found, Check.PAGE) == [(Status.PROBLEM, Seen.PAGE_WRONG)]
    assert found[0].about == f"{page}:14:5"
    assert "did you mean" in found[0].facts["error"]
    chosen = read_settings({"MEDIC_CONFIG": str(page)})
    channels = await look_at_channels(config, text, chosen, said, send=True)
    assert of(channels, Check.CHANNEL) == [(Status.UNKNOWN, Seen.WAITS)]
    rules = tmp_path / "rules.json"
    rules.write_text("{}", encoding="utf-8")
    assert of(look_at_rules(config, str(rules)), Check.RULES)[0] == (Status.UNKNOWN, Seen.WAITS)
    _, _, absent = read_page(str(tmp_path / "absent.yaml"))
    assert of(absent, Check.PAGE) == [(Status.PROBLEM, Seen.PAGE_UNREADABLE)]


async def test_a_test_message_that_is_not_taken_is_a_problem_and_none_goes_out_beside_a_missing_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "medic.yaml"
    page.write_text(PAGE, encoding="utf-8")
    config, text, _ = read_page(str(page))
    with inbox() as box:
        chosen = read_settings({"MEDIC_CONFIG": str(page), "MEDIC_SMTP": box.smtp_url})
        monkeypatch.delenv("ONCALL_WEBHOOK", raising=False)
        without = await look_at_channels(config, text, chosen, said, send=True)
        nothing = list(box.received)
        monkeypatch.setenv("ONCALL_WEBHOOK", f"{box.webhook_url}/robot")
        box.fail()
        refused = await look_at_channels(config, text, chosen, said, send=True)
        taken = await look_at_channels(config, text, chosen, said, send=True)
        unsent = await look_at_channels(config, text, chosen, said, send=False)
    wrong = (Status.PROBLEM, Seen.CHANNEL_WRONG)
    assert of(without, Check.CHANNEL) == [wrong, *[(Status.UNKNOWN, Seen.NOT_LOOKED)] * 2]
    assert nothing == []
    not_reached, reached = (Status.PROBLEM, Seen.CHANNEL_NOT_REACHED), (Status.OK, Seen.CHANNEL_REACHED)
    assert of(refused, Check.CHANNEL) == [not_reached, not_reached, reached]
    assert of(taken, Check.CHANNEL) == [reached] * 3
    assert of(unsent, Check.CHANNEL) == [(Status.OK, Seen.CHANNEL_SHAPED)] * 3
    assert box.webhook_url not in str(refused)


def test_a_file_of_rules_that_was_given_counts_for_more_than_one_that_lies_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / TERRAFORM_RULES
    given.parent.mkdir(parents=True)
    given.write_text('{"rules": {}}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    config = a_config()
    assert of(look_at_rules(config, TERRAFORM_RULES), Check.RULES)[0] == (Status.PROBLEM, Seen.RULES_KEEP_OUT)
    assert of(look_at_rules(config, ""), Check.RULES)[0] == (Status.WARNING, Seen.RULES_KEEP_OUT)
    given.write_text("{", encoding="utf-8")
    assert of(look_at_rules(config, ""), Check.RULES)[0] == (Status.UNKNOWN, Seen.NOT_LOOKED)
    given.unlink()
    unread = [(Status.BY_HAND, Seen.RULES_UNREAD)]
    assert of(look_at_rules(config, ""), Check.RULES) == unread
    assert of(look_at_rules(config, "absent.json"), Check.RULES) == [(Status.UNKNOWN, Seen.NOT_LOOKED), *unread]


# --- what waits ---


async def test_a_call_that_hangs_is_left_behind_and_one_that_fails_is_raised() -> None:
    held = threading.Event()
    began = time.monotonic()
    with pytest.raises(asyncio.TimeoutError):
        await within(0.05, held.wait)
    assert time.monotonic() - began < 5
    held.set()
    with pytest.raises(ZeroDivisionError):
        await within(30, lambda: 1 // 0)
    assert await within(30, lambda: 7) == 7
