"""Where the cloud's credentials come from, read anew for each call so that a rotation needs no restart."""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tencentcloud.common.profile.client_profile import ClientProfile

from activities.clients.role_credentials import AssumedRole, Renewed
from remediation.errors import NeedsPeople

# The SDK's own names first, then those that Tencent's cloud functions inject.
_NAMES = (
    ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"),
    ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN"),
)
_PROFILES = (Path("~/.tencentcloud/credentials"), Path("/etc/tencentcloud/credentials"))


class Credentials:
    """What the SDK asks for the keys of one request: environment, profile file, then the machine's role.

    If a role is to be assumed, it is assumed with these.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        profiles: tuple[Path, ...] = _PROFILES,
        *,
        machine: Renewed | None = None,
    ) -> None:
        """`machine` gives the keys of the role of the machine we run on; without it no such role is asked for."""
        self._environment = os.environ if environment is None else environment
        self._profiles = profiles
        self._machine = machine
        self._assumed: Renewed | None = None

    def assume(self, arn: str, profile: ClientProfile) -> None:
        """From now on act as this role (`qcs::cam::uin/100000000001:roleName/medic`)."""
        own = _Own(self._own_keys)
        self._assumed = Renewed(AssumedRole(arn, own, profile).fetch)

    def get_credential_info(self) -> tuple[str, str, str | None]:
        """(secret id, secret key, token or None), the triple that the SDK signs one request with.

        Raises:
            NeedsPeople: there are none, or one of them cannot be sent; the message names it and never its value.
            CloudError: those of a role cannot be had right now.
        """
        if self._assumed is None:
            return self._own_keys()
        keys = self._assumed.get()
        return keys.secret_id, keys.secret_key, keys.token

    def refused(self) -> None:
        """The cloud says that the token is no good: what was fetched and kept is fetched anew."""
        for kept in (self._assumed, self._machine):
            if kept is not None:
                kept.forget()

    def _own_keys(self) -> tuple[str, str, str | None]:
        for names in _NAMES:
            found = _usable(*((name, self._environment.get(name, "")) for name in names))
            if found:
                return found
        for path in self._profiles:
            found = _read_profile(path)
            if found:
                return found
        tried = ""
        if self._machine is not None:
            try:
                keys = self._machine.get()
            except NeedsPeople as error:
                tried = f" ({error.message})"
            else:
                return keys.secret_id, keys.secret_key, keys.token
        raise NeedsPeople(
            "no credentials: export TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY (and TENCENTCLOUD_TOKEN for "
            "temporary ones) where the worker runs, write ~/.tencentcloud/credentials, or bind a role to the machine"
            + tried,
            code="NoCredentials",
        )

    @property
    def secret_id(self) -> str:
        return self.get_credential_info()[0]

    @property
    def secret_key(self) -> str:
        return self.get_credential_info()[1]

    @property
    def token(self) -> str | None:
        return self.get_credential_info()[2]


@dataclass(frozen=True)
class _Own:
    """The keys that a role is assumed with, in the shape that the SDK asks for."""

    get_credential_info: Callable[[], tuple[str, str, str | None]]


def _read_profile(path: Path) -> tuple[str, str, str | None] | None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with path.expanduser().open(encoding="utf-8") as file:
            parser.read_file(file)
    except (OSError, RuntimeError, configparser.Error, UnicodeDecodeError):  # RuntimeError: this user has no home
        return None
    section = parser["default"] if parser.has_section("default") else {}
    return _usable(*((f"{name} in {path}", section.get(name, "")) for name in ("secret_id", "secret_key", "token")))


def _usable(
    secret_id: tuple[str, str], secret_key: tuple[str, str], token: tuple[str, str]
) -> tuple[str, str, str | None] | None:
    """Of name and value for each: the values as they are sent, or None if there is no id or no key."""
    known = [(name, value.strip()) for name, value in (secret_id, secret_key, token)]
    (_, id_), (_, key), (_, token_) = known
    if not id_ or not key:
        return None
    for name, value in known:
        # As a header such a value would be refused by the HTTP library, which repeats it in its error.
        if not all("!" <= character <= "~" for character in value):
            raise NeedsPeople(f"{name} holds a space, a line break or a character that is not ASCII", code="Malformed")
    return id_, key, token_ or None
