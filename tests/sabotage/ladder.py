"""The rungs after the first: what is climbed for, what people allow, and what is seen inside."""

from __future__ import annotations

from tests.sabotage.bug import Bug

_LADDER = "tests/workflows/test_ladder.py"
_ASKED = f"{_LADDER}::test_a_rollback_is_asked_for_protected_first_and_carried_out_whole"
_WRONG = f"{_LADDER}::test_who_is_not_listed_or_answers_something_else_does_not_approve"
_GUARDS = "tests/remediation/test_guardrails.py"
_YES = f"{_GUARDS}::test_a_yes_allows_what_it_names_for_as_long_as_an_alarm_is_fresh"
_REPLACED = f"{_GUARDS}::test_only_our_own_reboot_that_hangs_is_replaced"
_GUEST = "tests/remediation/test_guest.py"
_TWO_LOOKS = f"{_GUEST}::test_two_looks_inside_prove_a_reboot_and_writable_file_systems"
_BEFORE = f"{_GUEST}::test_what_a_reboot_cannot_help_or_may_not_survive"

CLIMBED = (
    Bug(
        "climbs-although-it-is-gone",
        "P9",
        "workflows/climbing.py",
        "        _not_gone(attempt)\n",
        "",
        (f"{_LADDER}::test_accident_nothing_stronger_is_tried_once_the_symptom_is_reported_gone",),
    ),
    Bug(
        "a-cancel-leaves-it-off",
        "P11",
        "workflows/rebooting.py",
        "with attempt.calls.uninterrupted():",
        "if True:",
        (f"{_LADDER}::test_a_cancel_between_the_stop_and_the_start_does_not_leave_it_off",),
    ),
    Bug(
        "a-stronger-rung-when-nobody-knows",
        "P10",
        "workflows/climbing.py",
        "if outcome is not Outcome.NOT_RECOVERED:\n            break",
        "if outcome is Outcome.RECOVERED:\n            break",
        (f"{_LADDER}::test_where_nobody_knows_whether_it_helped_no_stronger_rung_is_entered",),
    ),
    Bug(
        "the-same-boot-is-a-reboot",
        "P10",
        "remediation/inside.py",
        "if before.boot_id == after.boot_id:",
        "if not after.boot_id:",
        (_TWO_LOOKS,),
    ),
    Bug(
        "read-only-is-no-sickness",
        "P10",
        "remediation/inside.py",
        "    if after.read_only:\n",
        "    if False:\n",
        (_TWO_LOOKS,),
    ),
    Bug(
        "half-an-output-is-a-report",
        "P10",
        "remediation/guest.py",
        "if lines[-1].strip() != LAST_LINE:",
        "if not lines[-1]:",
        (f"{_GUEST}::test_a_part_of_the_whole_is_unreadable",),
    ),
    Bug(
        "a-full-disk-is-rebooted",
        "P10",
        "remediation/guest_guardrails.py",
        "FULL_PERCENT = 99",
        "FULL_PERCENT = 101",
        (_BEFORE,),
    ),
    Bug(
        "a-broken-fstab-is-rebooted",
        "P10",
        "remediation/guest_guardrails.py",
        "one.target not in mounted]",
        "one.target in ()]",
        (_BEFORE,),
    ),
    Bug(
        "an-answer-to-any-plan-counts",
        "P13",
        "remediation/approvals.py",
        "if answer.plan != question.plan:",
        "if not answer.plan:",
        (_WRONG,),
    ),
    Bug(
        "anybody-approves",
        "P13",
        "remediation/approvals.py",
        "answer.by not in approvers:",
        "not answer.by:",
        (_WRONG,),
    ),
    Bug(
        "no-snapshot-before-the-rollback",
        "P13",
        "workflows/rolling_back.py",
        'await protect(attempt, protectable(sighting.disks), purpose=BEFORE_ROLLBACK, state="STOPPED")',
        "pass",
        (_ASKED,),
    ),
    Bug(
        "a-rollback-that-nobody-saw-is-done",
        "P13",
        "activities/snapshots.py",
        "        if not was_seen:\n",
        "        if False:\n",
        (f"{_LADDER}::test_a_rollback_that_was_never_seen_is_not_taken_for_done",),
    ),
    Bug(
        "a-cancel-leaves-half-a-rollback",
        "P13",
        "workflows/rolling_back.py",
        "    with attempt.calls.uninterrupted():\n",
        "    if attempt.calls:\n",
        (f"{_LADDER}::test_a_cancel_in_the_middle_of_a_rollback_leaves_no_half_of_it",),
    ),
    Bug(
        "a-reboot-that-came-back-is-replaced",
        "P2",
        "remediation/guardrails.py",
        "if replaces and not _is_under_way(instance):",
        "if replaces and instance.state == replaces:",
        (_REPLACED,),
    ),
    Bug(
        "a-yes-never-grows-old",
        "P9",
        "remediation/guardrails.py",
        "max(alarmed_at, approval.at) if",
        "sighting.read_at if",
        (_YES,),
    ),
    Bug(
        "a-yes-for-one-disk-is-for-all",
        "P1",
        "remediation/guardrails.py",
        "or disk.disk_id in bare:",
        "or bare:",
        (_YES,),
    ),
    Bug(
        "asking-sends",
        "P5",
        "remediation/permits.py",
        "if self.mode is not Mode.ACT:",
        "if self.mode is Mode.OBSERVE:",
        ("tests/remediation/test_permits.py::test_no_other_mode_than_act_ever_sends",),
    ),
    Bug(
        "a-dry-run-acts",
        "P5",
        "remediation/decisions.py",
        "mode = Mode.OBSERVE if self.incident.dry else order.mode",
        "mode = order.mode",
        ("tests/remediation/test_decisions.py::test_what_is_only_tried_is_ordered_to_observe",),
    ),
)
