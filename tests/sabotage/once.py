"""P2: nothing twice. P3: one remediation of an instance at a time."""

from __future__ import annotations

from tests.sabotage.bug import Bug

_STORY = "tests/workflows/test_remediate_instance.py"
_CALLS = "tests/workflows/test_calls.py"
_FAILURES = "tests/activities/clients/test_failures.py"
_SNAPSHOTS = "tests/activities/test_snapshots.py"
_OPERATIONS = "tests/activities/test_operations.py"
_LOST_REQUEST = f"{_STORY}::test_a_snapshot_that_never_showed_is_sent_once_more_after_its_validity_but_a_reboot_never"
_OUR_WORDS = f"{_CALLS}::test_a_failure_becomes_the_word_that_says_whether_it_may_have_been_done"
_BREAKS = f"{_FAILURES}::test_a_connection_that_breaks_after_it_was_made_proves_nothing"
_ONE_CALL = f"{_FAILURES}::test_a_failure_is_one_call_and_its_class_says_what_is_known_of_it"

ONCE = (
    Bug(
        "a-time-out-is-retried",
        "P2",
        "remediation/contract.py",
        'FINAL_WHEN_MUTATING = (*FINAL, "TemporalTimeout:StartToClose", "TemporalTimeout:Heartbeat")',
        'FINAL_WHEN_MUTATING = (*FINAL, "StartToCloseTimeout")',
        (_OUR_WORDS,),
    ),
    Bug(
        "mutating-calls-are-retried-like-reads",
        "P2",
        "workflows/calls.py",
        "retry_policy=_policy(FINAL_WHEN_MUTATING),",
        "retry_policy=_policy(FINAL),",
        ("tests/workflows/test_doubts.py::test_no_mutating_call_is_tried_again_by_the_server_after_a_time_out",),
    ),
    Bug(
        "an-unknown-outcome-is-retried",
        "P2",
        "remediation/contract.py",
        'FINAL = ("AlreadySo", "Refused", "NeedsPeople", "OutcomeUnknown")',
        'FINAL = ("AlreadySo", "Refused", "NeedsPeople")',
        (_OUR_WORDS,),
    ),
    Bug(
        "an-unknown-outcome-counts-as-not-done",
        "P2",
        "workflows/calls.py",
        "return Unknown(str(cause)) if mutating else Expired(_last_words(cause))",
        "return Expired(_last_words(cause))",
        (_OUR_WORDS,),
    ),
    Bug(
        "an-unknown-outcome-is-sent-again",
        "P2",
        "workflows/acting.py",
        "            # As long as the signature of what was sent is valid, and a margin.\n",
        "            if not lost.args[0].startswith('never'):\n                continue\n",
        (f"{_STORY}::test_a_lost_answer_makes_no_second_snapshot_and_no_second_reboot", _LOST_REQUEST),
    ),
    Bug(
        "the-sdk-retries",
        "P2",
        "activities/clients/sdk.py",
        'language="en-US", disable_region_breaker=True)',
        'language="en-US", retryer=__import__("tencentcloud.common.retry", fromlist=["retry"]).StandardRetryer())',
        (_BREAKS,),
    ),
    Bug(
        "redirections-are-followed",
        "P2",
        "activities/clients/sdk.py",
        "session.max_redirects = 0",
        "session.max_redirects = 5",
        (f"{_FAILURES}::test_a_redirection_to_where_nobody_listens_is_not_followed_and_proves_nothing",),
    ),
    Bug(
        "a-reset-counts-as-never-sent",
        "P2",
        "activities/clients/failures.py",
        "isinstance(caught, requests.exceptions.ConnectTimeout)",
        "isinstance(caught, requests.exceptions.ConnectionError)",
        (_BREAKS,),
    ),
    Bug(
        "an-internal-error-counts-as-not-done",
        "P2",
        "activities/clients/error_table.py",
        'OutcomeUnknown: "InternalError InternalServerError ServiceUnavailable",',
        'NotYet: "InternalError InternalServerError ServiceUnavailable",',
        (_ONE_CALL,),
    ),
    Bug(
        "a-bug-of-ours-counts-as-not-done",
        "P2",
        "activities/acting.py",
        "raise OutcomeUnknown(text, action=action",
        "raise NotYet(text, action=action",
        ("tests/activities/test_acting.py::test_an_error_of_ours_may_have_come_after_the_send_and_is_unknown",),
    ),
    Bug(
        "an-answer-without-an-id-is-done",
        "P2",
        "activities/clients/tencent.py",
        "if not isinstance(found, str) or not found:",
        "if found == 0:",
        (f"{_FAILURES}::test_a_success_whose_ids_are_null_or_missing_is_unknown",),
    ),
    Bug(
        "a-reboot-is-resent-by-kind",
        "P2",
        "workflows/acting.py",
        "OperationActivities.find_reboot, Queue.REBOOTS, Queue.READINGS, resend=False",
        "OperationActivities.find_reboot, Queue.REBOOTS, Queue.READINGS, resend=True",
        (_LOST_REQUEST,),
    ),
    Bug(
        "a-reboot-is-resent-by-default",
        "P2",
        "remediation/runbooks.py",
        "resend: bool = Field(default=False",
        "resend: bool = Field(default=True",
        (_LOST_REQUEST,),
    ),
    Bug(
        "it-is-resent-for-ever",
        "P2",
        "workflows/acting.py",
        "            may_resend = False\n",
        "",
        (f"{_STORY}::test_a_snapshot_that_is_lost_twice_goes_to_people_and_is_not_sent_for_ever",),
    ),
    Bug(
        "a-snapshot-is-resent-before-its-validity-has-passed",
        "P2",
        "workflows/acting.py",
        "settled_at = workflow.now() + timedelta(seconds=timing.validity_seconds)",
        "settled_at = since",
        (_LOST_REQUEST,),
    ),
    Bug(
        "one-look-is-enough",
        "P2",
        "activities/acting.py",
        "if found is not None or is_settled:",
        "if found is not None or lost:",
        (f"{_SNAPSHOTS}::test_what_is_not_ours_is_no_effect",),
    ),
    Bug(
        "no-name-check-in-find-snapshots",
        "P2",
        "activities/clients/tencent.py",
        "if one.name == name and one.disk_id == disk_id)",
        "if one.disk_id == disk_id)",
        ("tests/activities/clients/test_replies.py::test_a_filter_that_is_not_exact_finds_no_other_snapshot",),
    ),
    Bug(
        "a-snapshot-that-is-there-is-made-again",
        "P2",
        "activities/snapshots.py",
        "    is_named = True\n",
        "    is_named = False\n",
        (f"{_SNAPSHOTS}::test_a_snapshot_that_is_there_already_is_adopted_and_not_made_again",),
    ),
    Bug(
        "already-so-is-taken-as-done",
        "P2",
        "activities/acting.py",
        "raise kind(error.message, action=act.action, code=error.code, region=region) from None",
        "return act.effect(wanted, now)  # type: ignore[return-value]",
        (f"{_OPERATIONS}::test_an_instance_with_an_operation_in_progress_is_read_again",),
    ),
    Bug(
        "already-so-adopts-somebody-elses",
        "P2",
        "activities/acting.py",
        """\
            found = act.effect(wanted, now) if act.is_named else None
            if found is not None:
                return found
            kind =""",
        """\
            found = act.effect(wanted, now)
            if found is not None:
                return found
            kind =""",
        (f"{_OPERATIONS}::test_somebody_elses_reboot_for_which_ours_is_refused_is_not_taken_for_ours",),
    ),
    Bug(
        "an-earlier-reboot-is-adopted",
        "P2",
        "activities/operations.py",
        'if operation.request_id in ("", wanted.baseline.request_id):',
        'if operation.request_id == "":',
        (f"{_OPERATIONS}::test_what_was_there_before_is_no_effect",),
    ),
    Bug(
        "an-event-delivered-again-counts-again",
        "P2",
        "remediation/decisions.py",
        "        if before is None or self.incident.is_again(self.alarm):",
        "        if before is None or event:",
        ("tests/remediation/test_decisions.py::test_every_event_has_its_decision",),
    ),
)

