"""The operator's page, medic.yaml: its schema, read strictly, with a place and a way out for every mistake."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator

from remediation.durations import Duration
from remediation.errors import ConfigError, PatternError
from remediation.models import Written
from remediation.patterns import Pattern, compile_pattern
from remediation.runbooks import Mode, Runbook
from remediation.yaml_marks import Document, Path, load

_NAME = r"^[a-z0-9][a-z0-9-]{0,58}$"
# What pydantic puts into the path of an error about a union, and what is no key of the file.
_BRANCHES = ("TagScope", "literal['all']")
_MESSAGES = {
    "tuple_type": "expected a list, as in [one, another]",
    "dict_type": "expected keys and values",
    "model_type": "expected keys and values",
}
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Address(Written):
    """One place where a notice is delivered."""

    webhook: SecretStr | None = Field(default=None, description="a URL that takes a JSON POST; its URL is the secret")
    mail: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$", repr=False)

    @model_validator(mode="after")
    def _exactly_one(self) -> Address:
        if (self.webhook is None) == (self.mail is None):
            raise ValueError("an address is either `webhook: URL` or `mail: NAME@HOST`")
        if self.webhook is not None and not self.webhook.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("a webhook is a URL that begins with https:// or http://")
        return self

    @property
    def kind(self) -> Literal["webhook", "mail"]:
        return "webhook" if self.webhook is not None else "mail"


class Channel(Written):
    """A group of people, the language they read, and where they are reached."""

    locale: Literal["zh", "en"] = "en"
    to: tuple[Address, ...] = Field(min_length=1, max_length=10)


class TagScope(Written):
    """The instances that a rule may touch: those that carry a tag."""

    tag: str = Field(pattern=r"^[^=\s]+=[^=\s]*$", description="key=value, read from the cloud, never from the event")

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Whether an instance with these tags may be touched."""
        key, _, value = self.tag.partition("=")
        return tags.get(key) == value


class Rule(Written):
    """An event pattern, who hears of a match, and what is done about it."""

    name: str = Field(pattern=_NAME)
    when: dict[str, Any]
    notify: tuple[str, ...] = ()
    run: str | None = None
    scope: TagScope | Literal["all"] | None = None
    mode: Mode | None = None
    _pattern: Pattern = PrivateAttr()

    @property
    def pattern(self) -> Pattern:
        """`when`, compiled once, when the page is read."""
        return self._pattern

    @field_validator("scope", mode="before")
    @classmethod
    def _scopes(cls, value: Any) -> Any:
        if isinstance(value, str) and value != "all":
            raise ValueError('a scope is {tag: "key=value"}, or `all` in so many words')
        return value

    @field_validator("mode", mode="before")
    @classmethod
    def _modes(cls, value: Any) -> Any:
        if value == "ask":
            raise ValueError("`ask` is not there yet: write observe or act")
        return value

    @model_validator(mode="after")
    def _compiles(self) -> Rule:
        self._pattern = compile_pattern(self.when)
        return self

    @model_validator(mode="after")
    def _said_out_loud(self) -> Rule:
        if self.run is None and (self.scope or self.mode):
            raise ValueError("`scope` and `mode` belong to a `run`")
        if self.run is not None and self.scope is None:
            raise ValueError('a rule with `run` needs `scope`: {tag: "key=value"}, or `all` in so many words')
        if self.run is not None and self.mode is None:
            raise ValueError("a rule with `run` needs `mode`: observe (say what it would do) or act")
        return self


class Guardrails(Written):
    """Bounds that hold for every rule."""

    max_age: Duration = Field(default=1800, description="an older alarm is told, not acted on")
    act_within: Duration = Field(default=3600, description="after that, an alarm is too old to reboot for")
    max_attempts: int = Field(default=1, ge=0, le=10, description="per incident; 0 means none")
    max_per_day: int = Field(default=1, ge=0, le=10, description="per instance")
    max_acting: int = Field(default=3, ge=1, le=100, description="instances of a region under repair at once")
    max_actions_per_hour: int = Field(default=10, ge=0, le=10_000, description="begun in a region; 0 means none")


