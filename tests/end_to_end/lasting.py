"""What stays broken, or what nobody can know: at each call and moment of the story, and how a run may end then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.end_to_end.fault import (
    ACT_WITHIN_SECONDS,
    AGENT,
    CREATE,
    CURED,
    DATA,
    DISKS,
    LOOK,
    NEVER_DONE,
    NONE,
    ONE,
    PATIENT,
    PEOPLE,
    REBOOT,
    REFUSED,
    SICK,
    SNAPSHOTS,
    SYSTEM,
    UNTOUCHED,
    WELL_BY_ITSELF,
    Fault,
)


def _doubtful_reboots() -> Iterator[Fault]:
    for what, rule in NEVER_DONE.items():
        yield Fault(f"{REBOOT}, {what}", PEOPLE, ({"action": REBOOT, **rule},), reboots=NONE)
        told = f"{REBOOT}, {what} twice, sent once more"
        rules = ({"action": REBOOT, **rule, "times": 2},)
        yield Fault(told, PEOPLE, rules, runbook="insistent", reboots=NONE)


def _hopeless_snapshots() -> Iterator[Fault]:
    for trouble in ("stall", "vanish"):
        disk = {"snapshots": trouble, "trouble_at_percent": 99 if trouble == "stall" else 50}
        yield Fault(f"the snapshots {trouble}", PEOPLE, disk=disk, runbook="hasty", reboots=NONE)
    codes = ("InternalError", "ResourceInsufficient.OverQuota", "InvalidDiskId.NotFound", "NoSuchCode", "ResourceBusy")
    for code in codes:
        for skip in (0, 1):
            rule = {"action": CREATE, "kind": "error", "code": code, "times": None, "skip": skip}
            told = f"{CREATE} answers {code} for hours, after {skip} of them"
            yield Fault(told, UNTOUCHED, (rule,), runbook="hasty", reboots=NONE)
    for kind in ("throttle", "lose_answer", "drop_before", "silence"):
        rule = {"action": CREATE, "kind": kind, "times": None}
        # Its answers are lost, and yet it comes about: then it is found.
        ends = CURED if kind == "lose_answer" else PEOPLE
        reboots = ONE if kind == "lose_answer" else NONE
        yield Fault(f"{CREATE}, {kind} for hours", ends, (rule,), runbook="hasty", reboots=reboots)
    quota = {"regions": {"snapshot_quota": 1}}
    yield Fault("the quota ends after one snapshot", PEOPLE, account=quota, runbook="hasty", reboots=NONE)
    local = {"data_disks": [{"disk_id": DATA, "type": "LOCAL_BASIC"}]}
    yield Fault("a local disk", REFUSED, instance=local, runbook="hasty", reboots=NONE)
    bare = {"snapshot_ability": False}
    yield Fault("a disk of which no snapshot can be made", REFUSED, disk=bare, runbook="hasty", reboots=NONE)


def _others() -> Iterator[Fault]:
    """Somebody stops it, deletes it, moves it, works on it: at each moment of the story."""
    what: dict[str, dict[str, Any]] = {
        "stopped": {"change": {"state": "STOPPED"}},
        "isolated": {"change": {"restrict_state": "PROTECTIVELY_ISOLATED"}},
        "deleted": {"delete": True},
        "migrating": {"change": {"state": "SERVICE_LIVE_MIGRATE"}},
        "rebooted by somebody": {"operate": "RebootInstances"},
        "being stopped by somebody": {"operate": "StopInstances"},
        "out of scope": {"change": {"tags": {}}},
        "with one more disk": {"change": {"attach": {"disk_id": "disk-attached"}}},
    }
    minor = {"out of scope", "with one more disk", "isolated"}  # nothing that a reboot under way minds
    for name, change in what.items():
        do = {"instance": PATIENT, **change}
        for moment, action, at, reboots in (
            ("at the first look", LOOK, "arrival", NONE),
            ("while snapshots are made", CREATE, "effect", NONE),
            ("as the reboot arrives", REBOOT, "arrival", NONE),
            ("after the effect", REBOOT, "effect", ONE),
        ):
            # The console begins nothing while our reboot runs.
            later = {"in_seconds": 40} if "operate" in change and reboots == ONE else {}
            # The incident reads the instance before the run does.
            rule = {"action": action, "kind": "befall", "at": at, "do": {**do, **later}, "skip": int(action == LOOK)}
            allowed = (
                PEOPLE if reboots == NONE else (SICK | CURED if name in minor or "operate" in change else SICK | PEOPLE)
            )
            if action == REBOOT and at == "arrival" and name in ("out of scope", "with one more disk"):
                allowed, reboots = CURED, ONE  # after the last look: the gap that safety.md names
            if action == LOOK:
                allowed, reboots = (CURED, ONE) if name == "with one more disk" else (UNTOUCHED, NONE)
            yield Fault(f"{name} {moment}", allowed, (rule,), runbook="hasty", reboots=reboots)


def _ends_of_the_reboot() -> Iterator[Fault]:
    yield Fault("the reboot fails", SICK, instance={"soft_reboot": "fails"}, runbook="hasty", reboots=ONE)
    yield Fault("the reboot hangs", SICK, instance={"soft_reboot": "hangs"}, runbook="hasty", reboots=ONE)
    silent = {"agent_after_reboot": "offline"}
    yield Fault("back, and its agent is silent", PEOPLE, instance=silent, runbook="hasty", reboots=ONE)
    for code in ("ResourceInsufficient", "UnauthorizedOperation.MFAExpired", "NoSuchCode", "InvalidParameter"):
        rule = {"action": REBOOT, "kind": "error", "code": code, "times": None}
        yield Fault(f"{REBOOT} answers {code}", PEOPLE, (rule,), runbook="hasty", reboots=NONE)
    for action in (LOOK, DISKS, SNAPSHOTS, AGENT):
        rule = {"action": action, "kind": "http_500", "times": None}
        end = {LOOK: UNTOUCHED, DISKS: UNTOUCHED, SNAPSHOTS: PEOPLE, AGENT: PEOPLE}[action]
        yield Fault(f"{action} fails for hours", end, (rule,), runbook="hasty", reboots=NONE)
    blind = {"action": LOOK, "kind": "throttle", "times": None, "skip": 5}
    yield Fault("nothing can be read after the reboot", PEOPLE, (blind,), runbook="hasty", reboots=ONE)


def _account() -> Iterator[Fault]:
    keys = {"secret_id": "AKIDSIMULATOR0000000000000000000000", "secret_key": "simulator-secret-key"}
    for action in (LOOK, DISKS, SNAPSHOTS, AGENT, CREATE, REBOOT):
        denied = {"credentials": [{**keys, "deny": [action]}]}
        reboots = ONE if action == AGENT else NONE
        yield Fault(f"{action} is not permitted", PEOPLE, account=denied, runbook="hasty", reboots=reboots)
        for call, of, counts in ((CREATE, "the snapshots", {0}), (REBOOT, "the reboot", {1})):
            rule = {"action": call, "kind": "befall", "at": "effect", "do": {"account": {"deny": [action]}}}
            told = f"{action} is no longer permitted after {of}"
            ends = CURED if action in (CREATE, REBOOT, DISKS, SNAPSHOTS, AGENT) else PEOPLE
            yield Fault(told, ends, (rule,), runbook="hasty", reboots=frozenset(counts | {1}))
    for seconds in (600, -600):
        skewed = {"clock_skew_seconds": seconds}
        yield Fault(f"the clock is off by {seconds} s", PEOPLE, account=skewed, runbook="hasty", reboots=NONE)
        for call, reboots in ((CREATE, NONE), (REBOOT, ONE)):
            rule = {"action": call, "kind": "befall", "at": "effect", "do": {"account": skewed}}
            yield Fault(f"off by {seconds} s after {call}", PEOPLE, (rule,), runbook="hasty", reboots=reboots)


def _recoveries() -> Iterator[Fault]:
    slow = {"data_snapshot": 600.0}
    for action in (LOOK, CREATE, SNAPSHOTS):
        told = f"well by itself after {action}"
        yield Fault(told, WELL_BY_ITSELF, durations=slow, recovers_at=action, reboots=NONE)
    yield Fault("well by itself after the reboot was sent", CURED, recovers_at=REBOOT, reboots=ONE)


def _lateness() -> Iterator[Fault]:
    slow = {"data_snapshot": 600.0}
    old = ACT_WITHIN_SECONDS - 5
    yield Fault("the snapshots outlast the alarm", PEOPLE, durations=slow, age=old, reboots=NONE)
    for action in (CREATE, REBOOT):
        rule = {"action": action, "kind": "throttle", "times": 4}
        yield Fault(f"{action}, throttled until the alarm is too old", PEOPLE, (rule,), age=old, reboots=NONE)
    # Both snapshots are ready, the second one late, when the first one goes.
    gone = {"in_seconds": 200, "disk": SYSTEM, "snapshot": "vanish"}
    cue = {"action": CREATE, "kind": "befall", "at": "effect", "do": gone}
    late = {"data_snapshot": 300.0}
    yield Fault(
        "a ready snapshot vanishes before the reboot", PEOPLE, (cue,), durations=late, runbook="hasty", reboots=NONE
    )


def _doubts_with_others() -> Iterator[Fault]:
    """A reboot of which nobody knows whether it was done, and somebody else at work on the instance."""
    blind = {"action": LOOK, "kind": "http_500", "skip": 5}  # the first look for it: at the next one theirs hides it
    for runbook in ("hasty", "insistent"):
        for kind, reboots in (("drop_before", NONE), ("lose_answer", ONE)):
            for operation in ("RebootInstances", "StopInstances"):
                do = {"instance": PATIENT, "operate": operation, "in_seconds": 35 if reboots == ONE else 1}
                cue = {"action": REBOOT, "kind": "befall", "at": "effect" if reboots == ONE else "arrival", "do": do}
                rules = (cue, {"action": REBOOT, "kind": kind}, blind)
                ends = SICK | CURED if operation == REBOOT else SICK | PEOPLE
                told = f"{kind} of the reboot ({runbook}), and somebody's {operation}"
                yield Fault(told, ends, rules, runbook=runbook, reboots=reboots)


# What takes longest, a minute, first.
LASTING: Mapping[str, tuple[Fault, ...]] = {
    "hopeless snapshots": tuple(_hopeless_snapshots()),
    "ends of the reboot": tuple(_ends_of_the_reboot()),
    "account": tuple(_account()),
    "others": tuple(_others()),
    "doubtful reboots": tuple(_doubtful_reboots()),
    "lateness": tuple(_lateness()),
    "doubts with others": tuple(_doubts_with_others()),
    "recoveries": tuple(_recoveries()),
}
