"""What the doctor reads on this machine: medic.yaml, its channels with this environment's secrets, a file of rules."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cli.bounded import within
from remediation.config import Config, read_config
from remediation.decisions import Recipient
from remediation.diagnosis import Check, Finding, Seen, Status, finding, not_looked, waits_for
from remediation.diagnosis_page import bus_unread, judge_channels, judge_page, judge_rules, read_rules
from remediation.errors import ConfigError, MedicError

if TYPE_CHECKING:
    from remediation.settings import Settings

TERRAFORM_RULES = "deploy/terraform/rules.auto.tfvars.json"
_LATER = 5.0  # than the sender's own end


def read_page(file: str) -> tuple[Config | None, str, tuple[Finding, ...]]:
    """(the page without its secrets, its text, what is wrong with it); None and "" if it cannot be read."""
    from cli.lint import lint_text

    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return None, "", (finding(Check.PAGE, Status.PROBLEM, Seen.PAGE_UNREADABLE, file, error=said),)
    found = judge_page(lint_text(text, file), file)
    try:
        return read_config(text, file, None), text, found
    except ConfigError:  # which lint has told
        return None, "", found


async def look_at_channels(
    config: Config | None, text: str, chosen: Settings, say: Callable[[str], None], *, send: bool
) -> tuple[Finding, ...]:
    """The shape of every address; with `send`, what each well-shaped one says to a test message."""
    if config is None:
        return (waits_for(Check.PAGE, Check.CHANNEL),)
    secrets: ConfigError | None = None
    ready = config
    try:
        ready = read_config(text, chosen.config, os.environ)
    except ConfigError as error:
        secrets = error
    judged = judge_channels(ready, secrets, _mail_trouble(chosen))
    found = []
    for recipient, one in judged:
        if send and one.status is Status.OK:
            if secrets is None:
                say(f"sending a test message to {recipient}")
                one = await _sent(ready, recipient, chosen)
            else:
                one = not_looked(Check.CHANNEL, "nothing was sent: other addresses have mistakes", str(recipient))
        found.append(one)
    return tuple(found)


def look_at_rules(config: Config | None, file: str) -> tuple[Finding, ...]:
    """The rules of a file, if there is one, against those that the page needs; and what only people can look at."""
    source = file or (TERRAFORM_RULES if Path(TERRAFORM_RULES).is_file() else "")
    if not source:
        return bus_unread()
    if config is None:
        return waits_for(Check.PAGE, Check.RULES), *bus_unread()
    try:
        given = read_rules(Path(source).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return not_looked(Check.RULES, f"{source}: {error}"), *bus_unread()
    # Whoever installed by the console has that file too, and no use for it.
    otherwise = Status.PROBLEM if file else Status.WARNING
    return *judge_rules(config, given, source, otherwise), *bus_unread()


def _mail_trouble(chosen: Settings) -> str:
    from activities.clients.mail import MailSender

    if chosen.smtp is None:
        return "no mail server is set: export MEDIC_SMTP=smtp://host:port where the worker starts"
    try:
        MailSender(chosen.smtp, chosen.mail_from, chosen.cloud_timeout)
    except ConfigError as error:
        return str(error)
    return ""


async def _sent(config: Config, recipient: Recipient, chosen: Settings) -> Finding:
    about = str(recipient)
    try:
        answer = await within(chosen.cloud_timeout + _LATER, lambda: _deliver(config, recipient, chosen))
    except Exception as error:  # noqa: BLE001  # whatever it is, the message did not arrive for certain
        said = str(error) if isinstance(error, MedicError) else type(error).__name__
        return finding(Check.CHANNEL, Status.PROBLEM, Seen.CHANNEL_NOT_REACHED, about, error=said)
    return finding(Check.CHANNEL, Status.OK, Seen.CHANNEL_REACHED, about, answer=answer)


def _deliver(config: Config, recipient: Recipient, chosen: Settings) -> str:
    """A receipt such as `webhook 200`, by the hands that notices go through.

    Raises:
        NoticeFailed: it was not taken.
    """
    from cli.notify import trial_of
    from worker import make_carrier

    channel = config.channels[recipient.channel]
    return make_carrier(chosen, "default").carry(trial_of(recipient.channel), channel, recipient)
