"""Guests: what the registered command has seen inside a machine."""

from __future__ import annotations

from temporalio import activity

from activities.cloud import Cloud
from activities.polling import Pace, not_yet
from remediation.contract import WaitForReportInput
from remediation.guest import GuestReport, report_of


class GuestActivities:
    """The eyes inside the guest; the hand that sends them there is in commands.py."""

    def __init__(self, cloud: Cloud, pace: Pace) -> None:
        self._cloud, self._pace = cloud, pace

    @activity.defn
    def wait_for_report(self, wait: WaitForReportInput) -> GuestReport:
        """Until the command has ended, however it did."""
        region, instance_id = wait.target.region, wait.target.instance_id
        run = self._cloud.read_invocation(region, instance_id, wait.invocation_id)
        report = report_of(run) if run is not None else None
        if report is None:
            state = run.status if run is not None else "not listed yet"
            raise not_yet(self._pace, f"the look inside {instance_id} is {state}")
        return report
