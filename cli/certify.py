"""`medic certify`: the main job on one throw-away instance, held against what is taken for granted of the cloud."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import Code, Output, OutputOption, err, look, misused, settings, write_json, write_table

if TYPE_CHECKING:
    from remediation.certificate import Finding


def register(app: typer.Typer) -> None:
    app.command(name="certify")(run)


def run(
    instance: Annotated[str, typer.Argument(metavar="INSTANCE", help="ins-0123abcd, a throw-away one.")],
    region: Annotated[str, typer.Option(help="ap-guangzhou")],
    command: Annotated[str, typer.Option(help="The registered command that looks inside: cmd-….")] = "",
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Then stop it, take its disks back to these snapshots, start it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before each step.")] = False,
    timeout: Annotated[str, typer.Option(help="How long each wait may take: 5m, 4h.")] = "30m",
    file: Annotated[Path | None, typer.Option("--file", help="Write what was found there too, as JSON.")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make snapshots of an instance, reboot it, and say whether the cloud does what safety.md takes for granted.

    It changes that instance, so it has to carry the tag medic-certify=yes; each step is confirmed. No worker is needed,
    and a freeze is obeyed. Exit 0 if nothing that is assumed was seen not to hold.

    [bold]Example:[/bold]  medic certify ins-0123abcd --region ap-guangzhou --command cmd-0a1b2c3d
    """
    from remediation.durations import parse_duration
    from remediation.errors import EventRejected
    from remediation.events import INSTANCE_ID
    from remediation.regions import normalise_region

    if INSTANCE_ID.fullmatch(instance) is None:
        raise misused(f"{instance!r} is not an instance id: write ins-0123abcd")
    try:
        where, seconds = normalise_region(region), parse_duration(timeout)
    except (EventRejected, ValueError) as error:
        raise misused(str(error)) from None
    trying = _certify(instance, where, command, seconds, file, output, rollback=rollback, yes=yes)
    raise typer.Exit(look(trying))


async def _certify(
    instance: str,
    region: str,
    command: str,
    seconds: float,
    file: Path | None,
    output: Output,
    *,
    rollback: bool,
    yes: bool,
) -> int:
    import asyncio
    import json
    import sys

    from cli.certifying import Trial
    from remediation.certificate import Holds
    from worker import make_cloud

    await _obey_a_freeze(region)

    def step(what: str) -> None:
        if yes:
            err().print(f"· {what}", soft_wrap=True)
        elif sys.stdin.isatty():
            typer.confirm(f"{what}?", abort=True, err=True)
        else:
            raise misused(f"nobody can be asked here whether to {what}: --yes confirms every step")

    def note(what: str) -> None:
        err().print(f"  {what}", soft_wrap=True)

    trial = Trial(make_cloud(settings()), region, instance, step, note=note, patience=seconds)
    findings = await asyncio.to_thread(trial.certify, command, rollback=rollback)
    told = {"instance": instance, "region": region, "findings": [one.model_dump(mode="json") for one in findings]}
    if file is not None:
        await asyncio.to_thread(file.write_text, json.dumps(told, indent=2) + "\n", encoding="utf-8")
    if output is Output.JSON:
        write_json(told)
    else:
        _write(findings)
    return Code.FAILED if any(one.holds is Holds.NO for one in findings) else Code.WELL


async def _obey_a_freeze(region: str) -> None:
    from activities.fleet import read_freeze
    from cli.lookup import ask
    from remediation.contract import EVERYWHERE
    from remediation.errors import MedicError
    from remediation.freezes import frozen
    from remediation.telling import say
    from starter.connection import connect

    client = await connect()
    for where in (region, EVERYWHERE):
        freeze = await ask(client, f"guard of {where}", read_freeze(client, where))
        if freeze is not None:
            raise MedicError(say(frozen(freeze)))


def _write(findings: tuple[Finding, ...]) -> None:
    write_table(("assumption", "", "seen"), [[one.assumption, one.holds.value, one.seen] for one in findings])
