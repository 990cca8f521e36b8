"""The store's share in erasure: orders, the packages they are about, and legal holds.

Contract: as `emla.ports.store`, whose Transaction and Reader these are parts of. What an order is about is gone for every reader
with the commit of the order; its bytes are gone when `Store.empty_wal` returned True after the last `overwrite`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emla.model.erasure import Erasure, ErasureReason, LegalHold, WantedErasure


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePackage:
    """A package of a case, and where its act stands."""

    pid: bytes
    incoming: bool
    at: int
    """When it was submitted or consigned here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoomedPackage:
    """A package that is to be erased."""

    pid: bytes
    payload_sha256: bytes
    done: bool
    """Whether it is overwritten and the ledger says so; its file may still be there."""
    at: int
    message_id: bytes | None
    """Of one of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewErasure:
    """An order that is about to be given."""

    case_id: bytes
    pid: bytes | None = None
    """The package whose content alone is meant; None: everything."""
    why: ErasureReason
    person: str
    """Who ordered it; empty where nobody did."""
    approver: str = ""
    reason: str
    at: int


class ErasureTransaction(Protocol):
    """What an operation may do inside a batch."""

    def order_erasure(self, order: NewErasure, also: Sequence[bytes] = ()) -> tuple[int, int]:
        """Order that everything which is here of a case by now is erased, or the content of one package of a peer's.

        Args:
            order: the order.
            also: ids of packages of the case that brought no act.

        Returns:
            The number of the order, and of how many packages it is. Orders that waited about any of it wait no more.
        """
        ...

    def overwrite(self, pid: bytes) -> None:
        """Overwrite record, keys, act and small payload of a package that is to be erased, and what people wrote about it."""
        ...

    def overwrite_content(self, pid: bytes) -> None:
        """Overwrite record, keys and small payload of a package whose content is to be erased. Its act stays."""
        ...

    def overwrite_event(self, sha256: bytes) -> bool:
        """Overwrite what an event said; False when it was overwritten before. Its leaf stays."""
        ...

    def finish_erasure(self, erasure: int, at: int) -> None:
        """Everything that it is about is gone; it must be ERASING."""
        ...

    def hold_case(self, hold: LegalHold) -> bool:
        """Put a case on legal hold; False when it is on hold already, which stands."""
        ...

    def unhold_case(self, case_id: bytes) -> bool:
        """Lift the hold of a case; False when there is none."""
        ...

    def want_erasure(self, wanted: WantedErasure) -> bool:
        """Have an order wait for a second person; False when one waits already. One whose time is over makes room."""
        ...

    def unwant_erasure(self, case_id: bytes, pid: bytes | None) -> bool:
        """An order waits no more: it was given, or taken back; False when none waits."""
        ...

    def drop_lapsed_orders(self, now: int) -> None:
        """Forget orders that waited for a second person until their time was over."""
        ...

    def is_erased_since(self, case_id: bytes, erasure: int) -> bool:
        """Whether it was ordered behind an order that a case is erased, as this batch sees it. Of the content of packages: no."""
        ...

    def is_on_hold(self, case_id: bytes) -> bool:
        """Whether a case is on legal hold, as this batch sees it."""
        ...


class ErasureReader(Protocol):
    """Reads by key, of what is committed."""

    def erasures(self, case_id: bytes) -> Sequence[Erasure]:
        """Every order about a case, the oldest first."""
        ...

    def erasure_of(self, pid: bytes) -> Erasure | None:
        """The order to erase a package, if there is one."""
        ...

    def newest_erasure(self) -> int:
        """The number of the newest order; 0 where there is none."""
        ...

    def erasures_under_way(self) -> Sequence[Erasure]:
        """Orders that are not carried out, the oldest first."""
        ...

    def doomed(self, erasure: int) -> Sequence[DoomedPackage]:
        """What an order is about."""
        ...

    def doomed_drafts(self, erasure: int) -> Sequence[bytes]:
        """Hashes of the payloads of drafts that went with an order; their files may still be there."""
        ...

    def erased_payload(self, sha256: bytes) -> bool:
        """Whether the payload of this hash was here and is erased."""
        ...

    def erasures_wanted(self, case_id: bytes, now: int) -> Sequence[WantedErasure]:
        """Orders about a case that wait for a second person, and whose time is not over."""
        ...

    def has_lapsed_orders(self, now: int) -> bool:
        """Whether there are orders whose time is over, and which nobody has decided about."""
        ...

    def packages_of_case(self, case_id: bytes) -> Sequence[CasePackage]:
        """The packages of a case that are not to be erased, those that took the place of others included."""
        ...

    def events_said(self, kind: str, first: int, last: int) -> Sequence[tuple[bytes, bytes]]:
        """Digest and body of the events of a kind between two instants; without those that are erased."""
        ...

    def legal_hold(self, case_id: bytes) -> LegalHold | None:
        """The hold of a case."""
        ...

    def quiet_cases(self, case_id: bytes, before: int, limit: int) -> Sequence[bytes]:
        """Cases behind one in which nothing came or went since an instant, in ascending order of their ids."""
        ...
