"""What a notice says besides its reasons, by name; the words stand in `words_en.py` and `words_zh.py`."""

from __future__ import annotations

from enum import Enum


class Phrase(str, Enum):
    """Every phrase of a notice. Each catalogue has a line for each, with the same placeholders."""

    # the first line
    SYMPTOM_SINCE = "symptom_since"
    EVENT_UNREADABLE = "event_unreadable"
    EVENTS_UNREADABLE = "events_unreadable"
    INSTANCES_WAIT = "instances_wait"
    NONE_WAITS = "none_waits"
    TEST_OF = "test_of"
    TOGETHER = "together"
    TOGETHER_NEED = "together_need"

    # whether the reader has to do anything: while something goes on, then at each ending
    WHAT_TO_DO = "what_to_do"
    DO_OBSERVED = "do_observed"
    DO_ACTING = "do_acting"
    DO_WAITING = "do_waiting"
    DO_TEST = "do_test"
    DO_HELD = "do_held"
    DO_HOLD_OVER = "do_hold_over"
    DO_SYMPTOM_GONE = "do_symptom_gone"
    DO_NEEDS_YOU = "do_needs_you"
    DO_UNDELIVERED = "do_undelivered"
    DO_UNREADABLE = "do_unreadable"
    DO_TOGETHER = "do_together"
    DO_TOGETHER_NEED = "do_together_need"
    DO_RECOVERED = "do_recovered"
    DO_RECOVERED_BY_ITSELF = "do_recovered_by_itself"
    DO_NOT_RECOVERED = "do_not_recovered"
    DO_HANDED_OVER = "do_handed_over"
    DO_REFUSED = "do_refused"
    DO_DENIED = "do_denied"
    DO_ANSWER = "do_answer"
    DO_CANCELLED = "do_cancelled"
    DO_FAILED = "do_failed"
    DO_WOULD_ACT = "do_would_act"

    # what is going to happen, or would
    NEXT = "next"
    WOULD = "would"
    DISK = "disk"
    SNAPSHOT_OF = "snapshot_of"
    NO_SNAPSHOT = "no_snapshot"
    REBOOT = "reboot"
    ROLLBACK = "rollback"
    IF_NOT_CURED = "if_not_cured"
    PROOF = "proof"
    WHEN_READY = "when_ready"
    WHEN_READY_BY = "when_ready_by"
    AT_ONCE = "at_once"
    CANCEL = "cancel"
    LET_IT_ACT = "let_it_act"

    # what is asked
    ASKED = "asked"
    ASKED_DISK = "asked_disk"
    ASKED_SPAN = "asked_span"
    ANSWER_WITH = "answer_with"
    DENY_WITH = "deny_with"

    # what was done
    ANSWERED = "answered"
    ROLLED_BACK = "rolled_back"
    OUTCOME = "outcome"
    WHY = "why"
    OUTAGE = "outage"
    OUTAGE_OPEN = "outage_open"
    NO_REBOOT = "no_reboot"
    ADOPTED = "adopted"
    PROVEN = "proven"
    UNPROVEN = "unproven"
    NOTHING = "nothing"
    SNAPSHOTS = "snapshots"
    SNAPSHOT_READY = "snapshot_ready"
    SNAPSHOT_NOT_READY = "snapshot_not_ready"
    RESTORE = "restore"
    STEPS = "steps"
    STEP = "step"
    UNDELIVERED = "undelivered"

    # what is told together
    THOSE_WHO_NEED = "those_who_need"
    ONE_WHO_NEEDS = "one_who_needs"
    THE_OTHERS = "the_others"
    ALL_OF_THEM = "all_of_them"

    # what it is about
    INSTANCE = "instance"
    SYMPTOM = "symptom"
    SINCE = "since"
    RULE = "rule"
    RULE_MODE = "rule_mode"
    RUN = "run"
    CONSOLE = "console"
    MORE = "more"
    MISDIRECTED = "misdirected"
