"""How a person is told to mend an error of the API."""

from __future__ import annotations

import pytest

from activities.clients.error_classes import hint

CREATE, REBOOT = "CreateSnapshot", "RebootInstances"


@pytest.mark.parametrize(
    "code",
    [
        "UnauthorizedOperation",
        "UnauthorizedOperation.CamAuthFailed",
        "UnauthorizedOperation.PermissionDenied",
        "UnauthorizedOperation.AuthFailure",
        "AuthFailure.UnauthorizedOperation",
    ],
)
def test_a_person_is_told_which_permission_to_grant_and_on_what(code: str) -> None:
    assert hint(REBOOT, code, region="ap-guangzhou", targets=["ins-1"]) == (
        "grant the worker's credentials the CAM action cvm:RebootInstances on instance/ins-1 in ap-guangzhou"
    )


def test_permissions_for_disks_and_snapshots_are_given_under_cvm_and_those_for_commands_under_tat() -> None:
    code = "UnauthorizedOperation"

    assert "cvm:CreateSnapshot on volume/disk-1" in hint(CREATE, code, region="r", targets=["disk-1"])
    both = hint("ApplySnapshot", code, region="r", targets=["snap-1", "disk-1"])
    assert "cvm:ApplySnapshot on snapshot/snap-1, volume/disk-1" in both
    assert "tat:DescribeAutomationAgentStatus" in hint("DescribeAutomationAgentStatus", code)
    assert "tat:RunCommand" in hint("RunCommand", code)
    assert hint("DescribeDisks", code).endswith("cvm:DescribeDisks")


@pytest.mark.parametrize("detail", ["MFAExpired", "MFANotFound", "NeedApproval", "InvalidToken", "NotHavePaymentRight"])
def test_a_person_is_never_told_to_grant_a_permission_that_is_not_what_is_missing(detail: str) -> None:
    told = hint(REBOOT, f"UnauthorizedOperation.{detail}")

    assert told
    assert "grant" not in told


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (None, "off by more than five minutes: set it"),
        (412.4, "off by 412 s, ahead of the cloud's; a signature is valid for five minutes: set the clock"),
        (-400.0, "off by 400 s, behind the cloud's; a signature is valid for five minutes: set the clock"),
        (0.6, "the call came later than the five minutes for which its signature is valid"),
    ],
)
def test_an_expired_signature_says_how_far_the_clock_is_off(ahead: float | None, said: str) -> None:
    assert said in hint(REBOOT, "AuthFailure.SignatureExpire", clock_ahead=ahead)


def test_where_the_apis_own_words_have_to_do_there_is_no_hint() -> None:
    assert hint(REBOOT, "Brand.New") == ""
