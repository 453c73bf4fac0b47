"""`medic freeze` and `medic unfreeze`: people stop every change for a while, and let it go on."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import Code, Output, OutputOption, err, look, misused, settings, who, write_json

if TYPE_CHECKING:
    from remediation.freezes import Freeze, FreezeAnswer
    from remediation.settings import Settings

RegionOption = Annotated[str, typer.Option(help="Only this region: ap-guangzhou. All of them if left out.")]
ByOption = Annotated[str, typer.Option(help="Who says so; login@host if left out.")]


def register(app: typer.Typer) -> None:
    app.command(name="freeze")(freeze)
    app.command(name="unfreeze")(unfreeze)


def freeze(
    reason: Annotated[str, typer.Option(help="Why; everybody who is kept waiting reads it.")],
    until: Annotated[str, typer.Option(help="For how long (90m, 2h, 3d), or until when (2026-01-31T18:00+08:00).")],
    region: RegionOption = "",
    by: ByOption = "",
    output: OutputOption = Output.TEXT,
) -> None:
    """Let nothing be changed: no snapshot, no reboot, until a time or `medic unfreeze`.

    Waits some seconds and then says that it is in force: from then on nothing that changes an instance is sent. What
    was sent before goes on at the cloud. Runs end at their next call, and people are told; new ones wait for its end.

    [bold]Example:[/bold]  medic freeze --reason "we move the database" --until 2h --region ap-guangzhou
    """
    from remediation.freezes import FreezeAsked

    where, ends_at = _where(region), _moment(until, datetime.now(timezone.utc))
    asked = _checked(FreezeAsked, reason=reason, by=by or who(), until=ends_at)
    raise typer.Exit(look(_freeze(settings(), where, asked, output)))


def unfreeze(
    reason: Annotated[str, typer.Option(help="Why; it is kept with the freeze.")],
    region: RegionOption = "",
    by: ByOption = "",
    output: OutputOption = Output.TEXT,
) -> None:
    """End a freeze before its time. Those who wait have their turns, each decided again on a fresh reading.

    [bold]Example:[/bold]  medic unfreeze --reason "the database has moved" --region ap-guangzhou
    """
    from remediation.freezes import UnfreezeAsked

    asked = _checked(UnfreezeAsked, reason=reason, by=by or who())
    raise typer.Exit(look(_unfreeze(settings(), _where(region), asked, output)))


async def _freeze(chosen: Settings, where: str, asked: Any, output: Output) -> int:
    import asyncio

    from remediation.contract import FREEZE
    from remediation.freezes import CERTAIN_AFTER_SECONDS

    made = await _update(chosen, FREEZE, where, asked)
    err().print(
        f"{_place(where)} is frozen; calls that were about to be sent may still leave for {CERTAIN_AFTER_SECONDS:g} s. "
        "Ctrl-C ends the waiting alone.",
        soft_wrap=True,
    )
    # From the answer on, on this machine's clock that never goes back: no other clock has to be right for it.
    await asyncio.sleep(CERTAIN_AFTER_SECONDS)
    _say(output, made, f"in force: nothing that changes an instance is sent in {_place(where)} until {_utc(made)}")
    return Code.WELL


async def _unfreeze(chosen: Settings, where: str, asked: Any, output: Output) -> int:
    from remediation.contract import EVERYWHERE, UNFREEZE

    lifted = await _update(chosen, UNFREEZE, where, asked)
    _say(output, lifted, f"{_place(where)} is not frozen any more; it was, by {lifted.by}: {lifted.reason}")
    if where != EVERYWHERE:
        err().print("a freeze of all regions would still hold: `medic fleet` shows it")
    return Code.WELL


async def _update(chosen: Settings, name: str, where: str, asked: Any) -> Freeze:
    from temporalio.client import WorkflowUpdateFailedError

    from activities.fleet import guard_of
    from cli.lookup import ask
    from remediation.contract import Queue
    from remediation.errors import MedicError
    from remediation.freezes import FreezeAnswer
    from starter.connection import TemporalUnreachable, connect

    client = await connect()
    update = client.execute_update_with_start_workflow(
        name,
        asked.model_dump(mode="json"),
        start_workflow_operation=guard_of(where, Queue.WORKFLOWS.of(chosen.task_queue)),
        result_type=FreezeAnswer,
    )
    try:
        answer: FreezeAnswer = await ask(client, f"guard of {where}", update, seconds=30.0)
    except WorkflowUpdateFailedError as error:
        raise MedicError(f"the guard of {where} did not take it; try again: {error.cause}") from None
    except TemporalUnreachable as error:
        told = f"{error}. It also takes a worker (`medic worker`): without one nothing is sent either"
        raise MedicError(told) from None
    if answer.freeze is None:
        raise MedicError(answer.error)
    return answer.freeze


def _say(output: Output, freeze: Freeze, text: str) -> None:
    if output is Output.JSON:
        write_json({"freeze": freeze.model_dump(mode="json")})
    else:
        typer.echo(text)


def _where(region: str) -> str:
    from remediation.contract import EVERYWHERE
    from remediation.errors import EventRejected
    from remediation.regions import normalise_region

    if not region:
        return EVERYWHERE
    try:
        return normalise_region(region)
    except EventRejected as rejected:
        raise misused(f"--region: {rejected}") from None


def _moment(written: str, now: datetime) -> datetime:
    from remediation.durations import parse_duration

    try:
        return now + timedelta(seconds=parse_duration(written))
    except ValueError:
        pass
    try:
        # Python 3.10 knows no Z.
        moment = datetime.fromisoformat(written.replace("Z", "+00:00"))
    except ValueError:
        raise misused(f"--until {written!r}: write 90m, 2h, 3d, or a time such as 2026-01-31T18:00+08:00") from None
    if moment.tzinfo is None:
        raise misused(f"--until {written!r} has no zone: write {written}+08:00, or {written}Z")
    return moment


def _checked(model: Any, **facts: object) -> Any:
    from pydantic import ValidationError

    from remediation.freezes import FreezeAsked, freeze_of

    try:
        asked = model(**facts)
    except ValidationError as error:
        first = error.errors()[0]
        raise misused(f"--{first['loc'][0]}: {first['msg']}") from None
    wrong = freeze_of(asked, "", datetime.now(timezone.utc)) if isinstance(asked, FreezeAsked) else None
    if isinstance(wrong, str):
        raise misused(wrong)
    return asked


def _place(where: str) -> str:
    from remediation.contract import EVERYWHERE

    return "every region" if where == EVERYWHERE else where


def _utc(freeze: Freeze) -> str:
    return f"{freeze.until.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"
