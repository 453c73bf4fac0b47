"""Our settings: read once, a misspelt name is an error, and what is secret shows nowhere."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from remediation.errors import ConfigError
from remediation.settings import Settings, read_settings


def test_without_any_variable_the_defaults_hold() -> None:
    settings = read_settings({"PATH": "/bin", "TEMPORAL_ADDRESS": "x:7233", "medic_config": "not ours"})
    assert settings == Settings()
    assert (settings.config, settings.task_queue, settings.cloud_endpoint) == ("medic.yaml", "medic", None)
    assert settings.rate_limits == "on"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert read_settings({"MEDIC_CONFIG": "", "MEDIC_SMTP": ""}) == Settings()


def test_every_setting_is_read_from_its_variable() -> None:
    settings = read_settings(
        {
            "MEDIC_CONFIG": "other.yaml",
            "MEDIC_TASK_QUEUE": "blue",
            "MEDIC_CLOUD_ENDPOINT": "http://127.0.0.1:8080/",
            "MEDIC_POLL_INTERVAL": "2s",
            "MEDIC_SIGNATURE_VALIDITY": "7m",
            "MEDIC_WEBHOOK_PORT": "0",
            "MEDIC_WEBHOOK_TOKEN": "t0ken",
            "MEDIC_SMTP": "smtps://user:passw0rd@mail.example.com:465",
            "MEDIC_RATE_LIMITS": "off",
        }
    )
    assert (settings.config, settings.task_queue) == ("other.yaml", "blue")
    assert settings.cloud_endpoint == "http://127.0.0.1:8080"
    assert (settings.poll_interval, settings.signature_validity, settings.webhook_port) == (2, 420, 0)
    assert settings.webhook_token == SecretStr("t0ken")
    assert settings.smtp == "smtps://user:passw0rd@mail.example.com:465"
    assert settings.rate_limits == "off"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("MEDIC_CONFG", "the environment has MEDIC_CONFG, which nobody reads, did you mean MEDIC_CONFIG?"),
        ("MEDIC_TASKQUEUE", "which nobody reads, did you mean MEDIC_TASK_QUEUE?"),
        ("MEDIC_XYZZY_QQ", "which nobody reads; known are MEDIC_CONFIG, MEDIC_TASK_QUEUE"),
    ],
)
def test_a_misspelt_name_is_an_error_that_knows_the_right_one(name: str, message: str) -> None:
    with pytest.raises(ConfigError) as mistake:
        read_settings({name: "hunter2"})
    assert message in str(mistake.value)
    assert "hunter2" not in str(mistake.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MEDIC_POLL_INTERVAL", "5", "MEDIC_POLL_INTERVAL='5': '5' is not a duration: write a whole number and a unit"),
        ("MEDIC_WEBHOOK_PORT", "70000", "MEDIC_WEBHOOK_PORT='70000': Input should be less than or equal to 65535"),
        ("MEDIC_WEBHOOK_PORT", "http", "MEDIC_WEBHOOK_PORT='http': Input should be a valid integer"),
        ("MEDIC_CLOUD_ENDPOINT", "127.0.0.1:8080", "write a URL such as http://127.0.0.1:8080"),
        ("MEDIC_TEMPORAL_UI", "localhost", "MEDIC_TEMPORAL_UI='localhost': write a URL"),
        ("MEDIC_TASK_QUEUE", "a queue", "MEDIC_TASK_QUEUE='a queue': String should match pattern"),
        ("MEDIC_RATE_LIMITS", "no", "MEDIC_RATE_LIMITS='no': Input should be 'on' or 'off'"),
        ("MEDIC_LOG_LEVEL", "loud", "MEDIC_LOG_LEVEL='loud': Input should be 'debug', 'info'"),
        ("MEDIC_SMTP", "mail.example.com", "MEDIC_SMTP: write smtp://host:port or smtps://"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_by_name(name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError) as mistake:
        read_settings({name: value})
    assert message in str(mistake.value)


def test_a_secret_shows_in_no_text_of_ours() -> None:
    settings = read_settings(
        {
            "MEDIC_WEBHOOK_TOKEN": "hunter2",
            "MEDIC_WEBHOOK_KEYS": f"a:{'hunter2-' * 8}",
            "MEDIC_SMTP": "smtp://user:hunter2@mail.example.com:587",
        }
    )
    assert "hunter2" not in f"{settings} {settings!r}"
    with pytest.raises(ConfigError) as mistake:
        read_settings({"MEDIC_SMTP": "user:hunter2@mail.example.com"})
    assert "hunter2" not in f"{mistake.value} {mistake.value!r}"


def test_keys_of_the_webhook_have_an_id_and_a_secret_each() -> None:
    old, new = "o:" * 16, "n" * 64
    keys = read_settings({"MEDIC_WEBHOOK_KEYS": f"2026.a:{old}, 2026-b:{new}"}).webhook_keys
    assert keys == {"2026.a": SecretStr(old), "2026-b": SecretStr(new)}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("hunter2-" * 8, "key 1 is not ID:SECRET"),
        (f"a:{'hunter2-' * 8},b:hunter2", "key 2 is not ID:SECRET with a secret of 32 characters or more"),
        (f"a:{'hunter2-' * 8},", "key 2 is not"),
        (f"a b:{'hunter2-' * 8}", "write 2026a:SECRET, during a rotation 2026a:SECRET,2026b:OTHER"),
        (f"a:{'hunter2 ' * 8}x", "key 1 is not"),
        (f"a:{'hunter2-' * 8},a:{'hunter3-' * 8}", "the key a is there twice"),
    ],
)
def test_a_key_that_cannot_be_right_is_refused_and_not_shown(value: str, message: str) -> None:
    with pytest.raises(ConfigError) as mistake:
        read_settings({"MEDIC_WEBHOOK_KEYS": value})
    assert str(mistake.value).startswith("MEDIC_WEBHOOK_KEYS: ")
    assert message in str(mistake.value)
    assert "hunter" not in f"{mistake.value} {mistake.value!r}"


def test_settings_do_not_change_after_they_were_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().config = "other.yaml"  # type: ignore[misc]  # the point of the test
