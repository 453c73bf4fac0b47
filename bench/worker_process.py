"""The worker that is measured, in a process of its own: `python -m bench.worker_process KIND QUEUE NOTES`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

from temporalio.worker import Worker

from starter.connection import connect


async def main(kind: str, queue: str, notes: Path) -> None:
    """Run until SIGTERM; say `ready` on stdout when the workers begin to poll."""
    client = await connect()
    workers: list[Worker]
    with ExitStack() as stack:
        # Each kind imports only what it needs, so that the bare pair's memory holds nothing of ours.
        if kind.startswith("bare"):
            from bench.bare_worker import bare_workers
            from bench.notes import Notes

            workers = bare_workers(kind, client, queue, Notes(notes))
        else:
            from bench.our_worker import our_workers

            workers = our_workers(kind, client, queue, notes, stack)
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        async with AsyncExitStack() as working:
            for worker in workers:
                await working.enter_async_context(worker)
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await stop.wait()


if __name__ == "__main__":
    os.environ.setdefault("NO_PROXY", "127.0.0.1")
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
