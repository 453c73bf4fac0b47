"""`make crash`: every case, several at once; what was done is kept, and a second start goes on from there."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.crash.cases import Case, around_calls, at_events
from tests.crash.run import Verdict, nominal, run
from tests.temporal_server import Server, dev_server, server_speaks_on_stderr

_ROOMS = ("workflows", "activities", "remediation", "simulator", "tests/crash")
progress = Console(stderr=True)


def main(
    only: Annotated[str, typer.Option(help="Only the cases whose name has this in it.")] = "",
    jobs: Annotated[int, typer.Option(help="How many at once: each is mostly waiting.", min=1)] = 6,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what earlier starts have done.")] = False,
    output: Annotated[str, typer.Option(help="table or json")] = "table",
    results: Annotated[Path, typer.Option(help="Where what was done is kept.")] = Path(".crash/results.jsonl"),
) -> None:
    """Kill the worker at every event of a run and around every mutating call, and check what the cloud saw.

    Each case has a simulated cloud and a worker process of its own. The promises are judged from the cloud's log alone
    (docs/explanation/safety.md). It can be interrupted, and goes on where it was, as long as the code stays the same.
    Exits with 1 if a promise was broken or a case ended as it may not.
    """
    results.parent.mkdir(parents=True, exist_ok=True)
    if fresh:
        results.unlink(missing_ok=True)
    with server_speaks_on_stderr() as out:
        verdicts = asyncio.run(_all(only, jobs, results))
        if output == "json":
            json.dump([one.as_dict() for one in verdicts], out, ensure_ascii=False, indent=1)
        else:
            _show(verdicts, Console(file=out))
    raise typer.Exit(0 if verdicts and all(one.ok for one in verdicts) else 1)


async def _all(only: str, jobs: int, results: Path) -> list[Verdict]:
    with tempfile.TemporaryDirectory(prefix="medic-crash-") as name:
        folder = Path(name)
        async with dev_server() as server:
            every = _as_before(results) or await every_case(server, folder / "nominal")
            _remember(every, results)
            cases = [one for one in every if only in one.name]
            asked = {one.name for one in cases}
            done = {name: verdict for name, verdict in _known(results).items() if name in asked}
            left = [one for one in cases if one.name not in done]
            progress.print(f"{len(cases)} cases, {len(cases) - len(left)} of them done before")
            gate = asyncio.Semaphore(jobs)

            async def one_of_them(number: int, case: Case) -> None:
                async with gate:
                    verdict = await run(server, case, folder / str(number))
                done[case.name] = verdict
                with results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"source": _source(), **verdict.as_dict()}) + "\n")
                mark = "[green]kept[/]" if verdict.ok else "[bold red]broken[/]"
                progress.print(f"{len(done):4d}/{len(cases)} {mark} {case.name}: {verdict.outcome}")

            await asyncio.gather(*(one_of_them(number, case) for number, case in enumerate(left)))
    return [done[one.name] for one in cases]


async def every_case(server: Server, folder: Path) -> list[Case]:
    """The events are those of a run that nothing disturbs, so that a new event brings a new case."""
    names = await nominal(server, folder / "reboot", "reboot")
    climb = await nominal(server, folder / "climb", "climb")
    return [
        *at_events("reboot", "remediation", names["remediation"]),
        *at_events("reboot", "incident", names["incident"]),
        *at_events("climb", "remediation", climb["remediation"]),
        *around_calls(),
    ]


def _as_before(results: Path) -> list[Case]:
    """The cases of the start that is gone on with: no two nominal runs have their events in quite the same order."""
    kept = _nominal(results)
    return [Case(**one) for one in json.loads(kept.read_text(encoding="utf-8"))] if kept.exists() else []


def _remember(cases: list[Case], results: Path) -> None:
    _nominal(results).write_text(json.dumps([asdict(one) for one in cases]), encoding="utf-8")


def _nominal(results: Path) -> Path:
    return results.with_name(f"cases-{_source()}.json")


def _known(results: Path) -> dict[str, Verdict]:
    lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    read = [json.loads(line) for line in lines]
    same = [one for one in read if one.pop("source") == _source()]
    return {one["case"]: Verdict(**{**one, "broken": tuple(one["broken"])}) for one in same if one["allowed"]}


def _source() -> str:
    """What was done counts only for this code."""
    files = sorted(path for room in _ROOMS for path in Path(room).rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def _show(verdicts: list[Verdict], console: Console) -> None:
    table = Table("the worker died at", "outcome", "seconds", "broken promises")
    for one in verdicts:
        kept = "[green]none[/]" if one.allowed else "[bold red]not an outcome that is allowed[/]"
        said = "; ".join(one.broken) or kept
        table.add_row(one.case, f"{one.outcome} ({one.reason})", f"{one.seconds:.0f}", said)
    console.print(table)
    outcomes = Counter(one.outcome for one in verdicts)
    broken = sum(not one.ok for one in verdicts)
    console.print(f"{len(verdicts)} kills: " + ", ".join(f"{count} {name}" for name, count in outcomes.most_common()))
    console.print(f"[bold red]{broken} broken[/]" if broken else "[green]no promise was broken[/]")


if __name__ == "__main__":
    typer.run(main)
