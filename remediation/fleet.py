"""A region's limits as a pure state machine: who may begin to act, who waits for a turn, and when the next one comes.

A permit that is held and has not been seen to send counts as of now: it may be used at any moment. One that was seen to
send counts from then; one that was given back unused counts not at all; one of which nobody knows counts from its end.
So no reading of the clock, late or early, lets more than `max_actions_per_hour` begin within any 60 minutes.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta

from pydantic import field_validator

from remediation.contract import PermitAnswer, PermitAsked
from remediation.decisions import Recipient
from remediation.freezes import Freeze, frozen
from remediation.models import Fact
from remediation.reasons import Code, Reason, because

HOUR = timedelta(hours=1)
# The state crosses Temporal as one payload. More than these stay with their askers, who ask again.
MOST_WAITING = 1000
ASK_AGAIN_SECONDS = 300
_MOST_NAMED = 10
_MOST_WITHDRAWN = 200


class Grant(Fact):
    """A permit that is held; `sent_at` is when its run was known to have sent its first call."""

    asked: PermitAsked
    granted_at: datetime
    sent_at: datetime | None = None
    run_id: str = ""


class Waiter(Fact):
    """Somebody who waits for a turn."""

    asked: PermitAsked
    since: datetime


class Hold(Fact):
    """One time of waiting, as people were told of it: one thread of notices.

    Attributes:
        told: what was told last; another text is news.
        times: how often.
        recipients: who has heard of it, and hears of its end.
        over_since: when the last one stopped waiting.
    """

    thread: str
    began_at: datetime
    told: str = ""
    told_at: datetime | None = None
    times: int = 0
    recipients: tuple[Recipient, ...] = ()
    over_since: datetime | None = None


class FleetState(Fact):
    """All that a guard knows.

    Attributes:
        withdrawn: turns that were given up lately; a question that comes after its withdrawal is nobody's.
        starts: when those began that have given their permit back within the last hour, the oldest first.
        everywhere: the freeze of all regions, as it was read last.
    """

    region: str
    max_acting: int = 0
    max_actions_per_hour: int = 0
    grants: tuple[Grant, ...] = ()
    waiting: tuple[Waiter, ...] = ()
    withdrawn: tuple[str, ...] = ()
    starts: tuple[datetime, ...] = ()
    freeze: Freeze | None = None
    everywhere: Freeze | None = None
    hold: Hold | None = None

    @field_validator("starts")
    @classmethod
    def _oldest_first(cls, starts: tuple[datetime, ...]) -> tuple[datetime, ...]:
        return tuple(sorted(starts))  # of an older version, which kept them as they came


class ShownWaiter(Fact):
    """Who waits, and why."""

    instance_id: str
    rule: str
    since: datetime
    reason: Reason


class FleetShown(Fact):
    """A guard's state for people."""

    region: str
    max_acting: int
    max_actions_per_hour: int
    within_the_hour: int
    acting: tuple[Grant, ...]
    waiting: tuple[ShownWaiter, ...]
    freeze: Freeze | None


def ask(state: FleetState, asked: PermitAsked, now: datetime) -> tuple[FleetState, PermitAnswer]:
    """A permit now, or a place in the queue. The same key is the same question, and has the same answer."""
    limits = {"max_acting": asked.max_acting, "max_actions_per_hour": asked.max_actions_per_hour}
    state = learn(state.model_copy(update=limits), asked.everywhere)
    if any(one.asked.key == asked.key for one in state.grants):
        return state, PermitAnswer(granted=True)
    if asked.key in state.withdrawn:
        return state, PermitAnswer(granted=False, error="this turn was given up", ask_again_seconds=ASK_AGAIN_SECONDS)
    # An instance has one place: whoever asked for it before is not there any more.
    place = next((at for at, one in enumerate(state.waiting) if one.asked.instance_id == asked.instance_id), None)
    if place is not None:
        mine = state.waiting[place].model_copy(update={"asked": asked})
        waiting = (*state.waiting[:place], mine, *state.waiting[place + 1 :])
        state = state.model_copy(update={"waiting": waiting})
        return state, PermitAnswer(granted=False, reason=why(state, mine, now))
    newcomer = Waiter(asked=asked, since=now)
    if _blocked(state, now) is None and not _eligible(state) and asked.instance_id not in _held(state):
        return _grant(state, newcomer, now), PermitAnswer(granted=True)
    if len(state.waiting) >= MOST_WAITING:
        full = because(Code.TOO_MANY_WAIT, waiting=len(state.waiting), region=state.region)
        return state, PermitAnswer(granted=False, reason=full, ask_again_seconds=ASK_AGAIN_SECONDS)
    state = state.model_copy(update={"waiting": (*state.waiting, newcomer)})
    return state, PermitAnswer(granted=False, reason=why(state, newcomer, now))


def sent(state: FleetState, key: str, run_id: str, now: datetime) -> FleetState:
    """By now its run has sent, or may have. Of a permit that nobody holds the start counts all the same."""
    if all(one.asked.key != key for one in state.grants):
        return _began(state, now, now)
    marked = (
        one.model_copy(update={"sent_at": one.sent_at or now, "run_id": run_id}) if one.asked.key == key else one
        for one in state.grants
    )
    return state.model_copy(update={"grants": tuple(marked)})


def ended(state: FleetState, key: str, acted: bool | None, now: datetime) -> FleetState:
    """The permit is given back; `acted` is None if nobody knows whether anything was sent under it."""
    grant = next((one for one in state.grants if one.asked.key == key), None)
    if grant is None:
        return withdraw(state, key)
    began = grant.sent_at or (None if acted is False else now)
    left = tuple(one for one in state.grants if one is not grant)
    state = state.model_copy(update={"grants": left})
    return _pruned(state, now) if began is None else _began(state, began, now)


