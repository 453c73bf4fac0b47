"""`medic simulator`: a Tencent Cloud on this machine, to try things out against."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from simulator.world import World


def register(app: typer.Typer) -> None:
    app.command(name="simulator")(run)


def run(
    world: Annotated[
        Path | None, typer.Option(help="Its machines and what ails them (YAML); the demo's, if left out.")
    ] = None,
    host: Annotated[str, typer.Option(help="Where it listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    speed: Annotated[float, typer.Option(min=0.01, help="How much faster than the real cloud time passes.")] = 1.0,
    log: Annotated[Path | None, typer.Option(help="Write every call and effect here, a JSON object a line.")] = None,
) -> None:
    """Run a Tencent Cloud API 3.0 that the real SDK talks to; it checks signatures and keeps a log of every call.

    It prints the settings that lead a worker to it. The same commands work on the real cloud without them.

    [bold]Example:[/bold]  medic simulator --speed 10 --log calls.jsonl
    """
    from remediation.errors import ConfigError
    from simulator import server

    known = _read(world)

    def tell(url: str) -> None:
        typer.echo(f"the simulated cloud listens at {url}; where the worker is to start, say:", err=True)
        typer.echo(f"export MEDIC_CLOUD_ENDPOINT={url}{_credentials(known)}", err=True)
        typer.echo(f"export ONCALL_WEBHOOK={url}/notices   # notices are shown here", err=True)

    def show(notice: str) -> None:
        typer.echo(f"\n{notice}", err=True)

    try:
        server.run(world_path=world, host=host, port=port, speed=speed, log_path=log, on_ready=tell, on_notice=show)
    except OSError as error:
        if error.filename is not None:
            raise ConfigError(f"cannot be written: {error.strerror}", str(error.filename)) from None
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror}. Choose another --port") from None


def _read(path: Path | None) -> World:
    """The world, before anything is bound: its mistakes are told in one line.

    Raises:
        ConfigError: it is no world.
    """
    import yaml
    from pydantic import ValidationError

    from remediation.errors import ConfigError
    from simulator.world import load_world

    try:
        return load_world(path)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", str(path)) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"is not YAML: {' '.join(str(error).split())}", str(path)) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(first["msg"].removeprefix("Value error, "), str(path), path=where) from None


def _credentials(world: World) -> str:
    """The first key pair of the world as assignments for a shell; "" if nobody may call."""
    if not world.credentials:
        return ""
    first = world.credentials[0]
    token = f" TENCENTCLOUD_TOKEN={first.token}" if first.token else ""
    return f" TENCENTCLOUD_SECRET_ID={first.secret_id} TENCENTCLOUD_SECRET_KEY={first.secret_key}{token}"
