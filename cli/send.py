"""`medic send`: one event goes in through the door, and is followed to its end if wanted."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import Code, Output, OutputOption, err, fail, look, misused, settings, write_json
from cli.pages import read_bytes

if TYPE_CHECKING:
    from remediation.settings import Settings

_EVENT = "The event"


def register(app: typer.Typer) -> None:
    app.command(name="send")(run)


def run(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="An envelope as JSON, sent as it is; - reads stdin.", allow_dash=True, dir_okay=False
        ),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--type",
            help="disk-read-only, ping-unreachable, kernel-failure, out-of-memory, instance-rebooted, nvme-error, "
            "or a full cvm:… type.",
            rich_help_panel=_EVENT,
        ),
    ] = "",
    instance: Annotated[str, typer.Option(help="ins-0123abcd", rich_help_panel=_EVENT)] = "",
    region: Annotated[str, typer.Option(help="ap-guangzhou", rich_help_panel=_EVENT)] = "",
    status: Annotated[
        str, typer.Option(help="1 fires, 0 has recovered, - has no state.", rich_help_panel=_EVENT)
    ] = "1",
    now: Annotated[bool, typer.Option("--now", help="Give what is in FILE a new id and the present time.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only try it: told what would be done, and nothing is changed.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Follow it to its end.")] = False,
    timeout: Annotated[str, typer.Option(help="How long --wait waits: 90s, 15m, 8h.")] = "8h",
    output: OutputOption = Output.TEXT,
) -> None:
    """Send an event, as EventBridge would. Sending the same one twice does no harm.

    [bold]Examples:[/bold]  medic send --type disk-read-only --instance ins-0123abcd --region ap-guangzhou --wait

    medic send event.json --now --output json | jq .receipts

    medic send --dry-run --type disk-read-only --instance ins-0123abcd --region ap-guangzhou --wait
    """
    if (file is None) == (kind == ""):
        raise misused("give either a FILE, or --type with --instance and --region")
    if kind and not (instance and region):
        raise misused("--type needs --instance and --region")
    if status not in ("1", "0", "-"):
        raise misused("--status is 1, 0 or -")
    from remediation.durations import parse_duration

    try:
        seconds = parse_duration(timeout)
    except ValueError as error:
        raise misused(f"--timeout: {error}") from None
    from cli.envelopes import as_of_now, make_event
    from remediation.events import read_json, unpack

    if file is not None:
        body = read_json(read_bytes(str(file)))
        body = as_of_now(body) if now else body
    else:
        body = make_event(kind, instance, region, status)
    if wait and len(unpack(body)) != 1:
        raise misused(f"--wait follows one event, and this delivery has {len(unpack(body))}")
    raise typer.Exit(look(_send(settings(), body, wait, seconds, output, dry_run=dry_run)))


async def _send(chosen: Settings, body: object, wait: bool, timeout: float, output: Output, *, dry_run: bool) -> int:
    import asyncio

    from cli.waiting import WaitedFor, wait_for, within
    from remediation.errors import MedicError
    from starter.connection import connect
    from starter.start import start

    client = await connect()
    receipt = await start(
        client, body, received_at=datetime.now(timezone.utc), task_queue=chosen.task_queue, dry_run=dry_run
    )
    console = err()
    for one in receipt.events:
        for advice in one.advice:
            console.print(f"advice: {advice}", style="yellow", soft_wrap=True)
    unreadable = any(one.status == "unreadable" for one in receipt.events)
    code: int = Code.FAILED if unreadable else Code.WELL
    if output is Output.TEXT:
        for one in receipt.events:
            said = f"{one.event_id} for {one.instance_id}" if one.status == "accepted" else f"{one.reason}. {one.hint}"
            typer.echo(f"{one.status}: {said} → {one.workflow_id}")
    answer: dict[str, Any] = {"receipts": receipt.as_dicts()}
    if wait and not unreadable:
        waited = WaitedFor()
        try:
            code = await within(timeout, wait_for(client, chosen, receipt.events[0], console, waited))
        except asyncio.TimeoutError:
            code = Code.TIMED_OUT
            console.print(f"not ended within {timeout:g} s; it goes on: medic show {receipt.events[0].workflow_id}")
        except MedicError as error:
            code = fail(error).exit_code
            answer["error"] = str(error)
        answer |= waited.as_dict()
        if output is Output.TEXT:
            waited.write(chosen, client.namespace)
    if output is Output.JSON:
        write_json(answer)
    return code
