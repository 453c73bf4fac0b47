"""Patterns and events from a small alphabet, so that they often meet."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

KEYS = st.sampled_from(["x", "y", "z"])
TEXTS = st.text(alphabet="ab", min_size=1, max_size=3)
ADDRESSES = st.sampled_from(["10.0.0.7", "10.0.1.7", "2001:db8::7"])
RANGES = st.sampled_from(["10.0.0.0/8", "10.0.0.0/24", "10.0.0.7/32", "0.0.0.0/0", "2001:db8::/32", "::/0"])
SCALARS = st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from([0.0, 1.0]) | TEXTS | ADDRESSES

JSON = st.recursive(
    SCALARS | st.just(""),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
# What may arrive, whoever sends it.
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | KEYS, inner, max_size=3),
    max_leaves=10,
)


def _conditions(operators: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What may stand at a key: a scalar, alternatives, or an object with such conditions."""
    one = SCALARS | st.lists(SCALARS | operators, min_size=1, max_size=3)
    return one | st.dictionaries(KEYS, one, min_size=1, max_size=2)


def _objects(operators: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(KEYS, _conditions(operators), min_size=1, max_size=2)


def _nesting(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(SCALARS | inner, min_size=1, max_size=2)
    return st.one_of(
        (SCALARS | inner | several).map(lambda one: {"anything-but": one}),
        (SCALARS | inner | several).map(lambda one: {"contain": one}),
        _objects(inner).map(lambda one: {"array": json.dumps(one)}),
    )


PLAIN_OPERATORS = st.one_of(
    TEXTS.map(lambda one: {"prefix": one}),
    TEXTS.map(lambda one: {"suffix": one}),
    TEXTS.map(lambda one: {"contain": one}),
    RANGES.map(lambda one: {"cidr": one}),
    SCALARS.map(lambda one: {"anything-but": one}),
)
OPERATORS = st.recursive(PLAIN_OPERATORS, _nesting, max_leaves=4)
ALTERNATIVES = SCALARS | OPERATORS
# Within `data` nothing is known of a field, so that any value may stand there.
PATTERNS = _objects(OPERATORS).map(lambda one: {"data": one})
EVENTS = st.dictionaries(KEYS, JSON, max_size=3).map(lambda one: {"data": one})
