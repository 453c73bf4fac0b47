"""The class of each error code that a call of ours can be answered with, as data that can be reviewed line by line.

`classify` in error_classes.py reads it, the most exact first: BY_ACTION, CODES, FAMILIES; the codes of actions that we
never call stand in unreachable_codes.py. Each code of the SDK's modules must be found here or there, or a test fails.

Sources: the common codes (API reference 1140/51177), the lists of each action in the Go SDK, the meanings in the Python
SDK's `errorcodes` modules. What a code *proves* is stated nowhere; the classes are our reading of the meanings.
"""

from __future__ import annotations

from collections.abc import Mapping

from remediation.errors import AlreadySo, CloudError, NeedsPeople, NotYet, OutcomeUnknown, Refused, Throttled

Class = type[CloudError]
Table = Mapping[Class, str]

MUTATING = frozenset(
    {
        "CreateSnapshot",
        "ApplySnapshot",
        "RebootInstances",
        "StopInstances",
        "StartInstances",
        "RunCommand",
        "InvokeCommand",
    }
)
"""The actions that change something: only of these can an effect be unknown, or be there already."""

MAY_HAVE_ACTED = frozenset({"InternalError", "InternalServerError", "FailedOperation", "ServiceUnavailable"})
"""Families that do not say whether anything was done, whatever detail follows them."""

# Where one action reads a code otherwise than the others do.
BY_ACTION: Mapping[str, Table] = {
    "CreateSnapshot": {
        # One snapshot of a disk at a time: this one may be ours, begun by a call whose answer was lost.
        AlreadySo: "InvalidDisk.SnapshotCreating ResourceUnavailable.SnapshotCreating",
    },
    "ApplySnapshot": {AlreadySo: "ResourceInUse.DiskRollbacking"},
    "RebootInstances": {AlreadySo: "UnsupportedOperation.InstanceStateRebooting"},
    "StopInstances": {
        AlreadySo: "UnsupportedOperation.InstanceStateStopped UnsupportedOperation.InstanceStateStopping",
    },
    "StartInstances": {
        AlreadySo: "UnsupportedOperation.InstanceStateRunning UnsupportedOperation.InstanceStateStarting",
        # Listed for an action that wants a stopped instance: its state shows before the stop has let go of it.
        NotYet: "UnsupportedOperation.InstanceStateStopped",
    },
}

