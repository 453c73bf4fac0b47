"""What a backtest takes for granted of a world that is not there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from remediation.config import Config, TagScope
from remediation.decisions import Order
from remediation.events import Alarm
from remediation.incidents import Reading
from remediation.models import Fact
from remediation.report import Outcome
from remediation.runbooks import Mode


class Assumed(Fact):
    """What nobody can know from events alone.

    Attributes:
        takes_seconds: from the start of a run to its end; it reboots at half of it, and is back at three quarters.
        outcome: how a run ends that is not ended by the recovery of its fault before the reboot.
        tags: instance id → its tags: no other instance exists. None: all exist, and carry what the rule asks for.
        acts: a rule that observes is taken as one that acts.
    """

    takes_seconds: float = 600
    outcome: Outcome = Outcome.RECOVERED
    tags: Mapping[str, Mapping[str, str]] | None = None
    acts: bool = True

    def reading(self, alarm: Alarm, order: Order, now: datetime) -> Reading:
        """What the cloud would have said of the instance."""
        if self.tags is not None:
            tags = self.tags.get(alarm.instance_id)
            return Reading(exists=tags is not None, tags=dict(tags or {}), read_at=now)
        key, _, value = order.scope.tag.partition("=") if isinstance(order.scope, TagScope) else ("", "", "")
        return Reading(exists=True, tags={key: value}, read_at=now)

    def page(self, config: Config) -> Config:
        """The page with the modes that are assumed."""
        if not self.acts:
            return config
        rules = (rule.model_copy(update={"mode": Mode.ACT}) if rule.run is not None else rule for rule in config.rules)
        return config.model_copy(update={"rules": tuple(rules)})
