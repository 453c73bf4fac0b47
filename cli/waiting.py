"""From a receipt to the end: what was decided about the event, and how the repair that it belongs to went."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import typer
from rich.console import Console
from temporalio.client import Client

from cli.console import Code
from cli.follow import follow
from cli.lookup import NotFound, decisions_of
from remediation import contract
from remediation.contract import Record
from remediation.decisions import Kind
from remediation.links import run_url
from remediation.notices import Notice, RunRef, headline_of
from remediation.reasons import Code as Why
from remediation.report import Outcome, RemediationResult
from remediation.settings import Settings
from remediation.telling import tell
from starter.connection import TemporalUnreachable
from starter.receipts import EventReceipt

T = TypeVar("T")
_PAUSE, _WORRY = 0.2, 3.0
# An event that only had to be told is well when it was decided.
_CODES = {Kind.IGNORE: Code.NO_RULE, Kind.EXPIRE: Code.NOT_RECOVERED, Kind.UNDECIDED: Code.FAILED}


@dataclass
class WaitedFor:
    """What is known so far, also when the waiting was cut short."""

    workflow_id: str = ""
    decision: Record | None = None
    result: RemediationResult | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "decision": self.decision.model_dump(mode="json") if self.decision else None,
            "result": self.result.model_dump(mode="json") if self.result else None,
        }

    def write(self, settings: Settings, namespace: str) -> None:
        """The same for eyes, on stdout."""
        # In a terminal the progress has said it already.
        if self.decision is not None and not (sys.stdout.isatty() and sys.stderr.isatty()):
            typer.echo(f"decided: {self.decision.kind}: {self.decision.said}")
        if self.result is not None:
            run_id = self.decision.run.run_id if self.decision and self.decision.run else ""
            typer.echo(
                "\n" + told(self.result, settings, namespace, RunRef(workflow_id=self.workflow_id, run_id=run_id))
            )


def told(result: RemediationResult, settings: Settings, namespace: str, run: RunRef) -> str:
    """A result in the words in which people are told of it."""
    notice = Notice(
        id=f"{result.run_key}-console",
        headline=headline_of(result.outcome),
        instance_id=result.instance_id,
        region=result.region,
        name=result.name,
        rule=result.rule,
        mode=result.mode,
        result=result,
        run=run,
    )
    return tell(notice, "en", run_url=run_url(settings.temporal_ui, namespace, run)).text


def code_of(result: RemediationResult) -> Code:
    """How the process ends after a run that ended so."""
    if result.outcome.is_well:
        return Code.WELL
    if result.outcome is Outcome.DENIED or result.reason.code is Why.NOT_ANSWERED:
        return Code.NOT_APPROVED
    return Code.FAILED if result.outcome is Outcome.FAILED else Code.NOT_RECOVERED


async def wait_for(
    client: Client, settings: Settings, receipt: EventReceipt, console: Console, waited: WaitedFor
) -> int:
    """Until the event is decided and its repair, if there is one, has ended; fills `waited`, returns the exit code.

    Raises:
        RunFailed: the repair was ended from outside.
    """
    waited.decision = decision = await _decided(client, settings, receipt, console)
    kind = Kind(decision.kind)
    console.print(f"decided: {decision.kind}: {decision.said}", soft_wrap=True)
    run_id = decision.run.run_id if decision.run else ""
    if not run_id and kind not in (Kind.REMEDIATE, Kind.JOIN):
        return _CODES.get(kind, Code.NOT_RECOVERED if decision.needs_people else Code.WELL)
    waited.workflow_id = contract.remediation_of(receipt.workflow_id)
    waited.result = await follow(client, waited.workflow_id, run_id, console=console)
    return code_of(waited.result)


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled after `seconds`.

    As `asyncio.wait_for`, except that the cancel is repeated: until Python 3.12 a `wait_for` further in swallows one
    that comes in the moment of its own ending, and this would then wait for ever.

    Raises:
        asyncio.TimeoutError
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if task.done():
            return task.result()
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=1)
    if not task.cancelled() and task.exception() is None:
        return task.result()  # it ended in that very moment
    raise asyncio.TimeoutError


async def _decided(client: Client, settings: Settings, receipt: EventReceipt, console: Console) -> Record:
    """The decision about this event; only a worker can make and tell it."""
    queue = contract.Queue.WORKFLOWS.of(settings.task_queue)
    hint = f"no decision yet: is a `medic worker` alive on task queue {queue!r}? Still waiting"
    # By a timer of its own: without a worker the server lets each question wait.
    worry = asyncio.get_running_loop().call_later(_WORRY, lambda: console.print(hint, style="yellow", soft_wrap=True))
    try:
        while True:
            with contextlib.suppress(TemporalUnreachable, NotFound):
                # The first: a redelivery of the same event adds a record of its own, and changes nothing.
                for record in await decisions_of(client, receipt.workflow_id):
                    if record.event_id == receipt.event_id:
                        return record
            await asyncio.sleep(_PAUSE)
    finally:
        worry.cancel()