class Config(Written):
    """All of medic.yaml."""

    channels: dict[str, Channel] = Field(default={})
    rules: tuple[Rule, ...] = ()
    runbooks: dict[str, Runbook] = Field(default={})
    guardrails: Guardrails = Guardrails()
    operators: tuple[str, ...] = Field(min_length=1, description="who hears of what could not be read or delivered")
    sha256: str = Field(default="", exclude=True)


def read_config(text: str, file: str, environment: Mapping[str, str]) -> Config:
    """medic.yaml's text → Config, with `${NAME}` taken from `environment`.

    Raises:
        ConfigError: the first mistake, with file, line, column, the source line and how to mend it.
    """
    document = load(text, file)
    if not isinstance(document.data, dict):
        raise document.error((), "expected keys such as `channels`, `rules` and `operators`")
    if "sha256" in document.data:
        raise document.error(("sha256",), "unknown key `sha256`")
    data = _with_secrets(document.data, (), document, environment)
    try:
        config = Config.model_validate(data)
        _check_names(config, document)
    except ValidationError as error:
        raise _without_secrets(_first_mistake(error, document), text, environment) from None
    except ConfigError as error:
        raise _without_secrets(error, text, environment) from None
    return config.model_copy(update={"sha256": hashlib.sha256(text.encode()).hexdigest()[:12]})


def _with_secrets(value: Any, path: Path, document: Document, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _with_secrets(one, (*path, key), document, environment) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_secrets(one, (*path, index), document, environment) for index, one in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if not environment.get(name):
            raise document.error(path, f"the environment has no {name}: export {name}=... where the worker starts")
        return environment[name]

    return _VARIABLE.sub(replace, value)


def _without_secrets(error: ConfigError, text: str, environment: Mapping[str, str]) -> ConfigError:
    """The same error, which names what `${NAME}` stands for by its name only."""
    message = error.message
    for name in set(_VARIABLE.findall(text)):
        value = environment.get(name, "")
        if len(value) > 3:  # anything shorter is no secret, and would tear the words apart
            message = message.replace(value, f"${{{name}}}").replace(repr(value)[1:-1], f"${{{name}}}")
    return dataclasses.replace(error, message=message)


def _first_mistake(error: ValidationError, document: Document) -> ConfigError:
    # The deepest path says most: an error about a union's branch otherwise hides the key that is wrong. Of two at the
    # same place the unknown key says more than the missing one: it is the same key, misspelt.
    first = max(error.errors(), key=lambda one: (len(one["loc"]), one["type"] == "extra_forbidden"))
    path = tuple(part for part in first["loc"] if part not in _BRANCHES)
    message = _MESSAGES.get(first["type"], first["msg"].removeprefix("Value error, "))
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, PatternError):
        # The eye looks for the key within the pattern that is wrong.
        return document.error((*path, "when", *cause.path), cause.message)
    if first["type"] == "extra_forbidden":
        message = f"unknown key `{path[-1]}`" + _did_you_mean(str(path[-1]), _known_keys())
    elif first["type"] == "missing":
        message = f"`{path[-1]}` is missing"
    return document.error(path, message)


def _known_keys() -> set[str]:
    keys: set[str] = set()
    schema = Config.model_json_schema()
    for model in [schema, *schema.get("$defs", {}).values()]:
        keys |= set(model.get("properties", {}))
    return keys - {"sha256"}


def _did_you_mean(word: str, known: set[str]) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f" (did you mean `{close[0]}`?)" if close else ""


def _check_names(config: Config, document: Document) -> None:
    seen: set[str] = set()
    channels = set(config.channels)
    for index, rule in enumerate(config.rules):
        if rule.name in seen:
            raise document.error(("rules", index, "name"), f"another rule is named `{rule.name}` already")
        seen.add(rule.name)
        for position, name in enumerate(rule.notify):
            if name not in channels:
                hint = _did_you_mean(name, channels)
                raise document.error(("rules", index, "notify", position), f"no channel is named `{name}`{hint}")
        if rule.run is not None and rule.run not in config.runbooks:
            hint = _did_you_mean(rule.run, set(config.runbooks))
            raise document.error(("rules", index, "run"), f"no runbook is named `{rule.run}`{hint}")
    for position, name in enumerate(config.operators):
        if name not in channels:
            hint = _did_you_mean(name, channels)
            raise document.error(("operators", position), f"no channel is named `{name}`{hint}")
