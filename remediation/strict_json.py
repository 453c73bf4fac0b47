"""JSON as the standard has it, where Python's own reader takes more and keeps the last of two equal keys."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def read(text: str) -> object:
    """The value in `text`.

    Raises:
        ValueError: no JSON, NaN or Infinity, thousands of digits, endless nesting, or a key that is there twice: of
            two `subject`s nobody knows which one is meant.
    """
    try:
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=_each_key_once)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {json.dumps(key)} is there twice")
            seen.add(key)
    return built
