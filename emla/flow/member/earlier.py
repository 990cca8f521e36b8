"""earlier: a package out of a mailbox that we may have accepted already, in a ledger that we have lost.

A hub may still hold, or list once more, what we accepted after the backup that we were put back to. Our answer of then is with
the package's sender, which returns the package with it (`channel.settle`); a second RelayAcceptance must not be signed. So what
was made before the epoch in force began waits in the mailbox until its sender has spoken since: it says that it has no answer,
or that it does not know the package; or it returns it, and then it is known here before this is asked.

Rules of this file:
- Before is before by any clock that is believed: what was made or said up to `clock_skew_seconds` after the epoch began may be
  from before it. So a hub that plays back what a sender said before our loss opens nothing.
- A status is heard hourly at the latest, and whoever waits for it is told (`spoke`).
"""

from emla.flow.channel.own_status import last_status
from emla.flow.events import LEDGER_RECOVERED
from emla.flow.gateway import Gateway
from emla.formats import header as header_form
from emla.ledger import checkpoint as checkpoint_form
from emla.model.errors import ConfigurationError
from emla.model.limits import WIRE
from emla.steps.reconcile import forgotten, within

_REMEMBERED_MAX = 10_000


class Earlier:
    """Keeps such packages where they are."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._known: tuple[str, int] = ("", 0)
        """The ledger in force, and until when what was made may have been accepted before it."""
        self._waiting: dict[int, str] = {}
        """By the number of its item, for whose word a package waits."""

    def check(self, item: int, pid: bytes, signed: bytes) -> None:
        """Let a package pass that we cannot have accepted in a former epoch.

        Args:
            item: its number in the mailbox.
            pid: its package id. We know no answer of ours to it.
            signed: its header; who is to accept it verifies it.

        Raises:
            ConfigurationError: ``ledger-restored``: its sender has not said yet whether it has an answer of ours.
                Or our ledger is closed.
            MalformedError: it is no header.
        """
        self._waiting.pop(item, None)
        self._gateway.require_ledger()  # first: one that is open now does not end before we know which one it is
        until = self._until()
        if not until:
            return
        header = header_form.decode(header_form.decode_signed(signed).payload)
        if header.created >= until:
            return
        said = last_status(self._gateway, header.sender)
        if said is not None and said.at >= until:
            lost = forgotten(said.sent_in(header.epoch), header.seq)
            if pid in said.open or within(header.seq, lost):
                return
        if len(self._waiting) < _REMEMBERED_MAX:
            self._waiting[item] = header.sender
        raise ConfigurationError("ledger-restored", f"What {header.sender} has of ours is not known yet.")

    def spoke(self, peer: str) -> frozenset[int]:
        """A peer has spoken: the numbers of the items that waited for it."""
        return frozenset(item for item, sender in self._waiting.items() if sender == peer)

    def _until(self) -> int:
        """UNIX seconds; 0 while our ledger is the first one: nothing was accepted before it."""
        read = self._gateway.store.read
        # Of the ledger as it is committed, whatever card we go by at the moment.
        note = read.newest_checkpoint()
        origin = checkpoint_form.decode(note).checkpoint.origin if note else ""
        if origin != self._known[0]:
            began = read.events(LEDGER_RECOVERED, 1)
            self._known = origin, began[0].at + WIRE.clock_skew_seconds if began else 0
        return self._known[1]
