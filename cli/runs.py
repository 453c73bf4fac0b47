"""`medic runs`: the remediations that Temporal knows of."""

from __future__ import annotations

from datetime import datetime, timezone
from string import ascii_lowercase, digits
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import Output, OutputOption, look, misused, write_json, write_table

if TYPE_CHECKING:
    from temporalio.client import WorkflowExecution

_IN_A_RULES_NAME = frozenset(f"{ascii_lowercase}{digits}-")


def register(app: typer.Typer) -> None:
    app.command(name="runs")(run)


def run(
    instance: Annotated[str, typer.Option(help="Of this instance: ins-0123abcd.")] = "",
    region: Annotated[str, typer.Option(help="Of this region: ap-guangzhou.")] = "",
    rule: Annotated[str, typer.Option(help="Of this rule of medic.yaml: disk-read-only.")] = "",
    outcome: Annotated[str, typer.Option(help="That ended so: recovered, not_recovered, handed_over, …")] = "",
    still_open: Annotated[bool, typer.Option("--open", help="That are still at work.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 20,
    output: OutputOption = Output.TEXT,
) -> None:
    """List remediations, the newest first. A run shows up here a moment after it began.

    [bold]Example:[/bold]  medic runs --open

    medic runs --outcome handed_over --output json | jq -r '.runs[].instance'
    """
    query = _query(instance, region, rule, outcome, still_open)
    found = look(_list(query, limit))
    rows = [_row(one) for one in found]
    if output is Output.JSON:
        write_json({"runs": rows})
    elif rows:
        shown = ("started", "instance", "region", "rule", "standing", "took")
        write_table(shown, [[str(row[name]) for name in shown] for row in rows])
    else:
        typer.echo("no such runs", err=True)


def _query(instance: str, region: str, rule: str, outcome: str, still_open: bool) -> str:
    """Temporal's list filter; every part is checked, so that none of them can change the question."""
    from remediation.contract import REMEDIATE_INSTANCE, SearchAttribute
    from remediation.errors import EventRejected
    from remediation.events import INSTANCE_ID
    from remediation.regions import normalise_region
    from remediation.report import Outcome

    parts = [f'WorkflowType = "{REMEDIATE_INSTANCE}"']
    if instance:
        if INSTANCE_ID.fullmatch(instance) is None:
            raise misused(f"--instance {instance!r} is not an instance id: write ins-0123abcd")
        parts.append(f'{SearchAttribute.INSTANCE.value} = "{instance}"')
    if region:
        try:
            parts.append(f'{SearchAttribute.REGION.value} = "{normalise_region(region)}"')
        except EventRejected as rejected:
            raise misused(f"--region: {rejected}") from None
    if rule:
        if not set(rule) <= _IN_A_RULES_NAME:
            raise misused(f"--rule {rule!r} cannot be the name of a rule: write it as it stands in medic.yaml")
        parts.append(f'{SearchAttribute.RULE.value} = "{rule}"')
    if outcome:
        known = [one.value for one in Outcome]
        if outcome not in known:
            raise misused(f"--outcome {outcome!r} is not known; known are {', '.join(known)}")
        parts.append(f'{SearchAttribute.OUTCOME.value} = "{outcome}"')
    if still_open:
        parts.append('ExecutionStatus = "Running"')
    return " AND ".join(parts)


async def _list(query: str, limit: int) -> list[WorkflowExecution]:
    from cli.lookup import list_runs
    from starter.connection import connect

    return await list_runs(await connect(), query, limit)


def _row(one: WorkflowExecution) -> dict[str, Any]:
    from cli.follow import span
    from cli.lookup import attribute, standing
    from remediation.contract import SearchAttribute

    end = one.close_time or datetime.now(timezone.utc)
    return {
        "id": one.id,
        "run_id": one.run_id,
        "started": one.start_time.astimezone().isoformat(" ", "seconds"),
        "ended": one.close_time.astimezone().isoformat(" ", "seconds") if one.close_time else None,
        "instance": attribute(one, SearchAttribute.INSTANCE),
        "region": attribute(one, SearchAttribute.REGION),
        "rule": attribute(one, SearchAttribute.RULE),
        "phase": attribute(one, SearchAttribute.PHASE),
        "outcome": attribute(one, SearchAttribute.OUTCOME),
        "standing": standing(one),
        "took": span((end - one.start_time).total_seconds()),
        "seconds": round((end - one.start_time).total_seconds(), 3),
    }
