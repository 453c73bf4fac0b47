"""Every spelling of a region that Tencent sends, to the one that the API takes, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.errors import EventRejected
from remediation.regions import REGION, normalise_region


@pytest.mark.parametrize(
    ("sent", "region"),
    [
        ("gz", "ap-guangzhou"),
        ("sh", "ap-shanghai"),
        ("SH", "ap-shanghai"),
        ("bj", "ap-beijing"),
        ("szjr", "ap-shenzhen-fsi"),
        ("in", "ap-mumbai"),
        ("use", "na-ashburn"),
        ("sao", "sa-saopaulo"),
        ("ap-guangzhou", "ap-guangzhou"),
        (" ap-guangzhou\n", "ap-guangzhou"),
        ("AP-HONGKONG", "ap-hongkong"),
        ("ap-shenzhen-fsi", "ap-shenzhen-fsi"),
        ("ap-guangzhou-open", "ap-guangzhou-open"),
        ("eu-frankfurt", "eu-frankfurt"),
        ("me-saudi-arabia", "me-saudi-arabia"),
    ],
)
def test_a_region_has_one_spelling(sent: str, region: str) -> None:
    assert normalise_region(sent) == region
    assert normalise_region(region) == region


@pytest.mark.parametrize(
    "sent",
    [
        None,
        7,
        True,
        [],
        ["gz"],
        "",
        " ",
        "guangzhou",
        "xx",
        "ap-",
        "-guangzhou",
        "ap guangzhou",
        "ap/gz",
        "ap-gz-3-4-5",
    ],
)
def test_what_is_no_region_is_rejected_and_never_becomes_part_of_an_id(sent: object) -> None:
    with pytest.raises(EventRejected, match=r"is not a region\. Expected the form ap-guangzhou"):
        normalise_region(sent)


@given(st.text())
def test_any_text_is_a_region_or_rejected(text: str) -> None:
    try:
        region = normalise_region(text)
    except EventRejected as rejected:
        assert len(str(rejected)) < 200  # every other exception fails the test
    else:
        assert REGION.fullmatch(region)
        assert region.isascii()
