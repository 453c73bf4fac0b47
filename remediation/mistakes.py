"""What is wrong with medic.yaml: every mistake at its place, each told once, with a way out."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from remediation.errors import ConfigError, PatternError
from remediation.schema import keys_at, page_schema, places_of
from remediation.yaml_marks import Document, Path

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_MOST_TOLD = 20
# What pydantic puts into the path of an error about a union, and what is no key of the file.
_BRANCHES = ("TagScope", "literal['all']")
_MESSAGES = {
    "tuple_type": "expected a list, as in [one, another]",
    "dict_type": "expected keys and values",
    "model_type": "expected keys and values",
    "literal_error": "write {expected}",
    "enum": "write {expected}",
    "too_long": "takes {max_length} at most, and has {actual_length}",
    "too_short": "takes {min_length} at least",
    "greater_than_equal": "is {ge} at least",
    "less_than_equal": "is {le} at most",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "string_type": "expected text: put it in quotes",
}
_EMPTY_ALLOWED = ("reboot", "rollback", "snapshot")  # the first two have defaults, the third words of its own
_FORMS = {
    "name": "a name is lower case, digits and dashes, as in disk-read-only",
    "mail": "an address is written as oncall@example.com",
    "tag": "a tag is written as key=value, as in medic=on",
}


class Mistakes:
    """The mistakes of one page, collected in any order; `model` is what the page has to be."""

    def __init__(self, document: Document, model: type[BaseModel]) -> None:
        self._document = document
        self._model = model
        self._found: dict[Path, str] = {}

    def add(self, path: Path, message: str) -> None:
        """What stands at `path` is wrong; of two mistakes at one place the first is told."""
        self._found.setdefault(path, message)

    def add_empty(self, value: Any, path: Path = ()) -> None:
        """A key without a value: silence where somebody meant to write something. Patterns may ask for null."""
        if isinstance(value, list):
            for index, one in enumerate(value):
                self.add_empty(one, (*path, index))
        elif isinstance(value, dict) and path[2:] != ("when",):
            for key, one in value.items():
                if one is None and key not in _EMPTY_ALLOWED:
                    self.add((*path, key), f"`{key}` is empty: write its value, or leave the key out")
                self.add_empty(one, (*path, key))

    def check_name(self, path: Path, kind: str, name: str, known: Iterable[str]) -> None:
        """A name has to be one of those that are there."""
        if name not in known:
            self.add(path, f"no {kind} is named `{name}`{_did_you_mean(name, known)}")

    def add_all(self, error: ValidationError) -> None:
        """Everything that pydantic found."""
        found = [(_path(one), one) for one in error.errors()]
        paths = {path for path, _ in found} | set(self._found)
        unknown = {path for path, one in found if one["type"] == "extra_forbidden"}
        for path, one in found:
            # An error about a union's other branch hides the key that is wrong, and a key that is misspelt is missing.
            hidden = any(other[: len(path)] == path and other != path for other in paths)
            misspelt = one["type"] == "missing" and any(
                other[:-1] == path[:-1] and _is_near(str(other[-1]), str(path[-1])) for other in unknown
            )
            if not hidden and not misspelt:
                self.add(*self._mistake(path, one))

    def told(self) -> ConfigError | None:
        """All of them in the order of the page, as one error with its `others`; None if there is none."""
        errors = [self._document.error(path, message) for path, message in self._found.items()]
        errors.sort(key=lambda one: (one.line, one.column))
        if len(errors) > _MOST_TOLD:
            more = ConfigError(f"and {len(errors) - _MOST_TOLD} more mistakes", self._document.file)
            errors = [*errors[:_MOST_TOLD], more]
        return dataclasses.replace(errors[0], others=tuple(errors[1:])) if errors else None

    def _mistake(self, path: Path, one: ErrorDetails) -> tuple[Path, str]:
        kind = one["type"]
        cause = one.get("ctx", {}).get("error")
        if isinstance(cause, PatternError):
            # A pattern is compiled as a whole; the eye looks for the key within it that is wrong.
            return (*path, "when", *cause.path), cause.message
        if kind == "extra_forbidden":
            return path, f"unknown key `{path[-1]}`{self._where_it_belongs(path)}"
        if kind == "missing":
            return path, f"`{path[-1]}` is missing"
        if kind == "string_pattern_mismatch" and path[-1] in _FORMS:
            return path, _FORMS[str(path[-1])]
        if kind in _MESSAGES:
            return path, _MESSAGES[kind].format(**one.get("ctx", {}))
        return path, one["msg"].removeprefix("Value error, ")

    def _where_it_belongs(self, path: Path) -> str:
        """The key of this place that it is a misspelling of, or the place to which it belongs."""
        schema, key = page_schema(self._model), str(path[-1])
        hint = _did_you_mean(key, keys_at(schema, path[:-1]))
        places = places_of(schema, key)
        return hint or (f": it belongs to {_either(places)}" if places else "")


def _path(one: Any) -> Path:
    return tuple(part for part in one["loc"] if part not in _BRANCHES)


def _either(places: list[str]) -> str:
    quoted = [f"`{place}`" if place else "the top of the page" for place in places]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else quoted[0]


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f" (did you mean `{close[0]}`?)" if close else ""


def _is_near(word: str, known: str) -> bool:
    return bool(difflib.get_close_matches(word, [known], n=1))
