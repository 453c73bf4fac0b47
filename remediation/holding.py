"""The one notice about all that wait in a region: told when they begin, when what matters changes, and at the end."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from remediation.decisions import Recipient
from remediation.fleet import FleetState, Hold, why
from remediation.models import Fact
from remediation.notices import OPERATORS, Headline, Notice, RunRef
from remediation.reasons import Code, Reason, because

# A storm is one notice.
FIRST_AFTER = timedelta(seconds=10)
AGAIN_AFTER = timedelta(minutes=10)
AT_MOST_APART = timedelta(hours=1)
# Who is next begins to wait a moment after the last one got its turn: that is not the end of it.
OVER_AFTER = timedelta(minutes=1)


class Telling(Fact):
    """What to remember, what to tell whom now, and when to look again."""

    hold: Hold | None = None
    notice: Notice | None = None
    recipients: tuple[Recipient, ...] = ()
    again_at: datetime | None = None


def keep_told(state: FleetState, now: datetime, *, thread: str, run: RunRef) -> Telling:
    """Whether people have to be told of those who wait.

    Args:
        thread: what a new time of waiting is to be called.
        run: the guard, for links.
    """
    hold = state.hold
    if not state.waiting:
        return _after_all(state, hold, now, run)
    hold = hold or Hold(thread=thread, began_at=min(one.since for one in state.waiting))
    hold = hold.model_copy(update={"over_since": None})
    reason, said = _reason(state, now), _said(state, now)
    due = hold.began_at + FIRST_AFTER if hold.told_at is None else hold.told_at + _gap(hold.times)
    if said == hold.told:
        return Telling(hold=hold)
    if now < due:
        return Telling(hold=hold, again_at=due)
    recipients = tuple(dict.fromkeys(one for waiter in state.waiting for one in waiter.asked.recipients))
    recipients = recipients or (OPERATORS,)
    known = tuple(dict.fromkeys((*hold.recipients, *recipients)))
    notice = Notice(
        id=f"{hold.thread}-{hold.times}",
        thread=hold.thread,
        headline=Headline.HELD,
        region=state.region,
        since=hold.began_at,
        rule=", ".join(dict.fromkeys(one.asked.rule for one in state.waiting)),
        reason=reason,
        details=tuple(f"{one.asked.instance_id} ({one.asked.rule})" for one in state.waiting),
        run=run,
    )
    hold = hold.model_copy(update={"told": said, "told_at": now, "times": hold.times + 1, "recipients": known})
    return Telling(hold=hold, notice=notice, recipients=recipients)


def _after_all(state: FleetState, hold: Hold | None, now: datetime, run: RunRef) -> Telling:
    if hold is None or hold.told_at is None:
        return Telling()
    since = hold.over_since or now
    if now < since + OVER_AFTER:
        return Telling(hold=hold.model_copy(update={"over_since": since}), again_at=since + OVER_AFTER)
    notice = Notice(
        id=f"{hold.thread}-{hold.times}",
        thread=hold.thread,
        headline=Headline.OBSERVED,
        region=state.region,
        reason=because(Code.HOLD_OVER, region=state.region),
        run=run,
    )
    return Telling(notice=notice, recipients=hold.recipients)


def _gap(times: int) -> timedelta:
    """Ever longer between two notices: who was told five times knows."""
    return min(AGAIN_AFTER * (1 << min(times - 1, 10)), AT_MOST_APART)


def _reason(state: FleetState, now: datetime) -> Reason:
    reason = why(state, state.waiting[0], now)
    return reason.model_copy(update={"facts": {**reason.facts, "waiting": str(len(state.waiting))}})


def _said(state: FleetState, now: datetime) -> str:
    """What matters to the reader: who waits, and for what kind of reason."""
    who = ",".join(sorted(one.asked.instance_id for one in state.waiting))
    return f"{why(state, state.waiting[0], now).code.value} {hashlib.sha256(who.encode()).hexdigest()[:16]}"
