"""The operating log: one JSON object a line on stderr, and only fields that are on the list.

No payload, no file name, no person's name can get in by accident: a field that is not listed is dropped, a text is one escaped
line of bounded length.
"""

import json
import logging
import sys
from datetime import UTC, datetime

FIELDS = (
    "address",
    "authority",
    "child",
    "code",
    "correlation_id",
    "count",
    "days",
    "detail",
    "event",
    "kid",
    "leg",
    "packages",
    "packages_waiting",
    "part",
    "peer",
    "pid",
    "port",
    "reason",
    "seconds",
    "state",
    "strikes",
    "what",
)
"""The extra fields a log line may carry; docs/reference/logs.md."""
_TEXT_MAX = 500
_NOISE = {"aiohttp.server": logging.CRITICAL, "aiohttp.access": logging.CRITICAL, "asyncio": logging.WARNING}
"""A malformed request is answered, not logged with a traceback: a stranger must not be able to fill the disk."""


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON with the listed fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:_TEXT_MAX],
        }
        for name in FIELDS:
            value = record.__dict__.get(name)
            if value is not None:
                line[name] = value if isinstance(value, int | float) else str(value)[:_TEXT_MAX]
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            frames = []
            trace = error.__traceback__
            while trace is not None:
                frames.append(f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}")
                trace = trace.tb_next
            line["error"] = type(error).__name__  # the text of an exception may hold what must not be logged
            line["frames"] = frames[-8:]
        return json.dumps(line, ensure_ascii=True)


def set_up_logs(level: str) -> None:
    """Send every logger's records to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name, least in _NOISE.items():
        logging.getLogger(name).setLevel(least)
