"""Each code of the API has the class that its documentation gives it, and so has each failure of an answer."""

from __future__ import annotations

import hashlib
import importlib
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from activities.acting import clock
from activities.clients.credentials import Credentials
from activities.clients.error_classes import _CLASS_OF, _HINTS, classify, hint
from activities.clients.tencent import TencentCloud
from remediation.cloud import REBOOT
from remediation.errors import AlreadySo, CloudError, NeedsPeople, NotYet, OutcomeUnknown, Refused, Throttled
from remediation.permits import SendPermit
from remediation.runbooks import Mode
from simulator.server import Server, serve
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY

CREATE, DESCRIBE = "CreateSnapshot", "DescribeInstances"
REGION, INSTANCE, DISK = "ap-guangzhou", "ins-demo0001", "disk-demosys1"

# The letter of each code's row in the error tables: B busy, S in progress, U unknown, Q quota or money, P permanent.
# A row of two letters is decided here: both of them observe before anything else, so S.
LETTERS = {
    CREATE: {
        "B": "InvalidDisk.Busy ResourceUnavailable.DiskBackupCreating ResourceBusy ResourceInUse"
        " ResourceInUse.DiskMigrating ResourceInUse.DiskRollbacking ResourceUnavailable.TooManyCreatingSnapshot",
        "S": "InvalidDisk.SnapshotCreating ResourceUnavailable.SnapshotCreating",
        "U": "InternalError.ComponentError InternalError.ResourceOpFailed",
        "Q": "InsufficientSnapshotQuota ResourceInsufficient.OverQuota InvalidAccount.InsufficientBalance"
        " ResourceUnavailable.DiskSnapshotChainTooLarge",
        "P": "LimitExceeded.InstanceAttachedDisk InvalidDisk.NotSupportSnapshot InvalidDisk.NotSupported"
        " InvalidDisk.TypeError ResourceUnavailable.NotSupported UnsupportedOperation.DiskEncrypt"
        " UnsupportedOperation.ShareDiskNotSupportSnap InvalidDiskId.NotFound ResourceNotFound.NotFound"
        " InvalidParameter.InvalidClientToken InvalidParameter.ProjectIdNotExist",
    },
    REBOOT: {
        "B": "UnsupportedOperation.InstanceStateStopping UnsupportedOperation.InstanceStateStarting"
        " UnsupportedOperation.InstanceStatePending UnsupportedOperation.InstanceStateEnterServiceLiveMigrate"
        " UnsupportedOperation.InstanceStateExitServiceLiveMigrate"
        " UnsupportedOperation.InstanceStateServiceLiveMigrate",
        "S": "OperationDenied.InstanceOperationInProgress MutexOperation.TaskRunning"
        " UnsupportedOperation.InstanceStateRebooting",
        "U": "InternalServerError",
        "P": "UnsupportedOperation.InstanceStateStopped UnsupportedOperation.InstanceStateEnterRescueMode"
        " UnsupportedOperation.InstanceStateExitRescueMode UnsupportedOperation.InstanceStateRescueMode"
        " UnsupportedOperation.InstanceStateFreezing UnsupportedOperation.InstanceStateIsolating"
        " UnsupportedOperation.InstanceStateShutdown UnsupportedOperation.InstanceStateTerminating"
        " UnsupportedOperation.InstanceStateTerminated UnsupportedOperation.InstanceStateBanning"
        " UnsupportedOperation.InstanceStateCorrupted UnsupportedOperation.InstanceReinstallFailed"
        " UnsupportedOperation.StoppedModeStopCharging InvalidInstanceId.NotFound InvalidInstanceId.Malformed"
        " InvalidParameterValue.InstanceIdMalformed InvalidInstance.NotSupported InvalidParameterCombination"
        " FailedOperation.InvalidInstanceApplicationRole UnauthorizedOperation.MFAExpired"
        " UnauthorizedOperation.MFANotFound UnsupportedOperation",
    },
}
MEANT: dict[str, tuple[type[CloudError], ...]] = {
    "B": (NotYet,),
    "S": (AlreadySo,),
    "U": (OutcomeUnknown,),
    "Q": (NeedsPeople,),
    "P": (Refused, NeedsPeople),
}
ROWS = [
    (action, code, letter)
    for action, rows in LETTERS.items()
    for letter, codes in rows.items()
    for code in codes.split()
]
AMBIGUOUS = ("InternalError", "FailedOperation", "ServiceUnavailable")
TRIED_AGAIN = (
    "RequestLimitExceeded",
    "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
    "RequestLimitExceeded.IPLimitExceeded",
    "RequestLimitExceeded.UinLimitExceeded",
    "AuthFailure.TokenFailure",
)
# The rest of the common codes (API reference 1140/51177): permanent, or for people.
FINAL_CODES = (
    "ActionOffline AuthFailure.InvalidAuthorization AuthFailure.InvalidSecretId AuthFailure.MFAFailure"
    " AuthFailure.SecretIdNotFound AuthFailure.SignatureFailure AuthFailure.UnauthorizedOperation DryRunOperation"
    " InvalidAction InvalidParameter InvalidParameterValue InvalidRequest IpInBlacklist IpNotInWhitelist LimitExceeded"
    " MissingParameter NoSuchProduct NoSuchVersion RequestSizeLimitExceeded ResourceInsufficient ResourceNotFound"
    " ResourceUnavailable ResponseSizeLimitExceeded UnauthorizedOperation UnknownParameter UnsupportedOperation"
    " UnsupportedProtocol UnsupportedRegion"
)
FINAL = FINAL_CODES.split()
COMMON = {*AMBIGUOUS, *TRIED_AGAIN, *FINAL, "AuthFailure.SignatureExpire", "ResourceInUse"}
# Of the locked SDK: a new one may bring a code that deserves a class.
KNOWN_CODES = "15924f3e988a14c5"


