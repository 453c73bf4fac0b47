"""The guards of all regions under a simulated clock, as `workflows/fleet_guard.py` is under Temporal's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from remediation import fleet
from remediation.contract import PermitAnswer, PermitAsked, incident_id
from remediation.decisions import Decision, Order
from remediation.events import Alarm
from remediation.fleet import FleetState
from remediation.simulated_time import SimulatedTime


class SimulatedFleets:
    """Grants permits, and gives turns in order; `busiest` is what people want to know of it."""

    def __init__(self, time: SimulatedTime, on_turn: Callable[[str, str], bool]) -> None:
        """`on_turn` is called with an incident's id and its run's key; it answers whether the turn is still wanted."""
        self._time, self._on_turn = time, on_turn
        self._states: dict[str, FleetState] = {}
        self._looked_at: dict[str, datetime] = {}
        self._acting: dict[str, int] = {}
        self.busiest: dict[str, tuple[int, datetime]] = {}

    @property
    def kept(self) -> int:
        return sum(len(one.grants) + len(one.waiting) + len(one.starts) for one in self._states.values())

    def ask(self, decision: Decision, order: Order, alarm: Alarm, key: str) -> PermitAnswer:
        """A permit now, or a place in the queue."""
        asked = PermitAsked(
            key=key,
            instance_id=alarm.instance_id,
            region=alarm.region,
            rule=decision.rule,
            incident_id=incident_id(alarm.region, alarm.instance_id),
            max_acting=order.max_acting,
            max_actions_per_hour=order.max_actions_per_hour,
        )
        state = self._states.get(alarm.region) or FleetState(region=alarm.region)
        self._states[alarm.region], answer = fleet.ask(state, asked, self._time.now)
        self._look_again(alarm.region)
        return answer

    def sent(self, region: str, key: str) -> None:
        """A run has begun, and with it the first call."""
        self._states[region] = fleet.sent(self._states[region], key, "", self._time.now)
        count = self._acting[region] = self._acting.get(region, 0) + 1
        if count > self.busiest.get(region, (0, self._time.now))[0]:
            self.busiest[region] = (count, self._time.now)
        self._look_again(region)

    def ended(self, region: str, key: str) -> None:
        self._acting[region] -= 1
        self._states[region] = fleet.ended(self._states[region], key, True, self._time.now)
        self.give_turns(region)

    def withdraw(self, region: str, key: str) -> None:
        self._states[region] = fleet.withdraw(self._states[region], key)

    def give_turns(self, region: str) -> None:
        """To whoever came first, as long as there is a permit to give."""
        while region in self._states and self._states[region].waiting:
            self._states[region], first = fleet.next_turn(self._states[region], self._time.now)
            if first is None:
                break
            if not self._on_turn(first.asked.incident_id, first.asked.key):
                self.withdraw(region, first.asked.key)
        self._look_again(region)

    def _look_again(self, region: str) -> None:
        """When time alone changes something."""
        state = self._states.get(region)
        moment = fleet.next_moment(state, self._time.now) if state is not None else None
        if moment is not None and not self._time.now < self._looked_at.get(region, self._time.now) <= moment:
            self._looked_at[region] = moment
            self._time.later(moment, self._go_round, region)

    def _go_round(self, region: str) -> None:
        state = fleet.tick(self._states[region], self._time.now)
        self._states[region] = state
        self.give_turns(region)