ALONE = (
    Bug(
        "an-event-with-another-body-is-acted-on",
        "P2",
        "remediation/decisions.py",
        "        if before != self.alarm.body_hash:",
        '        if before == "":',
        ("tests/remediation/test_decisions.py::test_every_event_has_its_decision",),
    ),
    Bug(
        "our-own-reboot-is-news",
        "P3",
        "remediation/incidents.py",
        "if self.reboot_at is None or alarm.fault not in CAUSED_BY_REBOOT:",
        "if self.reboot_at is None or alarm.fault in CAUSED_BY_REBOOT:",
        ("tests/remediation/test_decisions.py::test_every_event_has_its_decision",),
    ),
    Bug(
        "two-remediations-of-one-instance",
        "P3",
        "workflows/repairing.py",
        "                id=self._id,",
        '                id=f"{self._id}/{run_key}",',
        ("tests/workflows/test_incident.py::test_an_incident_that_finds_a_remediation_at_work_joins_it",),
    ),
    Bug(
        "one-remediation-id-for-each-region-only",
        "P3",
        "remediation/contract.py",
        "return remediation_of(incident_id(region, instance_id))",
        'return remediation_of(f"cvm/{region}")',
        ("tests/remediation/test_contract.py::test_a_remediation_has_one_id_for_each_instance",),
    ),
    Bug(
        "a-second-alarm-is-not-joined",
        "P3",
        "remediation/decisions.py",
        "        if self.incident.running:\n            return self._decision(Kind.JOIN",
        "        if self.incident.running and held:\n            return self._decision(Kind.JOIN",
        ("tests/remediation/test_decisions.py::test_every_event_has_its_decision",),
    ),
)
