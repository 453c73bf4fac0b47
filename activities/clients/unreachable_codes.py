"""The SDK's codes of actions that we never call: images, key pairs, prices, launch, resize, refund.

None of them is documented for a call of ours. If one comes, our picture of the API is wrong: a person should look, and
what was sent counts as unknown where the code's family does not say whether anything was done.
"""

from __future__ import annotations

from collections.abc import Mapping

# Family → the details that may follow it; "" for codes without a detail. One by one and never as whole families: the
# next detail of such a family may well be the answer to a call of ours, and is to be looked at.
UNREACHABLE: Mapping[str, str] = {
    "": """
        EniNotAllowedChangeSubnet ImageQuotaLimitExceeded InstancesQuotaLimitExceeded InsufficientRefundQuota
        InvalidInstanceNotSupportedPrepaidInstance InvalidInstanceState OverQuota SecGroupActionFailure
        TradeDealConflict VpcAddrNotInSubNet VpcIpIsUsed
        """,
    "FailedOperation": """
        AccountAlreadyExists AccountIsYourSelf AlreadyInDisasterRecoverGroup BYOLImageShareFailed
        DisassociateKeyPairFailed DisasterRecoverGroupNotFound DisasterRecoverGroupNotMatch
        GetInstanceTATAgentStatusFailed IllegalTagKey IllegalTagValue InquiryPriceFailed InquiryRefundPriceFailed
        InvalidImageState MutActionTimerExist NoAvailableIpAddressCountInSubnet NotFoundEIP NotMasterAccount
        PlacementSetNotEmpty PromotionalPerioRestriction PromotionalRegionRestriction QImageShareFailed
        RImageShareFailed SecurityGroupActionFailed SnapshotSizeLargerThanDataSize SnapshotSizeLessThanDataSize
        TagKeyReserved TatAgentNotSupport Unreturnable ZoneInconsistent
        """,
    "InvalidDisk": "AlreadyBound NotPortable",
    "LimitExceeded": """
        AssociateUSGLimitExceeded AutoSnapshotPolicyOutOfQuota CvmInstanceQuota CvmsVifsPerSecGroupLimitExceeded
        DisasterRecoverGroup EipNumLimit EniLimitInstanceType EniNumLimit ExportImageTaskLimitExceeded
        HpcClusterQuota IPv6AddressNum InstanceEniNumLimit InstanceQuota InstanceTypeBandwidth LaunchTemplateQuota
        LaunchTemplateVersionQuota PreheatImageSnapshotOutOfQuota PrepayQuota PrepayUnderwriteQuota SingleUSGQuota
        SpotQuota TagResourceQuota UserReturnQuota UserSpotQuota VpcSubnetNum
        """,
    "OperationDenied": """
        ChcDeployConfigInvalid ChcHostStateNotSupported ChcInstallCloudImageWithoutDeployNetwork
        NotBandwidthShiftUpUserApplyEdgeZoneEip
        """,
    "RegionAbilityLimit": "UnsupportedToImportImage",
    "ResourceInUse": "HpcCluster",
    "ResourceInsufficient": """
        AvailabilityZoneSoldOut CidrBlock CloudDiskSoldOut CloudDiskUnavailable DisasterRecoverGroupCvmQuota
        InsufficientGroupQuota InsufficientOfferingMinimum OverRefundQuota SpecifiedInstanceType UpgradeServiceBusy
        ZoneSoldOutForSpecifiedInstance
        """,
    "ResourceUnavailable": """
        Attached CommandInExecuting CommandInInvoker InstanceType InvalidResourceQuotaResourceCode NotPortable
        NotSupportRefund RepeatRefund TypeError ZoneNotMatch
        """,
    "ResourcesSoldOut": "AvailableZone EipInsufficient SpecifiedInstanceType",
    "UnsupportedOperation": """
        ArmArchitecture BandwidthPackageIdNotSupported CbsRemoteSsdNotSupport CommercialImageChangeChargeType
        DetachPod DiskSnapCreateTimeTooOld EdgeZoneNotSupportCloudDisk EdgeZoneNotSupportPurchaseReserved
        ElasticNetworkInterface EncryptedImagesNotSupported HeterogeneousChangeInstanceFamily HibernationOsVersion
        IPv6NotSupportVpcMigrate ImageTooLargeExportUnsupported InstanceChargeType InstanceMixedPricingModel
        InstanceMixedResetInstanceType InstanceMixedZoneType InstanceOsConvertOsNotSupport InstanceOsWindows
        InstanceTypeNotSupportConfidentiality InstanceTypeNotSupportGridLicence
        InstanceTypeNotSupportHighDensityModeSetting InstanceTypeNotSupportJumboFrame
        InstancesEnableJumboWithoutReboot InstancesProtected InsufficientClusterQuota InvalidDataDisk InvalidDisk
        InvalidDiskBackupQuota InvalidDiskFastRollback InvalidImageLicenseTypeForReset
        InvalidInstanceNotSupportedProtectedInstance InvalidInstanceWithSwapDisk InvalidRegionDiskEncrypt
        InvalidZone KeyPairUnsupportedWindows LocalDataDiskChangeInstanceFamily LocationImageNotSupported
        MarketImageConvertOSUnsupported MarketImageExportUnsupported MinCountUnsupportedChargeType
        MinCountUnsupportedRegion ModifyEncryptionNotSupported ModifyVPCWithCLB ModifyVPCWithClassLink
        NoInstanceTypeSupportSpot NoVpcNetwork NotFpgaInstance NotSupportImportInstancesActionTimer
        OnlyForPrepaidAccount OriginalInstanceTypeInvalid PeriodicContractNotSupportManualRenew PreheatImage
        PublicImageExportUnsupported RawLocalDiskInsReinstalltoQcow2 RedHatImageExportUnsupported
        RedHatInstanceTerminateUnsupported RedHatInstanceUnsupported ResourcePoolPackageInvisibleForUser
        SharedImageExportUnsupported SharedImageModifyUnsupported SnapHasShared SnapshotGroupDiskAttachMultiInstance
        SnapshotHasBindedImage SnapshotNotSupportCopy SpotUnsupportedRegion StoppedModeStopChargingSameFamily
        SyncEncryptImageNotSupport SystemDiskType TatAgentNotOnline UnderwriteDiscountGreaterThanPrepaidDiscount
        UnderwritingInstanceTypeOnlySupportAutoRenew UnsupportedARMChangeInstanceFamily
        UnsupportedChangeInstanceFamily UnsupportedChangeInstanceFamilyToARM
        UnsupportedChangeInstanceToThisInstanceFamily UnsupportedInternationalUser UnsupportedPool
        UserConvertOsNotSupport UserLimitOperationExceedQuota WindowsImageExportUnsupported
        """,
}
