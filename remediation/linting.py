"""lint(config): what on medic.yaml is right to read, and yet cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from remediation.config import Config
from remediation.models import Fact
from remediation.runbooks import Mode
from remediation.subsumption import admits, covers
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
            if covers(earlier.pattern, rule.pattern):
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
        if rule.run is not None and admits(rule.pattern, {"status": "0"}):
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
