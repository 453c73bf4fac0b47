"""What two looks inside prove: that it really rebooted, and that its file systems can be written again."""

from __future__ import annotations

from remediation.guest import GuestReport
from remediation.health import Health, Judgement, Reading, judge
from remediation.reasons import Code, Reason, because


def with_inside(
    judgement: Judgement, before: GuestReport | None, after: GuestReport | None, blind: Reason | None, *, required: bool
) -> Judgement:
    """The judgement with what was seen inside; what was not seen counts only if the runbook asks for it."""
    others = tuple(one for one in judgement.readings if one.probe != "guest")
    if after is None:
        why = blind or because(Code.GUEST_NOT_PROBED)
        return judge((*others, Reading(probe="guest", health=Health.UNKNOWN, why=why, required=required)))
    return judge((*others, _rebooted(before, after), _writable(after)))


def _rebooted(before: GuestReport | None, after: GuestReport) -> Reading:
    if before is None or not before.boot_id:
        why = because(Code.BOOT_NOT_COMPARED)
        return Reading(probe="guest", health=Health.UNKNOWN, why=why, required=False)
    if before.boot_id == after.boot_id:
        return Reading(probe="guest", health=Health.UNHEALTHY, why=because(Code.BOOT_SAME))
    return Reading(probe="guest", health=Health.HEALTHY, why=because(Code.BOOT_NEW))


def _writable(after: GuestReport) -> Reading:
    if after.read_only:
        why = because(Code.MOUNTS_READ_ONLY, mounts=", ".join(after.read_only))
        return Reading(probe="guest", health=Health.UNHEALTHY, why=why)
    return Reading(probe="guest", health=Health.HEALTHY, why=because(Code.MOUNTS_WRITABLE, count=len(after.mounts)))
