"""quota: how much a mailbox may hold and a member may give. What is on its way counts: many at once do not overrun it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from emla.flow.gateway import Gateway
from emla.flow.reservations import CALLER
from emla.model.errors import InvalidPackageError, TransportError
from emla.model.limits import WIRE

_SMALL_FACTOR = 2
"""Acknowledgements and documents are still taken when as much is held as may be: they end waiting, not begin it."""


class HubQuota:
    """Reserves room while something is being received."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._bytes: Counter[tuple[str, str, str | None]] = Counter()
        """For or from whom, and from which address it comes; None: it has come."""
        self._promised: Counter[str] = Counter()

    @contextmanager
    def room(
        self, owner: str, depositor: str, size: int, *, small: bool = False
    ) -> Iterator[Callable[[], None]]:
        """Reserve room for something until it is stored.

        While a package comes, what comes from other addresses does not count: whoever plays back a header that a member signed
        and lets its payload drip uses up nothing of the member's. When it has come whole, the member gave it, and everything
        that has come counts. A large one has space of the disk promised before it comes, and of that a member has no more than it
        may give, from however many addresses: else one that sends nothing would promise all of it away.

        Args:
            owner: whose mailbox it goes to.
            depositor: who gives it.
            size: its bytes.
            small: whether it is no package; then it has come already.

        Yields:
            What is called when a package has come whole, before it is kept; it raises like this.

        Raises:
            TransportError: ``mailbox-full``; ``quota``: too much space is promised to the depositor.
            InvalidPackageError: ``too-large``; not signed, for the limit may be raised.
            StoreError: ``disk-full``, of something small; a package's space is asked for where its payload is read.
        """
        if small:
            self._gateway.require_space(size, small=True)
        elif size > self._gateway.settings.hub.member_bytes_max:
            raise InvalidPackageError("too-large", "It is larger than all that may be held from one member.")
        with ExitStack() as stack:
            caller = None if small else CALLER.get()
            if not small and size > WIRE.inline_payload_bytes:
                stack.enter_context(self._promise(depositor, size))
            stack.enter_context(self._reserved(owner, depositor, size, caller, small=small))
            yield lambda: stack.enter_context(self._reserved(owner, depositor, size, None))

    @contextmanager
    def _promise(self, depositor: str, size: int) -> Iterator[None]:
        promised = self._promised[depositor]
        if promised + size > self._gateway.settings.hub.member_bytes_max:
            self._gateway.reservations.refused[member_of(depositor)] += 1
            raise TransportError("quota", f"{promised} bytes are on their way from {depositor}.")
        self._promised[depositor] += size
        try:
            yield
        finally:
            self._promised[depositor] -= size
            if not self._promised[depositor]:
                del self._promised[depositor]

    @contextmanager
    def _reserved(
        self, owner: str, depositor: str, size: int, caller: str | None, *, small: bool = False
    ) -> Iterator[None]:
        keys = (("for", owner, caller), ("from", depositor, caller))
        used_for, used_from = (self._bytes[key] for key in keys)
        self._check(owner, depositor, size, used_for, used_from, small=small)
        for key in keys:
            self._bytes[key] += size
        try:
            yield
        finally:
            for key in keys:
                self._bytes[key] -= size
                if not self._bytes[key]:
                    del self._bytes[key]

    def _check(
        self, owner: str, depositor: str, size: int, used_for: int, used_from: int, *, small: bool
    ) -> None:
        limits = self._gateway.settings.hub
        held = self._gateway.store.read.mailbox_held(owner, depositor)
        factor = _SMALL_FACTOR if small else 1
        if held.owner_items >= limits.mailbox_items_max * factor:
            raise TransportError("mailbox-full", f"{held.owner_items} items are held for {owner}.")
        if held.depositor_items >= limits.member_items_max * factor:
            raise TransportError("mailbox-full", f"{held.depositor_items} items are held from {depositor}.")
        # Own share and that of the pair together: with both of them full, one member alone would fill a mailbox.
        member = member_of(depositor)
        given = self._gateway.store.read.mailbox_given(owner, member, share_of(member, owner))
        if given >= limits.member_items_max * factor:
            raise TransportError("mailbox-full", f"{given} items are held for {owner} from {member}.")
        # One package that a member may give always has room: else a large one could never be held at all.
        for words, used, most in (
            (f"for {owner}", held.owner_bytes + used_for, limits.mailbox_bytes_max),
            (
                f"from {depositor}",
                held.depositor_bytes + used_from,
                limits.member_bytes_max,
            ),
        ):
            if used and used + size > most * factor:
                raise TransportError("mailbox-full", f"{used} bytes are held {words}.")


def share_of(depositor: str, owner: str) -> str:
    """Who is charged for what one member may lay before another twice: the two of them, and neither's own share.

    Each of the two has it, and so can fill the mailbox of the pair; but not use up what the other may give to everybody else.
    """
    return f"{depositor} {owner}"


def member_of(share: str) -> str:
    """Which member gave what is charged to a share, its own or that of a pair."""
    return share.partition(" ")[0]
