"""`medic doctor`: what a newcomer got wrong, why it matters, and how to mend it."""

from __future__ import annotations

import os
from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import Code, Output, OutputOption, err, look, misused, settings, write, write_json
from cli.pages import ConfigOption

if TYPE_CHECKING:
    from remediation.diagnosis import Finding
    from remediation.settings import Settings

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red", "unknown": "red", "by hand": "cyan"}


class Locale(str, Enum):
    """The languages that we have."""

    EN = "en"
    ZH = "zh"


def register(app: typer.Typer) -> None:
    app.command(name="doctor")(run)


def run(
    region: Annotated[
        list[str] | None, typer.Option("--region", help="Where instances are; else those that medic.yaml names.")
    ] = None,
    config: ConfigOption = "",
    rules: Annotated[
        str, typer.Option(metavar="FILE", help="EventBridge's rules: GetRule's answers, or of `medic eventbridge`.")
    ] = "",
    send: Annotated[bool, typer.Option("--send", help="Send a test message to every channel.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is safe: register missing search attributes.")] = False,
    locale: Annotated[Locale | None, typer.Option(help="The language; else as LANG says.")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Look at everything that a repair needs: Temporal, worker, credentials, clock, permissions, page, channels, rules.

    It only reads; run it where the worker runs, with its environment. Each finding says what, why it matters and how
    to mend it. Exit 0 if nothing is a problem or unknown, else 1; what only people can look at does not count.

    [bold]Example:[/bold]  medic doctor --region ap-guangzhou

    medic doctor --send --fix --locale zh
    """
    chosen = settings()
    if config:
        chosen = chosen.model_copy(update={"config": config})
    regions = tuple(_region(one) for one in region or ())
    told = locale or _locale()
    findings = look(_examine(chosen, regions, rules, send=send, fix=fix))
    raise typer.Exit(_tell(findings, told.value, output))


def _region(written: str) -> str:
    from remediation.errors import EventRejected
    from remediation.regions import normalise_region

    try:
        return normalise_region(written)
    except EventRejected as rejected:
        raise misused(f"--region: {rejected}") from None


def _locale() -> Locale:
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return Locale.ZH if spoken.lower().startswith("zh") else Locale.EN


async def _examine(
    chosen: Settings, regions: tuple[str, ...], rules: str, *, send: bool, fix: bool
) -> tuple[Finding, ...]:
    import asyncio

    from cli.doctor_cloud import look_at_cloud
    from cli.doctor_page import look_at_channels, look_at_rules, read_page
    from cli.doctor_temporal import look_at_temporal
    from remediation.diagnosis import regions_of

    def say(what: str) -> None:
        err().print(f"{what} ...")

    say(f"reading {chosen.config}")
    page, text, found = read_page(chosen.config)
    where = regions or regions_of(page)
    say("looking at Temporal")
    say(f"asking the cloud about {', '.join(where)}")
    temporal, cloud, channels = await asyncio.gather(
        look_at_temporal(chosen.task_queue, fix=fix),
        look_at_cloud(chosen, page, where),
        look_at_channels(page, text, chosen, say, send=send),
    )
    return *temporal, *cloud, *found, *channels, *look_at_rules(page, rules)


def _tell(findings: tuple[Finding, ...], locale: str, output: Output) -> int:
    from remediation.diagnosis import is_well
    from remediation.telling_findings import tell_finding

    told = [(one, tell_finding(one, locale)) for one in findings]
    if output is Output.JSON:
        rows = [
            {
                "check": one.check.value,
                "about": one.about,
                "status": one.status.value,
                "seen": one.seen.value,
                "facts": one.facts,
                "what": said.what,
                "why": said.why,
                "fix": said.fix,
            }
            for one, said in told
        ]
        write_json({"well": is_well(findings), "findings": rows})
    else:
        why = fix = ""
        for one, said in told:
            about = f" {one.about}" if one.about else ""
            write(f"{typer.style(said.status, fg=_COLOURS[one.status.value])}  {said.check}{about}: {said.what}")
            if one.status.value != "ok":
                # Several of one kind are told once why.
                for line in (said.why, said.fix):
                    if line and line not in (why, fix):
                        write(f"    {line}")
                why, fix = said.why, said.fix
        counts = Counter(said.status for _, said in told)
        typer.echo(", ".join(f"{status} {count}" for status, count in counts.items()), err=True)
    return Code.WELL if is_well(findings) else Code.FAILED
