"""mailbox: what its owner does with it. Lists it, waits for something new, collects, releases.

Order of writes: H4 one batch ends the item, deletes its body and keeps the owner's acknowledgement with its leaf, and the
checkpoint under it as one that was seen; H5 the blob of a payload that no row points to any more is removed. A crash before H4
leaves the item as it was; one between them leaves a blob without a row, which a later start sweeps. Nothing but the owner's word,
or time (`sweep`), ends an item.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emla.flow.gateway import Gateway, subject_of
from emla.flow.hub.deposit import Deposits
from emla.flow.hub.figures import HubFigures
from emla.flow.record import acknowledgement_row
from emla.flow.seen import seen_in
from emla.flow.stored import remove_file
from emla.formats import mailbox as form
from emla.model.acknowledgement import Event, VerifiedAcknowledgement
from emla.model.documents import Authority
from emla.model.errors import (
    ConfigurationError,
    InvalidAcknowledgementError,
    InvalidCallError,
    NotFoundError,
)
from emla.model.mailbox import (
    ITEMS_IN_ANSWER_MAX,
    ItemKind,
    ItemState,
    Listing,
    MailboxItem,
    Release,
)
from emla.ports.mailbox import ITEM_ENDED
from emla.ports.store import DuplicateError, Transaction
from emla.steps.verify_acknowledgement import read_acknowledgement, verify_claim

logger = logging.getLogger("emla.hub")

_PROOFS = frozenset({Event.RELAY_ACCEPTANCE, Event.RELAY_REJECTION})
_OUTCOMES = (NotFoundError, InvalidCallError, InvalidAcknowledgementError, ConfigurationError)
"""What keeps one item and is no trouble of the others. Where our own ledger is closed no package goes, but all the rest does. A
failure of the storage is not among them: it ends the call, as it ends the process."""
_WAITING_MAX = 4
"""Calls of one owner that wait at a time; the one that waits longest is answered when another comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is collected: `front`, then the payload, which is bytes or a file. `size` is that of all of it."""

    kind: ItemKind
    front: bytes
    payload: bytes | Path
    size: int


class Waiting:
    """Who waits for something new in a mailbox. A call that waits costs a future."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._ended = False

    def tell(self, owner: str) -> None:
        """There is something new."""
        for each in self._waiting.pop(owner, ()):
            if not each.done():
                each.set_result(None)

    def end(self) -> None:
        """The server stops: everybody is answered."""
        self._ended = True
        for owner in list(self._waiting):
            self.tell(owner)

    async def wait(self, owner: str, seconds: float) -> None:
        """Wait until there is something new, or so long."""
        if self._ended:
            return
        future = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(owner, [])
        try:
            waiting.append(future)
            if len(waiting) > _WAITING_MAX:
                longest = waiting.pop(0)
                if not longest.done():  # its time may have ended in this very turn of the loop
                    longest.set_result(None)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await future
        finally:
            left = self._waiting.get(owner)
            if left is not None and future in left:
                left.remove(future)
                if not left:
                    del self._waiting[owner]


