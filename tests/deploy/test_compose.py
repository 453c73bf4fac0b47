"""docker-compose.yml, held against the Compose specification and against the project; no engine is needed for that."""

from __future__ import annotations

import json
import re
import subprocess

import jsonschema
import pytest

from remediation.durations import parse_duration
from remediation.errors import ConfigError
from remediation.settings import Settings, read_settings
from starter.connection import DEFAULT_ADDRESS, _read_config
from tests.deploy.files import COMPOSE, DOCKERFILE, ONCE, OURS, ROOT, SERVICES, instructions, tools, understood
from tests.temporal_server import find_cli

pytestmark = pytest.mark.xdist_group("deploy")
each_service = pytest.mark.parametrize("name", SERVICES)
each_of_ours = pytest.mark.parametrize("name", OURS)
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


def test_it_is_what_the_compose_specification_allows() -> None:
    schema = json.loads((tools() / "check_jsonschema/builtin_schemas/vendor/compose-spec.json").read_text("utf-8"))
    jsonschema.validate(COMPOSE, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"services": {"worker": {"image": "x", "read-only": True}}}, schema)


@each_service
def test_a_service_can_do_no_more_than_it_has_to(name: str) -> None:
    service = SERVICES[name]
    user, group = service["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert not {"cap_add", "privileged", "devices", "pid", "ipc", "network_mode"} & set(service)
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    for mounted in service.get("volumes", []):
        assert mounted.endswith(":ro") or mounted.split(":")[0] in COMPOSE["volumes"]
        assert not mounted.startswith("./") or (ROOT / mounted.split(":")[0]).is_file()
    for word in service.get("command", []):
        assert not word.startswith("/scripts/") or any(f":{word}:" in mounted for mounted in service["volumes"])


@each_service
def test_a_service_waits_for_what_it_needs_and_is_asked_whether_it_is_well(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] in ("unless-stopped", "on-failure:10")
    assert ("healthcheck" in service) is (name not in ONCE)
    for needed, how in service.get("depends_on", {}).items():
        expected = "service_completed_successfully" if needed in ONCE else "service_healthy"
        assert how == {"condition": expected}


@each_service
def test_ports_are_published_to_this_machine_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_the_ports_are_those_that_the_defaults_of_the_settings_look_for() -> None:
    settings = Settings()
    published = {port for service in SERVICES.values() for port in service.get("ports", [])}
    door, temporal = settings.webhook_port, DEFAULT_ADDRESS.rpartition(":")[2]
    ui = settings.temporal_ui.rpartition(":")[2]
    assert published == {f"127.0.0.1:{door}:{door}", f"127.0.0.1:{temporal}:{temporal}", f"127.0.0.1:{ui}:8080"}
    assert SERVICES["ui"]["environment"]["TEMPORAL_CORS_ORIGINS"] == settings.temporal_ui


def test_only_temporal_reaches_the_database_whose_data_outlives_its_container() -> None:
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if "data" in service["networks"]} == {
        "postgres",
        "schema",
        "temporal",
    }
    assert "postgres-data:/var/lib/postgresql/data" in SERVICES["postgres"]["volumes"]
    assert "ports" not in SERVICES["postgres"]


def test_images_are_pinned_and_temporals_are_of_the_versions_that_are_tested_here() -> None:
    images = {service["image"] for service in SERVICES.values()}
    assert all(re.search(r":\d+\.\d+(\.\d+)?[a-z0-9.-]*$", image) for image in images)
    said = subprocess.run([find_cli(), "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"Server ([\d.]+), UI ([\d.]+)", said)
    assert found
    assert {image for image in images if image.startswith("temporalio/")} == {
        f"temporalio/server:{found[1]}",
        f"temporalio/admin-tools:{found[1]}",
        f"temporalio/ui:{found[2]}",
    }


@each_of_ours
def test_what_runs_in_ours_is_a_command_of_the_console(name: str) -> None:
    service = SERVICES[name]
    understood(service["command"])
    shell, *entry, part, what = service["healthcheck"]["test"]
    assert (shell, entry) == ("CMD", json.loads(instructions("ENTRYPOINT")[0]))
    understood([part, what])
    assert (service["command"], what) in ((["worker"], "worker"), (["serve"], "door"))
    assert service["user"] == instructions("USER")[0]
    grace = parse_duration(service["stop_grace_period"])
    assert grace > Settings().shutdown_grace, "it would be killed with work in its hands"
    assert "MEDIC_SHUTDOWN_GRACE" not in service["environment"]


# A value with which each of Temporal's variables shows: it changes what is read, or is refused.
SHOWS = {"TEMPORAL_ADDRESS": "a:1", "TEMPORAL_NAMESPACE": "n", "TEMPORAL_API_KEY": "k", "TEMPORAL_TLS": "true"}


def read_by_temporal(variable: str) -> bool:
    try:
        return _read_config({variable: SHOWS.get(variable, "nowhere.pem")}) != _read_config({})
    except ConfigError:
        return True


@each_of_ours
def test_ours_are_given_only_variables_that_somebody_reads(name: str) -> None:
    given = SERVICES[name]["environment"]
    page = set(re.findall(r"\$\{(\w+)\}", (ROOT / "medic.yaml").read_text(encoding="utf-8")))
    if name == "worker":
        assert page <= set(given), "the worker does not start without what the page names"
    for variable in set(given) - page:
        if variable.startswith("TEMPORAL_"):
            assert read_by_temporal(variable), variable
        elif variable.startswith("MEDIC_"):
            assert variable.removeprefix("MEDIC_").lower() in Settings.model_fields
        else:
            assert variable in {"TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"}
    read_settings({key: str(value) for key, value in given.items() if key.startswith("MEDIC_") and value})


def test_a_variable_that_nobody_reads_would_be_noticed() -> None:
    assert not read_by_temporal("TEMPORAL_ADRESS")


@each_service
def test_no_secret_is_written_here_and_what_is_optional_is_not_set_when_it_is_missing(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|PWD|TOKEN|SECRET|KEY|_WEBHOOK$|SMTP", variable):
            assert value is None or value.startswith("${"), variable
        assert ":-}" not in str(value), f"an empty {variable} is not the same as none"


def interpolated() -> dict[str, str]:
    """Each variable that Compose takes from .env → what stands where it is missing: `:?…`, `:-…` or nothing."""
    written = dict(re.findall(r"\$\{(\w+)(:[?-][^}]*)\}", TEXT))
    passed_on = {key for one in SERVICES.values() for key, value in one.get("environment", {}).items() if value is None}
    return {**dict.fromkeys(passed_on, ""), **written}


def test_the_example_of_env_names_exactly_what_compose_takes_from_it() -> None:
    needed = dict(re.findall(r"^(\w+)=(.*)$", EXAMPLE, re.M))
    optional = dict(re.findall(r"^#(\w+)=(.*)$", EXAMPLE, re.M))
    taken = interpolated()
    assert set(needed) == {name for name, otherwise in taken.items() if otherwise.startswith(":?")}
    assert set(optional) == set(taken) - set(needed)
    assert set(needed.values()) == {""}, "nobody's secret is in an example"
    for name in needed:
        assert ".env.example" in taken[name], "the message says what to do"
    for name, otherwise in taken.items():
        if otherwise.startswith(":-") and name != "TEMPORAL_ADDRESS":
            assert optional[name] == otherwise.removeprefix(":-")


def test_the_file_with_the_secrets_reaches_neither_git_nor_the_image() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()[0] == "*"
    assert ".env" not in DOCKERFILE
