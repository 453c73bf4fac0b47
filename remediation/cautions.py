"""Events that make a reboot unwise for as long as they stand: a broken fstab, and repairs of the platform itself.

The names are those of CVM's event types (`cvm:ErrorEvent:…`) in EventBridge's list.
"""

from __future__ import annotations

from remediation.models import Fact

FSTAB = "ErrorCfgFstab"
PLATFORM = "platform"
_REPAIRS = ("InstanceRunningRisks", "InstanceRunningAbnormally", "InstanceDiskError", "InstanceNetworkError")
_BEGINS = ("Executing", "Inquiring")
_ENDS = ("Executed", "Avoided", "Canceled")
_STARTED = {f"{repair}{how}".lower() for repair in _REPAIRS for how in _BEGINS} | {"instancerestarting"}
_OVER = {f"{repair}{how}".lower() for repair in _REPAIRS for how in _ENDS} | {"instancerestarted"}


class Caution(Fact):
    """What an event says about caution: it begins, or is over."""

    what: str
    begins: bool


def caution_of(fault: str, *, is_recovery: bool) -> Caution | None:
    """What this fault, firing or over, says; None: nothing."""
    if fault == FSTAB:
        return Caution(what=FSTAB, begins=not is_recovery)
    if fault.lower() in _STARTED:
        return Caution(what=PLATFORM, begins=not is_recovery)
    if fault.lower() in _OVER and not is_recovery:
        return Caution(what=PLATFORM, begins=False)
    return None
