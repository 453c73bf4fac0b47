"""The inside of a machine: its boot, its file systems, its fstab, and what the registered command says of them.

The command's words are a contract of two sides that share no code: a first line with a version, then one section for
each thing that was read, each as the tool or the file gives it, and `== end`.
"""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from string import ascii_lowercase

from simulator.state import DISK_READONLY, Disk, Instance, Region

COMMAND = """#!/bin/sh
echo 'medic-guest 1'
echo '== boot_id'; cat /proc/sys/kernel/random/boot_id
echo '== mounts'; cat /proc/mounts
echo '== df'; df -P -k
echo '== dfi'; df -P -i
echo '== fstab'; cat /etc/fstab
echo '== end'
"""

# What every guest mounts besides its disks. That some of it can never be written to is no sickness.
_KERNEL = (
    "sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0",
    "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0",
    "devtmpfs /dev devtmpfs rw,nosuid,size=1917748k,nr_inodes=479437,mode=755 0 0",
    "tmpfs /run tmpfs rw,nosuid,nodev,mode=755 0 0",
    "tmpfs /sys/fs/cgroup tmpfs ro,nosuid,nodev,noexec,mode=755 0 0",
)
_BYTES_AN_INODE = 16_384  # as mke2fs makes them
_KIB_A_GIB = 1024 * 1024


@dataclass(frozen=True)
class Mount:
    """One file system on a disk of the machine."""

    device: str
    target: str
    fstype: str
    size_gib: int
    used_percent: int
    inodes_used_percent: int
    read_only: bool


_RUN = Mount("tmpfs", "/run", "tmpfs", 1, 1, 1, read_only=False)


def boot_id(seed: int, instance_id: str, boots: int) -> str:
    """What the kernel drew at that boot; the same in every run of the same world."""
    drawn = random.Random(f"{seed}:{instance_id}:{boots}").getrandbits(128)  # noqa: S311  # an id, no secret
    return str(uuid.UUID(int=drawn, version=4))


def mounts(region: Region, one: Instance) -> list[Mount]:
    """The system disk at `/`, and each data disk that the machine came with at `/data1`, `/data2`, …"""
    came_with = {disk.disk_id for disk in (one.spec.system_disk, *one.spec.data_disks)}
    disks = [region.disks[disk_id] for disk_id in one.disk_ids if disk_id in came_with]
    return [_mount(one, disk, number) for number, disk in enumerate(disks)]


def root_is_read_only(region: Region, one: Instance) -> bool:
    return any(mount.read_only for mount in mounts(region, one) if mount.target == "/")


def report(seed: int, region: Region, one: Instance) -> bytes:
    """What the registered command prints."""
    mounted = mounts(region, one)
    sections = {
        "boot_id": [boot_id(seed, one.spec.instance_id, one.boots)],
        "mounts": [*_KERNEL, *(_proc_line(mount) for mount in mounted), *_containers(one.spec.containers)],
        "df": _table("1024-blocks      Used Available Capacity", mounted, _blocks),
        "dfi": _table("Inodes  IUsed   IFree IUse%", mounted, _inodes),
        "fstab": _fstab(one, mounted),
    }
    lines = ["medic-guest 1"]
    for name, content in sections.items():
        lines += [f"== {name}", *content]
    return "\n".join([*lines, "== end", ""]).encode()


def _mount(one: Instance, disk: Disk, number: int) -> Mount:
    spec = disk.spec
    return Mount(
        device=f"/dev/vd{ascii_lowercase[number]}" if number else "/dev/vda1",
        target=f"/data{number}" if number else "/",
        fstype="ext4",
        size_gib=spec.size_gib,
        used_percent=spec.used_percent,
        inodes_used_percent=spec.inodes_used_percent,
        read_only=one.symptom == DISK_READONLY and one.sick_disk == spec.disk_id,
    )


def _proc_line(mount: Mount) -> str:
    options = f"{'ro' if mount.read_only else 'rw'},relatime"
    return f"{mount.device} {mount.target} {mount.fstype} {options} 0 0"


def _containers(count: int) -> Iterable[str]:
    for number in range(count):
        layer = "/var/lib/docker/overlay2/" + uuid.UUID(int=number).hex * 2
        options = f"rw,relatime,lowerdir={layer}/l,upperdir={layer}/diff,workdir={layer}/work"
        yield f"overlay {layer}/merged overlay {options} 0 0"


def _table(header: str, mounted: Iterable[Mount], figures: Callable[[Mount], str]) -> list[str]:
    rows = [f"{mount.device:<14} {figures(mount)} {mount.target}" for mount in mounted]
    return [f"Filesystem     {header} Mounted on", *rows, f"{'tmpfs':<14} {figures(_RUN)} {_RUN.target}"]


def _blocks(mount: Mount) -> str:
    return _figures(mount.size_gib * _KIB_A_GIB, mount.used_percent)


def _inodes(mount: Mount) -> str:
    return _figures(mount.size_gib * _KIB_A_GIB * 1024 // _BYTES_AN_INODE, mount.inodes_used_percent)


def _figures(whole: int, percent: int) -> str:
    # df rounds up: what shows 30 % is never more than that.
    used = math.floor(whole * percent / 100)
    return f"{whole:>11} {used:>9} {whole - used:>9} {percent:>7}%"


def _fstab(one: Instance, mounted: Iterable[Mount]) -> list[str]:
    if one.spec.fstab is not None:
        return one.spec.fstab.splitlines()
    lines = ["# /etc/fstab", *(f"{mount.device} {mount.target} {mount.fstype} defaults 0 1" for mount in mounted)]
    return [*lines, *(["/dev/vdz /backup ext4 defaults 0 2"] if one.spec.fstab_broken else [])]
