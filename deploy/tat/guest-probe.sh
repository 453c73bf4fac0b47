#!/bin/sh
# Register this once in each region as a TAT command without parameters, and name its id in medic.yaml under
# `guest.commands`. It only reads. cvm-medic runs it by its id, so that a CAM policy can allow this command alone.
LC_ALL=C
export LC_ALL
echo "medic-guest 1"
echo "== boot_id"
cat /proc/sys/kernel/random/boot_id
echo "== mounts"
cat /proc/mounts
echo "== df"
df -P -k 2>/dev/null
echo "== dfi"
df -P -i 2>/dev/null
echo "== fstab"
cat /etc/fstab 2>/dev/null
echo
echo "== end"
