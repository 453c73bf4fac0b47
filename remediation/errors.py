"""Every error of ours.

    MedicError
    ├── EventRejected      not an alarm that we understand                      → receipt, kept for people
    ├── ConfigError        medic.yaml or a setting, with file:line:column       → refuse to start
    ├── PatternError       an event pattern, with the place within it           → becomes a ConfigError
    ├── NoticeFailed       a notice did not arrive; says whether to try again   → retried, then reported
    └── CloudError         translated once, in activities/clients; carries action, code, request id, region
        ├── Throttled        retry     certainly not done: come back, slower
        ├── NotYet           wait      certainly not done: right now it is in another state
        ├── AlreadySo        adopt     the goal may have been reached already: observe
        ├── Refused          refuse    permanent: wrong id, not supported, not allowed by its state
        ├── NeedsPeople      people    permission, quota, money, MFA, rescue mode, a code without a class
        └── OutcomeUnknown   unknown   a mutating call whose effect is not known: never sent again blindly

The six classes under CloudError are the only taxonomy of failures (docs/explanation/safety.md).
"""

from __future__ import annotations

from dataclasses import dataclass


class MedicError(Exception):
    """Any error that we raise on purpose."""


class EventRejected(MedicError):
    """What came in is not an alarm about a CVM instance; `hint` says what to change."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(f"{reason}. {hint}" if hint else reason)
        self.reason = reason
        self.hint = hint


@dataclass(eq=False)
class ConfigError(MedicError):
    """A mistake in medic.yaml or in a setting: what, where, and how to mend it; `others` are further ones."""

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    source: str = ""
    others: tuple[ConfigError, ...] = ()

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column} " if self.line else (f"{self.file} " if self.file else "")
        where = f"{self.path}: " if self.path else ""
        pointer = f"\n    {self.source}\n    {' ' * (self.column - 1)}^" if self.source and self.column else ""
        return "\n".join([f"{place}{where}{self.message}{pointer}", *map(str, self.others)])


@dataclass(eq=False)
class PatternError(MedicError, ValueError):
    """A mistake in an event pattern: where in it, by keys and list positions, and how to mend it."""

    path: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        return self.message


class NoticeFailed(MedicError):
    """A notice did not arrive; `permanent` if trying again changes nothing. The message never holds the address.

    `wait_seconds`: for so long another try is of no use; 0 if nothing is known of that.
    """

    def __init__(self, message: str, *, permanent: bool, wait_seconds: float = 0) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.wait_seconds = wait_seconds


class CloudError(MedicError):
    """A call to the cloud that did not answer with success, translated.

    Attributes:
        action: the API's name, as in `RebootInstances`.
        code: Tencent's error code, or the SDK's own for a network failure.
        request_id: Tencent's id of the call, "" if no answer was read.
    """

    def __init__(
        self, message: str, *, action: str = "", code: str = "", request_id: str = "", region: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.action = action
        self.code = code
        self.request_id = request_id
        self.region = region

    def __str__(self) -> str:
        parts = [part for part in (self.action, self.region and f"in {self.region}") if part]
        named = " ".join(parts)
        code = f" [{self.code}]" if self.code else ""
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"{named}: {self.message}{code}{request}" if named else f"{self.message}{code}{request}"


class Throttled(CloudError):
    """Certainly not done; come back, slower."""


class NotYet(CloudError):
    """Certainly not done: right now it is in another state."""


class AlreadySo(CloudError):
    """The goal may have been reached already: observe."""


class Refused(CloudError):
    """Permanent: trying again changes nothing."""


class NeedsPeople(CloudError):
    """Only a person can mend this."""


class OutcomeUnknown(CloudError):
    """A mutating call was, or may have been, sent, and its effect is not known."""
