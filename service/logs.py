"""Logging: constant event names, identifiers and counts as fields, never words of people or
secrets.
"""

import json
import logging
import sys
from datetime import UTC, datetime

logger = logging.getLogger("verbatim")
# Modules that log under their own name are below one of these.
_OURS = ("verbatim", "bot", "connectors", "service", "storage")

ALLOWED_FIELDS = frozenset(
    {
        "attempt", "calls", "channel", "conversation", "count", "cursor", "error", "event",
        "helpdesk", "job", "metric", "path", "person", "receipt", "request", "seconds", "source",
        "status", "work",
    }
)  # fmt: skip


class JsonLines(logging.Formatter):
    """One JSON object a line; only allow-listed fields pass, so text and names stay out."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= {k: v for k, v in vars(record).items() if k in ALLOWED_FIELDS}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False, default=str)


class ReadableLines(logging.Formatter):
    """The same fields for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{k}={v}" for k, v in vars(record).items() if k in ALLOWED_FIELDS)
        at = datetime.fromtimestamp(record.created, tz=UTC)
        return f"{at:%H:%M:%S} {record.levelname.lower():7} {record.getMessage()} {fields}".rstrip()


def configure(level: str) -> None:
    """Send our log lines to standard error; JSON unless a person is watching."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ReadableLines() if sys.stderr.isatty() else JsonLines())
    for ours in map(logging.getLogger, _OURS):
        ours.handlers[:] = [handler]
        ours.setLevel(level)
        ours.propagate = False
