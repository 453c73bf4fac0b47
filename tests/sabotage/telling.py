"""P4: what is folded is told, to each who was to hear it, and people are told in doubt."""

from __future__ import annotations

from tests.sabotage.bug import Bug

_FOLDING = "tests/remediation/test_folding.py"
_FOLD = "tests/workflows/test_notice_fold.py"

TOLD = (
    Bug(
        "who-asks-late-is-told-nothing",
        "P4",
        "remediation/folding.py",
        "if not answer.alone and asked.recipient not in answer.kept_for:",
        "if not answer.alone and not answer.kept_for:",
        (f"{_FOLDING}::test_who_asks_after_the_digest_has_gone_to_others_gets_one_too",),
    ),
    Bug(
        "every-attempt-counts",
        "P4",
        "remediation/folding.py",
        "answer = self.answers.get(asked.notice.id)",
        "answer = None",
        (f"{_FOLDING}::test_an_attempt_that_comes_after_the_digest_gets_the_same_answer_and_no_second_digest",),
    ),
    Bug(
        "who-is-needed-waits-with-the-others",
        "P4",
        "remediation/folding.py",
        "self.due = min(self.due or due, due)",
        "self.due = self.due or now + WINDOW",
        (f"{_FOLDING}::test_who_is_needed_hears_within_a_minute_and_then_ever_more_seldom_while_the_storm_lasts",),
    ),
    Bug(
        "without-an-answer-it-counts-as-folded",
        "P4",
        "activities/folding.py",
        "            return frozenset()",
        "            return frozenset(one.notice.id for one in asked)",
        (f"{_FOLD}::test_a_fold_that_does_not_answer_keeps_nothing_from_people",),
    ),
    Bug(
        "a-cancel-forgets-what-waits",
        "P4",
        "workflows/notice_fold.py",
        'workflow.set_current_details("A cancel was asked for: it ends by itself when nothing waits.")',
        "return self._told",
        (f"{_FOLD}::test_a_cancel_does_not_keep_from_people_what_waits",),
    ),
)
