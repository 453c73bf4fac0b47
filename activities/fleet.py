"""A region's limits and freezes: asking its guard for a permit, and reading whether people have frozen it."""

from __future__ import annotations

from temporalio import activity
from temporalio.client import Client

from remediation.contract import PermitAnswer, PermitAsked


class FleetActivities:
    """The hands that reach for the guards of regions."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn
    async def ask_permit(self, asked: PermitAsked) -> PermitAnswer:
        """Ask the region's guard, which is started if it is not there; asking again with the same key is harmless."""
        raise NotImplementedError
