"""What callers put into a URL: whole numbers, limits, seconds. A caller's mistake is `bad-request`."""

from aiohttp import web

from emla.model.errors import InvalidMessageError

LIMIT_MAX = 1000
WAIT_SECONDS_MAX = 60.0


def integer(text: str) -> int:
    """A whole number, from 0."""
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InvalidMessageError("bad-request", f"'{text[:20]}' is not a whole number.")
    return int(text)


def limit(http_request: web.Request) -> int:
    """How many items at most."""
    return min(LIMIT_MAX, integer(http_request.query.get("limit", "100")))


def seconds(http_request: web.Request, name: str) -> float:
    """How long a caller wants to wait."""
    return min(WAIT_SECONDS_MAX, float(integer(http_request.query.get(name, "0"))))
