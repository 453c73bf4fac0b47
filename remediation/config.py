"""The operator's page, medic.yaml: its schema, read strictly, with a place and a way out for every mistake."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from remediation.channels import Channel
from remediation.durations import Duration
from remediation.mistakes import Mistakes
from remediation.models import Written
from remediation.named_secrets import with_secrets, without_secrets
from remediation.pattern_schema import PATTERN_SCHEMA
from remediation.patterns import Pattern, compile_pattern
from remediation.runbooks import Mode, Runbook
from remediation.yaml_marks import load

_NAME = r"^[a-z0-9][a-z0-9-]{0,58}$"
_MOST_RULES = 200  # as many as EventBridge takes on one bus


class TagScope(Written):
    """The instances that a rule may touch: those that carry a tag."""

    tag: str = Field(
        pattern=r"^[^=\s]+=[^=\s]*$", description="key=value, as in medic=on: read from the cloud, never from the event"
    )

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Whether an instance with these tags may be touched."""
        key, _, value = self.tag.partition("=")
        return tags.get(key) == value


class Rule(Written):
    """An event pattern, who hears of a match, and what is done about it."""

    model_config = ConfigDict(
        json_schema_extra={
            "dependentRequired": {"run": ["scope", "mode"], "scope": ["run", "mode"], "mode": ["run", "scope"]}
        }
    )

    name: str = Field(pattern=_NAME, description="lower case, digits and dashes; each once")
    when: Annotated[dict[str, Any], WithJsonSchema(PATTERN_SCHEMA)] = Field(
        description="which events: every key has to match (AND), a list gives alternatives (OR)"
    )
    notify: tuple[str, ...] = Field(
        default=(), description="channels that hear of every event that matches, whichever rule runs something"
    )
    run: str | None = Field(
        default=None, description="a runbook; of all rules that match, the first with `run` says what runs"
    )
    scope: TagScope | Literal["all"] | None = Field(
        default=None, description='which instances it may touch: {tag: "key=value"}, or all; required with run'
    )
    mode: Mode | None = Field(
        default=None,
        description="observe: say what it would do, and change nothing. ask: an approval first. act. Required with run",
    )

    @cached_property
    def pattern(self) -> Pattern:
        """`when`, compiled once, when the page is read."""
        return compile_pattern(self.when)

    @field_validator("scope", mode="before")
    @classmethod
    def _scopes(cls, value: Any) -> Any:
        if isinstance(value, str) and value != "all":
            raise ValueError('a scope is {tag: "key=value"}, or `all` in so many words')
        return value

    @model_validator(mode="after")
    def _compiles(self) -> Rule:
        _ = self.pattern
        return self

    @model_validator(mode="after")
    def _said_out_loud(self) -> Rule:
        if self.run is None and (self.scope or self.mode):
            raise ValueError("`scope` and `mode` belong to a `run`")
        if self.run is not None and self.scope is None:
            raise ValueError('a rule with `run` needs `scope`: {tag: "key=value"}, or `all` in so many words')
        if self.run is not None and self.mode is None:
            raise ValueError("a rule with `run` needs `mode`: observe (say what it would do), ask or act")
        return self


class Guardrails(Written):
    """Bounds that hold for every rule."""

    max_age: Duration = Field(default=1800, description="an older alarm is told, not acted on")
    act_within: Duration = Field(default=3600, description="after that, an alarm is too old to reboot for")
    max_attempts: int = Field(default=1, ge=0, le=10, description="per incident; 0 means none")
    max_per_day: int = Field(default=1, ge=0, le=10, description="per instance")
    max_acting: int = Field(default=3, ge=1, le=1000, description="instances of a region under repair at once")
    max_actions_per_hour: int = Field(default=10, ge=0, le=10_000, description="begun in a region; 0 means none")


class Guests(Written):
    """How to look inside: a command of ours that only reads (deploy/tat/guest-probe.sh), registered in each region."""

    commands: dict[
        Annotated[str, Field(pattern=r"^[a-z]{2,}-[a-z0-9-]+$")], Annotated[str, Field(pattern=r"^cmd-[0-9a-z]+$")]
    ] = Field(default={}, description="region: the id of the registered command, as in ap-guangzhou: cmd-0a1b2c3d")


class Config(Written):
    """All of medic.yaml."""

    channels: dict[str, Channel] = Field(default={}, description="groups of people, by name")
    rules: tuple[Rule, ...] = Field(
        default=(), max_length=_MOST_RULES, description="what to do about which event; the order says which runs first"
    )
    runbooks: dict[str, Runbook] = Field(default={}, description="procedures, by name")
    guardrails: Guardrails = Field(default=Guardrails(), description="bounds for all rules; on also if left out")
    guest: Guests = Field(default=Guests(), description="how to look inside; left out, nothing inside is proven")
    approvers: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        default=(), max_length=100, description="who may approve, by the name that they give: medic approve --as NAME"
    )
    operators: tuple[str, ...] = Field(
        min_length=1, description="channels that hear of what could not be read, decided or delivered"
    )
    sha256: SkipJsonSchema[str] = Field(default="", exclude=True)


def read_config(text: str, file: str, environment: Mapping[str, str] | None) -> Config:
    """medic.yaml's text → Config.

    Args:
        environment: what `${NAME}` in an address stands for; None leaves the secrets out, for who only looks at the
            rules: each address is then a stand-in that reaches nobody.

    Raises:
        ConfigError: the first mistake, with file, line, column, the source line and how to mend it; all further ones
            are its `others`.
    """
    document = load(text, file)
    if not isinstance(document.data, dict):
        raise document.error((), "expected keys such as `channels`, `rules` and `operators`")
    mistakes = Mistakes(document, Config)
    mistakes.add_empty(document.data)
    if "sha256" in document.data:
        mistakes.add(("sha256",), "unknown key `sha256`")
    data = with_secrets(document.data, environment, mistakes)
    data.pop("sha256", None)
    config = None
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        mistakes.add_all(error)
    else:
        _check_names(config, mistakes)
    told = mistakes.told()
    if told is not None:
        raise without_secrets(told, text, environment or {}) from None
    assert config is not None  # noqa: S101  # else there is a mistake; this tells the type checker
    return config.model_copy(update={"sha256": hashlib.sha256(text.encode()).hexdigest()[:12]})


def _check_names(config: Config, mistakes: Mistakes) -> None:
    """Whatever is named is there, and nothing has the name of another."""
    seen: set[str] = set()
    for index, rule in enumerate(config.rules):
        here = ("rules", index)
        if rule.name in seen:
            mistakes.add((*here, "name"), f"another rule is named `{rule.name}` already")
        seen.add(rule.name)
        for position, name in enumerate(rule.notify):
            mistakes.check_name((*here, "notify", position), "channel", name, config.channels)
        if rule.run is not None:
            mistakes.check_name((*here, "run"), "runbook", rule.run, config.runbooks)
            runbook = config.runbooks.get(rule.run)
            asks = rule.mode is Mode.ASK or (rule.mode is Mode.ACT and runbook is not None and runbook.asks)
            if asks and not config.approvers:
                mistakes.add((*here, "run"), "this rule asks, and nobody may answer: list who may under `approvers`")
    for position, name in enumerate(config.operators):
        mistakes.check_name(("operators", position), "channel", name, config.channels)
