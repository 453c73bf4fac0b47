"""Logs of the long-running commands, on stderr: for eyes on a terminal, a JSON object a line elsewhere."""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

    from remediation.settings import Settings


def set_up_logs(settings: Settings) -> None:
    """Send the standard library's logs through one renderer; ours at `MEDIC_LOG_LEVEL`, others' from WARNING on."""
    import structlog

    on_terminal = sys.stderr.isatty()
    before: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=not on_terminal),
        _unfold,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors="NO_COLOR" not in os.environ)
        if on_terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    after: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not on_terminal:
        after.append(structlog.processors.format_exc_info)  # the terminal's renderer writes tracebacks itself
    after.append(renderer)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=after))
    root = logging.getLogger()
    root.handlers = [handler]
    # A library's INFO may hold whole requests: only ours and Temporal's follow the setting.
    root.setLevel(logging.WARNING)
    for name in ("medic", "temporalio"):
        logging.getLogger(name).setLevel(settings.log_level.upper())


def _unfold(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A message that is a JSON object already becomes fields, instead of JSON within JSON."""
    message = event.get("event")
    if not isinstance(message, str) or not message.startswith("{"):
        return event
    try:
        fields = json.loads(message)
    except ValueError:
        return event
    told = fields.pop("status", "") or "told"
    return {**event, **fields, "event": told}
