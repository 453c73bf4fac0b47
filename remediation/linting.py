"""lint(config): what on medic.yaml is right to read, and yet cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from remediation.config import Config
from remediation.models import Fact
from remediation.runbooks import Mode
from remediation.yaml_marks import Path


class Severity(str, Enum):
    """An error is never meant; a warning may be."""

    ERROR = "error"
    WARNING = "warning"


class Finding(Fact):
    """One thing to look at, by its place on the page."""

    severity: Severity
    path: Path
    message: str


def lint(config: Config) -> tuple[Finding, ...]:
    """All findings about a page that the worker takes."""
    return (*_never_first(config), *_idle(config), *_recoveries(config), *_wide(config), *_unused(config))


def _never_first(config: Config) -> Iterator[Finding]:
    running = [(index, rule) for index, rule in enumerate(config.rules) if rule.run is not None]
    for position, (index, rule) in enumerate(running):
        for _, earlier in running[:position]:
            if covers(earlier.when, rule.when):
                yield Finding(
                    severity=Severity.ERROR,
                    path=("rules", index, "run"),
                    message=f"this never runs: every event that it matches is matched by `{earlier.name}` before, and "
                    "the first rule with `run` decides, whatever its scope and mode. Put the narrower rule first",
                )
                break


def _idle(config: Config) -> Iterator[Finding]:
    for index, rule in enumerate(config.rules):
        if rule.run is None and not rule.notify:
            yield _warning(("rules", index), "this rule tells nobody and runs nothing: add `notify`, or remove it")


def _recoveries(config: Config) -> Iterator[Finding]:
    for index, rule in enumerate(config.rules):
        if rule.run is not None and admits(rule.when, {"status": "0"}):
            yield _warning(
                ("rules", index, "when"),
                'this matches the recovery too (status "0"). No repair is ever started by one: it is told, as if the '
                'rule were about it. Add status: "1", or ["1", "-"] for a fault that has no recovery',
            )


def _wide(config: Config) -> Iterator[Finding]:
    for index, rule in enumerate(config.rules):
        if rule.scope == "all" and rule.mode is Mode.ACT:
            yield _warning(
                ("rules", index, "scope"),
                "this acts on every instance that raises such an event: a tag keeps it to those that are meant",
            )


def _unused(config: Config) -> Iterator[Finding]:
    told = {name for rule in config.rules for name in rule.notify} | set(config.operators)
    run = {rule.run for rule in config.rules}
    for name in config.channels:
        if name not in told:
            yield _warning(("channels", name), "nobody uses this channel: name it in `notify` or in `operators`")
    for name in config.runbooks:
        if name not in run:
            yield _warning(("runbooks", name), "nobody uses this runbook: name it in the `run` of a rule")


def _warning(path: Path, message: str) -> Finding:
    return Finding(severity=Severity.WARNING, path=path, message=message)


def covers(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    """Whether certainly every event that `later` matches is matched by `earlier` as well; exact patterns only."""
    return all(key in later and _covers_value(wanted, later[key]) for key, wanted in earlier.items())


def admits(pattern: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """Whether some event with these values at its top can match; exact patterns only."""
    return all(key not in pattern or _covers_value(pattern[key], value) for key, value in fields.items())


def _covers_value(earlier: Any, later: Any) -> bool:
    if isinstance(earlier, Mapping) or isinstance(later, Mapping):
        return isinstance(earlier, Mapping) and isinstance(later, Mapping) and covers(earlier, later)
    wanted, asked = _alternatives(earlier), _alternatives(later)
    return all(any(type(one) is type(other) and one == other for other in wanted) for one in asked)


def _alternatives(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
