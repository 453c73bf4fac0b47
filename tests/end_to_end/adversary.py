"""What ends in time and leaves the state readable: every such fault of the simulator at every call that it can hit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.end_to_end.fault import (
    AGENT,
    CREATE,
    CURED,
    DATA,
    DISKS,
    HONEST,
    LOOK,
    MINUTE,
    NEVER_DONE,
    REBOOT,
    REGION,
    SNAPSHOTS,
    SYSTEM,
    Fault,
    Rule,
)

# A read that fails for a while.
READ_TROUBLE: Mapping[str, Rule] = {
    "throttled three times": {"kind": "throttle", "times": 3},
    "http_500 twice": {"kind": "http_500", "times": 2},
    "InternalError twice": {"kind": "error", "times": 2},
    "reset twice": {"kind": "reset", "times": 2},
    "connection refused": {"kind": "refuse"},
    "silence": {"kind": "silence"},
    "answer truncated": {"kind": "truncate", "times": 2},
    "answer of another shape": {"kind": "wrong_body", "times": 2},
    "another content type": {"kind": "wrong_content_type", "times": 2},
    "an error of another content type": {"kind": "error", "times": 1},
    "dropped": {"kind": "drop_before"},
}
# Of the calls of one action, those before which a new step of the story begins.
MOMENTS = {LOOK: (1, 2, 4, 5), DISKS: (1, 3), SNAPSHOTS: (2, 4), AGENT: (1,)}
# Certainly not done · done, and nobody was told.
PROVEN: Mapping[str, Rule] = {
    "throttled three times": {"kind": "throttle", "times": 3},
    "connection refused after it": {"kind": "refuse"},
    "busy": {"kind": "error", "code": "ResourceBusy", "times": 2},
}
DONE: Mapping[str, Rule] = {
    "answer lost": {"kind": "lose_answer"},
    "answer truncated": {"kind": "truncate"},
    "null id": {"kind": "null_id"},
    "answer of another shape": {"kind": "wrong_body"},
    "another content type": {"kind": "wrong_content_type"},
    "done and http_500": {"kind": "http_500", "at": "effect"},
    "done and InternalError": {"kind": "error", "at": "effect"},
    "done and reset": {"kind": "reset", "at": "effect"},
    "done and silence": {"kind": "silence", "at": "effect"},
    "the answer takes too long": {"kind": "delay", "seconds": 2.5, "at": "effect"},
    "held on its way": {"kind": "delay", "seconds": 2.5},
    "late, answer lost": {"kind": "late", "seconds": MINUTE / 2},
    "late, http_500": {"kind": "late", "seconds": MINUTE / 2, "answer": "http_500"},
    "late, InternalError": {"kind": "late", "seconds": MINUTE / 2, "answer": "error"},
}


def _reads() -> Iterator[Fault]:
    for action in MOMENTS:
        for what, rule in READ_TROUBLE.items():
            rules: list[Rule] = [{"action": action, **rule}]
            if what == "an error of another content type":
                rules.append({"action": action, "kind": "wrong_content_type"})
            yield Fault(f"first {action}, {what}", CURED, tuple(rules))


def _later_reads() -> Iterator[Fault]:
    rows = {"said": ("throttle", "error", "http_500"), "cut": ("truncate", "reset"), "mute": ("silence", "wrong_body")}
    for action, moments in MOMENTS.items():
        for skip in moments:
            for row, kinds in rows.items():
                rules = tuple({"action": action, "kind": kind, "skip": skip} for kind in kinds)
                yield Fault(f"{action} after {skip} of them, {row}: {' then '.join(kinds)}", CURED, rules)


def _snapshots() -> Iterator[Fault]:
    for what, rule in (PROVEN | NEVER_DONE | DONE).items():  # type: ignore[operator]
        yield Fault(f"first {CREATE}, {what}", CURED, ({"action": CREATE, **rule},))
    for what, rule in (NEVER_DONE | DONE).items():  # type: ignore[operator]
        if rule["kind"] in ("drop_before", "lose_answer", "null_id", "late"):
            yield Fault(f"second {CREATE}, {what}", CURED, ({"action": CREATE, "skip": 1, **rule},))
            yield Fault(f"every first {CREATE}, {what}", CURED, ({"action": CREATE, "times": 2, **rule},))


def _reboots() -> Iterator[Fault]:
    for what, rule in (PROVEN | DONE).items():  # type: ignore[operator]
        yield Fault(f"{REBOOT}, {what}", CURED, ({"action": REBOOT, **rule},))
    for what, rule in NEVER_DONE.items():
        told = f"{REBOOT}, {what}, sent once more"
        yield Fault(told, CURED, ({"action": REBOOT, **rule},), runbook="insistent")


def _slowness() -> Iterator[Fault]:
    lost_create, lost_reboot = {"action": CREATE, "kind": "lose_answer"}, {"action": REBOOT, "kind": "lose_answer"}
    for action in MOMENTS:
        lag = {"action": action, "kind": "lag", "times": None, "seconds": MINUTE}
        yield Fault(f"{action} shows the past", CURED, (lag,))
        yield Fault(f"{action} shows the past, answers lost", CURED, (lag, lost_create, lost_reboot))
        delay = {"action": action, "kind": "delay", "times": 3, "seconds": 0.7}
        yield Fault(f"{action} is slow", CURED, (delay,))
    times: dict[str, dict[str, float]] = {
        "a slow snapshot": {"data_snapshot": 6 * MINUTE},
        "a snapshot long at 100 %": {"at_hundred": 3 * MINUTE},
        "RUNNING too early": {"reboot": 8 * MINUTE},
        "RUNNING long after": {"linger": 2 * MINUTE},
        "an operation that shows late": {"operation_lag": MINUTE},
        "a snapshot that is listed late": {"listing_lag": MINUTE},
        "a first heartbeat that is late": {"first_heartbeat": 4 * MINUTE},
    }
    for what, durations in times.items():
        yield Fault(what, CURED, durations=durations)
        yield Fault(f"{what}, answers lost", CURED, (lost_create, lost_reboot), durations=durations)
    for disk in (SYSTEM, DATA):
        theirs = {"happenings": [{"region": REGION, "disk": disk, "snapshot": "begin"}]}
        yield Fault(f"somebody's snapshot of {disk} is being made", CURED, account=theirs)
    yield Fault("the first connection is refused", CURED, ({"kind": "refuse", "seconds": 2},), knock=True)


def chances(seed: int) -> Fault:
    """Every call has a chance of some 15 % of coming to grief, by dice that fall the same way for the same seed."""
    kinds = ("throttle", "http_500", "error", "reset", "truncate", "lose_answer", "null_id", "wrong_body", "late")
    rules = tuple({"kind": kind, "chance": 0.018, "times": 6, "seconds": MINUTE / 2} for kind in kinds)
    return Fault(f"dice of seed {seed}", HONEST, rules, account={"seed": seed})


# What ends in time and leaves the state readable.
PASSING: Mapping[str, tuple[Fault, ...]] = {
    "first reads": tuple(_reads()),
    "later reads": tuple(_later_reads()),
    "snapshots": tuple(_snapshots()),
    "reboots": tuple(_reboots()),
    "slowness": tuple(_slowness()),
}
