"""`medic explain`: what medic.yaml would make of an event."""

from __future__ import annotations

import shutil
import textwrap
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import Code, Output, OutputOption, misused, write, write_json
from cli.pages import ConfigOption, read_bytes, read_page

if TYPE_CHECKING:
    from remediation.decisions import Decision, Order
    from remediation.events import Alarm
    from remediation.explaining import Explanation, RuleAnswer


def register(app: typer.Typer) -> None:
    app.command(name="explain")(run)


def run(
    file: Annotated[
        str, typer.Argument(metavar="EVENT.json", help='An envelope, or {"EventList": [...]}, as JSON; - reads stdin.')
    ],
    config: ConfigOption = "",
    at: Annotated[str, typer.Option(help="As of this time instead of now: 2026-11-23T03:12+08:00.")] = "",
    now: Annotated[bool, typer.Option("--now", help="Take the event as one of this moment, with a new id.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Explain an event: every rule, matched or the first condition that failed; the decision, its reason, what runs.

    It asks the page alone: nothing is sent, and neither Temporal nor the cloud nor secrets are needed. Exit 0 if a rule
    matches, 5 if none does, 2 if the event cannot be read.

    [bold]Example:[/bold]  medic explain event.json --now

    medic explain - --output json < event.json | jq -r '.events[].decision.kind'
    """
    from cli.envelopes import as_of_now
    from remediation.errors import EventRejected
    from remediation.events import read_json, unpack
    from remediation.explaining import explain

    page = read_page(config)
    try:
        body = read_json(read_bytes(file))
    except EventRejected as rejected:
        raise misused(f"{file}: {rejected}") from None
    events = unpack(as_of_now(body) if now else body)
    moment = _moment(at)
    if not events:
        raise misused(f"{file} has no event in its EventList")
    explained = [explain(event, page, moment) for event in events]
    if output is Output.JSON:
        write_json(
            {"at": moment.isoformat(), "config_sha256": page.sha256, "events": [_as_dict(one) for one in explained]}
        )
    else:
        for number, one in enumerate(explained):
            _write(one, moment, gap=number > 0)
    raise typer.Exit(_code(explained))


def _moment(text: str) -> datetime:
    if not text:
        return datetime.now(timezone.utc)
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise misused(f"--at {text!r} is not a time: write 2026-11-23T03:12+08:00") from None
    return moment.astimezone(timezone.utc)


def _code(explained: list[Explanation]) -> Code:
    if any(one.alarm is None for one in explained):
        return Code.USAGE
    return Code.WELL if all(one.is_matched for one in explained) else Code.NO_RULE


def _as_dict(one: Explanation) -> dict[str, Any]:
    from remediation.telling import say

    rules = [{**rule.model_dump(mode="json"), "matches": rule.matches} for rule in one.rules]
    said = say(one.decision.reason) if one.decision else ""
    return {**one.model_dump(mode="json"), "rules": rules, "said": said}


def _write(one: Explanation, moment: datetime, *, gap: bool) -> None:
    if gap:
        write("")
    if one.alarm is None or one.decision is None:
        _say(f"cannot be read: {one.rejected}. {one.hint}".rstrip(), word="cannot be read", fg="red")
        _say("Its sender gets a receipt that says so, and `operators` are told.", indent=2)
        return
    for line in _about(one.alarm, moment):
        _say(line, word=one.alarm.type if line.startswith(one.alarm.type) else "", bold=True)
    write("")
    wide = max((len(rule.rule) for rule in one.rules), default=0)
    for rule in one.rules:
        mark, colour = ("✓", "green") if rule.matches else ("✗", "bright_black")
        _say(f"{mark} {rule.rule.ljust(wide)}  {_answer(rule)}", indent=wide + 4, word=mark, fg=colour)
    write("")
    for line in _decided(one.decision):
        kind = one.decision.kind.value if line.startswith("decision") else ""
        _say(line, indent=2 if line[:1].isalpha() else 5, word=kind, bold=True)


def _about(alarm: Alarm, moment: datetime) -> list[str]:
    from remediation.wording import write_span

    says = {"1": "firing", "0": "recovered", "-": "without a state"}[alarm.status.value]
    age = (moment - alarm.occurred_at).total_seconds()
    since = f"{age // 86400:.0f} days ago" if age >= 2 * 86400 else f"{write_span(age)} ago"
    lines = [
        f"{alarm.type} of {alarm.instance_id} in {alarm.region}: {says}",
        f"{alarm.occurred_at.astimezone().isoformat(' ', 'seconds')}, {since}",
        f"event {alarm.event_id}",
    ]
    if alarm.is_placeholder:
        lines.append("This is the console's template: no such instance exists, so nothing would ever be done to it.")
    return lines


def _answer(rule: RuleAnswer) -> str:
    if not rule.matches:
        return rule.mismatch
    told = f"tells {', '.join(rule.notify)}" if rule.notify else "tells nobody"
    if rule.behind:
        return f"matches; {told}; `{rule.behind}` comes before its `run`"
    return f"matches; {told}" + (f"; runs {rule.runs}" if rule.runs else "")


def _decided(decision: Decision) -> list[str]:
    from remediation.telling import say

    lines = [
        f"decision: {decision.kind.value}",
        f"why: {say(decision.reason)}",
        f"told: {', '.join(map(str, decision.recipients)) or 'nobody'}",
    ]
    return lines + (_would_run(decision.order) if decision.order else [])


def _would_run(order: Order) -> list[str]:
    from remediation.durations import write_duration
    from remediation.runbooks import Mode

    acts = order.mode.acts
    scope = "on any instance" if order.scope == "all" else f"if the cloud shows the tag {order.scope.tag}"
    book = order.runbook
    if book.snapshot is None:
        steps = ["no snapshot, as the runbook allows"]
    else:
        kept, waited = write_duration(book.snapshot.keep), write_duration(book.snapshot.timeout)
        steps = [f"a snapshot of every disk, kept {kept}, each waited for until it is ready ({waited} at most)"]
    within = f"once, if the alarm is not older than {write_duration(order.act_within_seconds)} by then"
    for number, rung in enumerate(book.ladder):
        when = within if number == 0 else "only if that did not help"
        limit = rung.reboot.timeout if rung.reboot is not None else rung.rollback.timeout if rung.rollback else 0
        asked = ", asked for first" if rung.rollback is not None else ""
        steps.append(f"a {rung.words}{asked}, {when}; {write_duration(limit)} at most")
    settle, proof = write_duration(book.verify.settle), write_duration(book.verify.timeout)
    steps.append(f"{settle} of rest, then the proof that it is well ({proof} at most)")
    steps.append(f"a watch of {write_duration(book.watch)}: a symptom that returns in it goes to people")
    head = f"{'runs' if acts else 'would run'}: {order.runbook_name}, {scope} (mode: {order.mode.value}"
    if order.mode is Mode.ASK:
        steps.insert(0, "people are asked, and nothing is touched without a yes")
    head += ")" if acts else "; it tells this, and changes nothing)"
    return [head, *(f"  {number}. {step}" for number, step in enumerate(steps, 1))]


def _say(line: str, indent: int = 2, word: str = "", **style: Any) -> None:
    """One line, folded to the terminal; `word`, which stands at its beginning, is styled."""
    width = max(shutil.get_terminal_size().columns, 40)
    first, *rest = _folded(line, width) or [""]
    write(first.replace(word, typer.style(word, **style), 1) if word else first)
    for part in _folded(" ".join(rest), width - indent):
        write(" " * indent + part)


def _folded(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