def withdraw(state: FleetState, key: str) -> FleetState:
    """The turn is not needed any more; a permit that was used is given back by the end of its run alone."""
    grants = tuple(one for one in state.grants if one.asked.key != key or one.sent_at is not None)
    waiting = tuple(one for one in state.waiting if one.asked.key != key)
    withdrawn = (*state.withdrawn, key)[-_MOST_WITHDRAWN:]
    return state.model_copy(update={"grants": grants, "waiting": waiting, "withdrawn": withdrawn})


def learn(state: FleetState, everywhere: Freeze | None) -> FleetState:
    """What the guard of all regions says."""
    return state.model_copy(update={"everywhere": everywhere})


def tick(state: FleetState, now: datetime) -> FleetState:
    """What time alone changes: a freeze ends, and what began more than an hour ago counts no more."""
    if state.freeze is not None and state.freeze.until <= now:
        state = state.model_copy(update={"freeze": None})
    if state.everywhere is not None and state.everywhere.until <= now:
        state = state.model_copy(update={"everywhere": None})
    return _pruned(state, now)


def has_turn(state: FleetState, now: datetime) -> bool:
    """Whether somebody's turn has come, as far as this region is concerned."""
    return bool(_eligible(state)) and _blocked(learn(state, None), now) is None


def next_turn(state: FleetState, now: datetime) -> tuple[FleetState, Waiter | None]:
    """Who came first gets the permit, if there is one to give."""
    eligible = _eligible(state)
    if not eligible or _blocked(state, now) is not None:
        return state, None
    first = eligible[0]
    left = tuple(one for one in state.waiting if one is not first)
    return _grant(state.model_copy(update={"waiting": left}), first, now), first


def why(state: FleetState, waiter: Waiter, now: datetime) -> Reason:
    """Why this one has to wait."""
    instance_id = waiter.asked.instance_id
    before = [one for one in state.waiting if one.since < waiter.since]
    if instance_id in _held(state):
        return because(Code.STILL_HELD, instance=instance_id)
    return _blocked(state, now) or because(Code.OTHERS_FIRST, region=state.region, before=len(before))


def within_the_hour(state: FleetState, now: datetime) -> int:
    """How many count as begun within the last 60 minutes."""
    held = sum(now - (one.sent_at or now) < HOUR for one in state.grants)
    return held + len(state.starts) - _over(state, now)


def next_moment(state: FleetState, now: datetime) -> datetime | None:
    """When time alone changes something next."""
    moments = [one + HOUR for one in state.starts[_over(state, now) :][:1]]
    moments += [one.sent_at + HOUR for one in state.grants if one.sent_at is not None and state.waiting]
    moments += [one.until for one in (state.freeze, state.everywhere) if one is not None]
    return min((one for one in moments if one > now), default=None)


def is_forgotten(state: FleetState, now: datetime) -> bool:
    """Whether nothing would be lost with it."""
    remembered = (state.grants, state.waiting, state.freeze, state.hold, within_the_hour(state, now))
    return not any(remembered)


def show(state: FleetState, now: datetime) -> FleetShown:
    """The state for people."""
    return FleetShown(
        region=state.region,
        max_acting=state.max_acting,
        max_actions_per_hour=state.max_actions_per_hour,
        within_the_hour=within_the_hour(state, now),
        acting=state.grants,
        waiting=tuple(
            ShownWaiter(
                instance_id=one.asked.instance_id, rule=one.asked.rule, since=one.since, reason=why(state, one, now)
            )
            for one in state.waiting
        ),
        freeze=state.freeze or state.everywhere,
    )


def _blocked(state: FleetState, now: datetime) -> Reason | None:
    """Why nobody may begin now, or None."""
    for freeze in (state.freeze, state.everywhere):
        if freeze is not None and now < freeze.until:
            return frozen(freeze)
    if len(state.grants) >= state.max_acting:
        names = [one.asked.instance_id for one in state.grants]
        more = f" + {len(names) - _MOST_NAMED}" if len(names) > _MOST_NAMED else ""
        acting = ", ".join(names[:_MOST_NAMED]) + more or "0"
        return because(Code.MANY_ACTING, acting=acting, limit=state.max_acting, region=state.region)
    count, limit = within_the_hour(state, now), state.max_actions_per_hour
    if count >= limit:
        return because(Code.HOUR_USED, count=count, limit=limit, region=state.region)
    return None


def _eligible(state: FleetState) -> list[Waiter]:
    held = _held(state)
    return [one for one in state.waiting if one.asked.instance_id not in held]


def _held(state: FleetState) -> set[str]:
    return {one.asked.instance_id for one in state.grants}


def _grant(state: FleetState, to: Waiter, now: datetime) -> FleetState:
    return state.model_copy(update={"grants": (*state.grants, Grant(asked=to.asked, granted_at=now))})


def _pruned(state: FleetState, now: datetime) -> FleetState:
    over = _over(state, now)
    return state.model_copy(update={"starts": state.starts[over:]}) if over else state


def _began(state: FleetState, at: datetime, now: datetime) -> FleetState:
    """One more has begun; there may be thousands, and the guard looks at them at every word that it hears."""
    place = bisect_right(state.starts, at)
    return _pruned(state.model_copy(update={"starts": (*state.starts[:place], at, *state.starts[place:])}), now)


def _over(state: FleetState, now: datetime) -> int:
    """How many of the starts are an hour old."""
    return bisect_right(state.starts, now - HOUR)
