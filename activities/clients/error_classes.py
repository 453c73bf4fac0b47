"""Which of the six classes an error of the API has, and how a person mends it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from activities.clients.error_table import BY_ACTION, CODES, FAMILIES, MAY_HAVE_ACTED, Class, Table
from activities.clients.unreachable_codes import UNREACHABLE
from remediation.errors import AlreadySo, NeedsPeople, NotYet, OutcomeUnknown, Throttled

SIGNATURE_VALID_SECONDS = 300


def _by_code(table: Table) -> dict[str, Class]:
    return {code: kind for kind, codes in table.items() for code in codes.split()}


def _unreachable() -> Iterator[tuple[str, Class]]:
    for family, details in UNREACHABLE.items():
        kind = OutcomeUnknown if family in MAY_HAVE_ACTED else NeedsPeople
        yield from ((f"{family}.{detail}" if family else detail, kind) for detail in details.split())


_CLASS_BY_ACTION = {action: _by_code(table) for action, table in BY_ACTION.items()}
_CLASS_OF = {**dict(_unreachable()), **_by_code(CODES)}
_CLASS_OF_FAMILY = _by_code(FAMILIES)

_HINTS = {
    "AuthFailure.SecretIdNotFound": "the secret id is not known: check TENCENTCLOUD_SECRET_ID",
    "AuthFailure.InvalidSecretId": "the secret id is not valid: check TENCENTCLOUD_SECRET_ID",
    "AuthFailure.SignatureFailure": "the secret key does not belong to the secret id: check TENCENTCLOUD_SECRET_KEY",
    "AuthFailure.TokenFailure": "the temporary credentials have expired: refresh TENCENTCLOUD_TOKEN and its keys",
    "UnauthorizedOperation.InvalidToken": "the token does not fit: refresh TENCENTCLOUD_TOKEN and its keys",
    "UnauthorizedOperation.MFAExpired": "this action asks for MFA: use credentials, or a role, that need none",
    "UnauthorizedOperation.MFANotFound": "this action asks for MFA: use credentials, or a role, that need none",
    "UnauthorizedOperation.NeedApproval": "this action needs an approval: get it, or use a role that needs none",
    "UnauthorizedOperation.NotCertification": "the account's identity has to be verified in the console",
    "UnauthorizedOperation.NotHavePaymentRight": "these credentials may not pay: let them, or use others",
    "UnsupportedRegion": "the region of the event is not one of this API: check `region`",
}
_RESOURCES = {"ins": "instance", "disk": "volume", "snap": "snapshot"}  # as CAM calls them


def declared(action: str, code: str) -> Class | None:
    """The class that the table gives this code as an answer to this mutating action; None if it does not know it."""
    exact = _CLASS_BY_ACTION.get(action, {}).get(code) or _CLASS_OF.get(code)
    return exact or _CLASS_OF_FAMILY.get(code.split(".")[0])


def classify(action: str, code: str, *, mutating: bool) -> Class:
    """The class of an error that the *API* answered with; what the table does not know goes to people.

    What is not known and may have acted, by its family or because the error has no code at all, is an unknown outcome.
    A read has no effect that could be unknown or reached already, and no state that it has to wait for: there these
    three classes mean "try again". (An expired signature, for one, must not pass for a "not yet" that was *seen*.)
    """
    unknown = OutcomeUnknown if not code or code.split(".")[0] in MAY_HAVE_ACTED else NeedsPeople
    kind = declared(action, code) or unknown
    if not mutating and kind in (OutcomeUnknown, AlreadySo, NotYet):
        return Throttled
    return kind


def hint(
    action: str, code: str, *, region: str = "", targets: Collection[str] = (), clock_ahead: float | None = None
) -> str:
    """How a person mends this, or "" if the API's own message has to do.

    Args:
        targets: the ids that the call named.
        clock_ahead: by how many seconds this machine's clock was ahead of the cloud's when it answered, if known.
    """
    if code == "AuthFailure.SignatureExpire":
        return _about_the_clock(clock_ahead)
    if code in _HINTS:
        return _HINTS[code]
    if code.startswith("UnauthorizedOperation") or code == "AuthFailure.UnauthorizedOperation":
        # Permissions for disks and snapshots are given under cvm (API reference 598/69910).
        product = "tat" if "Command" in action or "Automation" in action or "Invocation" in action else "cvm"
        kinds = ((_RESOURCES.get(one.partition("-")[0]), one) for one in targets)
        on = ", ".join(f"{kind}/{one}" for kind, one in kinds if kind)
        where = f" on {on} in {region}" if on else ""
        return f"grant the worker's credentials the CAM action {product}:{action}{where}"
    return ""


def _about_the_clock(ahead: float | None) -> str:
    if ahead is None:
        return "this machine's clock is off by more than five minutes: set it by NTP"
    side = "ahead of" if ahead > 0 else "behind"
    off = f"this machine's clock is off by {abs(ahead):.0f} s, {side} the cloud's"
    if abs(ahead) >= SIGNATURE_VALID_SECONDS:
        return f"{off}; a signature is valid for five minutes: set the clock by NTP"
    return f"the call came later than the five minutes for which its signature is valid ({off}): look for what held it"
