"""How our processes write what happened: one JSON line an entry, to stderr, without personal data."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import stamina.instrumentation
import structlog

from contracts.errors import TowlineError

ROOT = Path(__file__).parent.parent


def configure(process: str, *, level: int = logging.INFO) -> None:
    """Write all log entries of this process as JSON lines to stderr, each with the name of the process.

    Of other people's libraries only warnings are kept, and of those the text without the values put into it.
    """
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(process),
        _without_values,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_template_only, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
            use_get_message=False,
        )
    )
    handler.addFilter(lambda record: record.levelno >= logging.WARNING or record.name.startswith("towline."))
    stamina.instrumentation.set_on_retry_hooks([])  # a line for each wait on a rate limit: hundreds in a burst
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("towline").setLevel(level)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger: `log.info("event.done", event=str(id))`, ids and counts only."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(f"towline.{name}")
    return logger


def _named(process: str) -> Any:
    def add(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {"process": process, **entry}

    return add


def _template_only(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Keep a foreign record's text as it stands in the program: what is put into it may be personal."""
    record: logging.LogRecord = entry["_record"]
    return {**entry, "event": str(record.msg), "logger": record.name, "exc_info": record.exc_info}


def _without_values(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Show an exception by kind and place; its text only where it is one of ours, which hold no personal data."""
    error = entry.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if not isinstance(error, BaseException):
        return entry
    places = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    text = {"text": error.text, "cause": error.cause} if isinstance(error, TowlineError) else {}
    return {**entry, "error": type(error).__name__, **text, "where": places[-8:]}


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
