"""JSON Schema of medic.yaml, as the page is written: what an editor completes, explains and underlines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from remediation.durations import PATTERN, write_duration
from remediation.yaml_marks import Path

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@lru_cache(maxsize=1)
def page_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a whole page, whose model this is. It knows no names: whether a channel is there, reading tells."""
    written = _as_written(model.model_json_schema())
    return {"$schema": _DIALECT, "title": "medic.yaml", **written}


def keys_at(schema: dict[str, Any], path: Path) -> set[str]:
    """The keys that may stand in what is at `path`."""
    nodes = list(_branches(schema, schema))
    for part in path:
        nodes = [deeper for node in nodes for deeper in _into(schema, node, part)]
    return {key for node in nodes for key in node.get("properties", {})}


def places_of(schema: dict[str, Any], key: str) -> list[str]:
    """Where on the page a key of this name stands: `["guardrails"]`, `["rules[].scope"]`; the top is `""`."""
    return list(dict.fromkeys(place for place, name in _keys(schema, schema, "") if name == key))


def _keys(schema: dict[str, Any], node: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    for branch in _branches(schema, node):
        for name, child in branch.get("properties", {}).items():
            yield place, name
            yield from _keys(schema, child, f"{place}.{name}" if place else name)
        if isinstance(branch.get("additionalProperties"), dict):
            yield from _keys(schema, branch["additionalProperties"], f"{place}.<name>")
        if "items" in branch:
            yield from _keys(schema, branch["items"], f"{place}[]")


def _into(schema: dict[str, Any], node: dict[str, Any], part: str | int) -> Iterator[dict[str, Any]]:
    if isinstance(part, int):
        child = node.get("items")
    else:
        child = node.get("properties", {}).get(part, node.get("additionalProperties"))
    return _branches(schema, child) if isinstance(child, dict) else iter(())


def _branches(schema: dict[str, Any], node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What may stand here: the node itself, or what it refers to and chooses from."""
    if "$ref" in node:
        yield from _branches(schema, schema["$defs"][node["$ref"].rpartition("/")[2]])
    for one in node.get("anyOf", ()):
        yield from _branches(schema, one)
    yield node


def _as_written(node: Any) -> Any:
    """pydantic's schema of the models → that of the page: no invented titles, no null, durations as people write."""
    if isinstance(node, list):
        return [_as_written(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {key: one for key, one in node.items() if key != "title"}
    if "default" in kept and kept["default"] is None:
        del kept["default"]
        kept["anyOf"] = [one for one in kept["anyOf"] if one != {"type": "null"}]
        if len(kept["anyOf"]) == 1:
            kept = {**kept.pop("anyOf")[0], **kept}
    if kept.get("pattern") == PATTERN and isinstance(kept.get("default"), int):
        kept["default"] = write_duration(kept["default"])
    named = ("properties", "$defs")  # what is in these has names that the page gives: no keyword of a schema
    return {
        key: {name: _as_written(one) for name, one in value.items()}
        if key in named and isinstance(value, dict)
        else value
        if key in ("default", "const", "enum", "examples")
        else _as_written(value)
        for key, value in kept.items()
    }
