"""own: who we are, over time. Which keys sign now, and the one way by which our own documents change.

The database is the truth about our own documents; ``documents/own.json`` is a copy for people and for the next start.
Order of writes: K2 one batch holds the row, a leaf for every new signed object and whatever the change itself adds; K3 the file
is written anew. A crash between them leaves a file that lags; the next start writes it again. Nothing is shown to a peer before
K2 has committed.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from emla.flow.gateway import Gateway, Identity
from emla.formats import documents as form
from emla.formats.export import encode_export
from emla.formats.standing import STATUS_LIFE_SECONDS_MAX, encode_status
from emla.ledger.batch import LedgerKey
from emla.ledger.checkpoint import verify_any
from emla.model.documents import Authority, CardKey, Documents, KeyUse, Status
from emla.model.errors import ConfigurationError, EmlaError, InvalidAcknowledgementError
from emla.model.signed import PayloadType, Signer
from emla.ports.documents import DocumentTransaction
from emla.ports.keys import HeldKey, PrivateKeys
from emla.ports.signing import sign_now
from emla.ports.store import Transaction
from emla.steps.succeed import succeed
from emla.steps.trust import trust_documents

logger = logging.getLogger("emla.own")

SETTLING_SECONDS = 60
"""So long after its window began a key begins to sign, where another one still may."""


def newest_key(authority: Authority, use: KeyUse, now: int) -> CardKey:
    """The key of a use that is in force.

    Raises:
        ConfigurationError: ``unreadable-key``: the card has none.
    """
    key = authority.newest(use, now)
    if key is None:
        raise ConfigurationError("unreadable-key", f"The card has no valid {use} key; publish a new card.")
    return key


def held_key(authority: Authority, keys: PrivateKeys, use: KeyUse, now: int) -> tuple[CardKey, Signer]:
    """The newest key of a use that is in force and here; all of them are here but those made after a restored backup.

    One whose window has only just begun waits while an older one is in force: what is under way bears instants of before.

    Raises:
        ConfigurationError: ``unreadable-key``: the card has none, or none of those it has is here.
    """
    valid = [key for key in authority.keys(use) if authority.key(key.kid, use, now)]
    valid.sort(
        key=lambda each: (each.not_before <= now - SETTLING_SECONDS, each.not_before, each.kid), reverse=True
    )
    missing: ConfigurationError | None = None
    for key in valid:
        try:
            return key, keys.signer(use, key.kid)
        except ConfigurationError as error:
            if error.code != "unreadable-key":
                raise
            missing = missing or error
    raise missing or ConfigurationError(
        "unreadable-key", f"The card has no valid {use} key; publish a new card."
    )


def absent_keys(authority: Authority, held: Iterable[HeldKey], now: int) -> tuple[CardKey, ...]:
    """Keys that the card lists for now or later and whose private half is not here; none where nobody says what is here."""
    here = {(each.use, each.kid) for each in held}
    live = authority.live_sealing_kids(now)
    return tuple(
        key
        for key in authority.card.keys
        if here
        and (key.use, key.kid) not in here
        and authority.revoked(key.kid) is None
        and (key.not_after > now or key.kid in live)
    )


def identity_at(authority: Authority, keys: PrivateKeys, now: int) -> Identity:
    """Put documents and keys together; the newest valid sign key of the card that is here signs."""
    key, signer = held_key(authority, keys, KeyUse.SIGN, now)
    ledger_key, _ = held_key(authority, keys, KeyUse.LEDGER, now)
    return Identity(
        authority=authority,
        signer=signer,
        since=max(key.not_before, ledger_key.not_before),
        content_key=keys.content_key,
        absent=frozenset(key.kid for key in absent_keys(authority, keys.held(), now)),
    )


def ledger_key_at(authority: Authority, keys: PrivateKeys, now: int) -> LedgerKey:
    """The key that signs checkpoints now, and those that did or will."""
    key, signer = held_key(authority, keys, KeyUse.LEDGER, now)
    others = sorted(authority.keys(KeyUse.LEDGER), key=lambda each: each.not_before, reverse=True)
    return LedgerKey(
        origin=authority.card.ledger_origin,
        public=key.public,
        sign=signer.sign,
        older=tuple(each.public for each in others if each.kid != key.kid),
    )


def next_turn(authority: Authority, now: int) -> int | None:
    """When a sign or ledger key next begins to sign, or ends, in UNIX seconds."""
    turns = [
        instant
        for key in authority.card.keys
        if key.use is not KeyUse.SEAL
        for instant in (key.not_before, key.not_before + SETTLING_SECONDS, key.not_after)
    ]
    return min((instant for instant in turns if instant > now), default=None)


def signed_objects(documents: Documents) -> Iterable[bytes]:
    """Every signed object of a set of documents."""
    yield from documents.roots
    yield documents.card
    yield documents.profile
    yield from documents.revocations
    if documents.status is not None:
        yield documents.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlets:
    """Where changes of our own documents and keys go: the store's ledger key, the file, the peers."""

    ledger_key: Callable[[LedgerKey], None]
    file: Callable[[bytes], None]
    """Writes ``own.json``, durable when it returns; runs on another thread."""
    published: Callable[[], None]


