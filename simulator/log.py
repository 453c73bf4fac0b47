"""What was asked of the cloud and what happened in it, in the order of time, for ever."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Entry:
    """One line of the log.

    Attributes:
        at: seconds since the epoch; never smaller than in the entry before. A call that a fault holds back is handled,
            and recorded, when it is let go.
        name: a call's action, or an effect such as snapshot_begun, reboot_started.
        params: of a call what was asked; of an effect what its name does not say, such as an instance's new state.
        error: the code that was answered, or "(dropped)" and the like where nothing was; None for what took effect.
        faults: the kinds of the fault rules that hit this call.
        targets: the ids of instances, disks and snapshots that it is about.
        arrived: when a call came in, which a fault may have held back until `at`.
    """

    seq: int
    at: float
    kind: Literal["call", "effect"]
    name: str
    region: str
    params: Mapping[str, Any] = field(default_factory=dict)
    request_id: str | None = None
    error: str | None = None
    faults: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    arrived: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Entry:
        """What `as_dict` made, also after a way through JSON: a line of the log's file, an element of `/_admin/log`."""
        return cls(**{**given, "faults": tuple(given["faults"]), "targets": tuple(given["targets"])})


class Log:
    """Append-only, in memory, and in a file if there is one: a JSON object a line, flushed at once."""

    def __init__(self, path: str | Path | None = None) -> None:
        self._entries: list[Entry] = []
        self._file = Path(path).open("a", encoding="utf-8") if path else None  # noqa: SIM115  # open as long as we are
        self._kept_back: list[Entry] | None = None

    @property
    def entries(self) -> list[Entry]:
        return list(self._entries)

    def hold_back(self) -> None:
        """Until the call that is being handled is recorded: its effects stand after it, as causes come first."""
        for effect in self._kept_back or ():  # of a call that broke off, which is a fault of the simulator
            self._append(effect)
        self._kept_back = []

    def call(
        self,
        at: float,
        action: str,
        region: str,
        params: Mapping[str, Any],
        *,
        request_id: str,
        error: str | None,
        faults: Iterable[str],
        targets: Iterable[str],
        arrived: float,
    ) -> None:
        effects, self._kept_back = self._kept_back or (), None
        asked = Entry(0, at, "call", action, region, params, request_id, error, tuple(faults), tuple(targets), arrived)
        self._append(asked)
        for effect in effects:
            self._append(effect)

    def effect(
        self,
        at: float,
        name: str,
        region: str,
        *targets: str,
        request_id: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        entry = Entry(0, at, "effect", name, region, params or {}, request_id, targets=targets)
        if self._kept_back is not None:
            self._kept_back.append(entry)
        else:
            self._append(entry)

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _append(self, entry: Entry) -> None:
        entry = replace(entry, seq=len(self._entries) + 1)
        self._entries.append(entry)
        if self._file:
            self._file.write(json.dumps(entry.as_dict(), ensure_ascii=False) + "\n")
            self._file.flush()
