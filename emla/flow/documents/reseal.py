"""reseal: a recipient revoked the key that packages of ours are sealed to, or lost it -> the same payloads under new headers.
So for what our own key signed that we revoked: nobody believes it any more, and it would wait until it expires.

A key is lost where the recipient refuses what is sealed to it (`unknown-kid`) and its card has ended it. Neither alone suffices:
a key that a card ends opens what still comes for it, and one that the recipient does not find today may be there tomorrow.

Order of writes: K5 one batch for each package: the new header with its place in the channel, its leg, record and
SubmissionAcceptance, and the old leg REPLACED. A crash before it leaves the old leg READY: the gate keeps it from going out, or
the recipient refuses it; after it the new leg is READY. Done at the start and whenever the peer's documents change; and in the
next minute when something could not be sealed anew yet, or a package is met that K5 did not see: what is replaced is not READY.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from emla.flow.gateway import Gateway
from emla.flow.news import News
from emla.formats import h1
from emla.formats.at_rest import NONCE_BYTES, open_record, seal_record
from emla.formats.header import decode_signed, header_binding
from emla.model.acknowledgement import Event
from emla.model.documents import Authority, CardKey, KeyUse, Revocation
from emla.model.errors import EmlaError, StoreError
from emla.model.ids import UUID_BYTES, uuid7
from emla.model.leg import DUE, Leg, LegKind, LegState, delivered_state
from emla.model.limits import WIRE
from emla.model.package import CardReference, Header
from emla.model.record import Record
from emla.ports.store import DuplicateError, SentRow, Transaction
from emla.steps.acknowledge import Subject
from emla.steps.address import address

logger = logging.getLogger("emla.reseal")

_ROUND_SECONDS = 60.0
_UNKNOWN = "unknown-kid"


class Reseal:
    """The journey of a package to another key."""

    def __init__(self, gateway: Gateway, news: News, on_leg: Callable[[Leg], None]) -> None:
        self._gateway = gateway
        self._news = news
        self._on_leg = on_leg
        self._put_off: set[str] = set()
        """Peers that the next round looks at: no key of theirs is in force by our clock, our ledger is closed, it seems too late;
        or a package was met that waits for another key.
        """
        self._seen: tuple[Revocation, ...] = ()
        """Revocations of ours, of whose keys nothing READY is signed any more."""

    def put_off(self, peer: str) -> None:
        """A package was kept back or refused for its key: the next round looks."""
        self._put_off.add(peer)

    async def run(self) -> None:
        """Try again each minute what was put off, until cancelled: time alone, or a clock that is set right, may let it go."""
        while True:
            await asyncio.sleep(_ROUND_SECONDS)
            await self.round()

    async def round(self) -> None:
        """Try again what was put off; and all that waits, when a key of ours was revoked."""
        if self._own_revocations() != self._seen and self._signs():
            self._seen = self._own_revocations()
            self._put_off.update(self._gateway.directory.peers)
        for peer in sorted(self._put_off):
            try:
                await self(peer)
            except StoreError:
                raise
            except EmlaError as error:
                self._put_off.add(peer)
                logger.warning("not sealed anew", extra={"peer": peer, "code": error.code})

    async def __call__(self, peer: str) -> int:
        """Seal anew what waits for a peer under a key it has revoked or lost; how many packages were replaced."""
        gateway = self._gateway
        authority = gateway.directory.find(peer)
        self._put_off.discard(peer)
        if authority is None:
            return 0
        key = authority.newest(KeyUse.SEAL, gateway.now())
        if key is None or gateway.ledger_closed():
            self._put_off.add(peer)
            return 0  # they wait (`unknown-kid`)
        count = 0
        for leg in gateway.store.read.ready_packages(peer):
            if not (leg.last_code == _UNKNOWN or authority.revocations or self._own_revocations()):
                continue
            row = gateway.store.read.sent(leg.ref)
            if row is None:
                raise StoreError("store-failed", f"Leg {leg.id} has no package.")
            header = gateway.subjects.of(row.pid, row.signed).header
            if self._is_in_vain(leg, row, header, authority):
                count += await self._replace(row, header, authority, key)
        if count:
            logger.info("sealed anew", extra={"peer": peer, "packages": count})
        return count

    def _own_revocations(self) -> tuple[Revocation, ...]:
        return self._gateway.identity.authority.revocations

    def _signs(self) -> bool:
        """Whether what we sign now is believed; when not, there will be a key."""
        identity = self._gateway.identity
        return identity.authority.revoked(identity.signer.kid) is None

    def _is_in_vain(self, leg: Leg, row: SentRow, header: Header, authority: Authority) -> bool:
        """Whether the recipient cannot take a package under the header it has."""
        if authority.revoked(header.kid) is not None:
            return True
        # A hub that says so in the recipient's place brings about another header, and no more.
        if leg.last_code == _UNKNOWN and authority.key(header.kid, KeyUse.SEAL, self._gateway.now()) is None:
            return True
        own = self._gateway.identity.authority
        if not own.revocations or not self._signs():
            return False
        return any(own.revoked(each.kid) is not None for each in decode_signed(row.signed).signatures)

    async def _replace(self, row: SentRow, header: Header, authority: Authority, key: CardKey) -> bool:
        gateway, now = self._gateway, self._gateway.now()
        if header.expires - now < WIRE.expiry_seconds_min:
            # Too late for a header of its own: it ends at its expiry. Unless our clock is ahead, and is set right before that.
            self._put_off.add(row.recipient)
            return False
        content_key = gateway.identity.content_key
        record = open_record(row.record, content_key=content_key, pid=row.pid)
        if record is None:
            # The disk has damaged it. That is the trouble of this one package: it waits as before, and the others go on.
            logger.error("record unreadable", extra={"peer": row.recipient, "pid": row.pid.hex()})
            return False
        draft = await asyncio.to_thread(self._draft, header, row.pid, record, authority, key, now)
        nonce = gateway.entropy(NONCE_BYTES)

        def operation(transaction: Transaction) -> Leg | None:
            old = transaction.leg_of(LegKind.PACKAGE, row.pid)
            if old is None or old.state not in DUE:
                return None
            if delivered_state(transaction.events_of(row.pid)) is not None:
                return None  # the recipient has it, under the old key; only its RelayAcceptance is missing
            epoch = transaction.epoch
            seq, prev = transaction.next_place(draft.recipient, epoch)
            package = address(replace(draft, epoch=epoch), seq=seq, prev=prev, signer=gateway.identity.signer)
            sealed = seal_record(record, content_key=content_key, nonce=nonce, pid=package.pid)
            transaction.insert_sent(
                replace(
                    row,
                    pid=package.pid,
                    signed=package.signed,
                    msg=draft.msg,
                    epoch=epoch,
                    seq=seq,
                    record=sealed,
                    created=draft.created,
                    replaces=row.pid,
                )
            )
            transaction.move_leg(old.id, old.state, LegState.REPLACED)
            leg_id = transaction.insert_leg(
                LegKind.PACKAGE,
                package.pid,
                row.recipient,
                urgent=row.urgent,
                created=draft.created,
                expires=draft.expires,
            )
            subject = Subject(
                header=package.header, pid=package.pid, signature_sha256=package.signature_sha256
            )
            transaction.issue(gateway.acknowledge(Event.SUBMISSION_ACCEPTANCE, subject, at=now))
            return replace(
                old,
                id=leg_id,
                ref=package.pid,
                state=LegState.READY,
                attempts=0,
                next_at=float(now),
                last_code=None,
                created=now,
            )

        try:
            # K5: before this commit the old package waits; after it the new one is on its way, and never both.
            leg = await gateway.store.write(operation)
        except DuplicateError:
            return False  # replaced at the same moment by another visit
        if leg is None:
            return False
        self._news.tell(row.pid)
        self._on_leg(leg)
        return True

    def _draft(
        self, header: Header, pid: bytes, record: Record, authority: Authority, key: CardKey, now: int
    ) -> Header:
        """The header of the old package for another key: the same payload, content and end of life."""
        draft = replace(
            header,
            msg=uuid7(now, self._gateway.entropy(UUID_BYTES)),
            epoch=self._gateway.identity.authority.card.epoch,
            seq=0,
            prev=None,
            kid=key.kid,
            stanza=b"",
            created=max(now, header.created),
            sender_card=self._gateway.identity.card,
            recipient_card=CardReference(version=authority.card.version, sha256=authority.card_sha256),
            replaces=pid,
        )
        return replace(draft, stanza=h1.wrap(key.public, record.cek, header_binding(draft)))
