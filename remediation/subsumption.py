"""What is certain about patterns without an event: which one makes another superfluous, which may still match.

Both answers err on one side: `covers` says True and `admits` says False only of what is proven.
"""

from __future__ import annotations

from collections.abc import Mapping

from remediation.pattern_operators import (
    AnythingBut,
    ArrayOf,
    Cidr,
    Contain,
    Fields,
    OneOf,
    Operator,
    Prefix,
    Suffix,
)
from remediation.patterns import Pattern


def covers(earlier: Pattern, later: Pattern) -> bool:
    """Whether every event that `later` matches is certainly matched by `earlier` too."""
    return _fields_cover(earlier.fields, later.fields)


def admits(pattern: Pattern, values: Mapping[str, object]) -> bool:
    """Whether an event with these values at its top could match; other keys may hold anything.

    Args:
        values: as they stand in a normalised event, for example `{"status": "0"}`.
    """
    return all(condition.accepts(values[key]) for key, condition in pattern.fields.conditions if key in values)


def _fields_cover(earlier: Fields, later: Fields) -> bool:
    asked = dict(later.conditions)
    return all(key in asked and _condition_covers(condition, asked[key]) for key, condition in earlier.conditions)


def _condition_covers(earlier: OneOf | Fields, later: OneOf | Fields) -> bool:
    if isinstance(earlier, Fields):
        return isinstance(later, Fields) and _fields_cover(earlier, later)
    if isinstance(later, Fields):  # an object: of all operators only `anything-but` takes one
        return any(isinstance(one, AnythingBut) and _takes_no_object(one.inner) for one in earlier.operators)
    return _one_of_covers(earlier, later)


def _takes_no_object(condition: OneOf) -> bool:
    return not any(isinstance(one, AnythingBut) for one in condition.operators)


def _one_of_covers(earlier: OneOf, later: OneOf) -> bool:
    return all(earlier.accepts(value) for _, value in later.exact) and all(
        any(_covers(one, another) for one in earlier.operators) for another in later.operators
    )


def _covers(earlier: Operator, later: Operator) -> bool:
    """Whether every value that `later` accepts is certainly accepted by `earlier`."""
    if isinstance(earlier, AnythingBut):
        if isinstance(later, AnythingBut):
            return _one_of_covers(later.inner, earlier.inner)
        excluded = earlier.inner
        return not any(later.accepts(value) for _, value in excluded.exact) and all(
            _are_apart(one, later) for one in excluded.operators
        )
    if isinstance(earlier, (Prefix, Suffix)):
        return type(earlier) is type(later) and earlier.accepts(later.text)
    if isinstance(earlier, Contain):
        if isinstance(later, (Prefix, Suffix)):
            return earlier.accepts(later.text)
        return isinstance(later, Contain) and set(earlier.elements) <= set(later.elements)
    if isinstance(earlier, Cidr):
        return isinstance(later, Cidr) and _lies_within(later, earlier)
    return isinstance(later, ArrayOf) and _fields_cover(earlier.fields, later.fields)


def _are_apart(one: Operator, other: Operator) -> bool:
    """Whether certainly no value is accepted by both."""
    if isinstance(one, AnythingBut):
        return any(_covers(excluded, other) for excluded in one.inner.operators)
    if isinstance(other, AnythingBut):
        return _are_apart(other, one)
    if isinstance(one, (Prefix, Suffix)) and type(one) is type(other):
        return not one.accepts(other.text) and not other.accepts(one.text)
    if isinstance(one, Cidr) and isinstance(other, Cidr):
        return not one.network.overlaps(other.network)
    return not _kinds(one) & _kinds(other)


def _kinds(one: Operator) -> set[type]:
    """The types of value that it may accept; not asked of `anything-but`, which takes any."""
    if isinstance(one, Contain):
        return {str, list} if one.parts is not None else {list}
    return {list} if isinstance(one, ArrayOf) else {str}


def _lies_within(inner: Cidr, outer: Cidr) -> bool:
    one, other = inner.network, outer.network
    return one.version == other.version and one.prefixlen >= other.prefixlen and one.network_address in other
