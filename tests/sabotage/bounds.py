"""P14: limits of a region, and freezes."""

from __future__ import annotations

from tests.sabotage.bug import Bug

_FLEET = "tests/remediation/test_fleet.py"
_WALK = f"{_FLEET}::test_no_sequence_of_calls_ever_exceeds_a_limit_or_passes_somebody"
_COUNTS = f"{_FLEET}::test_a_start_counts_from_its_send_and_from_its_end_if_that_is_not_known"
_GUARD = "tests/workflows/test_fleet_guard.py"
_PERMITS = "tests/workflows/test_permits.py"
_OPERATIONS = "tests/activities/test_operations.py"
_FREEZE = "tests/end_to_end/test_freeze.py"

BOUNDED = (
    Bug(
        "a-freeze-is-not-read-before-the-send",
        "P14",
        "activities/acting.py",
        "        obey(may_send(freezes.in_force(region)), act.action, region)\n",
        "",
        (f"{_OPERATIONS}::test_a_frozen_region_is_asked_after_the_last_reading_and_nothing_is_sent",),
    ),
    Bug(
        "a-freeze-that-cannot-be-read-is-none",
        "P14",
        "activities/fleet.py",
        '            raise Throttled(told, region=region, code="FreezeUnknown") from None',
        "            return None",
        (f"{_PERMITS}::test_while_the_freeze_cannot_be_read_nothing_is_sent",),
    ),
    Bug(
        "a-freeze-of-all-regions-is-not-read",
        "P14",
        "activities/fleet.py",
        "for where in (region, EVERYWHERE)))",
        "for where in (region,)))",
        (f"{_PERMITS}::test_a_freeze_between_snapshot_and_reboot_ends_the_run_with_its_snapshots_and_no_reboot",),
    ),
    Bug(
        "the-console-does-not-wait-until-a-freeze-is-certain",
        "P14",
        "cli/freeze.py",
        "    await asyncio.sleep(CERTAIN_AFTER_SECONDS)\n",
        "",
        (f"{_FREEZE}::test_a_run_between_snapshot_and_reboot_reboots_nothing_after_a_freeze",),
    ),
    Bug(
        "a-freeze-ends-with-its-guard",
        "P14",
        "activities/fleet.py",
        "    return freeze if is_open(guard) or datetime.now(timezone.utc) < freeze.until else None",
        "    return freeze if is_open(guard) else None",
        (f"{_GUARD}::test_a_freeze_outlives_a_guard_that_was_ended_by_force",),
    ),
    Bug(
        "one-more-may-act",
        "P14",
        "remediation/fleet.py",
        "if len(state.grants) >= state.max_acting:",
        "if len(state.grants) > state.max_acting:",
        (_WALK,),
    ),
    Bug(
        "a-permit-counts-from-when-it-was-given",
        "P14",
        "remediation/fleet.py",
        "now - (one.sent_at or now) < HOUR",
        "now - (one.sent_at or one.granted_at) < HOUR",
        (f"{_FLEET}::test_a_permit_that_was_not_used_yet_counts_as_of_now_for_as_long_as_it_is_held",),
    ),
    Bug(
        "what-nobody-knows-does-not-count",
        "P14",
        "remediation/fleet.py",
        "began = grant.sent_at or (None if acted is False else now)",
        "began = grant.sent_at or (now if acted else None)",
        (_COUNTS,),
    ),
    Bug(
        "a-newcomer-passes",
        "P14",
        "remediation/fleet.py",
        "if _blocked(state, now) is None and not _eligible(state) and asked",
        "if _blocked(state, now) is None and asked",
        (f"{_FLEET}::test_a_turn_comes_to_who_came_first_and_a_newcomer_does_not_pass",),
    ),
    Bug(
        "a-permit-is-given-back-by-a-timer",
        "P14",
        "activities/fleet.py",
        "            return not _may_act(await describe(self._client, holder.remediation_id, holder.run_id))",
        "            return True",
        (f"{_GUARD}::test_a_permit_is_given_back_by_proof_alone_however_late_it_is",),
    ),
    Bug(
        "a-permit-is-given-back-before-its-run-began",
        "P14",
        "activities/fleet.py",
        "        return not is_open(asker)",
        "        return True",
        (f"{_GUARD}::test_a_permit_is_not_given_back_while_its_asker_lives_although_no_run_is_seen",),
    ),
    Bug(
        "a-lost-answer-does-not-count",
        "P14",
        "workflows/calls.py",
        "        except Unknown:\n            self._note_sent()\n            raise\n",
        "        except Unknown:\n            raise\n",
        (f"{_PERMITS}::test_a_call_whose_answer_was_lost_counts",),
    ),
    Bug(
        "a-guard-forgets-who-waits-as-it-continues",
        "P14",
        "workflows/fleet_guard.py",
        'self._state.model_dump(mode="json"), memo',
        'self._state.model_copy(update={"waiting": ()}).model_dump(mode="json"), memo',
        (f"{_GUARD}::test_a_storm_loses_nobody_over_many_lives_of_the_guard",),
    ),
)
