"""EventBridge's own rules, generated from medic.yaml: what must come to the door, and as little else as is certain.

A rule on the bus may let through more than the page asks for, never less: what comes in is decided again by the worker.
So the bus is asked only for `source`, `type`, `subject`, `region` and `status`, which are always texts, and only with
operators that both languages certainly read alike. What `data`, `tags` or the rest are to hold is left to the worker.

Assumed of the events on the bus: `type` is spelled `cvm:ErrorEvent:DiskReadonly` or `cvm:ErrorEvent:disk_readonly`,
`region` as ap-guangzhou, and `status` is a text. Limits of the bus: Tencent 1108/42271.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from remediation.config import Config, Rule
from remediation.events import KNOWN_FAULTS, Status
from remediation.models import Fact
from remediation.pattern_operators import AnythingBut, Contain, Fields, OneOf, Operator, Prefix, Suffix
from remediation.patterns import compile_pattern
from remediation.subsumption import covers

SOURCE = "cvm.cloud.tencent"
MOST_BUS_RULES = 200  # on the cloud-service bus, those of others included
LONGEST_NAME = 60
_ASKED = ("type", "subject", "region", "status")
_KNOWN_TYPES = tuple(f"cvm:ErrorEvent:{fault}" for fault in KNOWN_FAULTS)

# What is no alarm, and yet has to be known for an alarm to be judged. A recovery comes in by the rule of its alarm.
EVIDENCE: dict[str, tuple[str, list[Any]]] = {
    "reboots": ("an instance was rebooted, by us or by somebody else", ["cvm:ErrorEvent:GuestReboot"]),
    "fstab": ("a faulty fstab, with which no reboot comes back", ["cvm:ErrorEvent:ErrorCfgFstab"]),
    "platform-repairs": (
        "the platform plans, makes or ends a repair of its own",
        [
            {"prefix": "cvm:ErrorEvent:Instance"},
            "cvm:ErrorEvent:GuestRestarted_HostFailure",
            "cvm:ErrorEvent:GuestScheduledToRes",
        ],
    ),
}


class BusRule(Fact):
    """One rule for EventBridge's default bus.

    Attributes:
        pattern: in EventBridge's language, ready for `json.dumps`.
        serves: the rules of the page, and the kinds of evidence, that need it.
        left_to_worker: the keys of the page's rule that the bus is not asked for.
    """

    name: str
    pattern: dict[str, Any]
    serves: tuple[str, ...]
    left_to_worker: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        return f"cvm-medic: {'; '.join(self.serves)}"[:200]

    @property
    def pattern_text(self) -> str:
        """As the API and the console take it."""
        return json.dumps(self.pattern, separators=(",", ":"), ensure_ascii=False)


def bus_rules(config: Config) -> tuple[BusRule, ...]:
    """The rules that let through every event which a rule of the page matches, its recovery, and all evidence.

    What another one lets through too is not said twice, since each delivery counts. More than the bus can hold become
    a single one that asks for their types alone.
    """
    wanted = [found for rule in config.rules if (found := _of_rule(rule)) is not None]
    for name, (about, types) in EVIDENCE.items():
        wanted.append(_bus_rule(name, {"source": [SOURCE], "type": types}, (about,)))
    kept: list[BusRule] = []
    for one in wanted:
        kept = _with(kept, one)
    rules = [one.model_copy(update={"pattern": _spelled(one.pattern)}) for one in kept]
    return tuple(rules) if len(rules) <= MOST_BUS_RULES else (_all_in_one(rules),)


def _of_rule(rule: Rule) -> BusRule | None:
    """None if the rule asks for another source, since then it matches nothing that the door takes."""
    conditions = dict(rule.pattern.fields.conditions)
    source = conditions.pop("source", None)
    if source is not None and not source.accepts(SOURCE):
        return None
    pattern: dict[str, Any] = {"source": [SOURCE]}
    for key in _ASKED:
        asked = _certain(conditions.get(key))
        if key == "status" and asked is not None:
            asked = _with_recovery(asked)
        if asked is not None:
            pattern[key] = asked
    left = tuple(key for key in conditions if key not in pattern)
    return _bus_rule(rule.name, pattern, (rule.name,), left)


def _bus_rule(name: str, pattern: dict[str, Any], serves: tuple[str, ...], left: tuple[str, ...] = ()) -> BusRule:
    full = f"medic-{name}"
    if len(full) > LONGEST_NAME or full.endswith("-"):  # which a name on the bus may not
        full = f"{full[: LONGEST_NAME - 7]}-{hashlib.sha256(full.encode()).hexdigest()[:6]}"
    return BusRule(name=full, pattern=pattern, serves=serves, left_to_worker=left)


def _certain(condition: OneOf | Fields | None) -> list[Any] | None:
    """The condition as both languages read it alike; None if that is not certain, or nothing is asked."""
    if not isinstance(condition, OneOf):
        return None
    said = [_operator(one) for one in condition.operators]
    if any(one is None for one in said):
        return None
    return [*sorted(str(value) for _, value in condition.exact), *said]


def _operator(one: Operator) -> dict[str, Any] | None:
    if isinstance(one, Prefix):
        return {"prefix": one.text}
    if isinstance(one, Suffix):
        return {"suffix": one.text}
    if isinstance(one, Contain) and one.parts is not None:
        return {"contain": list(one.parts)}
    if isinstance(one, AnythingBut):
        inner = _certain(one.inner)
        if inner and not one.inner.operators:
            return {"anything-but": inner}
        if inner and len(inner) == 1 and isinstance(one.inner.operators[0], (Prefix, Suffix)):
            return {"anything-but": inner[0]}
    return None


def _with_recovery(statuses: list[Any]) -> list[Any] | None:
    """An alarm's end has to come in with it; None asks for any status."""
    if not all(isinstance(one, str) for one in statuses):
        return None
    return sorted({*statuses, Status.RECOVERED.value})


