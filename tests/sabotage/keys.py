"""P7, and what else hangs on keys: how those of a role are fetched, to whom they go, and how long a call takes."""

from __future__ import annotations

from tests.sabotage.bug import Bug

_ROLES = "activities/clients/role_credentials.py"
_TESTS = "tests/activities/clients/test_role_credentials.py"
_RENEWED = "tests/activities/clients/test_renewed.py"

KEYS = (
    Bug(
        "a-body-that-breaks-off-escapes",
        "P2",
        "activities/clients/bounded.py",
        "        except (HTTPError, OSError) as error:\n            answer.close()",
        "        except OSError as error:\n            answer.close()",
        (f"{_TESTS}::test_a_metadata_service_that_breaks_off_or_talks_nonsense_is_tried_again",),
    ),
    Bug(
        "a-failure-to-get-keys-is-an-unknown-outcome",
        "P2",
        "activities/clients/signing.py",
        'raise Throttled(f"no keys: {type(error).__name__}", code="Keys") from None',
        "raise",
        (f"{_TESTS}::test_a_reboot_for_which_there_were_no_keys_is_certainly_not_sent",),
    ),
    Bug(
        "every-thread-fetches-keys",
        "P9",
        _ROLES,
        "            theirs = self._under_way\n",
        "            theirs = None\n",
        (
            f"{_RENEWED}::test_threads_without_keys_wait_for_the_one_fetch_and_get_what_it_brings",
            f"{_RENEWED}::test_nobody_waits_for_a_fetch_while_the_old_keys_last",
        ),
    ),
    Bug(
        "all-wait-for-keys-although-the-old-ones-last",
        "P9",
        _ROLES,
        "return usable or _given(self._awaited(theirs), None)",
        "return _given(self._awaited(theirs), usable)",
        (f"{_RENEWED}::test_nobody_waits_for_a_fetch_while_the_old_keys_last",),
    ),
    Bug(
        "a-failure-to-get-keys-is-forgotten-at-once",
        "P9",
        _ROLES,
        "_FAILED_SECONDS = 5.0",
        "_FAILED_SECONDS = 0.0",
        (
            f"{_RENEWED}::test_a_fetch_that_fails_fails_for_all_who_waited_and_is_repeated_only_some_seconds_later",
            f"{_RENEWED}::test_old_keys_are_used_while_a_failure_is_remembered",
        ),
    ),
    Bug(
        "a-netrc-goes-in-place-of-the-signature",
        "P7",
        "activities/clients/sdk.py",
        "    session.auth = _as_signed\n",
        "",
        (f"{_TESTS}::test_a_role_is_assumed_on_this_machine_whatever_proxy_or_netrc_there_is",),
    ),
    Bug(
        "the-role-is-assumed-with-any-client",
        "P7",
        _ROLES,
        "client = hardened(",
        "client = (",
        (f"{_TESTS}::test_a_redirection_does_not_carry_the_token_to_somebody_else",),
    ),
    Bug(
        "an-answer-that-trickles-is-awaited-for-ever",
        "P11",
        "activities/clients/bounded.py",
        "        self._timer.start()\n",
        "",
        (
            "tests/activities/clients/test_failures.py::test_an_answer_that_trickles_holds_nobody_longer_than_the_calls_time",
        ),
    ),
    Bug(
        "a-part-of-an-answer-passes-for-the-whole",
        "P10",
        "activities/clients/bounded.py",
        "if self._watch.has_cut:  #",
        "if False:  #",
        (
            "tests/activities/clients/test_failures.py::test_an_answer_that_trickles_holds_nobody_longer_than_the_calls_time",
        ),
    ),
)
