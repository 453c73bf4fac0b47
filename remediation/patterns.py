"""EventBridge's pattern language, exact match for now: keys AND, lists OR, nested objects, JSON typing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Scalar = (str, int, float, bool, type(None))


def check_pattern(pattern: object, path: str = "") -> list[tuple[str, str]]:
    """What is wrong with a pattern, as (path, message); an empty list if nothing is."""
    if not isinstance(pattern, Mapping) or not pattern:
        return [(path, "a pattern is an object with at least one key")]
    wrong: list[tuple[str, str]] = []
    for key, wanted in pattern.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(wanted, Mapping):
            wrong += check_pattern(wanted, here)
        elif isinstance(wanted, list):
            if not wanted:
                wrong.append((here, "an empty list matches nothing"))
            if any(isinstance(one, Mapping) for one in wanted):
                wrong.append((here, "operators such as prefix are not there yet: list the exact values"))
        if key == "status" and any(not isinstance(one, str) for one in _alternatives(wanted)):
            wrong.append((here, 'EventBridge sends status as a string: write "1" with its quotes'))
    return wrong


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether every key of the pattern is in the event with one of the wanted values.

    Exact and case-sensitive, with JSON's types: `"1"` is not `1`, and `true` is not `1`.
    """
    return first_mismatch(pattern, event) is None


def first_mismatch(pattern: Mapping[str, Any], event: Mapping[str, Any], path: str = "") -> str | None:
    """The first condition that failed, in words, or None if all hold."""
    for key, wanted in pattern.items():
        here = f"{path}.{key}" if path else key
        if key not in event:
            return f"{here} is not in the event"
        found = event[key]
        if isinstance(wanted, Mapping):
            if not isinstance(found, Mapping):
                return f"{here} is {found!r}, not an object"
            deeper = first_mismatch(wanted, found, here)
            if deeper is not None:
                return deeper
        elif not any(_same(one, found) for one in _alternatives(wanted)):
            return f"{here} is {found!r}, not {wanted!r}"
    return None


def _alternatives(wanted: object) -> list[object]:
    return wanted if isinstance(wanted, list) else [wanted]


def _same(wanted: object, found: object) -> bool:
    return type(wanted) is type(found) and wanted == found
