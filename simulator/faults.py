"""What goes wrong, by rule: asked at named points of each call, and free of any input or output itself.

Before the effect: `throttle` · `error` with any `code` (times null: for hours) · `http_500` · `drop_before` (the
connection ends) · `reset` (it breaks, RST) · `silence` (taken, and never answered) · `late` (the answer is lost, or a
500 or an error, *now*; what was asked for comes about `seconds` later, or is refused then).
After the effect: `lose_answer` · `truncate` · `null_id` · `wrong_body` (any `body` and `content_type`, with HTTP 200),
and with `at: effect` error, http_500, reset, silence. Whatever is said: `wrong_content_type`.
Beside all of these: `delay` and `hold` make a call wait (held until released, and then carried out) · `lag` lets a
read show the cloud as it was `seconds` ago, yet no earlier than the first call after such a rule was armed · `refuse`
answers the call, and then refuses every connection for `seconds` · `befall` lets the happening `do` come as the call
arrives (`at: arrival`) or once it took effect (`at: effect`).
"""

from __future__ import annotations

import random
import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulator.happenings import Happening

Kind = Literal[
    "throttle",
    "error",
    "http_500",
    "drop_before",
    "lose_answer",
    "truncate",
    "wrong_content_type",
    "wrong_body",
    "null_id",
    "reset",
    "silence",
    "late",
    "refuse",
    "delay",
    "hold",
    "lag",
    "befall",
]
# arrival: nothing happened yet · effect: it was done, and only then · answer: whatever is being said
Point = Literal["arrival", "effect", "answer"]

_USUAL_POINT: dict[Kind, Point] = {
    "throttle": "arrival",
    "error": "arrival",
    "http_500": "arrival",
    "drop_before": "arrival",
    "reset": "arrival",
    "silence": "arrival",
    "late": "arrival",
    "delay": "arrival",
    "hold": "arrival",
    "lag": "arrival",
    "befall": "arrival",
    "lose_answer": "effect",
    "truncate": "effect",
    "null_id": "effect",
    "wrong_body": "effect",
    "wrong_content_type": "answer",
    "refuse": "answer",
}
_MOVABLE = {"error", "http_500", "reset", "silence", "wrong_body", "delay", "hold", "befall"}
_PAUSES = {"delay", "hold"}
_BESIDES = {*_PAUSES, "lag", "befall", "refuse"}


class FaultRule(BaseModel):
    """One rule: let `skip` matching calls pass, then hit `times` of them (null: all), each with this `chance`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: str = "*"
    kind: Kind
    times: int | None = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    chance: float = Field(default=1, gt=0, le=1)  # what it spares counts for neither `skip` nor `times`
    region: str | None = None
    target: str | None = None  # hits only calls that name this id
    code: str = "InternalError"  # kinds error, late
    message: str = "An internal error has occurred."
    # delay, refuse: real ones · lag, late: of the cloud's time, which its speed divides
    seconds: float = Field(default=1, ge=0)
    body: str = '{"code": 0, "data": null}'  # kind wrong_body
    content_type: str = "application/json"
    answer: Literal["lose_answer", "http_500", "error"] = "lose_answer"  # kind late: what is said meanwhile
    do: Happening | None = None  # kind befall
    at: Point | None = None  # for the kinds that can come "although it was done"

    @model_validator(mode="after")
    def _fits_its_kind(self) -> FaultRule:
        if self.at is not None and self.kind not in _MOVABLE:
            raise ValueError(f"{self.kind} always comes at its own point; `at` is for {', '.join(sorted(_MOVABLE))}")
        if (self.kind == "befall") != (self.do is not None):
            raise ValueError("`do` belongs to the kind befall, which needs it")
        return self

    @property
    def point(self) -> Point:
        return self.at or _USUAL_POINT[self.kind]

    @property
    def pauses(self) -> bool:
        """It makes the call wait."""
        return self.kind in _PAUSES

    @property
    def decides(self) -> bool:
        """What the call ends in is up to this rule."""
        return self.kind not in _BESIDES


@dataclass
class _Armed:
    rule: FaultRule
    skip: int
    times: int | None
    random: random.Random


class Faults:
    """The rules that are armed; safe to change from another thread than the one that serves.

    The same rules and the same `seed` hit the same calls of the same sequence: each rule draws its own chances.
    """

    def __init__(self, rules: Iterable[FaultRule] = (), seed: int = 1) -> None:
        self._seed, self._count = seed, 0
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
            for rule in known:
                self._armed.append(_Armed(rule, rule.skip, rule.times, random.Random(f"{self._seed}:{self._count}")))  # noqa: S311  # chance, no secret
                self._count += 1

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
    def lag(self) -> bool:
        """Whether a read may have to show the past."""
        return any(one.rule.kind == "lag" for one in self._armed)

    @property
    def rules(self) -> list[FaultRule]:
        """Those that can still hit."""
        with self._lock:
            return [one.rule for one in self._armed if one.times != 0]

    def ask(self, point: Point, action: str, region: str, targets: Collection[str]) -> list[FaultRule]:
        """What hits this call at this point: at most one rule that decides how it ends, and any others."""
        hits: list[FaultRule] = []
        decided = False
        with self._lock:
            for armed in self._armed:
                rule = armed.rule
                if armed.times == 0 or rule.point != point or not _matches(rule, action, region, targets):
                    continue
                if rule.chance < 1 and armed.random.random() >= rule.chance:
                    continue
                if armed.skip:
                    armed.skip -= 1
                    continue
                if decided and rule.decides:
                    continue
                decided = decided or rule.decides
                armed.times = None if armed.times is None else armed.times - 1
                hits.append(rule)
        return hits


def _matches(rule: FaultRule, action: str, region: str, targets: Collection[str]) -> bool:
    return (
        rule.action in ("*", action)
        and rule.region in (None, region)
        and (rule.target is None or rule.target in targets)
    )
