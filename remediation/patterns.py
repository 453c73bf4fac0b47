"""EventBridge's pattern language, exact match for now: keys AND, lists OR, nested objects, JSON typing."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

_SCALARS = (str, int, float, bool, type(None))
# What an envelope has at its top: first what holds text there, then what may hold anything.
_TEXTS = ("id", "source", "type", "subject", "region", "status", "specversion", "datacontenttype")
_ENVELOPE = (*_TEXTS, "time", "resource", "tags", "data")


def check_pattern(pattern: object, path: str = "") -> list[tuple[str, str]]:
    """What is wrong with a pattern, as (path, message); an empty list if nothing is."""
    if not isinstance(pattern, Mapping) or not pattern:
        return [(path, "a pattern is an object with at least one key")]
    wrong: list[tuple[str, str]] = []
    for key, wanted in pattern.items():
        here = f"{path}.{key}" if path else str(key)
        if not path and key not in _ENVELOPE:
            close = difflib.get_close_matches(str(key), _ENVELOPE, n=1)
            hint = f"did you mean `{close[0]}`?" if close else f"it has {', '.join(_ENVELOPE)}"
            wrong.append((here, f"an event has no `{key}`: {hint}"))
        elif isinstance(wanted, Mapping) and not path and key in _TEXTS:
            wrong.append((here, "operators such as prefix are not there yet: list the exact values"))
        elif isinstance(wanted, Mapping):
            wrong += check_pattern(wanted, here)
        elif isinstance(wanted, list):
            if not wanted:
                wrong.append((here, "an empty list matches nothing"))
            if any(isinstance(one, Mapping) for one in wanted):
                wrong.append((here, "operators such as prefix are not there yet: list the exact values"))
        elif not isinstance(wanted, _SCALARS):
            wrong.append((here, f"{wanted} is not a value of JSON: put it in quotes"))
        if here == "status" and any(not isinstance(one, str) for one in _alternatives(wanted)):
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
