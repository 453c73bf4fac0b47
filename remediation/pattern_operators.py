"""What an event pattern is once compiled: conditions on JSON values, as immutable values themselves.

`accepts` is total: it never goes deeper into an event than the pattern does. `str` says in words what is expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

from remediation.quoting import cut, quoted

Scalar = str | int | float | bool | None
SCALARS = (str, int, float, bool, type(None))
_MISSING = object()
_LONGEST_CONDITION, _MOST_ALTERNATIVES = 300, 5


@dataclass(frozen=True)
class Prefix:
    """A text that begins with `text`."""

    text: str

    def accepts(self, found: object) -> bool:
        return isinstance(found, str) and found.startswith(self.text)

    def __str__(self) -> str:
        return f"a text that begins with {quoted(self.text)}"


@dataclass(frozen=True)
class Suffix:
    """A text that ends with `text`."""

    text: str

    def accepts(self, found: object) -> bool:
        return isinstance(found, str) and found.endswith(self.text)

    def __str__(self) -> str:
        return f"a text that ends with {quoted(self.text)}"


@dataclass(frozen=True)
class Cidr:
    """A text that is an IP address of `network`."""

    network: IPv4Network | IPv6Network

    def accepts(self, found: object) -> bool:
        if not isinstance(found, str):  # ip_address would take a number as well
            return False
        try:
            return ip_address(found) in self.network
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"an address in {self.network}"


@dataclass(frozen=True)
class AnythingBut:
    """Any value, of any type, that `inner` does not accept."""

    inner: OneOf

    def accepts(self, found: object) -> bool:
        return not self.inner.accepts(found)

    def __str__(self) -> str:
        return f"anything but {self.inner}"


@dataclass(frozen=True)
class Contain:
    """A text that holds all `parts`, or a list that holds for each of `elements` one that it accepts.

    Attributes:
        parts: None if something is asked for that only a list can hold.
    """

    parts: tuple[str, ...] | None
    elements: tuple[OneOf, ...]

    def accepts(self, found: object) -> bool:
        if isinstance(found, str):
            return self.parts is not None and all(part in found for part in self.parts)
        return isinstance(found, list) and all(any(one.accepts(item) for item in found) for one in self.elements)

    def __str__(self) -> str:
        return "what contains " + " and ".join(str(one) for one in self.elements)


@dataclass(frozen=True)
class ArrayOf:
    """A list in which at least one object has all these fields."""

    fields: Fields

    def accepts(self, found: object) -> bool:
        return isinstance(found, list) and any(self.fields.accepts(item) for item in found)

    def __str__(self) -> str:
        return f"a list with an object in which {self.fields}"


Operator = Prefix | Suffix | Cidr | AnythingBut | Contain | ArrayOf


@dataclass(frozen=True)
class OneOf:
    """One of these values, by JSON's types, or what one of these operators accepts.

    Attributes:
        exact: each value with its Python type, since `1 == True == 1.0` in Python and not in JSON as it is written.
    """

    exact: frozenset[tuple[type, Scalar]]
    operators: tuple[Operator, ...] = ()

    def accepts(self, found: object) -> bool:
        kind = type(found)
        if kind in SCALARS and (kind, found) in self.exact:
            return True
        return any(operator.accepts(found) for operator in self.operators)

    def __str__(self) -> str:
        alternatives = [*sorted(quoted(value) for _, value in self.exact), *map(str, self.operators)]
        more = len(alternatives) - _MOST_ALTERNATIVES
        if more > 0:
            alternatives = [*alternatives[:_MOST_ALTERNATIVES], f"one of {more} more"]
        return " or ".join(alternatives)


@dataclass(frozen=True)
class Fields:
    """An object that has every one of these keys, with a value that its condition accepts."""

    conditions: tuple[tuple[str, OneOf | Fields], ...]

    def accepts(self, found: object) -> bool:
        if not isinstance(found, dict):
            return False
        for key, condition in self.conditions:
            value = found.get(key, _MISSING)
            if value is _MISSING or not condition.accepts(value):
                return False
        return True

    def first_mismatch(self, found: object, path: str = "") -> str | None:
        """The first condition that fails, in words and with the value that is there; None if all hold."""
        if not isinstance(found, dict):
            return f"{path or 'the event'} is {quoted(found)}, not an object"
        for key, condition in self.conditions:
            here = f"{path}.{key}" if path else key
            value = found.get(key, _MISSING)
            if value is _MISSING:
                return f"{here} is not in the event"
            if isinstance(condition, Fields):
                deeper = condition.first_mismatch(value, here)
                if deeper is not None:
                    return deeper
            elif not condition.accepts(value):
                return f"{here} is {quoted(value)}, expected {cut(str(condition), _LONGEST_CONDITION)}"
        return None

    def __str__(self) -> str:
        return " and ".join(f"{key} is {condition}" for key, condition in self.conditions)
