"""What harmless calls to the cloud have shown: whose credentials these are, what they may read, how right the clock is.

What is refused for its signature says nothing of permissions, so each error is counted where it belongs.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from remediation.cloud import APPLY_SNAPSHOT, CREATE_SNAPSHOT, INVOKE_COMMAND, REBOOT, START, STOP, Caller
from remediation.config import Config
from remediation.diagnosis import Check, Finding, Seen, Status, finding, judge_quota, not_looked, waits_for
from remediation.kept_snapshots import Quota
from remediation.models import Fact

WHO_CALLS = "GetCallerIdentity"
NOBODY = "ins-00000000"
"""An instance that is asked for where some id has to be named: an empty list would mean all (P8)."""
_SIGNATURE_SECONDS = 300  # so far the clocks may be apart (API reference 270/35296)
_CLOCK_SECONDS = 30  # `Date` has whole seconds, and an answer may take ten
_OF_TAT = {"DescribeAutomationAgentStatus", "DescribeInvocationTasks", INVOKE_COMMAND}
_OF_KEYS = ("AuthFailure", "NoCredentials", "Malformed", "NoMachineRole", "UnauthorizedOperation.InvalidToken")
_POLICIES = {
    CREATE_SNAPSHOT: "snapshot-and-reboot",
    REBOOT: "snapshot-and-reboot",
    STOP: "rollback",
    START: "rollback",
    APPLY_SNAPSHOT: "rollback",
    INVOKE_COMMAND: "guest-command",
}


class Trouble(str, Enum):
    """What an error of a call is about."""

    NONE = "none"
    CLOCK = "clock"
    KEYS = "keys"
    PERMISSION = "permission"
    OTHER = "other"


class Look(Fact):
    """One harmless call, and what came of it.

    Attributes:
        code: of its error, "" if it was answered; so is `error`, in words.
        clock_ahead: by how many seconds this machine's clock was ahead of the answer, if it told.
    """

    action: str
    region: str
    code: str = ""
    error: str = ""
    clock_ahead: float | None = None

    @property
    def trouble(self) -> Trouble:
        # That nobody's instance is not there was to be expected; who may not ask would not have been told so.
        if not self.error or "InvalidInstanceId" in self.code or "InstanceNotFound" in self.code:
            return Trouble.NONE
        if self.code == "AuthFailure.SignatureExpire":
            return Trouble.CLOCK
        denied = self.code.startswith("UnauthorizedOperation") or self.code == "AuthFailure.UnauthorizedOperation"
        if denied and self.code != "UnauthorizedOperation.InvalidToken":
            return Trouble.PERMISSION
        return Trouble.KEYS if self.code.startswith(_OF_KEYS) else Trouble.OTHER


def judge_credentials(looks: Iterable[Look], caller: Caller | None) -> Finding:
    """Whether the cloud takes them, and whose they are."""
    looked = tuple(looks)
    if caller is not None:
        facts = {"kind": caller.kind or "?", "arn": caller.arn, "account": caller.account}
        return finding(Check.CREDENTIALS, Status.OK, Seen.CREDENTIALS_OF, **facts)
    refused = next((one for one in looked if one.trouble is Trouble.KEYS), None)
    if refused is not None:
        return finding(Check.CREDENTIALS, Status.PROBLEM, Seen.CREDENTIALS_REFUSED, error=refused.error)
    asked = next((one for one in looked if one.action == WHO_CALLS), None)
    if asked is not None and any(one.trouble in (Trouble.NONE, Trouble.PERMISSION) for one in looked):
        # Who is denied something was known before that.
        return finding(Check.CREDENTIALS, Status.WARNING, Seen.CREDENTIALS_TAKEN, error=asked.error)
    if any(one.trouble is Trouble.CLOCK for one in looked):
        return waits_for(Check.CLOCK, Check.CREDENTIALS)
    return not_looked(Check.CREDENTIALS, asked.error if asked is not None else "no call was made")


def judge_clock(looks: Iterable[Look]) -> Finding:
    """The nearest of all answers: what came late makes the others look worse."""
    looked = tuple(looks)
    known = [one.clock_ahead for one in looked if one.clock_ahead is not None]
    ahead = min(known, key=abs) if known else None
    refused = any(one.trouble is Trouble.CLOCK for one in looked)
    if ahead is None:
        if refused:
            return finding(Check.CLOCK, Status.PROBLEM, Seen.CLOCK_OFF, seconds="> 300")
        return finding(Check.CLOCK, Status.UNKNOWN, Seen.CLOCK_UNTOLD)
    told = f"{ahead:+.0f}"
    if refused or abs(ahead) >= _SIGNATURE_SECONDS:
        return finding(Check.CLOCK, Status.PROBLEM, Seen.CLOCK_OFF, seconds=told)
    if abs(ahead) >= _CLOCK_SECONDS:
        return finding(Check.CLOCK, Status.WARNING, Seen.CLOCK_OFF, seconds=told)
    return finding(Check.CLOCK, Status.OK, Seen.CLOCK_RIGHT, seconds=told)


def judge_read(look: Look) -> Finding:
    """Whether this may be read."""
    about = f"{cam_name(look.action)}, {look.region}"
    if look.trouble is Trouble.NONE:
        return finding(Check.READ, Status.OK, Seen.READ_ALLOWED, about)
    if look.trouble is Trouble.PERMISSION:
        return finding(Check.READ, Status.PROBLEM, Seen.READ_DENIED, about, policy=_policy(look.action))
    return _unread(Check.READ, look, about)


def judge_room(disks: Look, snapshots: Look, counted: Quota, region: str) -> Finding:
    """The quota, if both were read that it is counted from."""
    for look in (disks, snapshots):
        if look.trouble is Trouble.PERMISSION:
            return waits_for(Check.READ, Check.QUOTA, region)
        if look.error:
            return _unread(Check.QUOTA, look, region)
    return judge_quota(counted, region)


def _unread(check: Check, look: Look, about: str) -> Finding:
    first = {Trouble.CLOCK: Check.CLOCK, Trouble.KEYS: Check.CREDENTIALS}.get(look.trouble)
    return not_looked(check, look.error, about) if first is None else waits_for(first, check, about)


def judge_writes(config: Config | None) -> tuple[Finding, ...]:
    """No action of this API can be tried without acting; what no rule comes to is not needed.

    Args:
        config: None if the page cannot be read: then each may be needed.
    """
    needed = _POLICIES if config is None else dict.fromkeys(needed_writes(config))
    told = []
    for action, policy in _POLICIES.items():
        if action in needed:
            told.append(finding(Check.WRITE, Status.BY_HAND, Seen.WRITE_UNTOLD, cam_name(action), policy=policy))
        else:
            told.append(finding(Check.WRITE, Status.OK, Seen.WRITE_UNNEEDED, cam_name(action)))
    return tuple(told)


def needed_writes(config: Config) -> tuple[str, ...]:
    """The actions that a rule of the page may come to."""
    needed: dict[str, None] = {}
    for rule in config.rules:
        if rule.run is None or rule.mode is None or not rule.mode.acts:
            continue
        runbook = config.runbooks[rule.run]
        if runbook.snapshot is not None:
            needed[CREATE_SNAPSHOT] = None
        for rung in runbook.ladder:
            needed.update(dict.fromkeys((REBOOT,) if rung.reboot is not None else (STOP, APPLY_SNAPSHOT, START)))
        if config.guest.commands:
            needed[INVOKE_COMMAND] = None
    return tuple(needed)


def cam_name(action: str) -> str:
    """As permissions are given: those for disks and snapshots under cvm (API reference 598/69910)."""
    product = "sts" if action == WHO_CALLS else "tat" if action in _OF_TAT else "cvm"
    return f"{product}:{action}"


def _policy(action: str) -> str:
    return "guest-command" if action == "DescribeInvocationTasks" else "read"
