"""`medic notify`: a test message to every address of a channel, from this machine."""

from __future__ import annotations

import os
import secrets
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import Code, Output, OutputOption, fail, misused, settings, who, write, write_json

if TYPE_CHECKING:
    from remediation.notices import Notice
    from remediation.settings import Settings


def register(app: typer.Typer) -> None:
    app.command(name="notify")(run)


def run(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="A channel of medic.yaml, by its name.")],
    output: OutputOption = Output.TEXT,
) -> None:
    """Send a test message to every address of a channel, and tell what each of them answered.

    It goes out from this machine and with its environment: run it where the worker runs, or its secrets, its proxy and
    what its address is allowed stay untested. It needs neither Temporal nor the cloud, and says that it is a test, in
    the channel's language. A robot that wants to be signed or a keyword says so only now.

    Exit 0 if every address took it, 1 if one did not.

    [bold]Example:[/bold]  medic notify oncall
    """
    from remediation.errors import MedicError

    try:
        found = _send(channel, settings())
    except MedicError as error:
        raise fail(error) from None
    if output is Output.JSON:
        write_json({"channel": channel, "addresses": found})
    else:
        for one in found:
            mark = typer.style("ok", fg="green") if one["delivered"] else typer.style("failed", fg="red")
            write(f"{one['address']}: {mark}, {one['answer']}")
    raise typer.Exit(Code.WELL if all(one["delivered"] for one in found) else Code.FAILED)


def _send(name: str, ours: Settings) -> list[dict[str, Any]]:
    """What became of it, for each address."""
    from remediation.decisions import channel_recipients
    from remediation.errors import NoticeFailed
    from worker import load_config, make_carrier

    config = load_config(ours, os.environ)
    if name not in config.channels:
        raise misused(f"no channel is named `{name}` in {ours.config}; there are: {', '.join(config.channels)}")
    carrier, notice = make_carrier(ours, "default"), trial_of(name)
    channel, found = config.channels[name], list[dict[str, Any]]()
    for recipient in channel_recipients([name], config):
        told = {"address": str(recipient), "kind": recipient.kind}
        try:
            answer = carrier.carry(notice, channel, recipient)
            found.append({**told, "delivered": True, "answer": answer})
        except NoticeFailed as error:
            found.append({**told, "delivered": False, "answer": str(error)})
    return found


def trial_of(name: str) -> Notice:
    """A notice that says of itself that it is a test of this channel."""
    from remediation.notices import Headline, Notice
    from remediation.reasons import Code as Because
    from remediation.reasons import because

    return Notice(
        id=f"test-{secrets.token_hex(5)}",
        headline=Headline.OBSERVED,
        since=datetime.now(timezone.utc),
        reason=because(Because.TEST, channel=name, machine=who()),
    )
