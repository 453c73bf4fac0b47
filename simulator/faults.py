"""What goes wrong, by rule: asked at named points of each call, and free of any input or output itself."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal[
    "throttle",
    "error",
    "http_500",
    "drop_before",
    "lose_answer",
    "truncate",
    "wrong_content_type",
    "null_id",
    "delay",
    "hold",
]
# arrival: nothing happened yet · effect: it was done, and only then · answer: whatever is being said
Point = Literal["arrival", "effect", "answer"]

_USUAL_POINT: dict[Kind, Point] = {
    "throttle": "arrival",
    "error": "arrival",
    "http_500": "arrival",
    "drop_before": "arrival",
    "delay": "arrival",
    "hold": "arrival",
    "lose_answer": "effect",
    "truncate": "effect",
    "null_id": "effect",
    "wrong_content_type": "answer",
}
_MOVABLE = {"error", "http_500", "delay", "hold"}
_PAUSES = {"delay", "hold"}


class FaultRule(BaseModel):
    """One rule: let `skip` matching calls pass, then hit `times` of them (null: all)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: str = "*"
    kind: Kind
    times: int | None = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    region: str | None = None
    target: str | None = None  # hits only calls that name this id
    code: str = "InternalError"  # kind error
    message: str = "An internal error has occurred."
    seconds: float = Field(default=1, ge=0)  # kind delay
    at: Point | None = None  # error, http_500, delay, hold: "effect" for "although it was done"

    @model_validator(mode="after")
    def _point_fits(self) -> FaultRule:
        if self.at is not None and self.kind not in _MOVABLE:
            raise ValueError(f"{self.kind} always comes at its own point; `at` is for {', '.join(sorted(_MOVABLE))}")
        return self

    @property
    def point(self) -> Point:
        return self.at or _USUAL_POINT[self.kind]

    @property
    def pauses(self) -> bool:
        """It makes the call wait, and does not decide what it ends in."""
        return self.kind in _PAUSES


@dataclass
class _Armed:
    rule: FaultRule
    skip: int
    times: int | None


class Faults:
    """The rules that are armed; safe to change from another thread than the one that serves."""

    def __init__(self, rules: Iterable[FaultRule] = ()) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._releases = 0
        self.add(*rules)

    def add(self, *rules: FaultRule | Mapping[str, Any]) -> None:
        """Arm these, in the order in which they are asked; a rule may be given as a world file writes it.

        Raises:
            pydantic.ValidationError: it is no rule.
        """
        known = [FaultRule.model_validate(rule) for rule in rules]
        with self._lock:
            self._armed += [_Armed(rule, rule.skip, rule.times) for rule in known]

    def clear(self) -> None:
        """Forget all rules, and let go what they hold."""
        with self._lock:
            self._armed.clear()
            self._releases += 1

    def release(self) -> None:
        """Let go every call that is being held; later ones are held again as the rules say."""
        with self._lock:
            self._releases += 1

    @property
    def releases(self) -> int:
        """How often was released: a call is held as long as this stays the same."""
        return self._releases

    @property
    def rules(self) -> list[FaultRule]:
        """Those that can still hit."""
        with self._lock:
            return [one.rule for one in self._armed if one.times != 0]

    def ask(self, point: Point, action: str, region: str, targets: Collection[str]) -> list[FaultRule]:
        """What hits this call at this point: any number of pauses, and at most one rule that decides how it ends."""
        hits: list[FaultRule] = []
        decided = False
        with self._lock:
            for armed in self._armed:
                rule = armed.rule
                if armed.times == 0 or rule.point != point or not _matches(rule, action, region, targets):
                    continue
                if armed.skip:
                    armed.skip -= 1
                    continue
                if decided and not rule.pauses:
                    continue
                decided = decided or not rule.pauses
                armed.times = None if armed.times is None else armed.times - 1
                hits.append(rule)
        return hits


def _matches(rule: FaultRule, action: str, region: str, targets: Collection[str]) -> bool:
    return (
        rule.action in ("*", action)
        and rule.region in (None, region)
        and (rule.target is None or rule.target in targets)
    )
