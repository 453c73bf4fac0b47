"""What every command has in common: help, exit codes, one clear line for an error, and a quick start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.consoles import ROOT, medic

COMMANDS = ["demo", "worker", "serve", "send", "runs", "show", "cancel", "explain", "lint", "schema", "simulator"]
NOBODY = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}


async def test_the_help_names_every_command_and_the_exit_codes() -> None:
    told = await medic("--help")
    assert told.code == 0
    assert all(f" {name} " in told.out for name in COMMANDS)
    assert "5 no rule matched" in told.out


@pytest.mark.parametrize("command", COMMANDS)
async def test_each_command_teaches_by_an_example(command: str) -> None:
    told = await medic(command, "--help")
    assert told.code == 0
    assert "Example" in told.out
    assert told.out.count(f"medic {command}") >= 2  # once in the usage, once in the example


def test_help_imports_neither_temporal_nor_the_sdk() -> None:
    look = (
        "import sys, cli, contextlib\n"
        "with contextlib.suppress(SystemExit): cli.app(['send', '--help'])\n"
        "heavy = [m for m in ('temporalio', 'tencentcloud', 'starlette', 'asyncio') if m in sys.modules]\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["send"], "give either a FILE, or --type"),
        (["send", "--type", "disk-read-only"], "--type needs --instance and --region"),
        (["send", "--type", "disk-readonly", "--instance", "ins-1", "--region", "ap-guangzhou"], "did you mean"),
        (["send", "no-such-file.json"], "no-such-file.json"),
        (["send", "-", "--timeout", "soon"], "'soon' is not a duration"),
        (["runs", "--outcome", "fine"], "known are recovered"),
        (["runs", "--instance", 'x" OR "1'], "is not an instance id"),
        (["runs", "--rule", 'x" OR "1'], "cannot be the name of a rule"),
        (["show", "i-1"], "is not an id"),
        (["cancel", "cvm/nowhere at all/ins-1"], "region"),
        (["nonsense"], "No such command"),
    ],
)
async def test_a_mistake_in_the_call_ends_with_2_and_says_what_to_write(arguments: list[str], said: str) -> None:
    told = await medic(*arguments, env=NOBODY)
    assert told.code == 2, told.err
    assert said.lower() in " ".join(told.err.replace("│", " ").split()).lower()
    assert told.out == ""


@pytest.mark.parametrize("command", [["worker"], ["serve"], ["runs"], ["show", "ins-1"]])
async def test_a_wrong_setting_is_one_clear_line(command: list[str]) -> None:
    told = await medic(*command, env={**NOBODY, "MEDIC_TASK_QUEU": "x"})
    if command == ["runs"]:  # it needs none of our settings, and so does not judge them
        return
    assert told.code == 1
    assert told.err.strip() == (
        "error: the environment has MEDIC_TASK_QUEU, which nobody reads, did you mean MEDIC_TASK_QUEUE?"
    )


async def test_a_missing_page_of_the_operator_is_one_clear_line() -> None:
    told = await medic("worker", env={**NOBODY, "MEDIC_CONFIG": "no-such.yaml"})
    assert told.code == 1
    assert told.err.startswith("error: no-such.yaml cannot be read: No such file or directory; write one, or set")
    assert "Traceback" not in told.err


@pytest.mark.parametrize("command", [["runs"], ["show", "ins-1"], ["cancel", "ins-1"]])
async def test_an_unreachable_temporal_is_one_clear_line(command: list[str]) -> None:
    told = await medic(*command, env=NOBODY)
    assert told.code == 1
    assert told.out == ""
    assert told.err.startswith("error: Temporal at 127.0.0.1:1 cannot be reached")
    assert len(told.err.strip().splitlines()) == 1


async def test_debug_shows_the_traceback_of_an_error() -> None:
    told = await medic("show", "ins-1", env={**NOBODY, "MEDIC_LOG_LEVEL": "debug"})
    assert "Traceback" in told.err
    assert told.err.strip().splitlines()[-1].startswith("error: Temporal at")
