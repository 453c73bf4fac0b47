"""What Tencent documents for our actions: its lists of codes, each with the letter of its row.

B busy, S in progress or reached already, U unknown, Q quota or money, P permanent. Sources: the Go SDK's list of each
action, the meanings in the Python SDK's `errorcodes`, the API reference's common codes (1140/51177). What may be S or
something else is S: it observes before anything else.
"""

from __future__ import annotations

_COMMON_CODES = """
    ActionOffline AuthFailure.InvalidAuthorization AuthFailure.InvalidSecretId AuthFailure.MFAFailure
    AuthFailure.SecretIdNotFound AuthFailure.SignatureExpire AuthFailure.SignatureFailure AuthFailure.TokenFailure
    AuthFailure.UnauthorizedOperation DryRunOperation FailedOperation InternalError InvalidAction InvalidParameter
    InvalidParameterValue InvalidRequest IpInBlacklist IpNotInWhitelist LimitExceeded MissingParameter NoSuchProduct
    NoSuchVersion RequestLimitExceeded RequestLimitExceeded.GlobalRegionUinLimitExceeded
    RequestLimitExceeded.IPLimitExceeded RequestLimitExceeded.UinLimitExceeded RequestSizeLimitExceeded ResourceInUse
    ResourceInsufficient ResourceNotFound ResourceUnavailable ResponseSizeLimitExceeded ServiceUnavailable
    UnauthorizedOperation UnknownParameter UnsupportedOperation UnsupportedProtocol UnsupportedRegion
"""
COMMON = set(_COMMON_CODES.split())

_STATE = "UnsupportedOperation.InstanceState"


def _states(names: str) -> str:
    return " ".join(_STATE + name for name in names.split())


_INSTANCE_P = (
    "InvalidInstanceId.NotFound InvalidInstanceId.Malformed InvalidParameterValue.InstanceIdMalformed"
    " InvalidInstance.NotSupported InvalidParameterValue InvalidParameterValue.LimitExceeded MissingParameter"
    " UnsupportedOperation.InstanceReinstallFailed "
    + _states("EnterRescueMode ExitRescueMode Freezing Isolating Shutdown Terminating Corrupted")
)
_STOPPING_P = (
    " UnauthorizedOperation.MFAExpired UnauthorizedOperation.MFANotFound InvalidParameterCombination"
    " UnsupportedOperation.StoppedModeStopCharging"
)
_INSTANCE_S = "OperationDenied.InstanceOperationInProgress MutexOperation.TaskRunning "
_COMMAND = {
    "B": "ResourceUnavailable.AgentStatusNotOnline ResourceUnavailable.InstanceStateNotRunning",
    "U": "FailedOperation.CVMError FailedOperation.LighthouseError InternalError",
    "P": "ResourceUnavailable.AgentNotInstalled ResourceUnavailable.LighthouseUnsupportedRegion"
    " ResourceNotFound.InstanceNotFound ResourceNotFound.RoleNotFound InvalidParameterValue.InvalidUsername"
    " InvalidParameterValue.AgentUnsupportedCommandType UnauthorizedOperation.CamAuthFailed"
    " UnauthorizedOperation.InvalidToken UnauthorizedOperation.MFAExpired UnauthorizedOperation.MFANotFound",
}

LETTERS: dict[str, dict[str, str]] = {
    "CreateSnapshot": {
        "B": "InvalidDisk.Busy ResourceUnavailable.DiskBackupCreating ResourceBusy ResourceInUse"
        " ResourceInUse.DiskMigrating ResourceInUse.DiskRollbacking ResourceUnavailable.TooManyCreatingSnapshot",
        "S": "InvalidDisk.SnapshotCreating ResourceUnavailable.SnapshotCreating",
        "U": "InternalError.ComponentError InternalError.ResourceOpFailed",
        "Q": "InsufficientSnapshotQuota ResourceInsufficient.OverQuota InvalidAccount.InsufficientBalance"
        " ResourceUnavailable.DiskSnapshotChainTooLarge",
        "P": "LimitExceeded.InstanceAttachedDisk InvalidDisk.NotSupportSnapshot InvalidDisk.NotSupported"
        " InvalidDisk.TypeError ResourceUnavailable.NotSupported UnsupportedOperation.DiskEncrypt"
        " UnsupportedOperation.ShareDiskNotSupportSnap InvalidDiskId.NotFound ResourceNotFound.NotFound"
        " InvalidParameter.InvalidClientToken InvalidParameter.ProjectIdNotExist MissingParameter",
    },
    "ApplySnapshot": {
        "B": "InvalidDisk.Busy InvalidDisk.SnapshotCreating ResourceBusy ResourceUnavailable.SnapshotCreating"
        " UnsupportedOperation.InstanceNotStopped UnsupportedOperation.StateError",
        "S": "ResourceInUse.DiskRollbacking",
        "Q": "ResourceInsufficient",
        "P": "InvalidDisk.NotSupported InvalidDiskId.NotFound InvalidInstance.NotSupported InvalidInstanceId.NotFound"
        " InvalidParameter.DiskSizeNotMatch InvalidParameter.ShouldConvertSnapshotToImage InvalidParameterValue"
        " InvalidSnapshot.NotSupported InvalidSnapshotId.NotFound MissingParameter ResourceNotFound.NotFound"
        " ResourceUnavailable.NotSupported UnauthorizedOperation.MFAExpired",
    },
    "RebootInstances": {
        "B": _states(
            "Stopping Starting Pending EnterServiceLiveMigrate ExitServiceLiveMigrate ServiceLiveMigrate",
        ),
        "S": _INSTANCE_S + _states("Rebooting"),
        "U": "InternalServerError",
        "P": _INSTANCE_P
        + _STOPPING_P
        + " FailedOperation.InvalidInstanceApplicationRole UnsupportedOperation "
        + _states("Stopped RescueMode Terminated Banning"),
    },
    "StopInstances": {
        "B": _states("Starting Pending Rebooting EnterServiceLiveMigrate ExitServiceLiveMigrate ServiceLiveMigrate"),
        "S": _INSTANCE_S + _states("Stopped Stopping"),
        "U": "InternalServerError",
        "P": _INSTANCE_P
        + _STOPPING_P
        + " InvalidParameterValue.ZoneNotSupported UnsupportedOperation.HibernationForNormalInstance "
        + _states("RescueMode Terminated Banning"),
    },
    "StartInstances": {
        "B": _states("Stopping Stopped Pending Rebooting ServiceLiveMigrate"),
        "S": _INSTANCE_S + _states("Running Starting"),
        "U": "InternalServerError",
        "P": _INSTANCE_P + " InvalidParameterValue.ZoneNotSupported " + _states("RescueMode Terminated"),
    },
    "RunCommand": _COMMAND,
    "InvokeCommand": {**_COMMAND, "P": _COMMAND["P"] + " ResourceNotFound.CommandNotFound"},
}
