"""Which addresses a probe may be sent to: those of the instance, and never this machine or the cloud's metadata."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

# Tencent's own services inside a VPC stand in here, the metadata service (169.254.0.23) among them.
_CARRIER = ipaddress.ip_network("100.64.0.0/10")
_METADATA = (ipaddress.ip_network("fd00:ec2::/32"), _CARRIER)


def probed_address(addresses: Iterable[str]) -> str | None:
    """The first that may be probed, as the cloud told them; nothing that is a name is ever looked up."""
    return next((one for one in addresses if may_be_probed(one)), None)


def may_be_probed(text: str) -> bool:
    """Whether this is an address, and of no special kind."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address.sixtofour or address.teredo):
        return False
    special = (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (address.is_reserved and (address.version == 4 or not address.is_private))
    )
    return not special and not any(address in network for network in _METADATA if network.version == address.version)
