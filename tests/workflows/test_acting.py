"""Every mutating call through the one mechanism: lost answers are looked for, and nothing is done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

import worker
from remediation.settings import Settings

with workflow.unsafe.imports_passed_through():
    from activities.clients.error_table import MUTATING
    from remediation import acts
    from remediation.approvals import Approval
    from remediation.cloud import APPLY_SNAPSHOT, INVOKE_COMMAND, START, STOP, Operation
    from remediation.errors import OutcomeUnknown, Throttled
    from tests.activities.hands import TARGET, a_reboot_input, a_snapshot_input, protected
    from tests.clouds import StagedCloud
    from tests.remediation.facts import RUN_KEY, SYSTEM, a_config, an_order, ready
    from workflows import acting
    from workflows.calls import ACT_SECONDS, CallFailed, Calls, Expired

pytestmark = pytest.mark.temporal

ACTIONS: dict[str, tuple[acting.Action[Any, Any], type[acts.ActInput]]] = {
    "CreateSnapshot": (acting.CREATE_SNAPSHOT, acts.CreateSnapshotInput),
    "RebootInstances": (acting.REBOOT, acts.RebootInput),
    "StopInstances": (acting.STOP, acts.StopInput),
    "StartInstances": (acting.START, acts.StartInput),
    "ApplySnapshot": (acting.APPLY_SNAPSHOT, acts.ApplySnapshotInput),
    "InvokeCommand": (acting.INVOKE_COMMAND, acts.InvokeCommandInput),
}
STOPPED = Operation(name=STOP, state="SUCCESS", request_id="r-stop")
HASTY = {"timing": {"patience_seconds": 20, "validity_seconds": 1}}


def wanted(action: str) -> acts.ActInput:
    """What this action needs to be allowed, on the cloud of `staged`."""
    facts: dict[str, Any] = {"target": TARGET, "order": an_order(**HASTY), "run_key": RUN_KEY}
    approval = Approval(by="ada", at=datetime.now(timezone.utc), disks={SYSTEM.disk_id: ready(SYSTEM).snapshot_id})
    if action == "CreateSnapshot":
        return a_snapshot_input(order=an_order(**HASTY))
    if action == "RebootInstances":
        return a_reboot_input(order=an_order(**HASTY))
    if action == STOP:
        return acts.StopInput.model_validate(a_reboot_input(order=an_order(**HASTY)).model_dump(mode="json"))
    if action == START:
        return acts.StartInput(**facts, baseline=STOPPED)
    if action == APPLY_SNAPSHOT:
        return acts.ApplySnapshotInput(**facts, baseline=STOPPED, snapshot=ready(SYSTEM), approval=approval)
    return acts.InvokeCommandInput(**facts, command_id="cmd-1")


def staged(action: str) -> StagedCloud:
    cloud = StagedCloud() if action == "CreateSnapshot" else protected()
    if action in (START, APPLY_SNAPSHOT):
        cloud.operations[TARGET.instance_id] = STOPPED
        cloud.states[TARGET.instance_id] = "STOPPED"
    return cloud


def losing(action: str, times: int) -> Callable[[str], None]:
    """Fails the first so many calls of this action as a lost answer does."""
    left = [times]

    def on_call(called: str) -> None:
        if called == action and left[0]:
            left[0] -= 1
            raise OutcomeUnknown("no usable answer", action=action)

    return on_call


@workflow.defn(name="OneAct")
class OneAct:
    """Carries out one action as the story does, and tells how it ended."""

    @workflow.run
    async def run(self, action: str, told: Any, within: float = 60) -> dict[str, Any]:
        """Returns what was done, or under `raised` the name of our word for why not."""
        kind, model = ACTIONS[action]
        by = workflow.now() + timedelta(seconds=within)
        try:
            done = await acting.perform(Calls(), kind, model.model_validate(told), by=by, summary=action)
        except (acting.StillUnknown, CallFailed, Expired) as error:
            return {"raised": type(error).__name__}
        return dict(done.model_dump(mode="json"))


@pytest.fixture(autouse=True)
def _on_the_production_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "WORKFLOWS", [OneAct])
    monkeypatch.setattr(worker, "STRICT", worker.STRICT.with_passthrough_modules("tests"))


async def acted(client: Client, unique: str, action: str, cloud: StagedCloud, within: float = 60) -> dict[str, Any]:
    queue = f"medic-{unique}"
    settings = Settings.model_validate({"task_queue": queue, "poll_interval": "1s", "rate_limits": "off"})
    stop = asyncio.Event()
    running = asyncio.create_task(worker.work(worker.build_workers(client, settings, a_config(), cloud), stop))
    try:
        told = wanted(action).model_dump(mode="json")
        done: dict[str, Any] = await client.execute_workflow(
            "OneAct", args=[action, told, within], id=f"act-{unique}", task_queue=queue
        )
        return done
    finally:
        stop.set()
        await running


def test_every_mutating_call_that_is_used_goes_through_the_one_mechanism() -> None:
    # RunCommand would send free text into a guest: a registered command is invoked instead (decision 9).
    assert set(ACTIONS) == MUTATING - {"RunCommand"}
    assert {one for one in vars(acting).values() if isinstance(one, acting.Action)} == {
        action for action, _ in ACTIONS.values()
    }


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_call_that_is_answered_is_sent_once(client: Client, unique: str, action: str) -> None:
    cloud = staged(action)
    done = await acted(client, unique, action, cloud)

    assert cloud.mutating() == [action]
    assert done.get("adopted") is False


@pytest.mark.parametrize("action", ACTIONS)
async def test_an_answer_that_was_lost_after_the_effect_is_looked_for_and_adopted(
    client: Client, unique: str, action: str
) -> None:
    cloud = staged(action)
    cloud.after_effect = losing(action, 1)
    done = await acted(client, unique, action, cloud)

    assert cloud.mutating() == [action]
    assert done.get("adopted") is True


@pytest.mark.parametrize(
    ("action", "sent", "ends_as"),
    [
        ("CreateSnapshot", 2, None),
        ("RebootInstances", 1, "StillUnknown"),
        (STOP, 1, "StillUnknown"),
        (START, 2, None),
        (APPLY_SNAPSHOT, 1, "StillUnknown"),
        (INVOKE_COMMAND, 2, None),
    ],
)
async def test_a_call_that_never_showed_is_sent_once_more_only_if_that_can_do_no_harm(
    client: Client, unique: str, action: str, sent: int, ends_as: str | None
) -> None:
    cloud = staged(action)
    cloud.on_call = losing(action, 1)
    done = await acted(client, unique, action, cloud)

    assert cloud.mutating() == [action] * sent
    assert done.get("raised") == ends_as


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_call_that_is_lost_twice_goes_to_people(client: Client, unique: str, action: str) -> None:
    cloud = staged(action)
    cloud.on_call = losing(action, 9)
    done = await acted(client, unique, action, cloud)

    assert done == {"raised": "StillUnknown"}
    assert len(cloud.mutating()) <= 2


async def test_a_call_whose_time_is_up_is_not_begun(client: Client, unique: str) -> None:
    cloud = staged("CreateSnapshot")

    assert await acted(client, unique, "CreateSnapshot", cloud, within=-1) == {"raised": "Expired"}
    assert cloud.calls == []


async def test_a_call_is_tried_no_longer_than_to_its_deadline_and_an_attempt_more(
    time_skipping: WorkflowEnvironment, unique: str
) -> None:
    def slower(called: str) -> None:
        if called == "CreateSnapshot":
            raise Throttled("slower", action=called)

    cloud = staged("CreateSnapshot")
    cloud.on_call = slower

    assert await acted(time_skipping.client, unique, "CreateSnapshot", cloud, within=5) == {"raised": "Expired"}
    seen = await time_skipping.client.get_workflow_handle(f"act-{unique}").describe()
    assert seen.close_time is not None
    assert seen.close_time - seen.start_time < timedelta(seconds=5 + ACT_SECONDS + 10)
    assert len(cloud.mutating()) >= 3
