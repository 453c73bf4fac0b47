"""Temporary keys of a role: of the machine that we run on, or one that is assumed; renewed before they expire."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FetchedTooLong
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Protocol

import requests
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.profile.client_profile import ClientProfile

from activities.clients.bounded import BoundedAdapter
from activities.clients.failures import Asked, check_answer, translate, was_never_sent
from activities.clients.sdk import hardened
from remediation.errors import CloudError, NeedsPeople, Refused, Throttled

# 1108 of the reference of CVM's metadata service: the name of the role, and below it its keys.
METADATA = "http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/"
_RENEW_BEFORE_SECONDS = 300.0
_FAILED_SECONDS = 5.0
_LONGEST_FETCH_SECONDS = 30.0
_NO_SERVICE_SECONDS = 60.0
_TIMEOUT_TO_CONNECT = 1.0
_TIMEOUT = 2.5  # of each of the two answers, whole
_LONGEST_ANSWER = 64 * 1024
_ASSUMED_SECONDS = 7200
_ROLE = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)  # as CAM lets a role be called
_PRINTED = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Keys:
    """Temporary keys; only the id may be shown."""

    secret_id: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    expires_at: float = 0.0


class Source(Protocol):
    """Where the SDK gets its keys from."""

    def get_credential_info(self) -> tuple[str, str, str | None]: ...


class Renewed:
    """Keys that are fetched, kept, and fetched anew some minutes before they expire; one fetch at a time.

    Nobody waits for it while the old keys last, but whoever began it; and a failure is everybody's for some seconds.
    """

    def __init__(self, fetch: Callable[[], Keys], now: Callable[[], float] = time.time) -> None:
        self._fetch = fetch
        self._now = now
        self._lock = threading.Lock()
        self._keys: Keys | None = None
        self._under_way: Future[Keys | CloudError] | None = None
        self._failed: tuple[CloudError, float] | None = None  # and when

    def get(self) -> Keys:
        """While they cannot be renewed, the old ones are used as long as they last.

        Raises:
            CloudError: there are none.
        """
        with self._lock:
            kept, now = self._keys, self._now()
            left = kept.expires_at - now if kept else 0.0
            if kept is not None and left >= _RENEW_BEFORE_SECONDS:
                return kept
            usable = kept if left > 0 else None
            if self._failed is not None and 0 <= now - self._failed[1] < _FAILED_SECONDS:
                return _given(self._failed[0], usable)
            theirs = self._under_way
            ours: Future[Keys | CloudError] = Future()
            self._under_way = theirs or ours
        if theirs is None:
            return _given(self._fetched(ours), usable)
        return usable or _given(self._awaited(theirs), None)

    def _fetched(self, ours: Future[Keys | CloudError]) -> Keys | CloudError:
        ended: Keys | CloudError = Throttled("the fetch of the keys was ended early", code="Keys")
        try:
            ended = self._fetch()
        except CloudError as error:
            ended = error
        finally:  # whatever came: others wait for it
            with self._lock:
                self._under_way = None
                self._failed = (ended, self._now()) if isinstance(ended, CloudError) else None
                self._keys = self._keys if isinstance(ended, CloudError) else ended
            ours.set_result(ended)
        return ended

    def _awaited(self, theirs: Future[Keys | CloudError]) -> Keys | CloudError:
        try:
            return theirs.result(_LONGEST_FETCH_SECONDS)
        except FetchedTooLong:
            with self._lock:
                if self._under_way is theirs:  # of a thread that is no more
                    self._under_way = None
            return Throttled("the keys are being fetched for too long", code="Keys")

    def forget(self) -> bool:
        """The cloud refused them: they are fetched anew. Returns whether there were any."""
        with self._lock:
            had, self._keys = self._keys is not None, None
        return had


class MachineRole:
    """The role that is bound to the CVM instance on which this process runs."""

    def __init__(self, role: str = "", url: str = METADATA, now: Callable[[], float] = time.monotonic) -> None:
        """`role` as it is called in CAM; "" for the one that is bound."""
        self._role = role
        self._url = url
        self._now = now
        self._absent_until = 0.0

    def fetch(self) -> Keys:
        """
        Raises:
            NeedsPeople: this machine has no role, or is none of Tencent's.
            Throttled: its metadata service gives no usable answer right now.
        """
        if self._now() < self._absent_until:
            raise NeedsPeople("this machine has no metadata service", code="NoMachineRole")
        # Neither a proxy nor a redirection stands between a machine and its own metadata.
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", BoundedAdapter(_TIMEOUT, _LONGEST_ANSWER))
            role = self._role or _role(self._get(session, ""))
            return _read(self._get(session, role), role)

    def _get(self, session: requests.Session, path: str) -> str:
        try:
            answer = session.get(self._url + path, timeout=(_TIMEOUT_TO_CONNECT, _TIMEOUT), allow_redirects=False)
        except (requests.RequestException, OSError, ValueError) as error:
            if was_never_sent(error):
                self._absent_until = self._now() + _NO_SERVICE_SECONDS
                raise NeedsPeople("this machine has no metadata service", code="NoMachineRole") from None
            said = type(error).__name__
            raise Throttled(f"the machine's metadata service gives no answer ({said})", code="Metadata") from None
        status, body = answer.status_code, str(answer.content, errors="replace")
        if status not in (200, 404):
            raise Throttled(f"the machine's metadata service answered {status}", code="Metadata")
        if status == 404 or not body.strip():
            named = f"the role {path!r} is not" if path else "no role is"
            raise NeedsPeople(f"{named} bound to this machine: bind one in the CVM console", code="NoMachineRole")
        return body


class AssumedRole:
    """A role that is assumed with other keys (STS AssumeRole); those need the permission sts:AssumeRole."""

    def __init__(self, arn: str, base: Source, profile: ClientProfile, region: str = "ap-guangzhou") -> None:
        self._arn = arn
        self._base = base
        self._profile = profile
        self._region = region

    def fetch(self) -> Keys:
        """
        Raises:
            CloudError: of the class that STS's answer has.
        """
        params = {"RoleArn": self._arn, "RoleSessionName": "cvm-medic", "DurationSeconds": _ASSUMED_SECONDS}
        asked = Asked("AssumeRole", self._region, params, mutating=False)
        client = hardened(CommonClient("sts", "2018-08-13", self._base, self._region, profile=self._profile))
        try:
            answer = check_answer(client.call_json("AssumeRole", params), asked, None)
        except CloudError as told:
            raise _for_people(told) from None
        except Exception as error:  # noqa: BLE001  # whatever the SDK raises is translated
            raise _for_people(translate(error, asked, None)) from None
        given = answer.get("Credentials")
        return _keys({**(given if isinstance(given, Mapping) else {}), "ExpiredTime": answer.get("ExpiredTime")}, "STS")


def _for_people(error: CloudError) -> CloudError:
    """What is refused are the keys, and not the run that needs them."""
    if not isinstance(error, Refused):
        return error
    return NeedsPeople(error.message, action=error.action, code=error.code, region=error.region)


def _given(ended: Keys | CloudError, usable: Keys | None) -> Keys:
    if isinstance(ended, Keys):
        return ended
    if usable is None:
        raise copy(ended)  # it is raised in many threads
    return usable


def _role(body: str) -> str:
    role = body.split()[0]
    if not _ROLE.fullmatch(role):
        raise Throttled("the machine's metadata service names no role", code="Metadata")
    return role


def _read(body: str, role: str) -> Keys:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or told.get("Code", "Success") != "Success":
        raise Throttled(f"the metadata service gives no keys of the role {role!r}", code="Metadata")
    return _keys(told, "the metadata service")


def _keys(told: Mapping[str, Any], whose: str) -> Keys:
    named = [str(told.get(name) or "") for name in ("TmpSecretId", "TmpSecretKey", "Token")]
    expires_at = told.get("ExpiredTime")
    # What cannot be a header would fail only when the call that needs the keys is sent.
    if not all(_PRINTED.fullmatch(one) for one in named) or not isinstance(expires_at, int) or expires_at > 1e12:
        raise Throttled(f"{whose} gave an answer without usable keys", code="Metadata")
    secret_id, secret_key, token = named
    return Keys(secret_id, secret_key, token, float(expires_at))
