"""What happens just as a workflow task ends: the workflow has said what it does, and the server does not know yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from worker import STRICT

_ENDS = ("complete_workflow_execution", "continue_as_new_workflow_execution")


class Meddling(WorkflowRunner):
    """The production's runner; calls `meddle(whether the run ends by it)` at the end of each task, in its thread."""

    def __init__(self, meddle: Callable[[bool], None]) -> None:
        self._inner = SandboxedWorkflowRunner(restrictions=STRICT)
        self._meddle = meddle

    def prepare_workflow(self, defn: Any) -> None:
        self._inner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Meddled(self._inner.create_instance(det), self._meddle)


class _Meddled(WorkflowInstance):
    def __init__(self, inner: WorkflowInstance, meddle: Callable[[bool], None]) -> None:
        self._inner = inner
        self._meddle = meddle

    def activate(self, act: Any) -> Any:
        completion = self._inner.activate(act)
        commands = completion.successful.commands
        self._meddle(any(one.WhichOneof("variant") in _ENDS for one in commands))
        return completion

    def get_serialization_context(self, command_info: Any) -> Any:
        return self._inner.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._inner.get_external_store_context(command_info)

    def get_info(self) -> Any:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()
