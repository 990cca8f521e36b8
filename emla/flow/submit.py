"""submit: an officer's message and its attachments -> a package that will be tried until it expires.

Order of writes (docs/explanation/order-of-writes.md): O1 a large payload is a durable file, a small one nothing yet; O2 one batch
holds sequence number, signed header, leg, small payload, record, SubmissionAcceptance and leaves; O3 the answer. A crash
before O2 leaves at most an orphan file; after it, the same message handed in again gets the same answer.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from emla.flow.gateway import Gateway
from emla.formats import cc1
from emla.formats.at_rest import NONCE_BYTES, seal_record
from emla.formats.schema import Schemas
from emla.model.acknowledgement import Event
from emla.model.documents import Authority, CardKey, KeyUse
from emla.model.errors import InvalidMessageError
from emla.model.findings import Finding
from emla.model.leg import Leg, LegKind, LegState
from emla.model.limits import WIRE, XmlLimits
from emla.model.message import Message, SigningOfficer
from emla.model.package import CardReference, Part, PartRole, Priority, SealedPayload
from emla.model.record import Record
from emla.ports.blobs import BlobWriter
from emla.ports.store import DuplicateError, Issued, SentRow, Transaction
from emla.steps.acknowledge import Subject
from emla.steps.address import address
from emla.steps.seal import PayloadSealer, SealingPlan
from emla.steps.trust import check_current
from emla.steps.validate import ValidMessage, check_parts, validate

_INLINE_XML_BYTES = 128 * 1024
"""Above this a document is checked on another thread, so that the event loop stays free."""
_HOP_BYTES = 1024 * 1024
_URGENT = frozenset({"URGENT", "EMERGENCY"})
_MANIFEST_ALLOWANCE = 64 * 1024
SubmittedLeg = Callable[[Leg], None]


class ByteSource(Protocol):
    """Where a submission's bytes come from, in order."""

    async def read_exactly(self, size: int) -> bytes:
        """Read so many bytes.

        Raises:
            InvalidMessageError: ``bad-request`` when the source ends before.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPart:
    """A part as the caller announces it; what is true of it is found while reading."""

    name: str
    media: str
    role: PartRole
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What an officer hands in: the announced parts, the main document first, and their bytes."""

    parts: tuple[DeclaredPart, ...]
    source: ByteSource
    priority: Priority | None = None
    expires_in_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A message that is on its way. `repeated` when it was already."""

    pid: bytes
    repeated: bool


class Submit:
    """The journey of submission."""

    def __init__(
        self, gateway: Gateway, schemas: Schemas, xml_limits: XmlLimits, on_leg: SubmittedLeg
    ) -> None:
        """Args: the gateway, what messages are checked against, and whom to tell about a new leg."""
        self._gateway = gateway
        self._schemas = schemas
        self._limits = xml_limits
        self._on_leg = on_leg

    async def __call__(self, submission: Submission) -> Submitted:
        """Check, seal and commit a message; return when it is durable.

        Raises:
            InvalidMessageError: what the officer must mend; nothing was kept.
            InvalidDocumentError: the recipient's documents have expired.
            StoreError: the storage is full or failed.
        """
        self._check_declared(submission)
        main = await submission.source.read_exactly(submission.parts[0].size)
        valid = await self._validate(main)
        digest = hashlib.sha256(main).digest()
        # First of all: what was taken once gets the same answer, whatever became of the recipient's documents since.
        if repeated := self._repeated(valid.message, digest):
            return repeated
        recipient, key = self._recipient(valid.message)
        self._check_names(valid.message, submission)
        plan = self._plan(valid.message, submission, recipient, key)
        sealed = await self._seal(plan, submission, main, valid.message)
        try:
            return await self._commit(valid, digest, sealed)
        except DuplicateError:
            # Two copies of one message handed in at the same moment: the first one won, and the second is told so.
            repeated = self._repeated(valid.message, digest)
            if repeated is None:
                raise
            return repeated

    # --- before anything is sealed ---

    def _check_declared(self, submission: Submission) -> None:
        parts = submission.parts
        mains = [number for number, part in enumerate(parts) if part.role is PartRole.MAIN]
        if mains != [0] or len(parts) > WIRE.parts:
            raise InvalidMessageError("bad-request", "The first part, and only the first, is the message.")
        if parts[0].size > self._limits.size_bytes_max:
            raise InvalidMessageError("too-large", "The message itself is too large.")
        self._gateway.require_space(sum(part.size for part in parts))

    async def _validate(self, main: bytes) -> ValidMessage:
        def check() -> ValidMessage:
            return validate(
                main,
                schemas=self._schemas,
                limits=self._limits,
                sender=self._gateway.identity.id,
                recipient=None,
            )

        if len(main) > _INLINE_XML_BYTES:
            return await asyncio.to_thread(check)
        return check()

    def _recipient(self, message: Message) -> tuple[Authority, CardKey]:
        now = self._gateway.now()
        recipient = self._gateway.directory.find(message.recipient)
        if recipient is None:
            raise InvalidMessageError("unknown-recipient", f"'{message.recipient}' is not pinned here.")
        check_current(recipient, now)
        check_current(self._gateway.identity.authority, now)
        key = recipient.newest(KeyUse.SEAL, now)
        if key is None:
            raise InvalidMessageError("unknown-kid", f"{recipient.id} has no valid sealing key.")
        return recipient, key

    def _repeated(self, message: Message, digest: bytes) -> Submitted | None:
        known = self._gateway.store.read.sent_by_message(message.message_id)
        if known is None:
            return None
        if known.message_sha256 != digest:
            raise InvalidMessageError(
                "message-id-reused", f"MessageId {message.message_id.hex()} was sent with other content."
            )
        return Submitted(pid=known.pid, repeated=True)

    def _check_names(self, message: Message, submission: Submission) -> None:
        """Compare names and sizes before megabytes are read; hashes follow."""
        expected = {each.file_name: each.sha256 for each in message.attachments}
        parts = [(part.name, part.size, expected.get(part.name, b"")) for part in submission.parts[1:]]
        _refuse(message, [part.name for part in submission.parts[1:]], check_parts(message, parts))

    def _check_content(self, message: Message, parts: list[tuple[str, Part]]) -> None:
        found = check_parts(message, [(name, part.size, part.sha256) for name, part in parts])
        _refuse(message, [name for name, _ in parts], found)

    # --- sealing ---

    def _plan(
        self, message: Message, submission: Submission, recipient: Authority, key: CardKey
    ) -> SealingPlan:
        gateway, entropy = self._gateway, self._gateway.entropy
        days = submission.expires_in_days or gateway.settings.message.expiry_days
        now = gateway.now()
        lane = Priority.URGENT if message.urgency in _URGENT else Priority.NORMAL
        return SealingPlan(
            sender=gateway.identity.id,
            recipient=recipient.id,
            recipient_key=key,
            sender_card=gateway.identity.card,
            recipient_card=CardReference(version=recipient.card.version, sha256=recipient.card_sha256),
            epoch=gateway.identity.authority.card.epoch,
            msg=entropy(16),
            payload_id=entropy(16),
            cek=entropy(32),
            salt=entropy(32),
            created=now,
            expires=now + min(days * 86400, WIRE.expiry_seconds_max),
            prio=submission.priority or lane,
            conversation=message.case_id,
            message=message.message_type,
            in_reply_to=None,
            officer=SigningOfficer(name=message.signing_officer.name, post=message.signing_officer.post),
        )

    async def _seal(
        self, plan: SealingPlan, submission: Submission, main: bytes, message: Message
    ) -> SealedPayload:
        total = sum(part.size for part in submission.parts) + _MANIFEST_ALLOWANCE
        sealer = PayloadSealer(plan)
        if cc1.sealed_size(total + total // 8) <= WIRE.inline_payload_bytes:
            pieces: list[bytes] = []
            self._check_content(message, await _feed(sealer, submission, main, pieces.append))
            pieces.append(sealer.finish())
            return sealer.sealed(b"".join(pieces))
        blob = self._gateway.blobs.begin()
        try:
            # Before anything is kept: what is refused leaves no file behind.
            self._check_content(message, await _feed_large(sealer, submission, main, blob))
            await asyncio.to_thread(lambda: blob.write(sealer.finish()))
            sealed = sealer.sealed(None)
            # O1: durable before the row that points to it. A crash here leaves an orphan, swept after a day.
            await asyncio.to_thread(blob.keep, sealed.draft.payload.sha256)
        finally:
            blob.drop()
        return sealed

    # --- the batch ---

    async def _commit(self, valid: ValidMessage, digest: bytes, sealed: SealedPayload) -> Submitted:
        gateway = self._gateway
        draft = sealed.draft
        record = Record(manifest=sealed.manifest, cek=sealed.cek, findings=valid.findings)
        # Not in the operation: it may run more than once and must build the same bytes each time.
        at, nonce = gateway.now(), gateway.entropy(NONCE_BYTES)

        def operation(transaction: Transaction) -> tuple[bytes, int, Issued, Subject]:
            seq, prev = transaction.next_place(draft.recipient, draft.epoch)
            package = address(draft, seq=seq, prev=prev, signer=gateway.identity.signer)
            content_key = gateway.identity.content_key
            transaction.insert_sent(
                SentRow(
                    pid=package.pid,
                    signed=package.signed,
                    msg=draft.msg,
                    recipient=draft.recipient,
                    epoch=draft.epoch,
                    seq=seq,
                    message_id=valid.message.message_id,
                    message_sha256=digest,
                    payload_id=draft.payload.id,
                    payload_sha256=draft.payload.sha256,
                    payload_size=draft.payload.size,
                    payload=sealed.payload,
                    record=seal_record(record, content_key=content_key, nonce=nonce, pid=package.pid),
                    urgent=draft.prio is Priority.URGENT,
                    created=draft.created,
                    expires=draft.expires,
                )
            )
            leg_id = transaction.insert_leg(
                LegKind.PACKAGE,
                package.pid,
                draft.recipient,
                urgent=draft.prio is Priority.URGENT,
                created=draft.created,
                expires=draft.expires,
            )
            subject = Subject(
                header=package.header, pid=package.pid, signature_sha256=package.signature_sha256
            )
            issued = transaction.issue(gateway.acknowledge(Event.SUBMISSION_ACCEPTANCE, subject, at=at))
            return package.pid, leg_id, issued, subject

        # O2: before this commit the sequence number is not consumed; after it the package is READY whatever happens to us.
        pid, leg_id, _, subject = await gateway.store.write(operation)
        gateway.subjects.put(subject)
        if sealed.payload is not None:
            gateway.fresh.put(draft.payload.sha256, sealed.payload)
        self._on_leg(
            Leg(
                id=leg_id,
                kind=LegKind.PACKAGE,
                ref=pid,
                peer=draft.recipient,
                urgent=draft.prio is Priority.URGENT,
                state=LegState.READY,
                attempts=0,
                next_at=float(draft.created),
                last_code=None,
                created=draft.created,
                expires=draft.expires,
            )
        )
        return Submitted(pid=pid, repeated=False)


def _refuse(message: Message, names: list[str], findings: tuple[Finding, ...]) -> None:
    """Raise all findings about attachments under the code of the first cause."""
    if not findings:
        return
    named = {each.file_name for each in message.attachments}
    if named - set(names):
        code = "missing-attachment"
    elif set(names) - named or len(set(names)) < len(names):
        code = "unnamed-attachment"
    else:
        code = "attachment-changed"
    raise InvalidMessageError(code, findings[0].message, findings=findings)


async def _feed(
    sealer: PayloadSealer, submission: Submission, main: bytes, keep: Callable[[bytes], None]
) -> list[tuple[str, Part]]:
    """Feed small parts to the sealer in the event loop."""
    parts: list[tuple[str, Part]] = []
    for number, declared in enumerate(submission.parts):
        data = main if number == 0 else await submission.source.read_exactly(declared.size)
        sealer.begin_part(declared.role, declared.media, declared.name)
        keep(sealer.update(data))
        part = sealer.end_part()
        if number:
            parts.append((declared.name, part))
    return parts


async def _feed_large(
    sealer: PayloadSealer, submission: Submission, main: bytes, blob: BlobWriter
) -> list[tuple[str, Part]]:
    """Feed parts of any size: the event loop reads, a thread hashes, seals and writes, 1 MiB a hop."""

    def work(data: bytes) -> None:
        blob.write(sealer.update(data))

    parts: list[tuple[str, Part]] = []
    for number, declared in enumerate(submission.parts):
        sealer.begin_part(declared.role, declared.media, declared.name)
        left = declared.size
        while left:
            size = min(left, _HOP_BYTES)
            data = main if number == 0 else await submission.source.read_exactly(size)
            await asyncio.to_thread(work, data)
            left -= len(data)
        part = sealer.end_part()
        if number:
            parts.append((declared.name, part))
    return parts
