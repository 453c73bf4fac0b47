"""Only addresses of the instance are probed, and none that means this machine or the cloud itself."""

from __future__ import annotations

import pytest

from remediation.addresses import may_be_probed, probed_address


@pytest.mark.parametrize("address", ["10.0.0.10", "172.16.3.4", "192.168.1.2", "203.0.114.9", "2402:4e00::1"])
def test_an_instances_own_address_may_be_probed(address: str) -> None:
    assert may_be_probed(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "0.0.0.0",  # noqa: S104  # it is refused
        "::",
        "169.254.0.23",
        "169.254.169.254",
        "fe80::1",
        "fd00:ec2::254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
        "metadata.tencentyun.com",
        "localhost",
        "10.0.0.1:80",
        "010.0.0.1",
        "",
    ],
)
def test_what_is_special_or_no_address_is_not(address: str) -> None:
    assert not may_be_probed(address)


def test_the_first_that_may_be_probed_is_taken() -> None:
    assert probed_address(["127.0.0.1", "10.0.0.7", "10.0.0.8"]) == "10.0.0.7"
    assert probed_address(["localhost"]) is None
