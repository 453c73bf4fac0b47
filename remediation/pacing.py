"""Pacing: how often one robot may be written to, and what waits for it meanwhile; `now` in seconds, never going back.

Who may not send now waits outside and asks again; what waits goes along with the next message that is sent, so that
nobody waits for the length of a queue.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pydantic import BaseModel

from remediation.folding import FIRST_TO_READ
from remediation.models import Fact
from remediation.robots import most_along
from remediation.telling import Told


class Rate(NamedTuple):
    """At most `most` messages within any `seconds`."""

    most: int
    seconds: float


# A little below what the services publish (20 a minute; Feishu 100 a minute and 5 a second): their clock is not ours,
# and DingTalk answers one too many with ten minutes of silence.
RATES: dict[str, tuple[Rate, ...]] = {
    "wecom": (Rate(18, 60),),
    "dingtalk": (Rate(18, 60),),
    "feishu": (Rate(4, 1), Rate(90, 60)),
}
REMEMBERED = 2_400.0
"""Seconds; longer than a notice is tried."""
_IN_HAND_SECONDS = 5.0


class Letter(Fact):
    """One notice for the robot; `key` is the same on every attempt to deliver it."""

    key: str
    told: Told


class Turn(Fact):
    """What becomes of who asked: it waits so long, was told already with others, or sends these, its own among them."""

    wait_seconds: float = 0
    is_told: bool = False
    letters: tuple[Letter, ...] = ()


class Lane(BaseModel):
    """The way to one robot."""

    kind: str
    sent: list[float] = []
    quiet_until: float = 0
    waiting: dict[str, tuple[float, Letter]] = {}
    in_hand: dict[str, float] = {}
    told: dict[str, float] = {}
    alone: dict[str, float] = {}

    def ask(self, letter: Letter, now: float) -> Turn:
        """May it be sent now? If so it counts as sent, whatever comes of it: `delivered` or `failed` has to follow."""
        self._forget(now)
        if letter.key in self.told:
            return Turn(is_told=True)
        if letter.key in self.in_hand:
            return Turn(wait_seconds=_IN_HAND_SECONDS)
        wait = wait_seconds(self.sent, RATES[self.kind], self.quiet_until, now)
        if wait > 0:
            self.waiting.setdefault(letter.key, (now, letter))
            return Turn(wait_seconds=wait)
        may_join = (one for _, one in self.waiting.values() if one.key not in {letter.key, *self.alone})
        others = sorted(may_join, key=_urgency) if letter.key not in self.alone else []
        along = others[: most_along(self.kind, letter.told, [one.told for one in others])]
        letters = tuple(sorted((letter, *along), key=_urgency))
        self.sent.append(now)
        for one in letters:
            since, _ = self.waiting.pop(one.key, (now, one))
            self.in_hand[one.key] = since
        return Turn(letters=letters)

    def delivered(self, letters: Iterable[Letter], now: float) -> None:
        """They have arrived: whoever asks for one of them again hears so."""
        for one in letters:
            self.in_hand.pop(one.key, None)
            self.told[one.key] = now

    def failed(
        self, letters: Iterable[Letter], asked: str, quiet_seconds: float, now: float, *, apart: bool = False
    ) -> None:
        """They have not, and each is asked for again; the robot is left alone for so long.

        Args:
            apart: one of them may be to blame, so that from here on each goes by itself.
        """
        self.quiet_until = max(self.quiet_until, now + quiet_seconds)
        for one in letters:
            since = self.in_hand.pop(one.key, now)
            if apart:
                self.alone[one.key] = now
            elif one.key != asked:
                self.waiting[one.key] = (since, one)

    def _forget(self, now: float) -> None:
        longest = max(rate.seconds for rate in RATES[self.kind])
        self.sent = [at for at in self.sent if now - at < longest]
        self.told = {key: at for key, at in self.told.items() if now - at < REMEMBERED}
        self.alone = {key: at for key, at in self.alone.items() if now - at < REMEMBERED}
        self.waiting = {key: one for key, one in self.waiting.items() if now - one[0] < REMEMBERED}


def wait_seconds(sent: list[float], rates: Iterable[Rate], quiet_until: float, now: float) -> float:
    """How long until one more may be sent, after those of `sent`, the oldest first; 0 if now."""
    free_at = [quiet_until, *(sent[-rate.most] + rate.seconds for rate in rates if len(sent) >= rate.most)]
    return max(0.0, *(at - now for at in free_at))


def _urgency(letter: Letter) -> int:
    return FIRST_TO_READ.index(letter.told.headline)
