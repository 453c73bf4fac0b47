"""Which of the six classes an error code of Tencent's API has; what has none goes to people.

Sources: the common codes (API reference, "Error codes"), the per-action lists of the Go SDK, the meanings in the Python
SDK's `errorcodes` modules.
"""

from __future__ import annotations

from remediation.errors import AlreadySo, CloudError, NeedsPeople, NotYet, OutcomeUnknown, Refused, Throttled

Class = type[CloudError]

_CODES: dict[Class, tuple[str, ...]] = {
    Throttled: (
        "RequestLimitExceeded",
        "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
        "RequestLimitExceeded.IPLimitExceeded",
        "RequestLimitExceeded.UinLimitExceeded",
        "ServiceUnavailable",
        "AuthFailure.TokenFailure",
    ),
    NotYet: (
        "AuthFailure.SignatureExpire",
        "InvalidDisk.Busy",
        "ResourceBusy",
        "ResourceInUse",
        "ResourceInUse.DiskMigrating",
        "ResourceInUse.DiskRollbacking",
        "ResourceUnavailable.DiskBackupCreating",
        "ResourceUnavailable.TooManyCreatingSnapshot",
        "UnsupportedOperation.InstanceStateEnterServiceLiveMigrate",
        "UnsupportedOperation.InstanceStateExitServiceLiveMigrate",
        "UnsupportedOperation.InstanceStateServiceLiveMigrate",
        "UnsupportedOperation.InstanceStatePending",
        "UnsupportedOperation.InstanceStateStarting",
        "UnsupportedOperation.InstanceStateStopping",
    ),
    AlreadySo: (
        "InvalidDisk.SnapshotCreating",
        "ResourceUnavailable.SnapshotCreating",
        "MutexOperation.TaskRunning",
        "OperationDenied.InstanceOperationInProgress",
        "UnsupportedOperation.InstanceStateRebooting",
    ),
    OutcomeUnknown: (
        "FailedOperation",
        "InternalError",
        "InternalError.ComponentError",
        "InternalError.ResourceOpFailed",
        "InternalServerError",
    ),
    Refused: (
        "FailedOperation.InvalidInstanceApplicationRole",
        "InvalidDisk.NotSupportSnapshot",
        "InvalidDisk.NotSupported",
        "InvalidDisk.TypeError",
        "InvalidDiskId.NotFound",
        "InvalidInstance.NotSupported",
        "InvalidInstanceId.Malformed",
        "InvalidInstanceId.NotFound",
        "InvalidParameter",
        "InvalidParameterValue",
        "InvalidParameterValue.InstanceIdMalformed",
        "ResourceNotFound.NotFound",
        "ResourceUnavailable.NotSupported",
        "UnsupportedOperation",
        "UnsupportedOperation.DiskEncrypt",
        "UnsupportedOperation.InstanceStateStopped",
        "UnsupportedOperation.InstanceStateShutdown",
        "UnsupportedOperation.InstanceStateTerminated",
        "UnsupportedOperation.InstanceStateTerminating",
        "UnsupportedOperation.ShareDiskNotSupportSnap",
        "UnsupportedRegion",
    ),
}
# Whatever detail follows them: these families do not say whether anything was done.
_PROVES_NOTHING = ("InternalError", "InternalServerError", "FailedOperation", "ServiceUnavailable")
_CLASS_OF = {code: kind for kind, codes in _CODES.items() for code in codes}

_HINTS = {
    "AuthFailure.SecretIdNotFound": "the secret id is not known: check TENCENTCLOUD_SECRET_ID",
    "AuthFailure.InvalidSecretId": "the secret id is not valid: check TENCENTCLOUD_SECRET_ID",
    "AuthFailure.SignatureFailure": "the secret key does not belong to the secret id: check TENCENTCLOUD_SECRET_KEY",
    "AuthFailure.SignatureExpire": "this machine's clock is off by more than five minutes: set it by NTP",
    "AuthFailure.TokenFailure": "the temporary credentials have expired: refresh TENCENTCLOUD_TOKEN and its keys",
    "UnauthorizedOperation.MFAExpired": "this action asks for MFA: use credentials, or a role, that need none",
    "UnauthorizedOperation.MFANotFound": "this action asks for MFA: use credentials, or a role, that need none",
    "UnsupportedRegion": "the region of the event is not one of this API: check `region`",
}


def classify(action: str, code: str, *, mutating: bool) -> Class:
    """The class of an error that the *API* answered with: the exact code, else people.

    A read has no effect that could be unknown or reached already: there these two classes mean "try again".
    """
    kind = _CLASS_OF.get(code, NeedsPeople)
    if mutating and code.split(".")[0] in _PROVES_NOTHING and kind in (NeedsPeople, Throttled):
        return OutcomeUnknown
    if not mutating and kind in (OutcomeUnknown, AlreadySo):
        return Throttled
    return kind


def hint(action: str, code: str) -> str:
    """How a person mends this, or "" if the API's own message has to do."""
    if code in _HINTS:
        return _HINTS[code]
    if code.startswith("UnauthorizedOperation") or code == "AuthFailure.UnauthorizedOperation":
        # Permissions for disks and snapshots are given under cvm (API reference 598/69910).
        product = "tat" if action == "DescribeAutomationAgentStatus" else "cvm"
        return f"grant the worker's credentials the CAM action {product}:{action}"
    return ""
