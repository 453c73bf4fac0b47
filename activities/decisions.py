"""Decisions: the pure `decide`, called with the configuration that this worker has loaded."""

from __future__ import annotations

from temporalio import activity

from remediation.config import Config
from remediation.contract import DecideInput
from remediation.decisions import Decision, Timing, decide


class DecisionActivities:
    """What the workflow may not do itself: it never reads the configuration."""

    def __init__(self, config: Config, timing: Timing) -> None:
        self._config = config
        self._timing = timing

    @activity.defn
    def decide_event(self, asked: DecideInput) -> Decision:
        """The decision with its runbook resolved, so that history holds all of it."""
        decision = decide(asked.alarm, self._config, asked.incident, asked.now)
        if decision.order is None:
            return decision
        return decision.model_copy(update={"order": decision.order.model_copy(update={"timing": self._timing})})
