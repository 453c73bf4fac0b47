"""The last look before a request is signed: a mutating call goes out only while its permit holds (P5, P9)."""

from __future__ import annotations

import threading

from activities.clients.credentials import Credentials
from activities.clients.failures import Asked
from remediation.errors import CloudError, NotYet, Refused, Throttled
from remediation.permits import SendPermit
from remediation.runbooks import Mode


def demand(asked: Asked, permit: SendPermit | None) -> None:
    """
    Raises:
        NotYet, Refused: this mutating call must not be sent; certainly not done.
    """
    if not asked.mutating:
        return
    refusal = permit.refusal() if permit else "it has no permit"
    if refusal:
        kind = NotYet if permit and permit.mode is Mode.ACT else Refused
        raise kind(f"not sent: {refusal}", action=asked.action, region=asked.region, code="NotSent")


class Signing:
    """The keys of one request. The SDK asks for them immediately before it signs; fetching those of a role may take
    longer than a guard's reading stays fresh, so the permit is asked once more when they are there."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._call = threading.local()

    def begin(self, asked: Asked, permit: SendPermit | None) -> None:
        """What this thread calls next."""
        self._call.asked, self._call.permit = asked, permit
        demand(asked, permit)

    def get_credential_info(self) -> tuple[str, str, str | None]:
        """
        Raises:
            CloudError: there are no keys, or the permit has run out meanwhile: certainly not sent.
        """
        try:
            keys = self._credentials.get_credential_info()
        except CloudError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is: without keys nothing was signed
            raise Throttled(f"no keys: {type(error).__name__}", code="Keys") from None
        demand(self._call.asked, self._call.permit)
        return keys
