"""A value from outside, as it may stand in a sentence for people."""

from __future__ import annotations

import json

_LONGEST = 80


def quoted(value: object) -> str:
    """A value as JSON writes it: printable, on one line, at most some hundred characters. Total.

    Of what holds others only its kind is said: writing it out could go deeper than Python does.
    """
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, int) and abs(value) >= 2**63:
        return "a very large number"  # which Python may refuse to write
    if isinstance(value, str):
        value = cut(value, _LONGEST)
    text = json.dumps(value, ensure_ascii=False, default=lambda other: type(other).__name__)
    return text if text.isprintable() else cut(json.dumps(value), _LONGEST)


def cut(text: str, longest: int) -> str:
    """At most so many characters, with three dots where more would follow."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
