"""questions: what we asked through mailboxes, and has not been answered yet. In memory: a new start asks anew.

An answer from a mailbox may be days old. It counts as one only when it repeats a nonce of this process, not older than a
status may be; so no hub makes an answer of before a restore look like one to us.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from emla.steps.verify_status import SKEW_SECONDS

_NONCES_MAX = 2048
"""Questions to one peer that are remembered: more than one a minute for a day."""


@dataclass(slots=True)
class Questions:
    """The nonces of our questions, by peer. `steady` is a clock that nobody sets."""

    steady: Callable[[], float]
    _asked: dict[str, OrderedDict[bytes, float]] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, peer: str, nonce: bytes) -> None:
        """Remember a question."""
        asked, now = self._asked.setdefault(peer, OrderedDict()), self.steady()
        asked[nonce] = now
        while len(asked) > _NONCES_MAX or now - next(iter(asked.values())) > SKEW_SECONDS:
            asked.popitem(last=False)

    def knows(self, peer: str, nonce: bytes | None) -> bool:
        """Whether a nonce is that of a question to a peer that is still open."""
        asked = self._asked.get(peer)
        if asked is None or nonce is None:
            return False
        return self.steady() - asked.get(nonce, float("-inf")) <= SKEW_SECONDS

    def forget(self, peer: str) -> None:
        """A peer has answered: no question to it is open any more."""
        self._asked.pop(peer, None)
        self._changed.set()

    async def none_open(self) -> None:
        """Wait until every question is answered."""
        while self._asked:
            self._changed.clear()
            await self._changed.wait()