def _with(kept: list[BusRule], one: BusRule) -> list[BusRule]:
    """These and one more, of which none lets through only what another does."""
    compiled = compile_pattern(one.pattern)
    for index, other in enumerate(kept):
        if covers(compile_pattern(other.pattern), compiled):
            return [*kept[:index], _serving(other, one.serves), *kept[index + 1 :]]
    narrower = [other for other in kept if covers(compiled, compile_pattern(other.pattern))]
    served = tuple(name for other in narrower for name in other.serves)
    return [*(other for other in kept if other not in narrower), _serving(one, served)]


def _serving(one: BusRule, more: tuple[str, ...]) -> BusRule:
    return one.model_copy(update={"serves": (*one.serves, *more)})


def _spelled(pattern: dict[str, Any]) -> dict[str, Any]:
    """With every spelling of the types in which an event may come."""
    asked = compile_pattern({"type": pattern["type"]}).fields if "type" in pattern else None
    if asked is None:
        return pattern
    other = [_snake(known) for known in _KNOWN_TYPES if asked.accepts({"type": known})]
    return {**pattern, "type": [*pattern["type"], *(one for one in other if one not in pattern["type"])]}


def _snake(kind: str) -> str:
    """`cvm:ErrorEvent:DiskReadonly` → `cvm:ErrorEvent:disk_readonly`."""
    family, _, fault = kind.rpartition(":")
    return f"{family}:{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', fault).lower()}"


def _all_in_one(rules: list[BusRule]) -> BusRule:
    types: list[Any] = []
    for one in rules:
        types += [kind for kind in one.pattern.get("type", []) if kind not in types]
    pattern: dict[str, Any] = {"source": [SOURCE]}
    if all("type" in one.pattern for one in rules):
        pattern["type"] = types
    served = tuple(name for one in rules for name in one.serves)
    return _bus_rule("all", pattern, served, ("subject", "region", "status"))
