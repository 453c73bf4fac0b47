"""STS 2018-08-13: keys of a role for a while, and whose keys a caller has."""

from __future__ import annotations

from typing import Any

from simulator import parameters as p
from simulator.clock import utc_text
from simulator.cloud import Call
from simulator.errors import ApiError
from simulator.world import Credential


def assume_role(call: Call, asked: p.AssumeRole) -> dict[str, Any]:
    """Keys that the gateway takes until they expire; their token is refused afterwards."""
    cloud = call.cloud
    if asked.RoleArn not in cloud.world.roles:
        raise ApiError("ResourceNotFound.RoleNotFound", f"The role `{asked.RoleArn}` does not exist.")
    secret_id = cloud.new_id(cloud.issued, "AKIDassumed")
    issued = Credential(
        secret_id=secret_id,
        secret_key=cloud.new_id({}, "key-"),
        token=cloud.new_id({}, "token-"),
    )
    cloud.issued[secret_id] = issued, call.now + asked.DurationSeconds
    return {
        "Credentials": {"Token": issued.token, "TmpSecretId": secret_id, "TmpSecretKey": issued.secret_key},
        "ExpiredTime": int(call.now + asked.DurationSeconds),
        "Expiration": utc_text(call.now + asked.DurationSeconds),
    }


def get_caller_identity(call: Call, asked: p.GetCallerIdentity) -> dict[str, Any]:
    """Whose keys the caller signed with (API reference 1312/66098)."""
    uin = call.cloud.world.uin
    if call.secret_id in call.cloud.issued:
        session, kind = "4611686018400000001:cvm-medic", "CAMRole"
        arn = f"qcs::sts:{uin}:assumed-role/4611686018400000001"
    else:
        session, kind, arn = uin, "CAMUser", f"qcs::cam:{uin}:uin/{uin}"
    return {"Arn": arn, "AccountId": uin, "UserId": session, "PrincipalId": uin, "Type": kind}
