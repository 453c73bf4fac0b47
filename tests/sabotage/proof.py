"""P10: `recovered` only with proof. P11: every run ends."""

from __future__ import annotations

from tests.sabotage.bug import Bug

_HEALTH = "tests/remediation/test_health.py"
_INSTANCES = "tests/activities/test_instances.py"
_SNAPSHOTS = "tests/activities/test_snapshots.py"
_STORY = "tests/workflows/test_remediate_instance.py"
_NOT_PROVEN = f"{_HEALTH}::test_what_is_not_proven_is_not_called_recovered"
_NOT_THE_END = f"{_INSTANCES}::test_what_is_not_the_end_of_our_reboot_is_waited_over"

HONEST = (
    Bug(
        "an-early-RUNNING-of-any-request",
        "P10",
        "activities/instances.py",
        "if operation.request_id != wait.request_id:",
        'if operation.request_id == "":',
        (_NOT_THE_END,),
    ),
    Bug(
        "an-early-RUNNING-alone",
        "P10",
        "activities/instances.py",
        'return operation.state == "FAILED" or (operation.state == "SUCCESS" and instance.state == wait.state)',
        "return instance.state == wait.state",
        (_NOT_THE_END,),
    ),
    Bug(
        "success-without-RUNNING",
        "P10",
        "activities/instances.py",
        '(operation.state == "SUCCESS" and instance.state == wait.state)',
        'operation.state == "SUCCESS"',
        (_NOT_THE_END,),
    ),
    Bug(
        "somebody-elses-success-is-proof",
        "P10",
        "remediation/health.py",
        'operation.request_id == request_id and operation.state == "SUCCESS":',
        'operation.state == "SUCCESS":',
        (_NOT_PROVEN,),
    ),
    Bug(
        "an-error-of-a-probe-is-healthy",
        "P10",
        "remediation/health.py",
        'return Reading(probe="agent", health=Health.UNKNOWN, why=why)',
        'return Reading(probe="agent", health=Health.HEALTHY, why=why)',
        (_NOT_PROVEN,),
    ),
    Bug(
        "an-error-of-a-probe-is-sickness",
        "P10",
        "remediation/health.py",
        'return Reading(probe="agent", health=Health.UNKNOWN, why=why)',
        'return Reading(probe="agent", health=Health.UNHEALTHY, why=why)',
        (_NOT_PROVEN,),
    ),
    Bug(
        "a-missing-permission-is-a-missing-agent",
        "P10",
        "activities/instances.py",
        "return None, str(error)",
        'return None, ""',
        (f"{_INSTANCES}::test_a_missing_permission_does_not_look_like_a_missing_agent",),
    ),
    Bug(
        "an-old-heartbeat-is-proof",
        "P10",
        "remediation/health.py",
        "if beat is not None and beat > back_at:",
        "if beat is not None:",
        (_NOT_PROVEN,),
    ),
    Bug(
        "a-heartbeat-during-the-shutdown-is-proof",
        "P10",
        "workflows/rebooting.py",
        'update={"back_at": sighting.read_at}',
        'update={"back_at": reboot.sent_at}',
        (f"{_STORY}::test_a_heartbeat_from_before_it_was_back_is_no_proof",),
    ),
    Bug(
        "an-old-recovery-alarm-is-proof",
        "P10",
        "remediation/health.py",
        "if recovered_at is not None and recovered_at >= back_at:",
        "if recovered_at is not None:",
        (f"{_HEALTH}::test_a_recovery_alarm_is_evidence_only_after_the_reboot",),
    ),
    Bug(
        "no-reading-is-proof",
        "P10",
        "remediation/health.py",
        "elif required and all(",
        "elif all(",
        (f"{_HEALTH}::test_no_reading_at_all_proves_nothing",),
    ),
    Bug(
        "one-healthy-reading-is-proof",
        "P10",
        "remediation/health.py",
        "elif required and all(",
        "elif required and any(",
        (_NOT_PROVEN,),
    ),
    Bug(
        "not-unhealthy-is-recovered",
        "P10",
        "workflows/verifying.py",
        """\
    if judgement.health is Health.HEALTHY:
        return Outcome""",
        """\
    if judgement.health is not Health.UNHEALTHY:
        return Outcome""",
        (f"{_STORY}::test_without_a_new_heartbeat_of_an_agent_that_is_there_nothing_is_called_recovered",),
    ),
    Bug(
        "a-clock-that-is-behind-makes-proof",
        "P10",
        "activities/clients/tencent.py",
        "return self._on_our_clock(replies.read_agent(found[0])) if found else None",
        "return replies.read_agent(found[0]) if found else None",
        (
            "tests/activities/clients/test_failures.py::"
            "test_a_heartbeat_is_never_newer_on_a_clock_that_is_behind_the_clouds",
        ),
    ),
)


ENDING = (
    Bug(
        "a-snapshot-is-waited-for-without-a-deadline",
        "P11",
        "workflows/protecting.py",
        "within=(set_of.by - workflow.now()).total_seconds(),",
        "within=1e6,",
        (f"{_STORY}::test_snapshots_that_are_not_ready_in_time_hand_over_and_say_what_was_seen_last",),
    ),
    Bug(
        "a-vanished-snapshot-is-waited-for",
        "P11",
        "activities/snapshots.py",
        "if snapshot is None and now - activity.info().scheduled_time < _LISTING_LAG:",
        "if snapshot is None:",
        (f"{_SNAPSHOTS}::test_a_snapshot_that_has_vanished_ends_the_wait",),
    ),
    Bug(
        "a-snapshot-in-the-bin-is-waited-for",
        "P11",
        "activities/snapshots.py",
        "if snapshot is None or snapshot.is_lost or",
        "if snapshot is None or",
        (f"{_SNAPSHOTS}::test_a_snapshot_that_will_not_become_ready_ends_the_wait",),
    ),
    Bug(
        "a-lost-call-is-looked-for-for-ever",
        "P11",
        "activities/acting.py",
        "if found is not None or is_settled:",
        "if found is not None:",
        (f"{_SNAPSHOTS}::test_what_is_not_ours_is_no_effect",),
    ),
    Bug(
        "a-failed-reboot-is-waited-for",
        "P11",
        "activities/instances.py",
        'return operation.state == "FAILED" or (',
        "return (",
        (f"{_INSTANCES}::test_the_wait_ends_with_our_own_requests_success_or_failure",),
    ),
    Bug(
        "a-silent-cloud-is-asked-for-ever",
        "P11",
        "workflows/calls.py",
        "schedule_to_close_timeout=timedelta(seconds=max(within, 1)),",
        "schedule_to_close_timeout=None,",
        (f"{_STORY}::test_accident_every_read_fails_and_nothing_is_touched",),
    ),
    Bug(
        "a-deadline-is-no-deadline-for-an-act",
        "P11",
        "workflows/calls.py",
        "schedule_to_close_timeout=timedelta(seconds=max(within, to_start + ACT_SECONDS))",
        "schedule_to_close_timeout=timedelta(seconds=max(within, ACT_START_SECONDS + ACT_SECONDS))",
        ("tests/workflows/test_acting.py::test_a_call_is_tried_no_longer_than_to_its_deadline_and_an_attempt_more",),
    ),
    Bug(
        "what-is-too-late-is-begun",
        "P11",
        "workflows/acting.py",
        "if since >= by:",
        "if since >= by + timedelta(days=9):",
        ("tests/workflows/test_acting.py::test_a_call_whose_time_is_up_is_not_begun",),
    ),
)