def sdk_codes() -> set[str]:
    modules = (
        importlib.import_module(f"tencentcloud.{product}.errorcodes")
        for product in ("cvm.v20170312", "cbs.v20170312", "tat.v20201028")
    )
    return {
        value for module in modules for name, value in vars(module).items() if name.isupper() and isinstance(value, str)
    }


@pytest.mark.parametrize(("action", "code", "letter"), ROWS)
def test_a_code_of_a_mutating_call_has_the_class_of_its_row(action: str, code: str, letter: str) -> None:
    assert classify(action, code, mutating=True) in MEANT[letter]


@pytest.mark.parametrize("action", [CREATE, REBOOT])
def test_the_common_codes_have_their_class_for_every_mutating_call(action: str) -> None:
    kinds = {code: classify(action, code, mutating=True) for code in COMMON}

    assert {kinds[code] for code in AMBIGUOUS} == {OutcomeUnknown}
    assert {kinds[code] for code in TRIED_AGAIN} == {Throttled}
    assert {kinds[code] for code in FINAL} == {Refused, NeedsPeople}
    assert kinds["AuthFailure.SignatureExpire"] is NotYet
    assert {kinds[code] for code in FINAL if code.startswith(("Auth", "Unauthorized"))} == {NeedsPeople}


@pytest.mark.parametrize("code", ["Brand.New", "", "ResourceBusy.Brand.New", "InternalError.New", "resourcebusy"])
@pytest.mark.parametrize("mutating", [True, False])
def test_a_code_without_a_class_goes_to_people_and_never_by_its_family(code: str, mutating: bool) -> None:
    doubtful = mutating and code.startswith("InternalError")
    assert classify(REBOOT, code, mutating=mutating) is (OutcomeUnknown if doubtful else NeedsPeople)


@pytest.mark.parametrize("code", sorted(_CLASS_OF))
def test_a_read_has_no_effect_that_could_be_unknown_or_reached_already(code: str) -> None:
    kind = classify(REBOOT, code, mutating=True)
    expected = Throttled if kind in (OutcomeUnknown, AlreadySo) else kind

    assert classify(DESCRIBE, code, mutating=False) is expected


def test_every_code_that_we_name_is_one_of_the_apis() -> None:
    named = {*_CLASS_OF, *_HINTS, *(code for _, code, _ in ROWS)}

    assert named - sdk_codes() - COMMON == set()


def test_a_new_version_of_the_sdk_that_changes_its_codes_is_noticed() -> None:
    digest = hashlib.sha256("\n".join(sorted(sdk_codes())).encode()).hexdigest()[:16]

    assert digest == KNOWN_CODES, "compare the SDK's errorcodes with error_classes.py, then write the new digest here"


