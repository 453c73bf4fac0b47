"""The way to Temporal: connecting with Temporal's own variables and profiles, and errors that say what to check."""

from __future__ import annotations

import asyncio
import atexit
import functools
import re
import time
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.service import RPCError, RPCStatusCode

from remediation.errors import ConfigError, MedicError

DEFAULT_ADDRESS = "localhost:7233"
RPC_SECONDS = 10.0
T = TypeVar("T")


class TemporalUnreachable(MedicError):
    """Temporal did not take what it was given: send it again later.

    Attributes:
        reason: what failed, and at which address.
        hint: what to check.
        this_call_only: Temporal answered, and refused this one call; others may go through.
    """

    def __init__(self, reason: str, hint: str, *, this_call_only: bool = False) -> None:
        super().__init__(f"{reason}. {hint}")
        self.reason = reason
        self.hint = hint
        self.this_call_only = this_call_only


async def connect(environment: Mapping[str, str] | None = None, *, lazy: bool = False) -> Client:
    """A client as `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS…` and profiles say.

    Args:
        environment: where the variables are, if not in the process's environment.
        lazy: connect at the first call, and again at the next one if that failed. A Worker cannot use such a client.

    Raises:
        ConfigError: the variables or the profile cannot be right.
        TemporalUnreachable: nobody answered within 10 s (never with `lazy`).
    """
    _let_threads_finish_at_exit()
    config = _read_config(environment)
    address, namespace = config["target_host"], config.get("namespace", "default")
    connecting = Client.connect(**config, data_converter=pydantic_data_converter, lazy=lazy)
    try:
        return await _translated(connecting, address, namespace, RPC_SECONDS)
    except ValueError as error:
        raise _mistake(address, error) from None


async def reach(client: Client, call: Awaitable[T], seconds: float = RPC_SECONDS) -> T:
    """The call's result, within `seconds` including connecting and the SDK's own retries.

    Raises:
        TemporalUnreachable: no answer in time, or a refusal.
    """
    address = client.service_client.config.target_host
    return await _translated(call, address, client.namespace, seconds)


async def _translated(call: Awaitable[T], address: str, namespace: str, seconds: float) -> T:
    try:
        return await asyncio.wait_for(call, seconds)
    except asyncio.TimeoutError:
        raise _unreachable(address, f"no answer within {seconds:g} s") from None
    except RPCError as error:
        raise _refusal(address, namespace, error) from None
    except RuntimeError as error:  # the SDK has no class of its own for a connection that fails
        raise _unreachable(address, _gist(str(error))) from None


def _read_config(environment: Mapping[str, str] | None) -> ClientConnectConfig:
    try:
        config = ClientConfig.load_client_connect_config(
            override_env_vars=None if environment is None else dict(environment)
        )
    except OSError as error:
        raise ConfigError(f"TEMPORAL_TLS_*_PATH or the profile names {error.filename}: {error.strerror}") from None
    except Exception as error:  # noqa: BLE001  # the SDK raises classes of its bridge here, which it does not export
        # Only the first line: the lines after it quote the file, which may hold the API key.
        raise ConfigError(f"Temporal's settings (TEMPORAL_*, profile): {str(error).splitlines()[0]}") from None
    config.setdefault("target_host", DEFAULT_ADDRESS)
    if "://" in config["target_host"]:
        raise _mistake(config["target_host"], "an address has no scheme")
    return config


def _mistake(address: str, why: object) -> ConfigError:
    return ConfigError(
        f"Temporal's address {address!r} or its TLS settings: {why}. "
        "Write TEMPORAL_ADDRESS=host:port, and set TEMPORAL_TLS_CLIENT_CERT_* and TEMPORAL_TLS_CLIENT_KEY_* together"
    )


def _unreachable(address: str, why: str) -> TemporalUnreachable:
    return TemporalUnreachable(
        f"Temporal at {address} cannot be reached: {why}",
        "Check that a server runs there (`temporal server start-dev`), or set TEMPORAL_ADDRESS to where it does",
    )


def _refusal(address: str, namespace: str, error: RPCError) -> TemporalUnreachable:
    if error.status in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
        return _unreachable(address, _gist(error.message))
    hint = "Look into the server's log"
    if error.status is RPCStatusCode.FAILED_PRECONDITION and "poller" in error.message:
        hint = (
            "Only a worker can answer this: start `medic worker`, with the same MEDIC_TASK_QUEUE and TEMPORAL_NAMESPACE"
        )
    elif error.status is RPCStatusCode.NOT_FOUND:
        hint = f"Check TEMPORAL_NAMESPACE, or create it: temporal operator namespace create --namespace {namespace}"
    elif error.status in (RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED):
        hint = "Check TEMPORAL_API_KEY, or the certificate in TEMPORAL_TLS_CLIENT_CERT_PATH"
    return TemporalUnreachable(
        f"Temporal at {address} refused ({error.status.name}, namespace {namespace}): {_gist(error.message)}",
        hint,
        this_call_only=error.status is RPCStatusCode.INVALID_ARGUMENT,
    )


@functools.cache
def _let_threads_finish_at_exit() -> None:
    # After an answer the SDK's thread still lets go of the Python objects that it held. If the interpreter ends just
    # then, it aborts (temporalio/sdk-python#300; 3 of 120 short processes on a busy machine, none of 400 with this).
    # Sleeping hands the interpreter's lock over.
    atexit.register(time.sleep, 0.05)


def _gist(message: str) -> str:
    """`… Os { code: 111, message: "Connection refused" }))` → `Connection refused`: what the nested errors end in."""
    inner = re.findall(r'(?:message|error): "([^"]+)"', message)
    return str(inner[-1]) if inner else message