class Own:
    """Our documents and the keys in force. One change at a time."""

    def __init__(self, gateway: Gateway, keys: PrivateKeys, outlets: Outlets) -> None:
        self._gateway = gateway
        self._keys = keys
        self._outlets = outlets
        self._one = asyncio.Lock()
        gateway.signals.set_back = self.turn

    @property
    def authority(self) -> Authority:
        """The authority as it has published itself."""
        return self._gateway.identity.authority

    async def start(self) -> None:
        """K1: a database that does not know our documents yet takes them; a file that lags behind it is written again."""
        documents = self.authority.documents
        stored = self._gateway.store.read.own()
        export = encode_export(documents)
        if stored is None:
            await self._gateway.store.write(lambda transaction: _keep(transaction, documents))
        await self._write_file(export)

    def turn(self) -> None:
        """Take the keys whose window has begun; the old ones go on verifying what they signed."""
        now = self._gateway.now()
        self._take(self.authority, now)

    def _take(self, authority: Authority, now: int) -> None:
        gateway = self._gateway
        before = gateway.identity
        try:
            identity = identity_at(authority, self._keys, now)
            ledger_key = ledger_key_at(authority, self._keys, now)
        except ConfigurationError as error:
            # Without a key nothing can be signed; what is known of our documents counts all the same.
            logger.error("no key in force", extra={"code": error.code, "detail": error.detail})
            gateway.identity = replace(before, authority=authority)
            return
        if identity.signer.kid != before.signer.kid:
            logger.info("sign key in force", extra={"kid": identity.signer.kid})
        gateway.identity = identity
        self._outlets.ledger_key(ledger_key)

    async def take_back(self, offered: Authority) -> None:
        """K2: documents that we published and a peer gave back. They stand as they are; no status is signed over them."""
        async with self._one:
            now, documents = self._gateway.now(), offered.documents
            # The key first: a checkpoint by one that has ended would be refused wherever it is shown.
            self._outlets.ledger_key(ledger_key_at(offered, self._keys, now))
            await self._gateway.store.write(lambda transaction: _keep(transaction, documents))
            self._take(offered, now)
        await self._write_file(encode_export(documents))

    async def adopt(
        self, change: Callable[[Documents], Documents], also: Callable[[Transaction], None] | None = None
    ) -> Authority:
        """Change our own documents: a new status over them, one batch, the file, the keys in force, the peers.

        Args:
            change: gives the changed documents; the status in them is made anew.
            also: what else belongs into the same batch.

        Raises:
            InvalidDocumentError: a peer would refuse the result; nothing was changed.
        """
        async with self._one:
            known, now = self.authority, self._gateway.now()
            offered = await self._with_status(known, change(known.documents), now)
            documents = offered.documents
            if documents == known.documents and also is None:
                return known  # nobody can sign a status, and there is nothing else to say

            def operation(transaction: Transaction) -> None:
                if also:
                    also(transaction)
                _keep(transaction, documents)

            # K2: before this commit nobody has seen the new documents; after it they are ours, whatever happens to the file.
            await self._gateway.store.write(operation)
            self._take(offered, now)
        self._outlets.published()
        await self._write_file(encode_export(documents))
        return offered

    async def _with_status(self, known: Authority, documents: Documents, now: int) -> Authority:
        """Sign a status over documents, and judge the whole as a peer will."""
        before = known.documents
        bare = trust_documents(replace(documents, status=None), known=before)
        signer = self._signer(bare, now)
        if signer is None:
            # Nobody can sign: a revocation took the last key. It is published all the same, under the old status; deny is
            # never late. (A card that came along would need a new status, and its sign key: `succeed` says so.)
            return succeed(
                known, trust_documents(replace(documents, status=before.status), known=before), now
            )
        profile = _next_profile(bare, now)
        if profile is not None:
            bare = trust_documents(
                replace(bare.documents, profile=await sign_now(PayloadType.PROFILE, profile, signer)),
                known=before,
            )
        at = max(now, known.status.at + 1 if known.status else 0)
        status = encode_status(_status_of(bare, at, self._checkpoint(bare)))
        signed = await sign_now(PayloadType.STATUS, status, signer)
        return succeed(known, trust_documents(replace(bare.documents, status=signed), known=before), now)

    def _checkpoint(self, authority: Authority) -> bytes:
        """The newest checkpoint, unless the key that signed it was revoked since: then the next batch makes another."""
        note = self._gateway.store.read.newest_checkpoint()
        publics = [key.public for key in authority.keys(KeyUse.LEDGER) if not authority.revoked(key.kid)]
        if note is None or not publics:
            return b""
        try:
            verify_any(note, authority.card.ledger_origin, publics)
        except InvalidAcknowledgementError:
            return b""
        return note

    def _signer(self, authority: Authority, now: int) -> Signer | None:
        try:
            return held_key(authority, self._keys, KeyUse.SIGN, now)[1]
        except EmlaError:
            return None

    async def _write_file(self, export: bytes) -> None:
        """K3: the copy. A failure leaves it lagging, which the log says and the next start mends."""
        try:
            await asyncio.to_thread(self._outlets.file, export)
        except OSError as error:
            logger.warning("own.json not written", extra={"detail": error.strerror})


