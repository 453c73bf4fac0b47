"""`medic why`: what was decided about the events of one instance, when, by which rule, and on which facts."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import Code, Output, OutputOption, look, misused, settings, write_json

if TYPE_CHECKING:
    from temporalio.client import Client

    from remediation.acts import Target
    from remediation.contract import Record
    from remediation.settings import Settings

WhatArgument = Annotated[
    str, typer.Argument(metavar="INSTANCE|EVENT.json", help="ins-0123abcd, cvm/REGION/ins-…, or a file with the event.")
]


def register(app: typer.Typer) -> None:
    app.command(name="why")(run)


def run(
    what: WhatArgument,
    event: Annotated[str, typer.Option(help="Only this event, by its id.")] = "",
    output: OutputOption = Output.TEXT,
) -> None:
    """Tell what was decided about an instance's events, and why: also what was ignored, joined, held or unreadable.

    The answer comes from Temporal alone, by a worker, and reaches as far back as the namespace keeps what has closed.

    [bold]Example:[/bold]  medic why ins-0123abcd

    medic why event.json --output json
    """
    raise typer.Exit(look(_why(settings(), what, event, output)))


@dataclass(frozen=True)
class _Answer:
    """One record, and the incident that holds it."""

    record: Record
    workflow_id: str
    run_id: str


async def _why(chosen: Settings, what: str, event_id: str, output: Output) -> int:
    from cli.lookup import find, parse_id
    from remediation.events import INSTANCE_ID
    from starter.connection import connect

    named = INSTANCE_ID.fullmatch(what) is not None or what.startswith("cvm/")
    alarms = None if named else _read_events(what)
    client = await connect()
    if alarms is not None and isinstance(alarms, str):
        return await _tell_unreadable(client, chosen, alarms, output)
    meant = parse_id(what) if alarms is None else alarms[0]
    target = await find(client, meant)
    wanted = alarms[1] if alarms is not None else event_id
    answers = [one for one in await _answers(client, target) if wanted in ("", one.record.event_id)]
    kept = await _kept_for(client)
    if output is Output.JSON:
        write_json(_as_dict(client, chosen, target, answers, kept))
    else:
        _write(client, chosen, target, answers, kept)
    if not answers:
        about = f"event {wanted}" if wanted else f"{target.instance_id} in {target.region}"
        typer.echo(
            f"nothing is known of {about}: it never arrived, or that is longer ago than {kept}, which is how long "
            f"namespace {client.namespace} keeps what has closed",
            err=True,
        )
        return Code.FAILED
    return Code.WELL


def _read_events(file: str) -> tuple[Target, str] | str:
    """The one event in a file: its instance and id; or, if it cannot be read, the id of the run that keeps it."""
    from datetime import datetime, timezone

    from remediation import contract
    from remediation.acts import Target
    from remediation.errors import EventRejected
    from remediation.events import body_hash, parse_event, read_json, unpack
    from starter.bodies import tidy

    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise misused(f"{file!r} is neither an instance (ins-0123abcd) nor a file: {error.strerror}") from None
    events = unpack(tidy(read_json(body)))
    if len(events) != 1:
        raise misused(f"{file} holds {len(events)} events: ask for one of them by `medic why INSTANCE --event ID`")
    try:
        alarm = parse_event(events[0], datetime.now(timezone.utc))
    except EventRejected:
        return contract.unreadable_id(body_hash(events[0]))
    return Target(region=alarm.region, instance_id=alarm.instance_id), alarm.event_id


async def _answers(client: Client, target: Target) -> list[_Answer]:
    """Every decision about the instance that Temporal still has, the oldest first, each once."""
    from cli.lookup import incidents_of, records_of

    found: dict[tuple[str, str, str], _Answer] = {}
    for one in await incidents_of(client, target):
        for record in await records_of(client, one):
            # A long incident hands its records on from one of its runs to the next.
            key = (record.event_id, record.kind, record.decided_at.isoformat())
            found.setdefault(key, _Answer(record, one.id, one.run_id))
    # What was held before that is decided by now, in the run that took it over.
    held = {(one.record.event_id, one.record.held_at) for one in found.values()}
    last = [one for one in found.values() if (one.record.event_id, one.record.decided_at) not in held]
    return sorted(last, key=lambda one: one.record.decided_at)


async def _kept_for(client: Client) -> str:
    """How long the namespace keeps what has closed, for people."""
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

    from cli.lookup import ask
    from remediation.durations import write_duration

    asked = DescribeNamespaceRequest(namespace=client.namespace)
    known = await ask(client, "such namespace", client.workflow_service.describe_namespace(asked))
    return write_duration(known.config.workflow_execution_retention_ttl.seconds)


async def _tell_unreadable(client: Client, chosen: Settings, workflow_id: str, output: Output) -> int:
    """The event could not be read: it is kept whole, and people were told."""
    from cli.lookup import describe
    from remediation.links import run_url
    from remediation.notices import RunRef

    handle = client.get_workflow_handle(workflow_id)
    described = await describe(client, handle)
    url = run_url(chosen.temporal_ui, client.namespace, RunRef(workflow_id=workflow_id, run_id=described.run_id))
    why = str(await handle.result())
    if output is Output.JSON:
        at = described.start_time.isoformat()
        write_json({"decisions": [{"kind": "unreadable", "said": why, "decided_at": at, "ui": url}]})
    else:
        typer.echo(f"{described.start_time.astimezone():%Y-%m-%d %H:%M:%S}  unreadable\n  {why}\n  {url}")
    return Code.WELL


def _as_dict(client: Client, chosen: Settings, target: Target, answers: list[_Answer], kept: str) -> dict[str, Any]:
    decisions = [
        {**one.record.model_dump(mode="json"), "incident": one.workflow_id, **_links(client, chosen, one)}
        for one in answers
    ]
    return {
        "instance": target.instance_id,
        "region": target.region,
        "reaches_back": kept,
        "decisions": decisions,
    }


def _links(client: Client, chosen: Settings, answer: _Answer) -> dict[str, str]:
    from remediation import contract
    from remediation.links import run_url
    from remediation.notices import RunRef

    incident = RunRef(workflow_id=answer.workflow_id, run_id=answer.run_id)
    links = {"ui": run_url(chosen.temporal_ui, client.namespace, incident)}
    run = answer.record.run
    if run is not None:
        region, instance_id = contract.parse_incident_id(answer.workflow_id)
        at = RunRef(workflow_id=contract.remediation_id(region, instance_id), run_id=run.run_id)
        links["run_ui"] = run_url(chosen.temporal_ui, client.namespace, at)
    return links


def _write(client: Client, chosen: Settings, target: Target, answers: list[_Answer], kept: str) -> None:
    if answers:
        typer.echo(f"{target.instance_id} in {target.region}: {len(answers)} decisions, at most {kept} back")
    for one in answers:
        record = one.record
        rule = f" by rule {record.rule}" if record.rule else ""
        typer.echo(
            f"\n{record.decided_at.astimezone():%Y-%m-%d %H:%M:%S}  {record.kind}{rule}  (event {record.event_id})"
        )
        typer.echo(f"  {record.said}")
        if record.held_at is not None:
            typer.echo(f"  held since {record.held_at.astimezone():%H:%M:%S}")
        if record.facts:
            typer.echo("  looked at: " + ", ".join(f"{name} {value}" for name, value in record.facts.items() if value))
        if record.run is not None:
            ended = record.run.outcome.value if record.run.outcome else "at work"
            typer.echo(f"  run {record.run.run_key}: {ended}")
        for url in _links(client, chosen, one).values():
            typer.echo(f"  {url}")
