"""EventBridge's pattern language, whole: a pattern is compiled once, and then asked about events.

The language and what is decided where Tencent's page is silent: docs/reference/event-patterns.md.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from remediation import strict_json
from remediation.errors import PatternError
from remediation.pattern_keys import TEXTS, spell, unknown_key, unmatched_part
from remediation.pattern_operators import (
    SCALARS,
    AnythingBut,
    ArrayOf,
    Cidr,
    Contain,
    Fields,
    OneOf,
    Operator,
    Prefix,
    Scalar,
    Suffix,
)
from remediation.yaml_marks import Path, dotted

MAX_DEPTH = 20  # objects, lists and operators within one another; matching goes no deeper
# What similar languages have, and people will try here.
_ELSEWHERE = ("exists", "numeric", "wildcard", "equals-ignore-case")


@dataclass(frozen=True)
class Pattern:
    """A compiled event pattern; equal to another if both were written alike."""

    fields: Fields

    def matches(self, event: object) -> bool:
        """Whether every key of the pattern is in the event with a value that is wanted. Total over JSON."""
        return self.fields.accepts(event)

    def first_mismatch(self, event: object) -> str | None:
        """The first condition that failed, in words and with the value that it saw; None if the pattern matches."""
        return self.fields.first_mismatch(event)


def compile_pattern(pattern: object) -> Pattern:
    """A pattern as it is written (JSON values) → what can be asked about events.

    Raises:
        PatternError: the first mistake: no such operator, a value of the wrong type, something that never matches.
    """
    return Pattern(_fields(pattern, _Place()))


@dataclass(frozen=True)
class _Place:
    """Where the compiler stands.

    Attributes:
        path: from the top of the pattern to the last key or item that has a place in the file.
        within: the rest of the way, inside the JSON text of an `array`.
        key: the envelope's key under which this stands, "" at the top.
    """

    path: Path = ()
    within: Path | None = None
    key: str = ""

    def into(self, part: str | int) -> _Place:
        if self.within is None:
            deeper = replace(self, path=(*self.path, part))
        else:
            deeper = replace(self, within=(*self.within, part))
        if len(deeper.path) + len(deeper.within or ()) > MAX_DEPTH:
            raise self.wrong(f"nested deeper than {MAX_DEPTH} levels")
        return deeper

    def wrong(self, message: str) -> PatternError:
        inside = f"in its JSON text, {dotted(self.within)}: " if self.within else ""
        return PatternError(self.path, inside + message)

    @property
    def is_envelope(self) -> bool:
        return not self.path and self.within is None


def _fields(pattern: object, place: _Place) -> Fields:
    if not isinstance(pattern, dict) or not pattern:
        raise place.wrong("a pattern is an object with at least one key")
    conditions = []
    for key, wanted in pattern.items():
        here = place.into(str(key))
        if place.is_envelope:
            unknown = unknown_key(str(key))
            if unknown:
                raise here.wrong(unknown)
            here = replace(here, key=str(key))
        conditions.append((str(key), _condition(wanted, here)))
    return Fields(tuple(conditions))


def _condition(wanted: object, place: _Place) -> OneOf | Fields:
    if not isinstance(wanted, dict):
        return _one_of(wanted, place)
    for name, operand in wanted.items():
        if name in (*_OPERATORS, *_ELSEWHERE) and (not isinstance(operand, list) or name in _TAKE_LISTS):
            raise place.into(name).wrong(f"an operator stands in a list: write [{{{name}: …}}]")
    if place.key in TEXTS:
        raise place.wrong(f"EventBridge sends {place.key} as a string: an operator stands in a list, [{{prefix: …}}]")
    return _fields(wanted, place)


def _one_of(wanted: object, place: _Place) -> OneOf:
    """A scalar, or a list of scalars and operators."""
    if not isinstance(wanted, list):
        return OneOf(frozenset([_exact(wanted, place)]))
    if not wanted:
        raise place.wrong("an empty list matches nothing")
    exact: list[tuple[type, Scalar]] = []
    operators: list[Operator] = []
    for index, one in enumerate(wanted):
        if isinstance(one, dict):
            operators.append(_operator(one, place.into(index)))
        else:
            exact.append(_exact(one, place.into(index)))
    return OneOf(frozenset(exact), tuple(operators))


def _exact(value: object, place: _Place) -> tuple[type, Scalar]:
    if isinstance(value, list):
        raise place.wrong("a list within a list matches nothing: write its values side by side")
    if not isinstance(value, SCALARS) or (isinstance(value, float) and not math.isfinite(value)):
        raise place.wrong(f"{value} is not a value of JSON: put it in quotes")
    if place.key in TEXTS:
        if not isinstance(value, str):
            is_short = type(value) is int and abs(value) < 100
            quoted = f'"{value}" with its quotes' if is_short else "it in quotes"
            raise place.wrong(f"EventBridge sends {place.key} as a string: write {quoted}")
        try:
            value = spell(place.key, value)
        except ValueError as error:
            raise place.wrong(str(error)) from None
    return type(value), value


def _operator(written: dict[Any, Any], place: _Place) -> Operator:
    if len(written) != 1:
        raise place.wrong("an operator is an object with one key, as in {prefix: ins-}; several go side by side, as OR")
    ((name, operand),) = written.items()
    here = place.into(str(name))
    if name in _ELSEWHERE:
        raise here.wrong(f"Tencent documents no operator `{name}` for rules: there are {', '.join(_OPERATORS)}")
    if name not in _OPERATORS:
        close = difflib.get_close_matches(str(name), _OPERATORS, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(_OPERATORS)}"
        raise here.wrong(f"there is no operator `{name}`: {hint}")
    return _OPERATORS[name](operand, here)


def _prefix(operand: object, place: _Place) -> Prefix:
    return Prefix(_part("prefix", operand, place))


def _suffix(operand: object, place: _Place) -> Suffix:
    return Suffix(_part("suffix", operand, place))


def _part(operator: str, operand: object, place: _Place) -> str:
    if not isinstance(operand, str):
        raise place.wrong(f"`{operator}` takes one text: put it in quotes; several operators go side by side, as OR")
    if not operand:
        raise place.wrong(f"an empty `{operator}` says nothing: write the text that is meant")
    never = unmatched_part(place.key, operator, operand)
    if never:
        raise place.wrong(never)
    return operand


def _anything_but(operand: object, place: _Place) -> AnythingBut:
    if isinstance(operand, dict):
        return AnythingBut(OneOf(frozenset(), (_operator(operand, place),)))
    return AnythingBut(_one_of(operand, place))


def _contain(operand: object, place: _Place) -> Contain:
    if isinstance(operand, list):
        if not operand:
            raise place.wrong("an empty `contain` says nothing: write what is to be contained")
        asked = [(one, place.into(index)) for index, one in enumerate(operand)]
    else:
        asked = [(operand, place)]
    parts: list[str] = []
    elements: list[OneOf] = []
    for one, here in asked:
        if isinstance(one, dict):
            if here.key in TEXTS:
                raise here.wrong(f"an operator within `contain` is about a list's elements, and {here.key} is a string")
            elements.append(OneOf(frozenset(), (_operator(one, here),)))
        elif isinstance(one, str):
            parts.append(_part("contain", one, here))
            elements.append(OneOf(frozenset([(str, one)])))
        else:
            elements.append(OneOf(frozenset([_exact(one, here)])))
    return Contain(tuple(parts) if len(parts) == len(asked) else None, tuple(elements))


def _cidr(operand: object, place: _Place) -> Cidr:
    if not isinstance(operand, str) or "/" not in operand:
        raise place.wrong("`cidr` takes a range of addresses as a text, as in 10.0.0.0/24 or 2001:db8::/32")
    try:
        return Cidr(ip_network(operand))
    except ValueError:
        pass
    try:
        meant = ip_network(operand, strict=False)
    except ValueError:
        raise place.wrong("this is no range of addresses: write it as 10.0.0.0/24 or 2001:db8::/32") from None
    raise place.wrong(f"the address lies within a range and does not begin it: write {meant}")


def _array(operand: object, place: _Place) -> ArrayOf:
    if not isinstance(operand, str):
        raise place.wrong('`array` takes a pattern of one object as a JSON text, as in \'{"name": "time"}\'')

    if place.key in TEXTS:
        raise place.wrong(f"EventBridge sends {place.key} as a string, and `array` is about a list")

    try:
        inner = strict_json.read(operand)
    except ValueError as error:
        raise place.wrong(f"the text of `array` is not JSON: {error}") from None
    return ArrayOf(_fields(inner, replace(place, within=place.within or ())))


_OPERATORS: dict[str, Callable[[object, _Place], Operator]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "anything-but": _anything_but,
    "contain": _contain,
    "array": _array,
    "cidr": _cidr,
}
_TAKE_LISTS = ("anything-but", "contain")
