"""The two jobs of docker-compose.yml, run: the namespace's against a real server, the schema's against a note-taker."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

from remediation.contract import SearchAttribute
from tests.deploy.files import ROOT, SERVICES, plain_environment
from tests.temporal_server import Server, find_cli

JOBS = ROOT / "deploy" / "compose"


async def see_to(server: Server, namespace: str, retention: str) -> None:
    """Run the job of docker-compose.yml."""
    given = set(SERVICES["namespace"]["environment"])
    environment = {
        "TEMPORAL_ADDRESS": server.address,
        "TEMPORAL_NAMESPACE": namespace,
        "TEMPORAL_RETENTION": retention,
    }
    assert given == set(environment)
    path = f"{Path(find_cli()).parent}:/usr/bin:/bin"
    done = await asyncio.to_thread(
        subprocess.run,
        ["/bin/sh", str(JOBS / "namespace.sh")],
        env={**plain_environment(), **environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.processes
async def test_the_namespace_has_its_retention_and_our_search_attributes_however_often_the_job_runs(
    server: Server, unique: str
) -> None:
    namespace, service = f"medic-{unique}", server.client.workflow_service
    for retention, hours in (("720h", 720), ("96h", 96)):
        await see_to(server, namespace, retention)
        found = await service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
        assert found.config.workflow_execution_retention_ttl.ToTimedelta().total_seconds() == hours * 3600
        listed = await server.client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=namespace)
        )
        assert {one.value for one in SearchAttribute} <= set(listed.custom_attributes)


def test_the_schema_job_creates_and_updates_both_databases_and_shows_no_password(tmp_path: Path) -> None:
    notes, tool = tmp_path / "notes", tmp_path / "temporal-sql-tool"
    tool.write_text(f'#!/bin/sh\n[ -n "$SQL_PASSWORD" ] && echo "$@" >> {notes}\n')
    tool.chmod(0o755)
    environment = {**plain_environment(), "PATH": f"{tmp_path}:/usr/bin:/bin", "SQL_PASSWORD": "made-up"}
    subprocess.run(["/bin/sh", str(JOBS / "schema.sh")], env=environment, check=True, timeout=30)
    lines = notes.read_text().splitlines()
    where = "--plugin postgres12 --ep postgres --port 5432 --user temporal --db"
    assert [line.removeprefix(where).split()[:2] for line in lines] == [
        [database, what]
        for database in ("temporal", "temporal_visibility")
        for what in ("create", "setup-schema", "update-schema")
    ]
    assert lines[2].endswith("/postgresql/v12/temporal/versioned")
    assert lines[5].endswith("/postgresql/v12/visibility/versioned")
    assert "made-up" not in notes.read_text()
    assert SERVICES["temporal"]["environment"]["POSTGRES_SEEDS"] == "postgres"
    assert set(SERVICES["schema"]["environment"]) == {"SQL_PASSWORD"}
