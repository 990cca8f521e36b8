"""The store's share in channel statuses, and in ledgers that are closed or come to an end.

Contract: as `emla.ports.store`, whose Transaction and Reader these are parts of. While the ledger is closed, every leaf about a
package or acknowledgement is refused, whoever asks; documents and events are kept, and recorded when it is open again. So
nothing that a peer could hold up to us is signed by a ledger of which we do not know whether it is whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emla.ledger.batch import LedgerKey
from emla.model.channel import NumberRange
from emla.model.leg import LegState


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedRow:
    """Why our own ledger is closed: the code, since when, which peer showed it, and what it showed."""

    code: str
    since: int
    peer: str | None = None
    proof: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRow:
    """The largest checkpoint of a ledger that was seen outside it."""

    origin: str
    authority: str
    epoch: int
    size: int
    note: bytes
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRow:
    """A peer that has answered since the ledger was closed, or that people say is gone."""

    authority: str
    at: int
    gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """A peer's last channel status: its clock, and the signed object."""

    authority: str
    at: int
    signed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidedRow:
    """A number of a peer's that will never come, as the peer says."""

    sender: str
    epoch: int
    seq: int
    pid: bytes
    reason: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedLeg:
    """A package of ours, its place in the channel, and the state and reason of its leg."""

    pid: bytes
    epoch: int
    seq: int
    state: LegState
    reason: str | None


class ChannelTransaction(Protocol):
    """What an operation may do about channels and the end of a ledger."""

    @property
    def epoch(self) -> int:
        """The epoch of the ledger that this operation is recorded in, whatever it was when the operation was prepared."""
        ...

    @property
    def closed(self) -> str | None:
        """The code for which the ledger is closed; None while it is open."""
        ...

    def see_checkpoint(self, row: SeenRow) -> None:
        """Keep a verified checkpoint if it is the largest of its ledger."""
        ...

    def put_status(self, row: StatusRow) -> None:
        """Keep a peer's channel status, unless a later one is here."""
        ...

    def put_whole(self, direction: str, peer: str, epoch: int, seq: int) -> None:
        """Remember up to which number a channel is whole."""
        ...

    def put_unanswered(self, pid: bytes, peer: str) -> None:
        """Remember that a package was given up without the recipient's answer."""
        ...

    def drop_unanswered(self, pid: bytes) -> None:
        """The answer has come."""
        ...

    def put_voided(self, row: VoidedRow) -> None:
        """Keep that a number will never come; the first word about it counts."""
        ...

    def close_ledger(self, row: ClosedRow) -> bool:
        """Close the ledger for whatever comes after this operation; False when it is closed for that reason already."""
        ...

    def put_asked(self, row: AskedRow) -> None:
        """Remember that a peer has answered, or is gone."""
        ...

    def forget_answers(self) -> None:
        """Nobody has answered; who is said to be gone stays so."""
        ...

    def open_ledger(self) -> None:
        """Open the ledger again as it is, and record what came late. Nobody holds more of it than we do."""
        ...

    def begin_epoch(self, key: LedgerKey, kind: str, at: int, body: bytes) -> None:
        """End the closed ledger and begin the next one: it is kept as it stands, the event becomes the first leaf of the new
        one, and what came late follows.
        """
        ...


class ChannelReader(Protocol):
    """Reads about channels and ledgers, of what is committed."""

    def closed(self) -> ClosedRow | None:
        """Why the ledger is closed; None while it is open."""
        ...

    def asked(self) -> Sequence[AskedRow]:
        """Who has answered since it was closed."""
        ...

    def seen(self, authority: str) -> Sequence[SeenRow]:
        """For each ledger of an authority, the largest checkpoint seen outside it; the newest ledger first."""
        ...

    def own_checkpoint(self, size: int) -> bytes | None:
        """The checkpoint of our ledger at a size."""
        ...

    def status_of(self, authority: str) -> StatusRow | None:
        """A peer's last channel status."""
        ...

    def sent_epochs(self, peer: str) -> Sequence[tuple[int, int]]:
        """Epochs in which something was sent to a peer, with the last number used; the newest first."""
        ...

    def received_epochs(self, peer: str, limit: int) -> Sequence[int]:
        """The newest epochs in which something came from a peer or was voided by it; the newest first."""
        ...

    def whole(self, direction: str, peer: str, epoch: int) -> int:
        """Up to which number a channel is known to be whole; 0 while nobody has counted."""
        ...

    def sent_numbers(self, peer: str, epoch: int, above: int, limit: int) -> Sequence[int]:
        """Numbers of packages of ours above one, rising."""
        ...

    def received_numbers(self, peer: str, epoch: int, above: int, limit: int) -> Sequence[int]:
        """Numbers of a peer's packages above one that are here or voided, rising."""
        ...

    def newest_from(self, peer: str, epoch: int) -> tuple[int, bytes] | None:
        """The peer's package with the highest number in an epoch: number and signed header."""
        ...

    def placed(self, peer: str, epoch: int, numbers: NumberRange, limit: int) -> Sequence[PlacedLeg]:
        """Packages of ours to a peer within a range of numbers, rising."""
        ...

    def voided_legs(self, peer: str, limit: int) -> Sequence[PlacedLeg]:
        """Packages of ours to a peer that will never come, the newest first."""
        ...

    def received_in(self, peer: str, epoch: int, numbers: NumberRange, limit: int) -> Sequence[bytes]:
        """Ids of a peer's packages within a range of numbers, rising."""
        ...

    def waiting(self, peer: str, state: LegState, limit: int) -> Sequence[bytes]:
        """Ids of packages of ours to a peer whose legs are in a state, the oldest first. READY: all that still ask (`DUE`)."""
        ...

    def judged(self, peer: str, place: float, limit: int) -> Sequence[bytes]:
        """Some packages of ours whose content a peer has judged, and not handed over: from a place on (0 to 1) and round."""
        ...

    def unanswered(self, peer: str, start: bytes, limit: int) -> Sequence[bytes]:
        """Packages to a peer that were given up without its answer, by id, from an id on and round from the front."""
        ...

    def payload_size(self, sha256: bytes) -> int | None:
        """How long a stored payload is."""
        ...
