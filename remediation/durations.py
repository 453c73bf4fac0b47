"""Durations as people write them (`90s`, `15m`, `4h`, `7d`) and as they are told (`1 h 5 min`)."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
PATTERN = r"^\d{1,6}[smhd]$"
_WRITTEN = re.compile(r"(\d{1,6})([smhd])")


def parse_duration(text: object) -> int:
    """`"15m"` → 900 seconds; a plain number of seconds is taken only from our own JSON.

    Raises:
        ValueError: it is not a whole number followed by s, m, h or d.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    match = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a duration: write a whole number and a unit, as in 90s, 15m, 4h or 7d")
    return int(match[1]) * _UNITS[match[2]]


def _written_duration(value: object) -> int:
    # In YAML a bare number would leave the unit to guessing; "0" has no unit to guess.
    if isinstance(value, int) and value != 0:
        raise ValueError(f"{value} has no unit: write {value}s, {value}m, {value}h or {value}d")
    return parse_duration(value)


def write_duration(seconds: int) -> str:
    """900 → `"15m"`: the largest unit that divides it."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"


Duration = Annotated[
    int,
    BeforeValidator(_written_duration),
    PlainSerializer(write_duration, return_type=str, when_used="json"),
    # Of numbers 0 alone is taken: it has no unit to guess.
    WithJsonSchema({"type": ["string", "integer"], "pattern": PATTERN, "maximum": 0, "examples": ["90s", "15m", "4h"]}),
]
"""Whole seconds in the code, `15m` in files and in histories."""
