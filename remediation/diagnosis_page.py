"""What medic.yaml alone shows: its mistakes, its channels, and whether EventBridge's rules let in what it asks for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from remediation.channels import host_of
from remediation.config import Config
from remediation.decisions import Recipient, channel_recipients
from remediation.diagnosis import Check, Finding, Seen, Status, finding
from remediation.errors import ConfigError, PatternError
from remediation.eventbridge import bus_rules
from remediation.linting import Severity
from remediation.models import Fact
from remediation.patterns import Pattern, compile_pattern
from remediation.subsumption import covers


class GivenRule(Fact):
    """A rule as it stands on the bus, or in the file that puts it there."""

    name: str
    pattern: dict[str, Any]


def judge_page(mistakes: Iterable[tuple[Severity, ConfigError]], file: str) -> tuple[Finding, ...]:
    """What lint has found on a page."""
    told = []
    for severity, one in mistakes:
        where = f"{one.file}:{one.line}:{one.column}" if one.line else one.file or file
        said = f"{one.path}: {one.message}" if one.path else one.message
        if severity is Severity.ERROR:
            told.append(finding(Check.PAGE, Status.PROBLEM, Seen.PAGE_WRONG, where, error=said))
        else:
            told.append(finding(Check.PAGE, Status.WARNING, Seen.PAGE_DOUBTFUL, where, error=said))
    return tuple(told) or (finding(Check.PAGE, Status.OK, Seen.PAGE_RIGHT, file=file),)


def judge_channels(
    config: Config, secrets: ConfigError | None, mail_trouble: str
) -> tuple[tuple[Recipient, Finding], ...]:
    """The shape of every address of the page, and no more: nothing is sent.

    Args:
        secrets: what is wrong with the addresses once the environment's secrets stand in them.
        mail_trouble: what is wrong with the mail server's settings, "" if nothing is.
    """
    wrong = {one.path: one.message for one in (secrets, *secrets.others)} if secrets is not None else {}
    told = []
    for one in channel_recipients(config.channels, config):
        path, address = f"channels.{one.channel}.to[{one.place}]", config.channels[one.channel].to[one.place]
        error = next((said for where, said in wrong.items() if where.startswith(path)), "")
        if not error and one.kind not in ("mail", "apprise") and not host_of(address.url):
            error = f"the {one.kind}'s URL names no host"
        if not error and one.kind == "mail":
            error = mail_trouble
        if error:
            told.append((one, finding(Check.CHANNEL, Status.PROBLEM, Seen.CHANNEL_WRONG, str(one), error=error)))
        else:
            told.append((one, finding(Check.CHANNEL, Status.OK, Seen.CHANNEL_SHAPED, str(one), kind=one.kind)))
    return tuple(told)


def judge_rules(config: Config, given: Iterable[GivenRule], source: str, otherwise: Status) -> tuple[Finding, ...]:
    """Whether what each rule of the page needs is certainly let in by one of those that are given.

    Args:
        otherwise: what it is if not; of a file that may not be what stands on the bus, no more than a warning.
    """
    there = [_as_the_bus(one.pattern) for one in given]
    told = []
    for wanted in bus_rules(config):
        if any(covers(one, _as_the_bus(wanted.pattern)) for one in there):
            continue
        facts = {"serves": "; ".join(wanted.serves), "pattern": wanted.pattern_text, "source": source}
        told.append(finding(Check.RULES, otherwise, Seen.RULES_KEEP_OUT, wanted.name, **facts))
    return tuple(told) or (finding(Check.RULES, Status.OK, Seen.RULES_LET_IN, source=source, count=len(there)),)


def bus_unread() -> tuple[Finding, ...]:
    """What stands on the bus itself, and how much of its day is used up, no call of ours can read."""
    return (
        finding(Check.RULES, Status.BY_HAND, Seen.RULES_UNREAD),
        finding(Check.DELIVERIES, Status.BY_HAND, Seen.DELIVERIES_UNTOLD),
    )


def read_rules(text: str) -> tuple[GivenRule, ...]:
    """Rules as `medic eventbridge --output json` writes them, or one answer of EventBridge's GetRule after the other.

    A rule that is switched off lets nothing in, and is left out.

    Raises:
        ValueError: it is neither.
    """
    decoder, rest, found = json.JSONDecoder(), text.strip(), list[GivenRule]()
    while rest:
        value, end = decoder.raw_decode(rest)
        rest = rest[end:].strip()
        if not isinstance(value, dict):
            raise ValueError("a rule is a JSON object")
        found += _rules_in(value.get("Response", value))
    return tuple(found)


def _rules_in(value: Mapping[str, Any]) -> list[GivenRule]:
    try:
        if "rules" in value:
            return [_given(name, one["pattern"]) for name, one in value["rules"].items()]
        given = _given(value.get("RuleName") or "?", value["EventPattern"])
        return [given] if value.get("Enable", True) else []
    except (LookupError, TypeError, AttributeError) as error:
        said = "expected {rules: {NAME: {pattern}}} or an answer of GetRule with its EventPattern"
        raise ValueError(f"{said} ({type(error).__name__})") from None


def _given(name: str, pattern: object) -> GivenRule:
    value = json.loads(pattern) if isinstance(pattern, str) else pattern
    try:
        _as_the_bus(value)
    except PatternError as error:
        raise ValueError(f"the pattern of {name}: {error}") from None
    return GivenRule.model_validate({"name": name, "pattern": value})


def _as_the_bus(pattern: object) -> Pattern:
    """Under a key of no meaning to us, so that it is read by the language alone, whatever it asks of which field."""
    return compile_pattern({"data": pattern})
