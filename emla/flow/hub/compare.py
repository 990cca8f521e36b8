"""compare: what members leave for each other so that they can compare their channels: statuses, and packages that come back.

Order of writes: H2, as for everything that a hub answers without a signature.

Rules of this file:
- Of each pair of members one status is held, the newest. So statuses do not pile up, and an old one that is played back replaces
  nothing.
- A package that comes back is held again whenever it is not there: who lost it twice gets it twice.
"""

import hashlib
from collections.abc import Callable, Sequence

from emla.flow.gateway import Gateway
from emla.flow.hub.deposit import Deposits
from emla.flow.hub.payload import read_payload
from emla.flow.hub.quota import share_of
from emla.flow.line.accept import PayloadSource
from emla.flow.pace import Pace
from emla.formats.returned import encode_front
from emla.model.channel import ChannelStatus
from emla.model.documents import Authority
from emla.model.errors import InvalidPackageError, TransportError
from emla.model.mailbox import ItemKind
from emla.ports.mailbox import Deposit
from emla.ports.store import Transaction
from emla.steps.verify_return import Returned, read_returned, verify_returned, verify_sender
from emla.steps.verify_status import SKEW_SECONDS, verify_status

RETURN_SECONDS = 30 * 86400
"""How long a package that comes back is held: its holder keeps it, and is asked for it again."""
STATUSES_MAX = 12
"""Statuses of one member for another within a minute that are taken. Honest ones are a minute apart, with answers between."""


class CompareDeposits:
    """The journeys of statuses and returns into mailboxes."""

    def __init__(self, gateway: Gateway, deposits: Deposits, on_contact: Callable[[str], None]) -> None:
        """Args: the gateway, how things come into mailboxes, and whom to tell who spoke."""
        self._gateway = gateway
        self._deposits = deposits
        self._on_contact = on_contact
        self._pace = Pace(STATUSES_MAX, gateway.clock.steady)

    # --- statuses ---

    def verify(self, signed: bytes) -> ChannelStatus:
        """Verify a status that is for a member, or for the hub itself.

        Raises:
            InvalidPackageError: it does not verify, or is by or for somebody who is no member.
        """
        gateway = self._gateway
        is_known = {gateway.identity.id, *gateway.directory.peers}
        status, speaker = verify_status(
            signed,
            find_sender=gateway.directory.find,
            refuse_recipient=lambda to: None if to in is_known else "unknown-recipient",
            now=gateway.now(),
        )
        self._on_contact(speaker.id)
        return status

    async def status(self, status: ChannelStatus, signed: bytes) -> None:
        """Hold a verified status for the member that it is for; one that is older than the last is a success, and held by nobody.

        Raises:
            TransportError: ``mailbox-full``; ``quota``: its speaker says too much.
        """
        owner, depositor = status.recipient, status.sender
        if owner == depositor:
            raise InvalidPackageError("unknown-recipient", "A status is for somebody else.")
        ref, expires = hashlib.sha256(signed).digest(), status.at + SKEW_SECONDS
        last = self._gateway.store.read.mailbox_status(owner, depositor)
        if last is not None and (last.ref == ref or last.expires > expires):
            return  # whoever plays back what was said changes nothing, and uses up nobody's share
        deposit = Deposit(
            owner=owner,
            depositor=depositor,
            kind=ItemKind.CHANNEL,
            ref=ref,
            size=len(signed),
            at=self._gateway.now(),
            expires=expires,
            front=signed,
        )
        if not self._pace.take(f"{depositor} {owner}"):
            raise TransportError("quota", f"{depositor} left {STATUSES_MAX} statuses within a minute.")
        with self._deposits.quota.room(owner, depositor, len(signed), small=True):
            await self._deposits.place(
                deposit, lambda transaction: transaction.make_way(owner, depositor, expires)
            )

    # --- packages that come back ---

    async def returned(
        self, pid: bytes, owner: str, signed: bytes, bundles: Sequence[bytes], source: PayloadSource
    ) -> None:
        """Hold a package that comes back to whoever lost it; a repeat is a success, while it is held.

        Args:
            pid: the package id.
            owner: who lost it: its sender or its recipient.
            signed: the header as received.
            bundles: the recipient's acknowledgements.
            source: the payload.

        Raises:
            InvalidPackageError: it does not prove itself, or is by or for somebody who is no member.
            InvalidAcknowledgementError: the acknowledgements do not, or the one of its acceptance is missing.
            TransportError: ``mailbox-full``; ``quota``.
        """
        gateway = self._gateway
        returned = self._verified(pid, signed, bundles)
        header = returned.header
        if owner not in (header.sender, header.recipient):
            raise InvalidPackageError("not-recipient", f"It goes from {header.sender} to {header.recipient}.")
        if self._deposits.is_held(owner, ItemKind.RETURN, pid, again=True):
            return
        reference = header.payload
        if source.size != reference.size:
            raise InvalidPackageError("malformed", "The payload has not the size the header names.")
        other = header.recipient if owner == header.sender else header.sender
        depositor = share_of(other, owner)
        front, at = encode_front(signed, bundles), gateway.now()
        size = len(front) + reference.size
        with (
            self._deposits.quota.room(owner, depositor, size) as come,
            self._deposits.arriving(reference.sha256),
        ):
            payload = await read_payload(gateway, other, reference.sha256, reference.size, source, come)
            deposit = Deposit(
                owner=owner,
                depositor=depositor,
                kind=ItemKind.RETURN,
                ref=pid,
                size=size,
                at=at,
                expires=at + RETURN_SECONDS,
                front=front,
                payload_sha256=reference.sha256,
                payload_size=reference.size,
                payload=payload,
            )

            def make_way(transaction: Transaction) -> bool:
                transaction.forget_ended(owner, ItemKind.RETURN, pid)
                return True

            await self._deposits.place(deposit, make_way)

    def _verified(self, pid: bytes, signed: bytes, bundles: Sequence[bytes]) -> Returned:
        envelope, header = read_returned(pid, signed)
        sender, recipient = self._member(header.sender), self._member(header.recipient)
        verify_sender(envelope, header, sender)
        return verify_returned(
            signed, envelope, header, bundles, recipient=recipient, witnessed=self._gateway.witnessed
        )

    def _member(self, authority: str) -> Authority:
        member = self._gateway.directory.find(authority)
        if member is None:
            raise InvalidPackageError("unknown-sender", f"'{authority}' is no member of this hub.")
        return member
