"""Connecting: Temporal's own variables, and errors that say what to change."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from remediation.errors import ConfigError
from starter.connection import TemporalUnreachable, connect, reach
from tests.temporal_server import Server


async def test_temporals_own_variables_say_where_to_connect(server: Server) -> None:
    client = await connect(server.environment)
    assert client.namespace == server.namespace
    assert await reach(client, client.service_client.check_health())


async def test_a_profile_of_temporals_own_file_says_where_to_connect(server: Server, tmp_path: Path) -> None:
    profiles = tmp_path / "temporal.toml"
    profiles.write_text(f'[profile.tests]\naddress = "{server.address}"\nnamespace = "{server.namespace}"\n')
    client = await connect({"TEMPORAL_CONFIG_FILE": str(profiles), "TEMPORAL_PROFILE": "tests"})
    assert (client.service_client.config.target_host, client.namespace) == (server.address, server.namespace)


async def test_a_refused_connection_is_told_with_its_address_and_how_to_fix_it() -> None:
    with pytest.raises(TemporalUnreachable) as caught:
        await connect({"TEMPORAL_ADDRESS": "127.0.0.1:9"})
    assert str(caught.value) == (
        "Temporal at 127.0.0.1:9 cannot be reached: Connection refused. "
        "Check that a server runs there (`temporal server start-dev`), or set TEMPORAL_ADDRESS to where it does"
    )


async def test_a_call_that_hangs_is_given_up(server: Server) -> None:
    with pytest.raises(TemporalUnreachable, match=r"no answer within 0\.05 s"):
        await reach(server.client, asyncio.Event().wait(), seconds=0.05)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"TEMPORAL_ADDRESS": "http://127.0.0.1:7233"}, "TEMPORAL_ADDRESS=host:port"),
        ({"TEMPORAL_ADDRESS": "two words"}, "TEMPORAL_ADDRESS=host:port"),
        ({"TEMPORAL_PROFILE": "nobody"}, "Profile 'nobody' not found"),
        ({"TEMPORAL_TLS_CLIENT_CERT_PATH": "nowhere.pem"}, "nowhere.pem: No such file"),
        ({"TEMPORAL_TLS_CLIENT_CERT_DATA": "half"}, "TEMPORAL_TLS_CLIENT_KEY"),
    ],
)
async def test_a_wrong_setting_of_temporals_is_told_by_its_name(environment: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        await connect(environment)


async def test_a_broken_profile_file_is_told_without_quoting_the_key_in_it(tmp_path: Path) -> None:
    profiles = tmp_path / "temporal.toml"
    profiles.write_text("[profile.default]\napi_key = made-up-secret\n")
    with pytest.raises(ConfigError, match="line 2") as caught:
        await connect({"TEMPORAL_CONFIG_FILE": str(profiles)})
    assert "made-up-secret" not in str(caught.value)
