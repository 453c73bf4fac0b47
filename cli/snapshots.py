"""`medic snapshots`: the snapshots that we made and that are still there."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import Code, Output, OutputOption, err, look, misused, settings, write_json, write_table

if TYPE_CHECKING:
    from remediation.kept_snapshots import Kept, Quota


def register(app: typer.Typer) -> None:
    app.command(name="snapshots")(run)


def run(
    region: Annotated[str, typer.Option(help="ap-guangzhou")],
    output: OutputOption = Output.TEXT,
) -> None:
    """List the snapshots that we made in a region: of what, how old, how large, until when, needed by a run or not.

    It only reads, with the worker's settings and credentials. The cloud deletes each at its deadline; to delete one
    before, use the console, and never one that is in use.

    [bold]Example:[/bold]  medic snapshots --region ap-guangzhou
    """
    raise typer.Exit(look(_list(_region(region), output)))


def _region(written: str) -> str:
    from remediation.errors import EventRejected
    from remediation.regions import normalise_region

    try:
        return normalise_region(written)
    except EventRejected as rejected:
        raise misused(f"--region: {rejected}") from None


async def _list(region: str, output: Output) -> int:
    import asyncio

    from cli.lookup import attribute, list_runs
    from remediation.contract import REMEDIATE_INSTANCE, SearchAttribute
    from remediation.kept_snapshots import kept_snapshots, quota_of
    from starter.connection import connect
    from worker import make_cloud

    cloud = make_cloud(settings())
    client = await connect()
    query = f'WorkflowType = "{REMEDIATE_INSTANCE}" AND ExecutionStatus = "Running"'
    at_work = {attribute(one, SearchAttribute.INSTANCE) for one in await list_runs(client, query, 10_000)}
    err().print(f"reading the snapshots of {region} ...")
    found = await asyncio.to_thread(cloud.all_snapshots, region)
    disks = await asyncio.to_thread(cloud.count_disks, region)
    kept = kept_snapshots(found, at_work, datetime.now(timezone.utc))
    quota = quota_of(len(found), disks)
    if output is Output.JSON:
        write_json({"snapshots": [one.model_dump(mode="json") for one in kept], "quota": quota.model_dump()})
    else:
        _write(kept, quota, region)
    return Code.WELL


def _write(kept: tuple[Kept, ...], quota: Quota, region: str) -> None:
    rows = [
        [
            one.snapshot_id,
            one.disk_id,
            one.instance_id,
            f"{one.size_gib} GiB",
            one.state,
            f"{one.age_days} d" if one.age_days is not None else "?",
            one.purpose,
            one.cost,
            "in use" if one.in_use else "",
        ]
        for one in kept
    ]
    if rows:
        write_table(("snapshot", "disk", "instance", "size", "state", "age", "purpose", "kept", ""), rows)
    typer.echo(f"{len(kept)} of ours, {quota.count} in all; {region} takes {quota.limit}", err=True)
    if quota.is_near:
        typer.echo("the quota is near: a repair fails before its reboot once it is reached. Delete some", err=True)
