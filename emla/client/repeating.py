"""A call that may be made twice and is done once: the header Idempotency-Key, for whoever calls inside `repeating`."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_key: ContextVar[str | None] = ContextVar("idempotency key", default=None)


@contextmanager
def repeating(key: str) -> Iterator[None]:
    """Give this key to the one call that is made inside. After a failure that leaves it open, call again with the same key.

    Args:
        key: 16 to 128 visible ASCII characters that nobody guesses, a UUID for instance; another one for another call.
    """
    token = _key.set(key)
    try:
        yield
    finally:
        _key.reset(token)


def key_headers(method: str) -> dict[str, str]:
    """What a call bears because of it: nothing, where it changes nothing."""
    key = None if method == "GET" else _key.get()
    return {} if key is None else {"Idempotency-Key": key}
