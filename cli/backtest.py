"""`medic backtest`: what a page would have done with recorded events."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from cli.backtest_words import decision_line, difference_lines, summary_lines
from cli.console import Output, OutputOption, misused, write, write_json
from cli.pages import ConfigOption, page_text, read_bytes, read_page

if TYPE_CHECKING:
    from remediation.assumptions import Assumed
    from remediation.backtest import Decided
    from remediation.comparing import Difference

_FIRST_PROGRESS_AFTER = 1.0


def register(app: typer.Typer) -> None:
    app.command(name="backtest")(run)


def run(
    file: Annotated[
        str, typer.Argument(metavar="EVENTS.jsonl", help="One envelope, or answer of SearchLog, a line; - reads stdin.")
    ],
    against: Annotated[
        str, typer.Option(metavar="OTHER.yaml", help="Another page: only events that it answers differently are told.")
    ] = "",
    config: ConfigOption = "",
    as_written: Annotated[
        bool, typer.Option("--as-written", help="A rule that observes only observes; else it is taken to act.")
    ] = False,
    takes: Annotated[str, typer.Option(help="How long a repair is assumed to take.")] = "10m",
    outcome: Annotated[str, typer.Option(help="How it is assumed to end: recovered, not_recovered, …")] = "recovered",
    tags: Annotated[
        str, typer.Option(metavar="TAGS.json", help='All instances that exist: {"ins-0abc1234": {"medic": "on"}, …}.')
    ] = "",
    events: Annotated[bool, typer.Option("--events", help="Also each decision, one a line.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Ask recorded events what the page would have done: what runs, how many at once, what waits and why.

    It asks the pages alone, under a clock that the events set: nothing is sent, and neither Temporal nor the cloud nor
    secrets are needed. Exit 0; 1 if a page has mistakes, 2 if a file cannot be read.

    [bold]Example:[/bold]  medic backtest events.jsonl --against new.yaml

    medic backtest events.jsonl --events --output json | jq -c 'select(.kind == "remediate")'
    """
    from remediation.replaying import Replay

    assumed = _assumed(takes, outcome, tags, acts=not as_written)
    names = [page_text(config)[0], *([against] if against else [])]
    replay = Replay([read_page(name) for name in names], assumed, datetime.now(timezone.utc))
    differing = 0
    with _opened(file) as lines:
        for answered in replay.run(_with_progress(lines)):
            differing += len(answered.differences)
            for difference in answered.differences:
                _tell(_as_dict(difference.decided, difference), difference_lines(difference), output)
            for decided in answered.decided if events and not against else ():
                _tell(_as_dict(decided), [decision_line(decided)], output)
    summaries = replay.summaries()
    if output is Output.TEXT:
        if against and not differing:
            write("No event is answered differently.")
        if events or against:
            write("")
        for line in summary_lines(names, summaries, assumed):
            write(line)
        return
    pages = [{"file": name, **summary.model_dump(mode="json")} for name, summary in zip(names, summaries, strict=True)]
    told = {"assumed": assumed.model_dump(mode="json", exclude={"tags"}), "pages": pages}
    if events or against:
        typer.echo(json.dumps({"summary": told}, ensure_ascii=False))
    else:
        write_json(told)


def _assumed(takes: str, outcome: str, tags: str, *, acts: bool) -> Assumed:
    from pydantic import ValidationError

    from remediation.assumptions import Assumed
    from remediation.durations import parse_duration

    try:
        inventory = json.loads(read_bytes(tags)) if tags else None
    except ValueError:
        raise misused(f"{tags} is not JSON") from None
    try:
        return Assumed.model_validate(
            {"takes_seconds": parse_duration(takes), "outcome": outcome, "tags": inventory, "acts": acts}
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise misused(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except ValueError as error:
        raise misused(f"--takes: {error}") from None


def _opened(file: str) -> AbstractContextManager[BinaryIO]:
    if file == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise misused(f"{file} cannot be read: {error.strerror}") from None


def _with_progress(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines; ever more seldom it is told how many there were."""
    began = time.monotonic()
    next_at = began + _FIRST_PROGRESS_AFTER
    for number, line in enumerate(lines, 1):
        if time.monotonic() >= next_at:
            typer.echo(f"{number:,} lines read", err=True)
            next_at += next_at - began
        yield line


def _tell(value: dict[str, Any], lines: Iterable[str], output: Output) -> None:
    if output is Output.JSON:
        typer.echo(json.dumps(value, ensure_ascii=False))
        return
    for line in lines:
        write(line)


def _as_dict(decided: Decided, difference: Difference | None = None) -> dict[str, Any]:
    from remediation.comparing import answer_of

    alarm, decision = decided.alarm, decided.decision
    event = {
        "number": decided.number,
        "event_id": decision.event_id,
        "instance_id": alarm.instance_id,
        "region": alarm.region,
        "fault": alarm.fault,
        "status": alarm.status.value,
        "occurred_at": alarm.occurred_at.isoformat(),
        "decided_at": decision.decided_at.isoformat(),
    }
    if difference is None:
        held_since = decided.waited.since.isoformat() if decided.waited else None
        return {**event, **answer_of(decided).model_dump(mode="json"), "held_since": held_since}
    return {
        **event,
        "here": difference.here.model_dump(mode="json"),
        "there": difference.there.model_dump(mode="json"),
    }
