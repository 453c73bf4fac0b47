"""From a finding of the doctor to its words: what was seen, why it matters, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from remediation import diagnosis_words_en, diagnosis_words_zh
from remediation.diagnosis import Check, Finding, Seen, Status
from remediation.wording import clean


class Words(Protocol):
    """A catalogue: one module a language."""

    CHECKS: dict[Check, tuple[str, str]]
    SEEN: dict[Seen, tuple[str, str]]
    STATUSES: dict[Status, str]


_LOCALES: Mapping[str, Words] = {"en": diagnosis_words_en, "zh": diagnosis_words_zh}


class Told(NamedTuple):
    """A finding in words; `fix` is "" where there is nothing to mend."""

    status: str
    check: str
    what: str
    why: str
    fix: str


def tell_finding(one: Finding, locale: str) -> Told:
    """The finding in the words of `en` or `zh`."""
    words = _LOCALES[locale]
    facts = {name: clean(fact) for name, fact in one.facts.items()}
    if one.seen is Seen.WAITS:
        facts["first"] = words.CHECKS[Check(facts["first"])][0]
    (check, why), (what, fix) = words.CHECKS[one.check], words.SEEN[one.seen]
    return Told(words.STATUSES[one.status], check, what.format_map(facts), why, fix.format_map(facts))
