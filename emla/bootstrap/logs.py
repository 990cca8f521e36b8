"""The operating log: one JSON object a line on stderr, and only fields that are on the list.

No payload, no file name, no person's name can get in by accident: a field that is not listed is dropped, a text is one escaped
line of bounded length. What libraries and the interpreter say by themselves may quote values: of that only the fixed words stay.
"""

import json
import logging
import sys
import threading
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
_WORDS_MAX = 100
_NOISE = {
    "aiohttp.server": logging.CRITICAL,
    "aiohttp.access": logging.CRITICAL,
    "asyncio": logging.WARNING,
    "aiosqlite": logging.WARNING,
}
"""A malformed request is answered, not logged with a traceback: a stranger must not be able to fill the disk."""


logger = logging.getLogger("emla.process")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON with the listed fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _words(record)[:_TEXT_MAX],
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


def _words(record: logging.LogRecord) -> str:
    """What a line says: of a logger of ours all of it, of others the first line, before anything was put into it."""
    if record.name.partition(".")[0] == "emla":
        return record.getMessage()
    # A library's values may be anything: the arguments of a statement, the text of an exception that nobody awaited.
    return str(record.msg).partition("\n")[0][:_WORDS_MAX]


def _tell_broken(error: BaseException | None) -> None:
    """A line about what nobody caught: its type and frames, in place of the interpreter's traceback with its text."""
    logger.error("broke", exc_info=(type(error), error, error.__traceback__) if error else None)


def set_up_logs(level: str) -> None:
    """Send every logger's records to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name, least in _NOISE.items():
        logging.getLogger(name).setLevel(least)
    logging.raiseExceptions = False  # a line that cannot be written is not shown with its values instead
    sys.excepthook = lambda _kind, error, _trace: _tell_broken(error)
    sys.unraisablehook = lambda found: _tell_broken(found.exc_value)
    threading.excepthook = lambda found: _tell_broken(found.exc_value)
