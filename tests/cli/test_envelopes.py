"""The events that `medic send` makes: the door can read them, and they are new."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import typer

from cli.envelopes import FRIENDLY_NAMES, as_of_now, make_event
from remediation.events import KNOWN_FAULTS, Status, parse_event


@pytest.mark.parametrize("kind", FRIENDLY_NAMES)
def test_every_friendly_name_makes_an_event_that_the_door_reads(kind: str) -> None:
    now = datetime.now(timezone.utc)
    alarm = parse_event(make_event(kind, "ins-0123abcd", "ap-guangzhou", "1"), now)
    assert alarm.fault in KNOWN_FAULTS
    assert (alarm.instance_id, alarm.region, alarm.status) == ("ins-0123abcd", "ap-guangzhou", Status.FIRING)
    assert abs(alarm.occurred_at - now) < timedelta(seconds=5)


def test_disk_read_only_is_what_tencent_calls_disk_readonly() -> None:
    event = make_event("disk-read-only", "ins-0123abcd", "ap-guangzhou", "-")
    assert event["type"] == "cvm:ErrorEvent:DiskReadonly"
    assert event["source"] == "cvm.cloud.tencent"
    assert event["status"] == "-"
    assert isinstance(event["time"], int)


@pytest.mark.parametrize("kind", ["cvm:ErrorEvent:Brandnew", "DiskReadonly"])
def test_a_full_type_is_taken_as_it_is_written(kind: str) -> None:
    assert make_event(kind, "ins-1", "ap-guangzhou", "1")["type"].endswith(kind.rpartition(":")[2])


def test_two_events_have_two_ids() -> None:
    ids = {make_event("nvme-error", "ins-1", "ap-guangzhou", "1")["id"] for _ in range(2)}
    assert len(ids) == 2


def test_an_unknown_type_is_refused_with_a_suggestion() -> None:
    with pytest.raises(typer.BadParameter, match="did you mean disk-read-only"):
        make_event("disk-readonlyy", "ins-1", "ap-guangzhou", "1")


def test_now_gives_each_event_of_a_delivery_a_new_id_and_the_present_time() -> None:
    old: dict[str, Any] = {"EventList": [{"id": "a", "time": 1, "subject": "ins-1"}, {"id": "b", "time": 1}, "junk"]}
    new: Any = as_of_now(old)
    first, second, junk = new["EventList"]
    assert len({"a", "b", first["id"], second["id"]}) == 4
    assert first["time"] > 1_700_000_000_000
    assert (first["subject"], junk) == ("ins-1", "junk")
    assert old["EventList"][0]["id"] == "a"
