"""A signer that behaves like a token: it takes its time, may be away, and notes what went on while it worked."""

import threading
import time
from collections.abc import Callable

from emla.model.errors import ConfigurationError
from emla.model.signed import Signer


class SlowSigner:
    """A `Signer` over a quick one; every call is recorded."""

    def __init__(self, quick: Signer, seconds: float = 0.0) -> None:
        self._quick = quick
        self.seconds = seconds
        self.away = False
        self.watch: Callable[[], bool] = lambda: False
        """Whether a transaction is open; asked at each call."""
        self.messages: list[bytes] = []
        self.threads: set[str] = set()
        self.in_transaction: list[bool] = []

    @property
    def kid(self) -> str:
        return self._quick.kid

    @property
    def public(self) -> bytes:
        return self._quick.public

    def sign(self, message: bytes) -> bytes:
        self.threads.add(threading.current_thread().name)
        self.in_transaction.append(self.watch())
        if self.away:
            raise ConfigurationError("token-unavailable", "It was pulled out.")
        self.messages.append(message)
        time.sleep(self.seconds)
        return self._quick.sign(message)
