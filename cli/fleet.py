"""`medic fleet`: who is under repair, who waits and why, and what is frozen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import Output, OutputOption, look, misused, write_json, write_table

if TYPE_CHECKING:
    from temporalio.client import Client

    from remediation.fleet import FleetShown

_QUERY_SECONDS = 5.0
_MOST_GUARDS = 100


def register(app: typer.Typer) -> None:
    app.command(name="fleet")(run)


def run(
    region: Annotated[str, typer.Option(help="Only this region: ap-guangzhou.")] = "",
    output: OutputOption = Output.TEXT,
) -> None:
    """Show each region's limits: who is under repair, who waits for a turn and why, and freezes. A worker answers.

    A region without a line has nobody at work, nobody who waits, and no freeze.

    [bold]Example:[/bold]  medic fleet --region ap-guangzhou --output json | jq '.regions[].waiting[].instance_id'
    """
    from remediation.errors import EventRejected
    from remediation.regions import normalise_region

    try:
        chosen = normalise_region(region) if region else ""
    except EventRejected as rejected:
        raise misused(f"--region: {rejected}") from None
    found, silent = look(_show(chosen))
    for name, problem in silent.items():
        typer.echo(f"the guard of {name} does not answer; only its freeze is known: {problem}", err=True)
    if output is Output.JSON:
        write_json({"regions": [one.model_dump(mode="json") for one in found], "silent": silent})
    elif found:
        _tell(found)
    else:
        typer.echo("nobody is at work or waits, and nothing is frozen", err=True)


async def _show(region: str) -> tuple[list[FleetShown], dict[str, str]]:
    """The guards' states, and why those that no worker answers for are silent."""
    from cli.lookup import list_runs
    from remediation.contract import EVERYWHERE, FLEET_GUARD
    from starter.connection import connect

    client = await connect()
    if region:
        names = [region, EVERYWHERE]
    else:
        query = f'WorkflowType = "{FLEET_GUARD}" AND ExecutionStatus = "Running"'
        # One that has just begun is not listed yet; the freeze of all regions must not be overlooked.
        names = [one.id.partition("/")[2] for one in await list_runs(client, query, _MOST_GUARDS)]
        names = sorted({*names, EVERYWHERE})
    silent: dict[str, str] = {}
    shown = [await _state(client, name, silent) for name in names]
    return [one for one in shown if one is not None], silent


async def _state(client: Client, name: str, silent: dict[str, str]) -> FleetShown | None:
    """What a guard knows, or None if there is none; its freeze can be read without a worker."""
    from activities.fleet import describe, is_open, read_freeze
    from cli.lookup import ask
    from remediation.contract import FLEET, fleet_id
    from remediation.fleet import FleetShown
    from starter.connection import TemporalUnreachable

    if not is_open(await ask(client, f"guard of {name}", describe(client, fleet_id(name)))):
        return None
    guard = client.get_workflow_handle(fleet_id(name))
    query = guard.query(FLEET, result_type=FleetShown, rpc_timeout=timedelta(seconds=_QUERY_SECONDS))
    try:
        shown: FleetShown = await ask(client, f"guard of {name}", query, _QUERY_SECONDS + 1)
    except TemporalUnreachable as error:
        silent[name] = error.reason
        freeze = await ask(client, f"guard of {name}", read_freeze(client, name))
        shown = FleetShown(
            region=name,
            max_acting=0,
            max_actions_per_hour=0,
            within_the_hour=0,
            acting=(),
            waiting=(),
            freeze=freeze,
        )
    return shown


def _tell(found: list[FleetShown]) -> None:
    from remediation.freezes import frozen
    from remediation.telling import say

    table = [
        (
            one.region,
            _of(len(one.acting), one.max_acting),
            _of(one.within_the_hour, one.max_actions_per_hour),
            str(len(one.waiting)),
            one.freeze.by if one.freeze else "no",
        )
        for one in found
    ]
    write_table(("region", "at work", "within the hour", "waiting", "frozen"), table)
    for one in found:
        lines = [f"  frozen    {say(frozen(one.freeze))}"] if one.freeze else []
        for grant in one.acting:
            began = f"acts since {grant.sent_at:%H:%M:%S} UTC" if grant.sent_at else "may begin"
            lines.append(f"  at work   {grant.asked.instance_id}  {grant.asked.rule}  {began}")
        for waiter in one.waiting:
            since = f"since {waiter.since:%H:%M:%S} UTC"
            lines.append(f"  waits     {waiter.instance_id}  {waiter.rule}  {since}: {say(waiter.reason)}")
        if lines:
            typer.echo("\n".join(["", one.region, *lines]))


def _of(count: int, limit: int) -> str:
    """A guard learns its limits with the first question."""
    return f"{count} of {limit}" if limit else str(count)
