"""What is seen inside a machine that forbids a reboot: it would not help, or the machine would not come back."""

from __future__ import annotations

from remediation.guardrails import GO, Verdict, stop
from remediation.guest import FstabEntry, GuestReport
from remediation.reasons import Code

FULL_PERCENT = 99
_PSEUDO = frozenset({"swap", "proc", "sysfs", "tmpfs", "devpts", "none", "cgroup", "cgroup2", "debugfs", "securityfs"})
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "ceph", "fuse.sshfs"})  # a boot goes on without them


def may_reboot(report: GuestReport) -> Verdict:
    """A full file system is no case for a reboot, and a broken fstab may not survive one."""
    for code, uses in ((Code.DISK_FULL, report.space), (Code.INODES_FULL, report.inodes)):
        full = [one for one in uses if one.percent >= FULL_PERCENT]
        if full:
            return stop(code, mounts=", ".join(f"{one.target} ({one.percent} %)" for one in full))
    mounted = {one.target for one in report.mounts}
    missing = [one for one in report.fstab if _is_needed(one) and one.target not in mounted]
    if missing:
        return stop(Code.FSTAB_BROKEN, entries=", ".join(f"{one.device} on {one.target}" for one in missing))
    return GO


def _is_needed(entry: FstabEntry) -> bool:
    """Whether the boot waits for it, and fails without it."""
    optional = {"noauto", "nofail", "_netdev", "x-systemd.automount"} & set(entry.options)
    return entry.kind not in _PSEUDO | _REMOTE and entry.target.startswith("/") and not optional