CODES: Table = {
    NotYet: """
        AuthFailure.SignatureExpire
        InvalidDisk.Busy InvalidDisk.SnapshotCreating
        ResourceBusy
        ResourceInUse ResourceInUse.CopySnapshotConflict ResourceInUse.DiskMigrating ResourceInUse.DiskRollbacking
        ResourceUnavailable.AgentStatusNotOnline ResourceUnavailable.DiskBackupCreating
        ResourceUnavailable.InstanceStateNotRunning ResourceUnavailable.SnapshotCreating
        ResourceUnavailable.TooManyCreatingSnapshot
        UnsupportedOperation.InstanceNotStopped UnsupportedOperation.InstanceStateEnterServiceLiveMigrate
        UnsupportedOperation.InstanceStateExitServiceLiveMigrate UnsupportedOperation.InstanceStatePending
        UnsupportedOperation.InstanceStateRebooting UnsupportedOperation.InstanceStateServiceLiveMigrate
        UnsupportedOperation.InstanceStateStarting UnsupportedOperation.InstanceStateStopping
        UnsupportedOperation.LocalDiskMigratingToCloudDisk UnsupportedOperation.StateError
        """,
    # What is refused for an operation or a task that runs: it may be our own, of a call whose answer was lost.
    AlreadySo: "MutexOperation.TaskRunning OperationDenied.InstanceOperationInProgress",
    # Tags are set in the call that creates, perhaps after it; and an answer that is too large may be that of a success.
    OutcomeUnknown: """
        FailedOperation FailedOperation.CVMError FailedOperation.LighthouseError FailedOperation.TagOperationFailed
        LimitExceeded.TagQuotaLimitExceeded ResponseSizeLimitExceeded
        """,
    # The keys are read anew for each call: the next one may have those that were rotated in.
    Throttled: "AuthFailure.TokenFailure",
    Refused: """
        ActionOffline DryRunOperation
        FailedOperation.InvalidInstanceApplicationRole FailedOperation.InvalidInstanceApplicationRoleEmr
        InvalidDisk.NotSupportSnapshot InvalidDisk.NotSupported InvalidDisk.TypeError
        InvalidInstance.NotSupported InvalidSnapshot.NotSupported
        LimitExceeded.FilterValueExceeded LimitExceeded.InstanceAttachedDisk
        RequestSizeLimitExceeded
        ResourceUnavailable.AgentNotInstalled ResourceUnavailable.LighthouseUnsupportedRegion
        ResourceUnavailable.NotSupportSnapshot ResourceUnavailable.NotSupported
        UnsupportedOperation UnsupportedOperation.DiskEncrypt UnsupportedOperation.EdgeZoneInstance
        UnsupportedOperation.HibernationForNormalInstance UnsupportedOperation.InstanceStateNotRunning
        UnsupportedOperation.InstanceStateRunning UnsupportedOperation.InstanceStateStopped
        UnsupportedOperation.InstanceStateTerminated UnsupportedOperation.InstanceStateTerminating
        UnsupportedOperation.NotSupportInstanceImage UnsupportedOperation.Region
        UnsupportedOperation.ShareDiskNotSupportSnap UnsupportedOperation.SpecialInstanceType
        UnsupportedOperation.StoppedModeStopCharging
        """,
    # Money, quota, rescue mode, a machine that Tencent has frozen or banned: what a person can mend.
    NeedsPeople: """
        InsufficientSnapshotQuota InvalidDisk.Expire
        IpInBlacklist IpNotInWhitelist
        LimitExceeded
        OperationDenied OperationDenied.AccountNotSupported OperationDenied.AccountSecurityRisk
        OperationDenied.InnerUserProhibitAction
        ResourceInsufficient ResourceInsufficient.OverQuota
        ResourceUnavailable ResourceUnavailable.DiskSnapshotChainTooLarge ResourceUnavailable.Expire
        ResourceUnavailable.UserHasNoQuotaCode
        UnsupportedOperation.InstanceReinstallFailed UnsupportedOperation.InstanceStateBanning
        UnsupportedOperation.InstanceStateCorrupted UnsupportedOperation.InstanceStateEnterRescueMode
        UnsupportedOperation.InstanceStateExitRescueMode UnsupportedOperation.InstanceStateFreezing
        UnsupportedOperation.InstanceStateIsolating UnsupportedOperation.InstanceStateLaunchFailed
        UnsupportedOperation.InstanceStateRescueMode UnsupportedOperation.InstanceStateShutdown
        UnsupportedOperation.InvalidInstancesOwner UnsupportedOperation.NotSupportUnpaidOrder
        """,
}

# Only families whose name says the class, whatever detail follows. Those of states (OperationDenied, ResourceInUse,
# ResourceUnavailable, UnsupportedOperation, ...) say it by their detail alone, and are never taken as a whole.
FAMILIES: Table = {
    # The gateway counts before any product sees the call.
    Throttled: "RequestLimitExceeded",
    OutcomeUnknown: "InternalError InternalServerError ServiceUnavailable",
    NeedsPeople: "AccountQualificationRestrictions AuthFailure InvalidAccount InvalidPermission UnauthorizedOperation",
    # A name, an id or a value that is wrong, missing or not there.
    Refused: """
        InvalidAccountId InvalidAccountIs InvalidAction InvalidAutoSnapshotPolicyId InvalidClientToken InvalidDiskId
        InvalidFilter InvalidFilterValue InvalidHost InvalidHostId InvalidImageId InvalidImageName InvalidImageOsType
        InvalidImageOsVersion InvalidInstanceId InvalidInstanceName InvalidInstanceType InvalidKeyPair
        InvalidKeyPairId InvalidKeyPairName InvalidKeyPairNameEmpty InvalidKeyPairNameIncludeIllegalChar
        InvalidKeyPairNameTooLong InvalidParameter InvalidParameterCombination InvalidParameterConflict
        InvalidParameterValue InvalidParameterValueLimit InvalidParameterValueOffset InvalidPassword InvalidPeriod
        InvalidProjectId InvalidPublicKey InvalidRegion InvalidRequest InvalidSecurityGroupId InvalidSgId
        InvalidSnapshotId InvalidZone MissingParameter NoSuchProduct NoSuchVersion ResourceNotFound UnknownParameter
        UnsupportedProtocol UnsupportedRegion
        """,
}
