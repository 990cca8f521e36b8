"""The memory of nonces: a signed call is good once. In memory only; what came before it began is treated as seen.

When it began is reckoned from the clock as it reads now: one that was a day fast at the start and was set right since would
otherwise refuse everybody for a day. Bounded for each authority, so that one that calls without end only shuts itself out until
its calls expire.
"""

from collections import OrderedDict

from emla.model.call import CallSignature
from emla.model.errors import TransportError
from emla.ports.clock import Clock

NONCES_MAX = 65_536
"""For each authority; at the life a caller of ours gives its calls, over 500 a second."""


class Nonces:
    """Remembers the nonces of each authority until their calls expire."""

    def __init__(self, clock: Clock) -> None:
        """Args: the clock. Calls signed before this instant cannot be known and count as seen."""
        self._clock = clock
        self._began = clock.steady()
        self._known: dict[str, OrderedDict[bytes, int]] = {}

    def seen(self, sender: str, signature: CallSignature) -> bool:
        """Note a nonce; whether it was noted before, or whether its call is older than this memory.

        Raises:
            TransportError: ``busy``: this authority has too many calls in their time.
        """
        now = int(self._clock.now())
        if signature.created < int(self._clock.now() - (self._clock.steady() - self._began)):
            return True
        known = self._known.setdefault(sender, OrderedDict())
        while known and next(iter(known.values())) <= now:
            known.popitem(last=False)
        if signature.nonce in known:
            return True
        if len(known) >= NONCES_MAX:
            self._sweep(known, now)
        known[signature.nonce] = signature.expires
        return False

    @staticmethod
    def _sweep(known: OrderedDict[bytes, int], now: int) -> None:
        """Calls may expire in another order than they came in; only when the memory is full is all of it looked at."""
        for nonce in [each for each, expires in known.items() if expires <= now]:
            del known[nonce]
        if len(known) >= NONCES_MAX:
            raise TransportError("busy", "Too many signed calls of one authority.")
