"""Every setting under `MEDIC_`, read once at the wiring into one frozen object."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator

from remediation.durations import Duration
from remediation.errors import ConfigError
from remediation.models import Written

_PREFIX = "MEDIC_"
_SECRET = re.compile("TOKEN|KEYS|SMTP")  # no message shows what these hold
_KEY = re.compile(r"([A-Za-z0-9._-]{1,40}):([!-+\--~]{32,})")  # a secret has no comma and no space


class Settings(Written):
    """Our own settings; Temporal's and Tencent's own variables keep their own names."""

    config: str = Field(default="medic.yaml", description="the operator's page")
    task_queue: str = Field(default="medic", pattern=r"^[a-z0-9-]{1,60}$", description="prefix of all task queues")
    temporal_cli: str | None = Field(default=None, description="the `temporal` binary that `medic demo` starts")
    temporal_ui: str = Field(default="http://localhost:8233", description="where the Temporal UI is, for links")
    cloud_endpoint: str | None = Field(default=None, description="every product's API at this address (a simulator)")
    machine_role: str | None = Field(default=None, description="the CAM role of the machine, if it has more than one")
    assume_role: str | None = Field(
        default=None, pattern=r"^qcs::cam::uin/\d+:roleName/.+$", description="the CAM role to act as (sts:AssumeRole)"
    )
    cloud_timeout: Duration = Field(default=10, ge=1, description="longest that one call to the cloud may take")
    cloud_patience: Duration = Field(
        default=900, ge=1, description="how long the cloud may be out of reach before people are told"
    )
    signature_validity: Duration = Field(
        default=360, ge=1, description="how long a lost call may still take effect, with a margin"
    )
    poll_interval: Duration = Field(
        default=5, ge=1, description="first interval between two readings; it grows to twelvefold"
    )
    notice_patience: Duration = Field(
        default=900, ge=1, description="how long a notice is tried again before it counts as undelivered"
    )
    fold_after: int = Field(
        default=5,
        ge=1,
        description="notices of one rule within five minutes that are sent one by one; further ones together",
    )
    webhook_host: str = Field(default="127.0.0.1", description="where `medic serve` listens")
    webhook_port: int = Field(default=8000, ge=0, le=65535)
    webhook_token: SecretStr | None = Field(default=None, description="the bearer token that POST /events demands")
    webhook_keys: dict[str, SecretStr] | None = Field(
        default=None, description="ID:SECRET of those who sign what they POST to /events, several with commas between"
    )
    # It may hold a password: str(settings) must not show it.
    smtp: str | None = Field(default=None, repr=False, description="smtp://[user:password@]host:port, or smtps://")
    mail_from: str = Field(default="cvm-medic@localhost", description="sender of mails")
    shutdown_grace: Duration = Field(
        default=30, description="how long a worker finishes what is in its hands after SIGTERM"
    )
    rate_limits: Literal["on", "off"] = Field(
        default="on", description="off only for benchmarks against an instant cloud"
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("cloud_endpoint", "temporal_ui")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("write a URL such as http://127.0.0.1:8080")
        return value.rstrip("/") if value else value

    @field_validator("webhook_keys", mode="before")
    @classmethod
    def _keys(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        keys: dict[str, str] = {}
        for number, written in enumerate(value.split(","), 1):
            found = _KEY.fullmatch(written.strip())
            if found is None:
                raise ValueError(
                    f"key {number} is not ID:SECRET with a secret of 32 characters or more: write "
                    "2026a:SECRET, during a rotation 2026a:SECRET,2026b:OTHER, each SECRET by `openssl rand -hex 32`"
                )
            if found[1] in keys:
                raise ValueError(f"the key {found[1]} is there twice: give each secret an id of its own")
            keys[found[1]] = found[2]
        return keys

    @field_validator("smtp")
    @classmethod
    def _smtp(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("smtp://", "smtps://")):
            raise ValueError("write smtp://host:port or smtps://user:password@host:port")
        return value


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of `environment`, for example `MEDIC_TASK_QUEUE=medic`.

    Raises:
        ConfigError: a value that cannot be right, or a `MEDIC_` name that nobody reads.
    """
    given = {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(_PREFIX) and value != ""
    }
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = _PREFIX + str(first["loc"][0]).upper()
        if first["type"] == "extra_forbidden":
            known = [_PREFIX + field.upper() for field in Settings.model_fields]
            close = difflib.get_close_matches(name, known, n=1)
            hint = f", did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"
            raise ConfigError(f"the environment has {name}, which nobody reads{hint}") from None
        message = first["msg"].removeprefix("Value error, ")
        shown = "" if _SECRET.search(name) else f"={given[str(first['loc'][0])]!r}"
        raise ConfigError(f"{name}{shown}: {message}") from None
