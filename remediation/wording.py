"""From a template of a catalogue and untrusted facts to one safe line of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Protocol

from remediation import words_en, words_zh
from remediation.phrases import Phrase
from remediation.reasons import Code, Reason

NAME_LENGTH = 60
FACT_LENGTH = 500
_LINE_LENGTH = 5000  # of what was put together from bounded facts already


class Words(Protocol):
    """A catalogue: one module a language."""

    REASONS: dict[Code, str]
    PHRASES: dict[Phrase, str]
    NAMES: dict[str, str]


_LOCALES: Mapping[str, Words] = {"en": words_en, "zh": words_zh}


def words_of(locale: str) -> Words:
    """The catalogue of a language; English for one that we do not have."""
    return _LOCALES.get(locale, words_en)


def say(reason: Reason, locale: str = "en") -> str:
    """A reason in words; total: a missing fact shows as `?`."""
    # The catalogue has the full stop: an error message that brings its own would show two.
    facts = {name: clean(fact).rstrip(" .。") for name, fact in reason.facts.items()}
    return _fill(words_of(locale).REASONS[reason.code], facts)


def phrase_in(locale: str, phrase: Phrase, **facts: object) -> str:
    """A phrase with its facts; a missing fact shows as `?`."""
    return _fill(words_of(locale).PHRASES[phrase], {name: clean(fact, _LINE_LENGTH) for name, fact in facts.items()})


def clean(text: object, limit: int = FACT_LENGTH) -> str:
    """One bounded line: whoever named an instance must not write our lines, or hide them with control characters."""
    kept = (" " if one.isspace() else one for one in str(text) if one.isspace() or unicodedata.category(one)[0] != "C")
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def name_of(identifier: str, locale: str) -> str:
    """What a fault, an outcome or a step is called; one without a name is shown as it is."""
    return words_of(locale).NAMES.get(identifier, clean(identifier, NAME_LENGTH))


def who(name: str, instance_id: str, region: str) -> str:
    """An instance for people: `web-1 (ins-abc, ap-guangzhou)`."""
    name, instance_id, region = (clean(one, NAME_LENGTH) for one in (name, instance_id, region))
    return f"{name} ({instance_id}, {region})" if name else f"{instance_id} ({region})"


def write_span(seconds: float) -> str:
    """A length of time in its two largest units: `45 s`, `3 min 4 s`, `1 h 5 min`."""
    whole = max(round(seconds), 0)
    parts = [(whole // 3600, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts = parts[1:]
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count) or "0 s"


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "?"


def _fill(template: str, facts: Mapping[str, str]) -> str:
    return template.format_map(_Facts({name: fact for name, fact in facts.items() if fact}))
