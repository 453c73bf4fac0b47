"""`medic cancel`: stops a remediation before its next step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import Code, Output, OutputOption, err, look, settings, write_json
from cli.show import IdArgument

if TYPE_CHECKING:
    from remediation.settings import Settings

_WAIT_SECONDS = 60.0
_WHAT_HAPPENS = (
    "cancel asked for: nothing new is begun, and a call that is being sent is waited for. Snapshots stay; a reboot "
    "that was sent cannot be taken back. People are told how it ended. Ctrl-C stops looking, the cancel stands."
)


def register(app: typer.Typer) -> None:
    app.command(name="cancel")(run)


def run(
    name: IdArgument,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the run.")] = "",
    output: OutputOption = Output.TEXT,
) -> None:
    """Stop a remediation: nothing new is begun, what was begun is seen through, and people are told.

    Waits up to a minute for the ending. Exit 0 if it was cancelled or is well, 124 if it has not ended yet.

    [bold]Example:[/bold]  medic cancel ins-0123abcd --reason "maintenance until noon"
    """
    raise typer.Exit(look(_cancel(settings(), name, reason, output)))


async def _cancel(chosen: Settings, name: str, reason: str, output: Output) -> int:
    import asyncio

    from temporalio.client import WorkflowExecutionStatus

    from cli.follow import follow
    from cli.lookup import NotFound, ask, describe, find, parse_id, remediation_of, standing
    from cli.waiting import code_of, told, within
    from remediation.notices import RunRef
    from remediation.report import Outcome
    from starter.connection import connect

    meant = parse_id(name)
    client = await connect()
    handle = remediation_of(client, await find(client, meant))
    run = await describe(client, handle)
    if run.status is not WorkflowExecutionStatus.RUNNING:
        raise NotFound(f"nothing to cancel: {run.id} has ended already ({standing(run)}); see `medic show {run.id}`")
    # The run that was looked at, and not one that has begun since.
    handle = client.get_workflow_handle(run.id, run_id=run.run_id)
    await ask(client, f"run {run.id} at work any more", handle.cancel(reason=reason))
    console = err()
    console.print(_WHAT_HAPPENS, soft_wrap=True)
    answer: dict[str, Any] = {"id": run.id, "run_id": run.run_id, "result": None}
    code: int = Code.TIMED_OUT
    try:
        result = await within(_WAIT_SECONDS, follow(client, run.id, run.run_id, console=console))
    except asyncio.TimeoutError:
        console.print(
            f"not ended within {_WAIT_SECONDS:g} s; the cancel stands: medic show {run.id} --follow", soft_wrap=True
        )
    else:
        answer["result"] = result.model_dump(mode="json")
        code = Code.WELL if result.outcome is Outcome.CANCELLED else code_of(result)
        if output is Output.TEXT:
            typer.echo(told(result, chosen, client.namespace, RunRef(workflow_id=run.id, run_id=run.run_id)))
    if output is Output.JSON:
        write_json(answer)
    return code
