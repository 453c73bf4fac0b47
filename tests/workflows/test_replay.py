"""Every stored history of every released version replays on the current code (P12)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from remediation import contract
from remediation.report import Outcome
from tests.histories.record import CASES, FOLDER
from worker import STRICT, WORKFLOWS

STORED = sorted(FOLDER.glob("*/*.json"))


@workflow.defn(name=contract.REMEDIATE_INSTANCE, sandboxed=False)
class SleepsFirst:
    """A change of the story's order, without a patch."""

    @workflow.run
    async def run(self, wanted: object) -> None:
        """Nothing that any history begins with."""
        await workflow.sleep(1)


def read(path: Path) -> WorkflowHistory:
    stored = json.loads(path.read_text(encoding="utf-8"))
    return WorkflowHistory.from_json(stored["workflow_id"], stored["history"])


@pytest.mark.parametrize("path", STORED, ids=[f"{path.parent.name}/{path.stem}" for path in STORED])
async def test_a_stored_history_replays_on_the_current_code(path: Path) -> None:
    runner = SandboxedWorkflowRunner(restrictions=STRICT)
    replayer = Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter, workflow_runner=runner)

    await replayer.replay_workflow(read(path))


def test_there_is_a_stored_history_of_each_outcome_that_a_run_can_reach_without_a_bug() -> None:
    stored = {path.name.split(".")[0].split("-")[0] for path in STORED}

    assert stored == {case.split("-")[0] for case in CASES}
    assert {one.value for one in Outcome} - stored == {Outcome.FAILED.value}


async def test_an_incompatible_change_turns_the_replay_red() -> None:
    replayer = Replayer(workflows=[SleepsFirst], data_converter=pydantic_data_converter)

    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(read(next(path for path in STORED if path.stem == "recovered.remediation")))
