"""The shape of what knocks at an instance's ports; `activities/clients/probing.py` is the one that is real."""

from __future__ import annotations

from typing import Protocol

from remediation.health import Reading
from remediation.runbooks import Verify


class Prober(Protocol):
    """Every failure is a Reading: an error of a probe is neither healthy nor unhealthy."""

    def probe(self, address: str, policy: Verify) -> tuple[Reading, ...]:
        """One reading for each port and page that the runbook names, within some seconds in all."""
        ...
