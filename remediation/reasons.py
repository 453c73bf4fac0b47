"""Why something happened: a code with its facts, so that it can be asked for, and said in any language."""

from __future__ import annotations

from enum import Enum

from pydantic import Field

from remediation.models import Fact


class Code(str, Enum):
    """Every reason there is; its words stand in `words_en.py` and `words_zh.py`, one line a code."""

    # what becomes of an event
    RULE_RUNS = "rule_runs"
    RULE_NOTIFIES = "rule_notifies"
    NO_RULE = "no_rule"
    JOINED = "joined"
    JOINED_HELD = "joined_held"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    RECOVERY = "recovery"
    OUR_REBOOT = "our_reboot"
    FOREIGN_REBOOT = "foreign_reboot"
    ECHO_UNANSWERED = "echo_unanswered"
    TOO_OLD = "too_old"
    HELD_TOO_LONG = "held_too_long"
    OVER_ALREADY = "over_already"
    ATTEMPTS_USED = "attempts_used"
    DAY_USED = "day_used"
    RELAPSE = "relapse"
    FSTAB_SEEN = "fstab_seen"
    PLATFORM_REPAIRS = "platform_repairs"
    UNREADABLE = "unreadable"
    TEST = "test"
    UNDECIDED = "undecided"
    FOLDED = "folded"

    # why a repair has to wait
    FROZEN = "frozen"
    MANY_ACTING = "many_acting"
    HOUR_USED = "hour_used"
    OTHERS_FIRST = "others_first"
    STILL_HELD = "still_held"
    GUARD_SILENT = "guard_silent"
    MEMORY_UNREADABLE = "memory_unreadable"
    TOO_MANY_WAIT = "too_many_wait"
    HOLD_OVER = "hold_over"

    # why nothing is done, or nothing more
    WOULD_ACT = "would_act"
    INSTANCE_UNKNOWN = "instance_unknown"
    OUT_OF_SCOPE = "out_of_scope"
    WRONG_STATE = "wrong_state"
    ISOLATED = "isolated"
    BUSY = "busy"
    UNPROTECTED = "unprotected"
    NO_DISKS = "no_disks"
    DISK_GONE = "disk_gone"
    ACT_TOO_LATE = "act_too_late"
    SNAPSHOT_MISSING = "snapshot_missing"
    OTHERS_ACTED = "others_acted"
    NOT_APPROVED = "not_approved"
    ROLLING_BACK = "rolling_back"
    PARTLY_ROLLED_BACK = "partly_rolled_back"
    DISK_FULL = "disk_full"
    INODES_FULL = "inodes_full"
    FSTAB_BROKEN = "fstab_broken"
    NO_GOOD_SNAPSHOT = "no_good_snapshot"
    NOT_MADE_WORSE = "not_made_worse"
    ROLLBACK_UNSEEN = "rollback_unseen"
    ROLLBACK_FAILED = "rollback_failed"
    ROLLBACK_TIMEOUT = "rollback_timeout"
    LEFT_STOPPED = "left_stopped"
    STOP_FAILED = "stop_failed"
    START_FAILED = "start_failed"
    STOP_UNKNOWN = "stop_unknown"
    START_UNKNOWN = "start_unknown"
    OPTED_OUT = "opted_out"
    CAME_BACK = "came_back"
    GONE_UNPROVEN = "gone_unproven"
    SNAPSHOT_TIMEOUT = "snapshot_timeout"
    SNAPSHOT_LOST = "snapshot_lost"
    SNAPSHOT_STALLED = "snapshot_stalled"
    SNAPSHOT_UNKNOWN = "snapshot_unknown"
    REBOOT_UNKNOWN = "reboot_unknown"
    REBOOT_FAILED = "reboot_failed"
    REBOOT_TIMEOUT = "reboot_timeout"
    CLOUD_ERROR = "cloud_error"
    CLOUD_SILENT = "cloud_silent"
    RECOVERED_BY_ITSELF = "recovered_by_itself"
    CANCELLED = "cancelled"
    CANCELLED_LATE = "cancelled_late"
    UNHEALTHY = "unhealthy"
    NO_PROOF = "no_proof"
    PROVEN = "proven"
    OUR_BUG = "our_bug"
    RUN_ENDED_FROM_OUTSIDE = "run_ended_from_outside"
    UNDELIVERED = "undelivered"
    TOLD_TOGETHER = "told_together"

    # what people are asked, and how it went
    ASKED_FIRST = "asked_first"
    ASKED_LATE = "asked_late"
    ASKED_LARGE = "asked_large"
    ASKED_NO_SNAPSHOT = "asked_no_snapshot"
    ASKED_SLOW = "asked_slow"
    ASKED_ROLLBACK = "asked_rollback"
    NOTHING_ASKED = "nothing_asked"
    OTHER_PLAN = "other_plan"
    ANSWER_TOO_LATE = "answer_too_late"
    NO_SUCH_CHOICE = "no_such_choice"
    NOT_AN_APPROVER = "not_an_approver"
    DENIED = "denied"
    NOT_ANSWERED = "not_answered"

    # what was proven, and what was not
    REBOOT_DONE = "reboot_done"
    RUNNING = "running"
    HEARTBEAT = "heartbeat"
    SYMPTOM_GONE = "symptom_gone"
    NOT_RUNNING = "not_running"
    NO_HEARTBEAT = "no_heartbeat"
    AGENT_ABSENT = "agent_absent"
    AGENT_UNREADABLE = "agent_unreadable"
    NO_RECOVERY_ALARM = "no_recovery_alarm"
    GUEST_NOT_PROBED = "guest_not_probed"
    GUEST_UNREADABLE = "guest_unreadable"
    BOOT_NEW = "boot_new"
    BOOT_SAME = "boot_same"
    BOOT_NOT_COMPARED = "boot_not_compared"
    MOUNTS_WRITABLE = "mounts_writable"
    MOUNTS_READ_ONLY = "mounts_read_only"
    QUIET = "quiet"
    FIRED_AGAIN = "fired_again"
    NO_ADDRESS = "no_address"
    PROBE_ANSWERED = "probe_answered"
    PROBE_FAILED = "probe_failed"
    PROBE_SILENT = "probe_silent"


class Reason(Fact):
    """One reason: what happened, and the facts that made it so."""

    code: Code
    facts: dict[str, str] = Field(default={})


def because(code: Code, **facts: object) -> Reason:
    """A Reason whose facts are given by name, each turned into text."""
    return Reason(code=code, facts={name: str(value) for name, value in facts.items()})
