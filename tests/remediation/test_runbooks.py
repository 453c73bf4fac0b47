"""A runbook is a snapshot, then a ladder; what leaves protection out has to be said in so many words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from remediation.decisions import Order
from remediation.runbooks import Mode, Runbook
from tests.remediation.facts import an_order

SHORTEST: dict[str, Any] = {"snapshot": {}, "ladder": [{"reboot": {}}]}
UNPROTECTED: dict[str, Any] = {"snapshot": "none", "unprotected": "allow", "ladder": [{"reboot": {}}]}


def test_the_defaults_are_those_of_the_design() -> None:
    runbook = Runbook.model_validate(SHORTEST)
    assert runbook.snapshot is not None
    assert (runbook.snapshot.timeout, runbook.snapshot.keep) == (4 * 3600, 14 * 86400)
    [rung] = runbook.ladder
    assert rung.reboot is not None
    assert (rung.reboot.stop_type, rung.reboot.timeout, rung.rollback) == ("SOFT", 300, None)
    assert not runbook.asks
    assert (runbook.verify.settle, runbook.verify.timeout, runbook.watch) == (120, 600, 6 * 3600)
    assert runbook.unprotected is None


@pytest.mark.parametrize("rung", ["reboot", {"reboot": None}, {"reboot": {}}])
def test_a_rung_may_be_written_short(rung: object) -> None:
    assert Runbook.model_validate({**SHORTEST, "ladder": [rung]}) == Runbook.model_validate(SHORTEST)


@pytest.mark.parametrize(
    "written",
    [
        SHORTEST,
        UNPROTECTED,
        {**SHORTEST, "unprotected": "allow"},
        {**SHORTEST, "verify": {"settle": "0s", "timeout": "0s"}, "watch": "0s"},
        {"snapshot": {"timeout": "90s", "keep": "36h"}, "ladder": [{"reboot": {"timeout": "7m"}}], "watch": "24h"},
    ],
)
def test_a_runbook_survives_its_journey_as_json(written: dict[str, Any]) -> None:
    runbook = Runbook.model_validate(written)
    assert Runbook.model_validate_json(runbook.model_dump_json()) == runbook
    assert Runbook.model_validate(runbook.model_dump(mode="json")) == runbook
    order = an_order(runbook=written)
    assert Order.model_validate_json(order.model_dump_json()) == order


def test_no_snapshot_is_kept_in_so_many_words() -> None:
    kept = Runbook.model_validate(UNPROTECTED).model_dump(mode="json")
    assert (kept["snapshot"], kept["unprotected"]) == ("none", "allow")
    assert Runbook.model_validate(kept).snapshot is None


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"ladder": ["reboot"]}, "snapshot\n  Field required"),
        ({"snapshot": "none", "ladder": ["reboot"]}, "needs `unprotected: allow` next to `snapshot: none`"),
        ({"snapshot": None, "unprotected": "allow", "ladder": ["reboot"]}, "write `snapshot: none`"),
        ({"snapshot": False, "unprotected": "allow", "ladder": ["reboot"]}, "snapshot"),
        ({"snapshot": {}, "unprotected": True, "ladder": ["reboot"]}, "Input should be 'allow'"),
        ({"snapshot": {}, "unprotected": "deny", "ladder": ["reboot"]}, "Input should be 'allow'"),
        ({"snapshot": {}, "ladder": []}, "at least 1 item"),
        ({"snapshot": {}, "ladder": ["reboot", "reboot"]}, "each rung is stronger than the one before"),
        ({"snapshot": {}, "ladder": [{"reboot": {"stop_type": "HARD"}}, "reboot"]}, "each rung is stronger"),
        ({"snapshot": {}, "ladder": ["rollback"]}, "a rollback is no first rung"),
        ({"snapshot": {}, "ladder": [{"reboot": {}, "rollback": {}}]}, "a rung is one repair"),
        ({"snapshot": {}, "ladder": [{}]}, "a rung is one repair"),
        ({"snapshot": "none", "unprotected": "allow", "ladder": ["reboot", "rollback"]}, "takes snapshots first"),
        ({"snapshot": {"disks": "system"}, "ladder": ["reboot"]}, "Input should be 'all'"),
        ({"snapshot": {"on_failure": "continue"}, "ladder": ["reboot"]}, "Input should be 'hand_over' or 'ask'"),
        ({"snapshot": {"keep": "23h"}, "ladder": ["reboot"]}, "write 1d or more"),
        ({"snapshot": {}, "ladder": ["reboot"], "watch": "2d"}, "write 24h or less"),
        ({"snapshot": {}, "ladder": [{"reboot": {}, "retry": 3}]}, "Extra inputs are not permitted"),
    ],
)
def test_a_runbook_that_could_be_meant_otherwise_is_refused(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Runbook.model_validate(written)
    assert message in str(refused.value)


def test_whoever_only_observes_never_acts_and_whoever_asks_may() -> None:
    assert [mode.value for mode in Mode if mode.acts] == ["ask", "act"]


@pytest.mark.parametrize(
    ("snapshot", "ladder", "asks"),
    [
        ({}, ["reboot", {"reboot": {"stop_type": "HARD"}}], False),
        ({}, ["reboot", "rollback"], True),
        ({"ask_after": "20m"}, ["reboot"], True),
        ({"on_failure": "ask"}, ["reboot"], True),
        ({"max_size": 500}, ["reboot"], True),
    ],
)
def test_a_runbook_knows_whether_somebody_has_to_be_there_to_answer(
    snapshot: dict[str, Any], ladder: list[Any], asks: bool
) -> None:
    assert Runbook.model_validate({"snapshot": snapshot, "ladder": ladder}).asks is asks
