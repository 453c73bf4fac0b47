"""`medic show`: all that is known of one instance: its run, step by step, and what was decided about its events."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import Code, Output, OutputOption, err, look, settings, write_json, write_table

if TYPE_CHECKING:
    from temporalio.client import Client, WorkflowExecutionDescription

    from cli.timeline import Line
    from remediation.acts import Target
    from remediation.contract import Record
    from remediation.report import RemediationResult
    from remediation.settings import Settings

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="ins-0123abcd, cvm/REGION/ins-…, or its …/remediation")]


def register(app: typer.Typer) -> None:
    app.command(name="show")(run)


def run(
    name: IdArgument,
    run_id: Annotated[str, typer.Option("--run", help="An earlier run, by its run id.")] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Show it live until it ends.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show a run: its steps, what is awaited now, how it ended, and what was decided about the instance's events.

    All but the decisions can be seen while no worker lives. With --follow the exit code tells how the run ended.

    [bold]Example:[/bold]  medic show ins-0123abcd --follow
    """
    raise typer.Exit(look(_show(settings(), name, run_id, follow, output)))


@dataclass
class _Known:
    """What could be found out."""

    target: Target
    run: WorkflowExecutionDescription | None = None
    lines: list[Line] = field(default_factory=list)
    result: RemediationResult | None = None
    failure: str = ""
    decisions: list[Record] = field(default_factory=list)
    silent: str = ""


async def _show(chosen: Settings, name: str, run_id: str, follow: bool, output: Output) -> int:
    from cli import follow as following
    from cli.lookup import NotFound, find, parse_id, remediation_of
    from cli.waiting import code_of
    from remediation.errors import MedicError
    from starter.connection import connect

    meant = parse_id(name)
    client = await connect()
    known = _Known(await find(client, meant))
    handle = remediation_of(client, known.target, run_id)
    if follow:
        try:
            await following.follow(client, handle.id, run_id, console=err())
        except following.RunFailed as error:
            known.failure = str(error)
    missing: MedicError | None = None
    try:
        await _look_at_run(client, run_id, known)
    except NotFound as error:
        missing = error
    await _ask_decisions(client, known)
    if missing is not None and (run_id or name.endswith("/remediation") or not known.decisions):
        raise missing
    if output is Output.JSON:
        write_json(_as_dict(known, chosen, client.namespace))
    else:
        _write(known, chosen, client.namespace)
    if not follow:
        return Code.WELL
    return code_of(known.result) if known.result else Code.FAILED


async def _look_at_run(client: Client, run_id: str, known: _Known) -> None:
    from temporalio.client import WorkflowExecutionStatus

    from cli.follow import RunFailed, read_story, result_of
    from cli.lookup import describe, remediation_of

    known.run = described = await describe(client, remediation_of(client, known.target, run_id))
    # From here on it is this run, whatever begins meanwhile.
    handle = remediation_of(client, known.target, described.run_id)
    known.lines = await read_story(client, handle, described)
    if described.status is not WorkflowExecutionStatus.RUNNING:
        try:
            known.result = await result_of(client, handle)
        except RunFailed as error:
            known.failure = str(error)


async def _ask_decisions(client: Client, known: _Known) -> None:
    from cli.lookup import NotFound, decisions_of
    from remediation.contract import incident_id
    from starter.connection import TemporalUnreachable

    try:
        known.decisions = await decisions_of(client, incident_id(known.target.region, known.target.instance_id))
    except NotFound:
        known.silent = "its incident is not there any more"
    except TemporalUnreachable as error:
        known.silent = f"only a worker can tell them, and none answers ({error.reason})"


def _url(known: _Known, chosen: Settings, namespace: str) -> str:
    from remediation import contract
    from remediation.links import run_url
    from remediation.notices import RunRef

    if known.run is not None:
        return run_url(chosen.temporal_ui, namespace, RunRef(workflow_id=known.run.id, run_id=known.run.run_id))
    incident = contract.incident_id(known.target.region, known.target.instance_id)
    return run_url(chosen.temporal_ui, namespace, RunRef(workflow_id=incident))


def _as_dict(known: _Known, chosen: Settings, namespace: str) -> dict[str, Any]:
    from cli.lookup import standing

    steps = [{**asdict(line), "started_at": line.started_at.isoformat()} for line in known.lines]
    return {
        "instance": known.target.instance_id,
        "region": known.target.region,
        "id": known.run.id if known.run else None,
        "run_id": known.run.run_id if known.run else None,
        "standing": standing(known.run) if known.run else None,
        "steps": steps,
        "awaited": [step for step, line in zip(steps, known.lines, strict=True) if line.is_open],
        "result": known.result.model_dump(mode="json") if known.result else None,
        "failure": known.failure,
        "decisions": [one.model_dump(mode="json") for one in known.decisions],
        "decisions_unknown": known.silent,
        "ui": _url(known, chosen, namespace),
    }


def _write(known: _Known, chosen: Settings, namespace: str) -> None:
    from cli.follow import plain
    from cli.lookup import standing
    from cli.waiting import told
    from remediation.notices import RunRef

    if known.run is not None:
        typer.echo(f"{known.run.id}: {standing(known.run)}")
        for line in known.lines:
            typer.echo(f"  {plain(line)}")
        waits = [line for line in known.lines if line.is_open]
        if waits:
            typer.echo("awaited now: " + "; ".join(f"{one.step} ({one.detail or one.state})" for one in waits))
    if known.failure:
        typer.echo(known.failure)
    if known.result is not None and known.run is not None:
        ran = RunRef(workflow_id=known.run.id, run_id=known.run.run_id)
        typer.echo("\n" + told(known.result, chosen, namespace, ran) + "\n")
    if known.decisions:
        rows = [
            [one.decided_at.astimezone().isoformat(" ", "seconds"), one.kind, one.rule, one.event_id, one.said]
            for one in known.decisions
        ]
        write_table(("decided", "decision", "rule", "event", "why"), rows)
    elif known.silent:
        typer.echo(f"decisions: {known.silent}", err=True)
    if known.result is None:  # the words about a result hold the address already
        typer.echo(f"in the Temporal UI: {_url(known, chosen, namespace)}")
