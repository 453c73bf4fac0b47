"""What the registered command tells of the inside of a machine: boot id, mounts, space, inodes, fstab.

The command is parameterless and only reads; `deploy/tat/guest-probe.sh` is its text. Its output is not trusted: whoever
has the machine can write it. What cannot be read is said, and is never taken for healthy.
"""

from __future__ import annotations

from remediation.cloud import Invocation
from remediation.models import Fact

FIRST_LINE = "medic-guest 1"
LAST_LINE = "== end"
# TAT's TaskStatus: the first are under way, SUCCESS and FAILED (an exit code that is not 0) have an output.
_UNDER_WAY = frozenset({"", "PENDING", "DELIVERING", "DELIVER_DELAYED", "RUNNING", "CANCELLING"})
_REAL = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "reiserfs", "zfs"})
_MOST = 200  # mounts, and lines of fstab, that are looked at: no machine of ours has more


class Mount(Fact):
    """A real file system that is mounted."""

    target: str
    device: str
    kind: str
    read_only: bool


class Use(Fact):
    """How full a mounted file system is, in per cent of its space or its inodes."""

    target: str
    percent: int


class FstabEntry(Fact):
    """A line of fstab."""

    device: str
    target: str
    kind: str
    options: tuple[str, ...] = ()


class GuestReport(Fact):
    """One look inside; `unreadable` says why nothing else is known."""

    unreadable: str = ""
    boot_id: str = ""
    mounts: tuple[Mount, ...] = ()
    space: tuple[Use, ...] = ()
    inodes: tuple[Use, ...] = ()
    fstab: tuple[FstabEntry, ...] = ()

    @property
    def read_only(self) -> tuple[str, ...]:
        """Where a file system is read-only that fstab does not want so."""
        meant = {one.target for one in self.fstab if "ro" in one.options}
        return tuple(one.target for one in self.mounts if one.read_only and one.target not in meant)


def report_of(run: Invocation) -> GuestReport | None:
    """What a run of the command tells, or None while it is under way."""
    if run.status in _UNDER_WAY:
        return None
    if run.status == "START_FAILED":
        # The agent writes the script before it runs it: a root that is read-only keeps it from that.
        return GuestReport(unreadable=f"the command could not be started ({run.error or 'no message'})")
    if run.status != "SUCCESS":
        return GuestReport(unreadable=f"the command ended as {run.status} ({run.error or run.exit_code})")
    if run.dropped:
        return GuestReport(unreadable=f"{run.dropped} bytes of its output were dropped")
    return read_report(run.output)


def read_report(output: str) -> GuestReport:
    """The command's output, line by line; what is missing is empty, and a part of the whole is unreadable."""
    lines = output.splitlines()
    if not lines or lines[0].strip() != FIRST_LINE:
        return GuestReport(unreadable="it does not begin as the registered command's output does")
    if lines[-1].strip() != LAST_LINE:
        return GuestReport(unreadable="its end is missing")
    sections = _sections(lines[1:-1])
    boot_id = next(iter(sections.get("boot_id", [])), "").strip()
    mounts = _mounts(sections.get("mounts", []))
    if not boot_id or not mounts:
        return GuestReport(unreadable="it has no boot id, or no mounts")
    real = {one.target for one in mounts}
    return GuestReport(
        boot_id=boot_id[:64],
        mounts=mounts,
        space=_uses(sections.get("df", []), real),
        inodes=_uses(sections.get("dfi", []), real),
        fstab=_fstab(sections.get("fstab", [])),
    )


def _sections(lines: list[str]) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines:
        if line.startswith("== "):
            current = sections.setdefault(line[3:].strip(), [])
        else:
            current.append(line)
    return sections


def _mounts(lines: list[str]) -> tuple[Mount, ...]:
    """/proc/mounts: device, target, type, options; of several at one target the last one is seen."""
    found: dict[str, Mount] = {}
    for fields in (line.split() for line in lines):
        if len(fields) >= 4 and fields[2] in _REAL and len(found) < _MOST:
            device, target, kind, options = fields[:4]
            target = _unescaped(target)
            read_only = "ro" in options.split(",")
            found[target] = Mount(target=target, device=device, kind=kind, read_only=read_only)
    return tuple(found.values())


def _uses(lines: list[str], real: set[str]) -> tuple[Use, ...]:
    """`df -P`: ..., percent, target; a target may have spaces, and `-` means that there is nothing to count."""
    found = []
    for fields in (line.split(None, 5) for line in lines):
        if len(fields) == 6 and fields[5] in real and fields[4].rstrip("%").isdecimal():
            found.append(Use(target=fields[5], percent=min(int(fields[4].rstrip("%")[:4]), 100)))
    return tuple(found)


def _fstab(lines: list[str]) -> tuple[FstabEntry, ...]:
    found = []
    for fields in (line.split() for line in lines):
        if len(fields) >= 3 and not fields[0].startswith("#"):
            options = tuple(fields[3].split(",")) if len(fields) > 3 else ()
            found.append(FstabEntry(device=fields[0], target=_unescaped(fields[1]), kind=fields[2], options=options))
    return tuple(found[:_MOST])


def _unescaped(path: str) -> str:
    """In both files a space is written as \\040."""
    return path.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