class Mailbox:
    """The journeys out of a mailbox."""

    def __init__(self, gateway: Gateway, deposits: Deposits, waiting: Waiting, figures: HubFigures) -> None:
        self._gateway = gateway
        self._deposits = deposits
        self._waiting = waiting
        self._figures = figures

    async def items(self, owner: str, after: int, wait_seconds: float) -> Sequence[Listing]:
        """The items with numbers above `after`, ascending; while there is none, wait for one."""
        read = self._gateway.store.read
        found = read.mailbox_after(owner, after, ITEMS_IN_ANSWER_MAX)
        if found or wait_seconds <= 0:
            return found
        await self._waiting.wait(owner, wait_seconds)
        return read.mailbox_after(owner, after, ITEMS_IN_ANSWER_MAX)

    def collect(self, owner: str, number: int) -> Body:
        """What an item holds.

        Raises:
            NotFoundError: ``not-found``: there is no such item, or its bytes are gone.
            InvalidCallError: ``not-owner``.
        """
        item = self._item(owner, number)
        read = self._gateway.store.read
        front = read.mailbox_front(number)
        if front is None:
            raise NotFoundError("not-found", f"Item {number} is {item.state}.")
        payload: bytes | Path = b""
        if item.kind is ItemKind.PACKAGE:
            front = len(front).to_bytes(4, "big") + front
        if item.payload_sha256 is not None:
            payload = self._gateway.payload(item.payload_sha256)
        return Body(kind=item.kind, front=front, payload=payload, size=item.size)

    def _item(self, owner: str, number: int) -> MailboxItem:
        item = self._gateway.store.read.mailbox_item(number)
        if item is None:
            raise NotFoundError("not-found", f"There is no item {number}.")
        if item.owner != owner:
            raise InvalidCallError("not-owner", f"Item {number} is {item.owner}'s.")
        return item

    async def release(self, owner: Authority, releases: Sequence[Release]) -> list[str]:
        """Let items go; for each in the same order `ok`, or the code for which it stays.

        Raises:
            StoreError: the storage failed.
        """
        return list(await asyncio.gather(*(self._outcome(owner, each) for each in releases)))

    async def _outcome(self, owner: Authority, release: Release) -> str:
        try:
            await self._release(owner, release)
        except _OUTCOMES as error:
            return error.code
        return form.OK

    async def _release(self, owner: Authority, release: Release) -> None:
        item = self._item(owner.id, release.item)
        if release.ref not in (None, item.ref):
            raise NotFoundError("not-found", f"Item {item.item} is something else.")
        if item.state is not ItemState.HELD:
            return  # it is gone already: a repeat
        proof = self._proof(owner, item, release.proof) if item.kind is ItemKind.PACKAGE else None
        at = self._gateway.now()

        def operation(transaction: Transaction) -> bytes | None:
            if proof is not None:
                transaction.insert_acknowledgement(acknowledgement_row(proof), proof.signed)
                transaction.see_checkpoint(seen_in(proof))
            return transaction.end_item(item.item, ItemState.RELEASED, at, proof.aid if proof else None)

        try:
            # H4: before this commit the item stands; after it only the proof is left of it.
            left_over = await self._gateway.store.write(operation)
        except DuplicateError as error:
            if error.index == ITEM_ENDED:
                return  # another call was first, perhaps in the same batch
            raise InvalidAcknowledgementError(
                "acknowledgement-mismatch", "Another acknowledgement of this event is here already."
            ) from error
        self._figures.released += 1
        await remove_blob(self._gateway, self._deposits, left_over)

    def _proof(self, owner: Authority, item: MailboxItem, stored: bytes | None) -> VerifiedAcknowledgement:
        """The owner's own word that it holds the package, or will not: nothing else lets a package go.

        Raises:
            InvalidAcknowledgementError: ``proof-missing``, or why it does not verify.
        """
        front = self._gateway.store.read.mailbox_front(item.item)
        if stored is None or front is None:
            raise InvalidAcknowledgementError("proof-missing")
        claim = read_acknowledgement(stored)
        if claim.acknowledgement.event not in _PROOFS:
            raise InvalidAcknowledgementError("proof-missing", f"It is a {claim.acknowledgement.event}.")
        return verify_claim(claim, issuer=owner, subject=subject_of(front), witnessed=self._gateway.witnessed)


async def remove_blob(gateway: Gateway, deposits: Deposits, sha256: bytes | None) -> None:
    """H5: remove the blob of a payload that no row points to any more.

    Nothing is awaited between the look and the rename, so no deposit of the same payload slips in between. What came before is
    durable, whatever becomes of the file: one that cannot be removed is as one that a crash left.
    """
    if sha256 is None or deposits.is_arriving(sha256) or gateway.store.read.knows_payload(sha256):
        return
    await remove_file(gateway, sha256)
