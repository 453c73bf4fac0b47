"""`${NAME}` in medic.yaml: a secret is named on the page, and taken from the environment where it is needed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from remediation.errors import ConfigError
from remediation.mistakes import Mistakes
from remediation.yaml_marks import Path

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WRITTEN = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_SHORTEST_SECRET = 4  # anything shorter would tear the words apart


def with_secrets(page: dict[str, Any], environment: Mapping[str, str] | None, mistakes: Mistakes) -> dict[str, Any]:
    """The page with every `${NAME}` of its addresses replaced, and `$${` by `${`; what cannot be is a mistake.

    Only an address is a secret. Anywhere else the same page would decide differently from one machine to the next.
    """

    def each(value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: each(one, (*path, key)) for key, one in value.items()}
        if isinstance(value, list):
            return [each(one, (*path, index)) for index, one in enumerate(value)]
        return spelled(value, path) if isinstance(value, str) and "${" in value else value

    def spelled(value: str, path: Path) -> str:
        is_address = len(path) == 5 and (path[0], path[2]) == ("channels", "to")

        def replace(found: re.Match[str]) -> str:
            name = found[1]
            if name is None:
                return "${"
            if not is_address:
                mistakes.add(path, "a ${NAME} is taken in an address only (under `to`): write the value out")
            elif not VARIABLE.fullmatch(found[0]):
                mistakes.add(path, "a secret is named ${NAME}, by letters, digits and _; $${ stands for ${ itself")
            elif environment is None:
                return stand_in(name, value, str(path[-1]))
            elif environment.get(name):
                return environment[name]
            else:
                mistakes.add(path, f"the environment has no {name}: export {name}=... where the worker starts")
            return stand_in(name, value, str(path[-1]))

        return _WRITTEN.sub(replace, value)

    replaced: dict[str, Any] = each(page, ())
    return replaced


def stand_in(name: str, written: str, kind: str) -> str:
    """What takes the place of a secret that is not known: no such host can ever exist (RFC 2606)."""
    if kind == "mail":
        return name if "@" in written else f"{name}@secret.invalid"
    begins = written.startswith("${") and kind != "secret"
    return f"https://{name}.invalid" if begins else name


def without_secrets(error: ConfigError, text: str, environment: Mapping[str, str]) -> ConfigError:
    """The same error, which names what `${NAME}` stands for by its name only."""
    message = error.message
    for name in set(VARIABLE.findall(text)):
        value = environment.get(name, "")
        if len(value) >= _SHORTEST_SECRET:
            message = message.replace(value, f"${{{name}}}").replace(repr(value)[1:-1], f"${{{name}}}")
    others = tuple(without_secrets(other, text, environment) for other in error.others)
    return dataclasses.replace(error, message=message, others=others)
