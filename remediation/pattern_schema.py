"""JSON Schema of an event pattern, as a rule's `when` holds one: which keys an event has, and what they take."""

from __future__ import annotations

from typing import Any

_OPERATOR: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {
        "prefix": {"type": "string", "description": "begins with this"},
        "suffix": {"type": "string", "description": "ends with this"},
        "anything-but": {"description": "is none of these: a value, a list of values, or an operator"},
        "contain": {"description": "contains this, or all of a list"},
        "array": {"type": "string", "description": "one element matches this pattern, which is JSON in quotes"},
        "cidr": {"type": "string", "description": "an IP address of this network, as in 10.0.0.0/24"},
    },
}


def _text(description: str) -> dict[str, Any]:
    one = {"anyOf": [{"type": "string"}, _OPERATOR]}
    return {"anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": one}], "description": description}


PATTERN_SCHEMA: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {
        "source": _text("cvm.cloud.tencent, for everything about instances"),
        "type": _text("the kind of event, as in cvm:ErrorEvent:DiskReadonly"),
        "status": _text('"1" fires, "0" means recovered, "-" has no state; always in quotes'),
        "subject": _text("the instance, as in ins-0123abcd"),
        "region": _text("as in ap-guangzhou"),
        "id": _text("the event's own id"),
        "specversion": _text("the envelope's version; not to be relied on"),
        "datacontenttype": _text("the form of `data`"),
        "time": {"description": "milliseconds since 1970; a number"},
        "resource": {"description": "six-segment names"},
        "tags": {"description": "tags as the event carries them; what a rule may touch says `scope`, by the cloud"},
        "data": {"description": "what the product says; nested keys are all to match"},
    },
}
