"""Where the cloud's credentials come from, read anew for each call so that a rotation needs no restart."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path

from remediation.errors import NeedsPeople

# The SDK's own names first, then those that Tencent's cloud functions inject.
_NAMES = (
    ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"),
    ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN"),
)
_PROFILES = (Path("~/.tencentcloud/credentials"), Path("/etc/tencentcloud/credentials"))


class Credentials:
    """What the SDK asks for the keys of one request: environment first, then Tencent's profile file."""

    def __init__(self, environment: Mapping[str, str] | None = None, profiles: tuple[Path, ...] = _PROFILES) -> None:
        self._environment = os.environ if environment is None else environment
        self._profiles = profiles

    def get_credential_info(self) -> tuple[str, str, str | None]:
        """(secret id, secret key, token or None), the triple that the SDK signs one request with.

        Raises:
            NeedsPeople: there are none.
        """
        for id_name, key_name, token_name in _NAMES:
            secret_id, secret_key = self._environment.get(id_name), self._environment.get(key_name)
            if secret_id and secret_key:
                return secret_id.strip(), secret_key.strip(), self._environment.get(token_name) or None
        for path in self._profiles:
            found = _read_profile(path.expanduser())
            if found:
                return found
        raise NeedsPeople(
            "no credentials: export TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY (and TENCENTCLOUD_TOKEN for "
            "temporary ones) where the worker runs, or write ~/.tencentcloud/credentials",
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


def _read_profile(path: Path) -> tuple[str, str, str | None] | None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
    except (OSError, configparser.Error, UnicodeDecodeError):
        return None
    section = parser["default"] if parser.has_section("default") else {}
    secret_id, secret_key = section.get("secret_id", ""), section.get("secret_key", "")
    return (secret_id, secret_key, section.get("token") or None) if secret_id and secret_key else None
