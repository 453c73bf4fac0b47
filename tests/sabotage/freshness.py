"""P5: dry run is dry. P9: only on a fresh reading."""

from __future__ import annotations

from tests.sabotage.bug import Bug

_TENCENT = "tests/activities/clients/test_tencent.py"
_GUARDS = "tests/remediation/test_guardrails.py"
_PERMITS = "tests/remediation/test_permits.py"
_OPERATIONS = "tests/activities/test_operations.py"
_ACTING = "tests/activities/test_acting.py"
_STORY = "tests/workflows/test_remediate_instance.py"
_NO_PERMIT = f"{_TENCENT}::test_without_a_permit_that_is_good_now_nothing_mutating_is_sent"
_EVERY_CALL = (
    "tests/activities/clients/test_mutating_calls.py::test_no_call_that_changes_anything_is_sent_while_observing"
)
_BUSY = f"{_GUARDS}::test_a_busy_instance_is_waited_for_before_acting_but_may_be_begun_with"
_NOT_OURS = f"{_GUARDS}::test_what_is_not_ours_to_touch_stops_every_step"

DRY = (
    Bug(
        "a-call-without-a-permit-is-sent",
        "P5",
        "activities/clients/signing.py",
        "    if refusal:",
        "    if permit and refusal:",
        (_NO_PERMIT,),
    ),
    Bug(
        "the-permit-is-not-asked-after-the-keys",
        "P9",
        "activities/clients/signing.py",
        "        demand(self._call.asked, self._call.permit)",
        "",
        (
            "tests/activities/clients/test_role_credentials.py::test_keys_that_took_too_long_to_fetch_sign_no_mutating_call",
        ),
    ),
    Bug(
        "the-client-does-not-ask-the-permit",
        "P5",
        "activities/clients/signing.py",
        'refusal = permit.refusal() if permit else "it has no permit"',
        'refusal = None if permit else "it has no permit"',
        (_NO_PERMIT,),
    ),
    Bug(
        "a-permit-of-observe-sends",
        "P5",
        "remediation/permits.py",
        "if self.mode is not Mode.ACT:",
        "if self.mode is None:",
        (f"{_PERMITS}::test_no_other_mode_than_act_ever_sends",),
    ),
    Bug(
        "every-permit-says-act",
        "P5",
        "activities/acting.py",
        "return SendPermit(mode=mode, read_at",
        "return SendPermit(mode=Mode.ACT, read_at",
        (f"{_ACTING}::test_observing_never_permits",),
    ),
    Bug(
        "an-action-is-not-known-to-change-anything",
        "P5",
        "activities/clients/error_table.py",
        '        "InvokeCommand",\n    }\n)',
        "    }\n)",
        (_EVERY_CALL,),
    ),
    Bug(
        "observing-runs-the-whole-story",
        "P5",
        "workflows/remediate_instance.py",
        "if attempt.order.mode.acts:",
        "if attempt.order.mode:",
        (f"{_STORY}::test_a_rule_that_observes_tells_what_it_would_do_and_touches_nothing",),
    ),
)

FRESH = (
    Bug(
        "the-guard-is-not-asked",
        "P9",
        "activities/acting.py",
        "        obey(act.guard(wanted), act.action, region)\n",
        "",
        (f"{_OPERATIONS}::test_what_a_guardrail_forbids_is_not_sent",),
    ),
    Bug(
        "the-first-reading-is-trusted",
        "P9",
        "activities/operations.py",
        """\
        instance = self._cloud.describe_instance(region, instance_id)
        return Sighting(""",
        """\
        known = self.__dict__.setdefault("known", {})
        instance = known[instance_id] = known.get(instance_id) or self._cloud.describe_instance(region, instance_id)
        return Sighting(""",
        (f"{_OPERATIONS}::test_each_attempt_reads_the_instance_anew",),
    ),
    Bug(
        "the-baseline-is-not-compared",
        "P9",
        "remediation/guardrails.py",
        "if instance.operation.request_id != baseline.request_id:",
        'if instance.operation.request_id == "":',
        (f"{_GUARDS}::test_an_instance_on_which_others_acted_is_theirs",),
    ),
    Bug(
        "the-latest-reading-is-the-baseline",
        "P9",
        "workflows/rebooting.py",
        "        baseline=attempt.baseline,\n",
        "        baseline=Operation(request_id=ready[0].snapshot_id) if ready else attempt.baseline,\n",
        (f"{_STORY}::test_both_disks_are_ready_before_the_one_reboot_and_people_hear_of_both_ends",),
    ),
    Bug(
        "the-permits-age-is-ignored",
        "P9",
        "remediation/permits.py",
        "if age > MAX_READING_AGE_SECONDS:",
        "if age > self.deadline:",
        (f"{_PERMITS}::test_a_permit_refuses_with_its_reason",),
    ),
    Bug(
        "the-permits-deadline-is-ignored",
        "P9",
        "remediation/permits.py",
        "if now > self.deadline:",
        "if now > self.deadline + 1e9:",
        (f"{_PERMITS}::test_a_permit_refuses_with_its_reason",),
    ),
    Bug(
        "a-permit-counts-from-after-the-reading",
        "P9",
        "activities/acting.py",
        """\
        permit = begin_permit(wanted.order.mode)
        obey(act.guard(wanted), act.action, region)
""",
        """\
        obey(act.guard(wanted), act.action, region)
        permit = begin_permit(wanted.order.mode)
""",
        (f"{_OPERATIONS}::test_a_reading_that_took_too_long_is_too_old_to_send_on",),
    ),
    Bug(
        "time-that-a-worker-slept-is-not-counted",
        "P9",
        "activities/acting.py",
        "deadline=now + allowed - max(used, 0.0) - _MARGIN_SECONDS",
        "deadline=now + allowed - _MARGIN_SECONDS",
        (f"{_ACTING}::test_a_worker_that_slept_before_it_began_may_not_send",),
    ),
    Bug(
        "an-old-alarm-is-acted-on",
        "P9",
        "remediation/guardrails.py",
        "if age > timedelta(seconds=order.act_within_seconds):",
        "if age < timedelta(0):",
        (f"{_GUARDS}::test_accident_a_stale_plan_is_not_carried_out_after_a_pause",),
    ),
    Bug(
        "an-old-alarm-is-accepted",
        "P9",
        "remediation/decisions.py",
        "if age <= timedelta(seconds=limit):",
        "if age >= timedelta(0):",
        ("tests/remediation/test_decisions.py::test_an_alarm_expires_when_it_is_older_than_the_configured_age",),
    ),
    Bug(
        "a-recovery-is-ignored-while-waiting",
        "P9",
        "workflows/remediate_instance.py",
        "if attempt.reboot is None and self._calls.interruption is None:",
        "if attempt.reboot and self._calls.interruption is None:",
        (f"{_STORY}::test_a_recovery_that_comes_while_snapshots_are_awaited_ends_the_run_without_a_reboot",),
    ),
    Bug(
        "an-operation-in-progress-is-ignored",
        "P9",
        "remediation/guardrails.py",
        'return instance.operation.in_progress or instance.state == "REBOOTING"',
        'return instance.state == "REBOOTING"',
        (_BUSY,),
    ),
    Bug(
        "any-state-will-do",
        "P9",
        "remediation/guardrails.py",
        "if instance.state != state:",
        "if not state:",
        (_NOT_OURS,),
    ),
    Bug(
        "isolation-is-ignored",
        "P9",
        "remediation/guardrails.py",
        "if instance.is_isolated:",
        'if instance.restrict_state == "ISOLATED":',
        (_NOT_OURS,),
    ),
)
