"""What the registered command would print inside a staged machine."""

from __future__ import annotations

MOUNTS = ("/dev/vda1 / ext4", "/dev/vdb /data xfs")


def output(
    boot_id: str = "boot-0",
    *,
    read_only: tuple[str, ...] = (),
    space: dict[str, int] | None = None,
    inodes: dict[str, int] | None = None,
    fstab: tuple[str, ...] = (),
) -> str:
    """A healthy machine with two file systems, but for what is said."""
    targets = [one.split()[1] for one in MOUNTS]
    mounts = [f"{one} {'ro' if one.split()[1] in read_only else 'rw'},relatime 0 0" for one in MOUNTS]
    mounts += ["proc /proc proc rw,nosuid 0 0", "tmpfs /run tmpfs rw 0 0", "/dev/loop0 /snap/x squashfs ro 0 0"]

    def used(percents: dict[str, int]) -> list[str]:
        return [f"/dev/x 100 {percents.get(one, 40)} 60 {percents.get(one, 40)}% {one}" for one in targets]

    lines = ["medic-guest 1", "== boot_id", boot_id, "== mounts", *mounts]
    lines += ["== df", "Filesystem 1024-blocks Used Available Capacity Mounted on", *used(space or {})]
    lines += ["== dfi", "Filesystem Inodes IUsed IFree IUse% Mounted on", *used(inodes or {})]
    wanted = [f"{one} defaults 0 1" for one in MOUNTS]
    return "\n".join([*lines, "== fstab", "# a comment", *wanted, *fstab, "", "== end"]) + "\n"
