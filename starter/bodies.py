"""Bodies from outside, made fit to travel: any JSON value becomes one that every converter on the way can carry.

A sender can put things into valid JSON that Temporal's converters refuse: half of a surrogate pair, `1e999`, or three
hundred nested lists. Such an event would fail on every delivery, and would take the rest of its batch along.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

MAX_DEPTH = 64  # the parser on the worker's side gives up at 200, the serialiser at 255
MAX_INTEGER = 2**63
KEPT_BYTES = 8 * 1024
_CUT = "... (cut)"


def tidy(value: object, depth: int = MAX_DEPTH) -> object:
    """The same value with what cannot travel replaced; a usual event comes out equal to what went in."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < MAX_INTEGER else hex(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if isinstance(value, (Mapping, list, tuple)) and depth == 0:
        return f"(nested deeper than {MAX_DEPTH} levels)"
    if isinstance(value, Mapping):
        return {_text(key): tidy(one, depth - 1) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [tidy(one, depth - 1) for one in value]
    return _text(value)


def kept_text(value: object) -> str:
    """A tidy value as JSON text of at most 8 KiB in UTF-8, for people to read."""
    encoded = json.dumps(value, ensure_ascii=False).encode()
    if len(encoded) <= KEPT_BYTES:
        return encoded.decode()
    return encoded[: KEPT_BYTES - len(_CUT)].decode(errors="ignore") + _CUT


def _text(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode()
