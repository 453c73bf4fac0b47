"""Recorded events, one JSON value a line: envelopes as they were delivered, or what EventBridge's SearchLog answers.

SearchLog's answer is `{"Results": [...]}`, within `{"Response": ...}` as the API sends it, or one of its rows alone:
texts named Timestamp, Message, Source, Type, Subject, Region and Status (eb 2021-04-16). An answer that is folded over
several lines has to be put on one first, as `jq -c` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple

from remediation.errors import EventRejected
from remediation.events import read_json, unpack

_COLUMNS = {"Source": "source", "Type": "type", "Subject": "subject", "Region": "region", "Status": "status"}


class Recorded(NamedTuple):
    """One event of a recording, or what is wrong with its line (counted from 1).

    `received_at` is known where EventBridge's log says when it had the event.
    """

    line: int
    event: object = None
    problem: str = ""
    received_at: datetime | None = None


def read_recording(lines: Iterable[bytes]) -> Iterator[Recorded]:
    """The events of a recording, in its order; total, and with no more than one line in memory."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = read_json(line)
        except EventRejected as rejected:
            yield Recorded(number, problem=rejected.reason)
            continue
        for row in _rows(value):
            yield Recorded(number, _of_row(row), received_at=_logged_at(row))


def _rows(value: object) -> list[object]:
    answer = value["Response"] if isinstance(value, Mapping) and isinstance(value.get("Response"), Mapping) else value
    if isinstance(answer, Mapping) and isinstance(answer.get("Results"), list):
        return list(answer["Results"])
    return unpack(value)


def _logged_at(row: object) -> datetime | None:
    """A row's Timestamp, a text of milliseconds since 1970."""
    text = row.get("Timestamp") if isinstance(row, Mapping) else None
    if not isinstance(text, str) or not re.fullmatch(r"\d{12,14}", text):
        return None
    return datetime.fromtimestamp(int(text) / 1000, timezone.utc)


def _of_row(row: object) -> object:
    """A row of the log → the envelope that it is about; anything else stays as it is."""
    if not isinstance(row, Mapping) or "type" in row or not ("Message" in row or "Type" in row):
        return row
    message = _message(row.get("Message"))
    if isinstance(message, Mapping) and "type" in message:
        return message
    # Without the envelope the columns have to do: when it was logged stands for when it happened.
    columns: dict[str, Any] = {name: row[column] for column, name in _COLUMNS.items() if row.get(column) is not None}
    data = message if isinstance(message, Mapping) else {}
    return {**columns, "time": row.get("Timestamp"), "data": data}


def _message(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return read_json(text.encode("utf-8", "replace"))
    except EventRejected:
        return None