def test_a_person_is_told_which_permission_to_grant_and_never_to_grant_one_for_want_of_mfa() -> None:
    assert "cvm:CreateSnapshot" in hint(CREATE, "UnauthorizedOperation.CamAuthFailed")
    assert "tat:DescribeAutomationAgentStatus" in hint("DescribeAutomationAgentStatus", "UnauthorizedOperation")
    assert "MFA" in hint(REBOOT, "UnauthorizedOperation.MFAExpired")
    assert "grant" not in hint(REBOOT, "UnauthorizedOperation.MFAExpired")
    assert hint(REBOOT, "Brand.New") == ""


# --- each way in which an answer fails: (the faults, what a read makes of it, what a mutating call makes of it) ---

WRONG_TYPE = {"kind": "wrong_content_type"}
FAILURES: dict[str, tuple[list[dict[str, Any]], type[CloudError], type[CloudError]]] = {
    "throttled": ([{"kind": "throttle"}], Throttled, Throttled),
    "an internal error": ([{"kind": "error"}], Throttled, OutcomeUnknown),
    "an internal error of an odd type": ([{"kind": "error"}, WRONG_TYPE], Throttled, OutcomeUnknown),
    "throttled, of an odd type": ([{"kind": "throttle"}, WRONG_TYPE], Throttled, Throttled),
    "a code that nobody knows": ([{"kind": "error", "code": "Brand.New"}], NeedsPeople, NeedsPeople),
    "HTTP 500": ([{"kind": "http_500"}], Throttled, OutcomeUnknown),
    "HTTP 500 although done": ([{"kind": "http_500", "at": "effect"}], Throttled, OutcomeUnknown),
    "closed before the effect": ([{"kind": "drop_before"}], Throttled, OutcomeUnknown),
    "closed after the effect": ([{"kind": "lose_answer"}], Throttled, OutcomeUnknown),
    "a body that is cut": ([{"kind": "truncate"}], Throttled, OutcomeUnknown),
    "silence": ([{"kind": "delay", "seconds": 60}], Throttled, OutcomeUnknown),
    "silence although done": ([{"kind": "delay", "seconds": 60, "at": "effect"}], Throttled, OutcomeUnknown),
}


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(speed=1000) as running:
        yield running


def call(server: Server, action: str, timeout_seconds: float = 5) -> object:
    keys = {"TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRET_KEY": DEMO_SECRET_KEY}
    client = TencentCloud(Credentials(keys, ()), endpoint=server.url, timeout_seconds=timeout_seconds)
    permit = SendPermit(mode=Mode.ACT, read_at=clock(), deadline=clock() + 30, clock=clock)
    if action == REBOOT:
        return client.reboot_instance(permit, REGION, INSTANCE, stop_type="SOFT")
    if action == CREATE:
        expires_at = datetime.now(timezone.utc) + timedelta(days=2)
        return client.create_snapshot(permit, REGION, DISK, name="medic-1", expires_at=expires_at, tags={})
    return client.describe_instance(REGION, INSTANCE)


@pytest.mark.parametrize("action", [DESCRIBE, REBOOT, CREATE])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_is_one_call_and_its_class_says_what_is_known_of_it(
    server: Server, failure: str, action: str
) -> None:
    faults, for_a_read, for_an_act = FAILURES[failure]
    server.faults.add(*({"action": action, "times": None, **fault} for fault in faults))

    with pytest.raises(CloudError) as raised:
        call(server, action, timeout_seconds=0.2 if "silence" in failure else 5)

    assert type(raised.value) is (for_a_read if action == DESCRIBE else for_an_act)
    assert (raised.value.action, raised.value.region) == (action, REGION)
    server.faults.release()
    ends = time.monotonic() + 5
    while server.waiting and time.monotonic() < ends:
        pass  # what is let go is handled, and logged, in a moment
    # The SDK's own retryer would have called again: it succeeds for want of a rule, or meets it, but is logged.
    assert [entry.name for entry in server.log if entry.kind == "call"] == [action]


@pytest.mark.parametrize("action", [DESCRIBE, REBOOT, CREATE])
def test_a_success_of_an_odd_content_type_is_a_success(server: Server, action: str) -> None:
    server.faults.add({"action": action, **WRONG_TYPE})

    assert call(server, action)


@pytest.mark.parametrize("action", [REBOOT, CREATE])
def test_an_answer_without_its_id_is_unknown_and_not_done(server: Server, action: str) -> None:
    server.faults.add({"action": action, "kind": "null_id"})

    with pytest.raises(OutcomeUnknown, match=r"no .* id"):
        call(server, action)

    assert [entry for entry in server.log if entry.kind == "effect"]