def _status_of(authority: Authority, at: int, checkpoint: bytes) -> Status:
    documents = authority.documents
    return Status(
        authority=authority.id,
        at=at,
        expires=at + STATUS_LIFE_SECONDS_MAX,
        root_version=authority.root.version,
        root_sha256=authority.root_sha256,
        card_version=authority.card.version,
        card_sha256=authority.card_sha256,
        profile_version=authority.profile.version,
        profile_sha256=_payload_hash(documents.profile, PayloadType.PROFILE),
        revocations=tuple(
            sorted(_payload_hash(each, PayloadType.REVOCATION) for each in documents.revocations)
        ),
        checkpoint=checkpoint,
    )


def _keep(transaction: DocumentTransaction, documents: Documents) -> None:
    for each in signed_objects(documents):
        transaction.insert_document(each)
    transaction.put_own(encode_export(documents))


def _next_profile(authority: Authority, now: int) -> bytes | None:
    """A next version of the profile when the key that signed this one is revoked; None when it is not."""
    signed = form.decode_signed(authority.documents.profile, PayloadType.PROFILE)
    if not any(authority.revoked(each.kid) for each in signed.signatures):
        return None
    profile = replace(authority.profile, version=authority.profile.version + 1, created=now)
    return form.encode_profile(profile)


def _payload_hash(data: bytes, kind: PayloadType) -> bytes:
    return form.document_hash(form.decode_signed(data, kind).payload)
