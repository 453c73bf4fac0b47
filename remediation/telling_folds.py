"""The part of a digest that tells of its notices: those that need people first, then the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from remediation.notices import FoldedNotice, Headline, Notice
from remediation.phrases import Phrase
from remediation.wording import name_of, phrase_in, say, who

MOST_WITH_REASON = 50
_MOST_IN_A_LINE = 20  # a line is cut at a length that so many never reach


def needing(folded: Iterable[FoldedNotice]) -> list[FoldedNotice]:
    """Those that people have to do something about."""
    return [one for one in folded if one.headline is Headline.NEEDS_YOU]


def tell_folded(notice: Notice, locale: str) -> Iterator[str]:
    """The lines about `notice.folded`; every instance is named, however many they are."""
    if not notice.folded:
        return
    # Who has heard how a run ended need not read that it began.
    ended = {one.run for one in notice.folded if one.run is not None and one.outcome is not None}
    need = needing(notice.folded)
    news = [one for one in notice.folded if one.outcome is not None or one.run not in ended]
    if need:
        yield phrase_in(locale, Phrase.THOSE_WHO_NEED)
        yield from bullets(_with_reason(one, locale) for one in need[:MOST_WITH_REASON])
    others = need[MOST_WITH_REASON:] + [one for one in news if one.headline is not Headline.NEEDS_YOU]
    yield from bullets(_by_what_happened(others, locale))
    yield phrase_in(locale, Phrase.ALL_OF_THEM, command=f"medic runs --rule {notice.rule}")


def bullets(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a list."""
    return (f"- {line}" for line in lines)


def _with_reason(one: FoldedNotice, locale: str) -> str:
    why = say(one.reason, locale) if one.reason is not None else ""
    return phrase_in(locale, Phrase.ONE_WHO_NEEDS, who=_who(one), what=_what(one, locale), why=why)


def _by_what_happened(some: Iterable[FoldedNotice], locale: str) -> Iterator[str]:
    groups: dict[tuple[str, str], dict[str, None]] = {}
    for one in some:
        groups.setdefault((one.headline.value, _what(one, locale)), {})[_who(one)] = None
    for (headline, what), named in groups.items():
        names = list(named)
        for at in range(0, len(names), _MOST_IN_A_LINE):
            some_names = names[at : at + _MOST_IN_A_LINE]
            facts = {"headline": headline, "what": what, "count": len(some_names), "who": ", ".join(some_names)}
            yield phrase_in(locale, Phrase.THE_OTHERS, **facts)


def _what(one: FoldedNotice, locale: str) -> str:
    return name_of(one.outcome.value if one.outcome is not None else one.fault, locale)


def _who(one: FoldedNotice) -> str:
    return who(one.name, one.instance_id, one.region)
