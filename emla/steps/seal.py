"""seal: a valid message and its attachments -> SealedPayload. One pass over any length, memory of one chunk."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from emla.formats import cc1, h1
from emla.formats import header as header_form
from emla.formats import manifest as manifest_form
from emla.model.documents import CardKey
from emla.model.errors import InvalidMessageError, MalformedError
from emla.model.limits import WIRE
from emla.model.message import Message, SigningOfficer
from emla.model.package import (
    CardReference,
    Header,
    Manifest,
    Part,
    PartRole,
    PayloadReference,
    Priority,
    SealedPayload,
)

_URGENT = frozenset({"URGENT", "EMERGENCY"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Everything about a package that is known before its message is read.

    `msg` and `payload_id` (16 bytes each) were never used before, `cek` and `salt` (32 bytes each) are fresh random values.
    `prio` is the lane asked for; None leaves it to the message.
    """

    sender: str
    recipient: str
    recipient_key: CardKey
    sender_card: CardReference
    recipient_card: CardReference
    epoch: int
    msg: bytes
    payload_id: bytes
    cek: bytes
    salt: bytes
    created: int
    expires: int
    prio: Priority | None
    in_reply_to: bytes | None = None
    """The payload id of the package that is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingPlan(Envelope):
    """Everything about a package that is known before its bytes are sealed: the envelope, and what the message says of itself."""

    prio: Priority
    conversation: bytes
    message: str
    officer: SigningOfficer


def plan_for(envelope: Envelope, message: Message) -> SealingPlan:
    """Complete an envelope with what its message says: conversation, type, officer and, unless it was asked for, the lane."""
    lane = Priority.URGENT if message.urgency in _URGENT else Priority.NORMAL
    return SealingPlan(
        sender=envelope.sender,
        recipient=envelope.recipient,
        recipient_key=envelope.recipient_key,
        sender_card=envelope.sender_card,
        recipient_card=envelope.recipient_card,
        epoch=envelope.epoch,
        msg=envelope.msg,
        payload_id=envelope.payload_id,
        cek=envelope.cek,
        salt=envelope.salt,
        created=envelope.created,
        expires=envelope.expires,
        prio=envelope.prio or lane,
        conversation=message.case_id,
        message=message.message_type,
        in_reply_to=envelope.in_reply_to,
        officer=message.signing_officer,
    )


def draft_header(plan: SealingPlan, payload: PayloadReference, content: bytes, stanza: bytes) -> Header:
    """The header of a sealed payload, before it has a place in the channel: everything else is the plan's."""
    return Header(
        msg=plan.msg,
        sender=plan.sender,
        recipient=plan.recipient,
        epoch=plan.epoch,
        seq=0,
        prev=None,
        kid=plan.recipient_key.kid,
        stanza=stanza,
        created=plan.created,
        expires=plan.expires,
        prio=plan.prio,
        payload=payload,
        content=content,
        sender_card=plan.sender_card,
        recipient_card=plan.recipient_card,
    )


class PayloadSealer:
    """Seals one payload: for each part `begin_part`, `update`..., `end_part`; then `finish` and `sealed`."""

    def __init__(self, plan: SealingPlan) -> None:
        self._plan = plan
        self._pbind = header_form.payload_binding(cc1.NAME, plan.sender, plan.payload_id)
        self._sealer = cc1.Sealer(header_form.payload_key(plan.cek, self._pbind))
        self._digest = hashlib.sha256()
        self._size = 0
        self._parts: list[Part] = []
        self._begin: tuple[PartRole, str, str] | None = None
        self._part_digest = hashlib.sha256()
        self._part_size = 0
        self._manifest = b""

    def begin_part(self, role: PartRole, media: str, name: str) -> None:
        """Start a part; `name` is cleaned for display."""
        if len(self._parts) >= WIRE.parts:
            raise InvalidMessageError("too-large", f"More than {WIRE.parts} parts.")
        self._begin = (role, media, manifest_form.display_name(name))
        self._part_digest = hashlib.sha256()
        self._part_size = 0

    def update(self, data: bytes | memoryview) -> bytes:
        """Take plaintext of the current part; return sealed bytes to store."""
        if self._begin is None:
            raise ValueError("No part was begun.")
        self._part_digest.update(data)
        self._part_size += len(data)
        return self._account(self._sealer.update(data))

    def end_part(self) -> Part:
        """End the current part and return what the manifest will say about it."""
        if self._begin is None:
            raise ValueError("No part was begun.")
        role, media, name = self._begin
        part = Part(
            role=role, media=media, name=name, size=self._part_size, sha256=self._part_digest.digest()
        )
        self._parts.append(part)
        self._begin = None
        return part

    def finish(self) -> bytes:
        """Write zeros and manifest; return the last sealed bytes to store."""
        plan = self._plan
        manifest = Manifest(
            salt=plan.salt,
            sender=plan.sender,
            recipients=(plan.recipient,),
            payload_id=plan.payload_id,
            conversation=plan.conversation,
            message=plan.message,
            in_reply_to=plan.in_reply_to,
            officer=plan.officer,
            created=plan.created,
            parts=tuple(self._parts),
        )
        # What the recipient would refuse must be refused here, before it is accepted there.
        try:
            manifest_form.check_texts(manifest)
        except MalformedError as error:
            raise InvalidMessageError("invalid-message", error.detail) from error
        self._manifest = manifest_form.encode(manifest)
        if len(self._manifest) > WIRE.manifest_bytes:
            raise InvalidMessageError("too-large", "The manifest is too long.")
        zeros, end = manifest_form.trailer(sum(part.size for part in self._parts), self._manifest)
        sealed = [self._account(self._sealer.update(block)) for block in _zeros(zeros)]
        sealed.append(self._account(self._sealer.update(end)))
        sealed.append(self._account(self._sealer.finish()))
        return b"".join(sealed)

    def _account(self, sealed: bytes) -> bytes:
        self._digest.update(sealed)
        self._size += len(sealed)
        return sealed

    def sealed(self, payload: bytes | None) -> SealedPayload:
        """Return the sealed payload with its header draft, the content key wrapped for the recipient.

        Args:
            payload: the sealed bytes where they are kept in the row, None where the blob store has them.
        """
        plan = self._plan
        reference = PayloadReference(
            id=plan.payload_id,
            size=self._size,
            sha256=self._digest.digest(),
            commit=header_form.key_commitment(plan.cek, self._pbind),
        )
        draft = draft_header(plan, reference, header_form.content_commitment(self._manifest), b"")
        stanza = h1.wrap(plan.recipient_key.public, plan.cek, header_form.header_binding(draft))
        return SealedPayload(
            draft=replace(draft, stanza=stanza), payload=payload, manifest=self._manifest, cek=plan.cek
        )


def _zeros(count: int) -> Iterable[bytes]:
    block = bytes(cc1.CHUNK_BYTES)
    for _ in range(count // len(block)):
        yield block
    yield bytes(count % len(block))


def seal(plan: SealingPlan, parts: Iterable[tuple[PartRole, str, str, bytes]]) -> SealedPayload:
    """Seal parts that are whole in memory: (role, media type, name, bytes) each, the main part first."""
    sealer = PayloadSealer(plan)
    pieces: list[bytes] = []
    for role, media, name, data in parts:
        sealer.begin_part(role, media, name)
        pieces.append(sealer.update(data))
        sealer.end_part()
    pieces.append(sealer.finish())
    return sealer.sealed(b"".join(pieces))
