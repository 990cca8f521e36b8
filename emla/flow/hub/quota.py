"""quota: how much a mailbox may hold and a member may give. What is on its way counts: many at once do not overrun it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from emla.flow.gateway import Gateway
from emla.model.errors import TransportError

_SMALL_FACTOR = 2
"""Acknowledgements and documents are still taken when as many packages are held as may be: they end waiting, not begin it."""


class HubQuota:
    """Reserves room while something is being received."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._bytes_for: Counter[str] = Counter()
        self._bytes_from: Counter[str] = Counter()

    @contextmanager
    def room(self, owner: str, depositor: str, size: int, *, small: bool = False) -> Iterator[None]:
        """Reserve room for something until it is stored.

        Args:
            owner: whose mailbox it goes to.
            depositor: who gives it.
            size: its bytes.
            small: whether it is no package.

        Raises:
            TransportError: ``mailbox-full``.
        """
        self._check(owner, depositor, size, small=small)
        counted = ((self._bytes_for, owner), (self._bytes_from, depositor))
        for counter, authority in counted:
            counter[authority] += size
        try:
            yield
        finally:
            for counter, authority in counted:
                counter[authority] -= size
                if not counter[authority]:
                    del counter[authority]

    def _check(self, owner: str, depositor: str, size: int, *, small: bool) -> None:
        limits = self._gateway.settings.hub
        held = self._gateway.store.read.mailbox_held(owner, depositor)
        factor = _SMALL_FACTOR if small else 1
        if held.owner_items >= limits.mailbox_items_max * factor:
            raise TransportError("mailbox-full", f"{held.owner_items} items are held for {owner}.")
        if held.depositor_items >= limits.member_items_max * factor:
            raise TransportError("mailbox-full", f"{held.depositor_items} items are held from {depositor}.")
        if small:
            return
        # One package always has room, however large: else a large one could never be held at all.
        for words, used, most in (
            (f"for {owner}", held.owner_bytes + self._bytes_for[owner], limits.mailbox_bytes_max),
            (
                f"from {depositor}",
                held.depositor_bytes + self._bytes_from[depositor],
                limits.member_bytes_max,
            ),
        ):
            if used and used + size > most:
                raise TransportError("mailbox-full", f"{used} bytes are held {words}.")
