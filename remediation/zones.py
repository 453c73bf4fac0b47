"""Time zones by their IANA names, as a channel's `zone` on the operator's page."""

from __future__ import annotations

from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

SHANGHAI = timezone(timedelta(hours=8))  # Asia/Shanghai knows no summer time, and zone data may be missing
_WITHOUT_DATA: dict[str, tzinfo] = {"Asia/Shanghai": SHANGHAI, "UTC": timezone.utc}


def zone_named(name: str) -> tzinfo:
    """`Asia/Shanghai` or `Europe/Berlin` → the zone; these are data that the machine has, or lacks.

    Raises:
        ValueError: there is none of this name.
    """
    known = _WITHOUT_DATA.get(name)
    if known is not None:
        return known
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        hint = "write an IANA name such as Asia/Shanghai, Europe/Berlin or UTC"
        raise ValueError(f"no time zone is named `{name}` on this machine: {hint}") from None
