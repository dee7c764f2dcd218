"""Log lines as EMQX writes them: `2026-11-20T21:00:00.123456+00:00 [warning] msg: words, key: value`.

Code logs `log.warning("words_with_underscores, key: %s", value)`; the words before the first comma are the message.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime
from typing import TextIO

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "alert": logging.CRITICAL,
    "emergency": logging.CRITICAL,
    "all": logging.DEBUG,
}
"""EMQX's levels as the standard library's."""


class TextFormatter(logging.Formatter):
    """One line; a trace follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        line = f"{_time(record)} [{record.levelname.lower()}] msg: {record.getMessage()}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        fields = {"time": _time(record), "level": record.levelname.lower(), "msg": record.getMessage()}
        if record.exc_info:
            fields["stacktrace"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def configure(level: str = "warning", formatter: str = "text", stream: TextIO | None = None) -> None:
    """Send the log of this process to `stream` (standard error), from `level` on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if formatter == "json" else TextFormatter())
    logging.basicConfig(handlers=[handler], level=LEVELS[level], force=True)
    logging.captureWarnings(True)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="microseconds")
