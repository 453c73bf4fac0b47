"""What the keys at the top of an envelope may be asked for: which there are, which hold text, how types are spelled.

`type` and `region` of an event are normalised before anything is matched, so the same is done here to whole values. Of
a part, as in `prefix`, nobody can know what it was to become: it is compared as it is written, and refused if that
could never match.
"""

from __future__ import annotations

import difflib
import re

from remediation.errors import EventRejected
from remediation.events import KNOWN_FAULTS, TYPE, canonical_type
from remediation.regions import normalise_region

TEXTS = ("id", "source", "type", "subject", "region", "status", "specversion", "datacontenttype")
KEYS = (*TEXTS, "time", "resource", "tags", "data")
_KNOWN_TYPES = tuple(f"cvm:ErrorEvent:{fault}" for fault in KNOWN_FAULTS)
_PART_OF_A_REGION = re.compile(r"[a-z0-9-]+")


def unknown_key(key: str) -> str:
    """What to say about a key that no envelope has; "" if it is one."""
    if key in KEYS:
        return ""
    close = difflib.get_close_matches(key, KEYS, n=1)
    return f"an event has no `{key}`: " + (f"did you mean `{close[0]}`?" if close else f"it has {', '.join(KEYS)}")


def spell(key: str, value: str) -> str:
    """A whole text that `key` is to have, in the spelling to which events are normalised.

    Raises:
        ValueError: no event that is taken in can have it; says how it is written.
    """
    if key == "type":
        spelled = canonical_type(value)
        if not TYPE.fullmatch(spelled):
            raise ValueError(
                'a type is written as "cvm:ErrorEvent:DiskReadonly"; a part of one goes into [{prefix: …}]'
            )
        return spelled
    if key == "region":
        try:
            return normalise_region(value)
        except EventRejected:
            raise ValueError("a region is written as ap-guangzhou") from None
    return value


def unmatched_part(key: str, operator: str, part: str) -> str:
    """Why no event's `key` can begin with, end with or contain `part`, as far as is known; "" if one may."""
    if key == "region" and not _PART_OF_A_REGION.fullmatch(part):
        return "regions are compared in the form ap-guangzhou: lower case, digits and dashes"
    if key == "type" and not any(_has(operator, known, part) for known in _KNOWN_TYPES):
        folded = _folded(part)
        for known in _KNOWN_TYPES:
            if _has(operator, _folded(known), folded) or _has(operator, _folded(known.rpartition(":")[2]), folded):
                return f'types are compared in the form "{known}"'
    return ""


def _has(operator: str, text: str, part: str) -> bool:
    if operator == "contain":
        return part in text
    return text.startswith(part) if operator == "prefix" else text.endswith(part)


def _folded(text: str) -> str:
    return text.replace("_", "").lower()
