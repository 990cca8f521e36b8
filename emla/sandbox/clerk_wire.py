"""What gateway and clerk say to each other, after the first words (`wire.py`).

    request = u32 length of task | task (MessagePack) | the parts' bytes, unless they come as a descriptor
    answer  = u32 length of finding | finding (MessagePack) | sealed payload

Rules of this file: MessagePack is read into the types named here and into nothing else; whatever does not fit them raises
`WireError`, and the other process is ended. What the clerk says beyond its type is not believed either (`clerk.py`).
"""

from struct import Struct
from typing import TypeVar

import msgspec

from emla.formats import h1
from emla.model.codes import CODES
from emla.model.findings import Finding
from emla.model.legal_act import LegalAct
from emla.model.limits import WIRE
from emla.model.message import Message
from emla.model.package import DeclaredPart
from emla.model.terms import SENDING, Terms
from emla.ports.sandbox import Checked
from emla.sandbox.frames import WireError
from emla.steps.seal import Envelope

_HEAD = Struct(">II")
_INNER = Struct(">I")
TASK_BYTES_MAX = 4 * 1024 * 1024
"""500 parts with the longest names, the facts of a message with 500 attachments, and a small payload."""
DOCUMENT_BYTES_INLINE = 256 * 1024
"""A longer document comes as a descriptor."""
_ID_BYTES = 16
_COMMIT_BYTES = 32


class Task(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What the clerk is to do: check the main document unless `checked` is there; then, where there is an envelope, seal."""

    sender: str
    recipient: str | None
    parts: tuple[DeclaredPart, ...] = ()
    envelope: Envelope | None = None
    checked: Checked | None = None
    by_descriptor: bool = False
    terms: Terms = SENDING


class Found(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What came of it: the facts of a valid message, or `code`; with an envelope also what was sealed, or `code`."""

    checked: Checked | None = None
    code: str = ""
    detail: str = ""
    findings: tuple[Finding, ...] = ()
    """Those of the refusal."""
    manifest: bytes = b""
    stanza: bytes = b""
    commit: bytes = b""


Head = TypeVar("Head", Task, Found)

_encoder = msgspec.msgpack.Encoder()
_task_decoder = msgspec.msgpack.Decoder(Task)
_found_decoder = msgspec.msgpack.Decoder(Found)


def encode_task(task: Task, body: bytes | memoryview) -> tuple[bytes | memoryview, ...]:
    """Encode a request as buffers for one gathered write."""
    return _encode(task, [body] if body else [])


def decode_task(frame: memoryview) -> tuple[Task, memoryview]:
    """Take a request apart; the parts' bytes are not copied."""
    return _decode(_task_decoder, frame)


def encode_found(found: Found, payload: list[bytes]) -> tuple[bytes | memoryview, ...]:
    """Encode an answer; the pieces of the payload are written as they are."""
    return _encode(found, payload)


def decode_found(frame: memoryview) -> tuple[Found, bytes]:
    """Decode an answer and check what its types do not say."""
    found, payload = _decode(_found_decoder, frame)
    if found.code and found.code not in CODES:
        raise WireError("unknown code")
    if found.checked is None and not found.code:
        raise WireError("neither facts nor a refusal")
    if found.checked and {len(found.checked.message.message_id), len(found.checked.message.case_id)} != {
        _ID_BYTES
    }:
        raise WireError("an id of another length")
    if found.checked and not _is_of(found.checked.act, found.checked.message):
        raise WireError("the act of another message")
    if found.manifest and (
        len(found.stanza) != h1.STANZA_BYTES
        or len(found.commit) != _COMMIT_BYTES
        or len(found.manifest) > WIRE.manifest_bytes
        or not 0 < len(payload) <= WIRE.inline_payload_bytes
    ):
        raise WireError("no sealed payload")
    return found, bytes(payload)


def _is_of(act: LegalAct, message: Message) -> bool:
    return (act.message_id, act.case_id, act.message_type, act.sender, act.recipient, act.in_reply_to) == (
        message.message_id,
        message.case_id,
        message.message_type,
        message.sender,
        message.recipient,
        message.in_reply_to,
    )


def _encode(
    head: Task | Found, body: list[bytes] | list[bytes | memoryview]
) -> tuple[bytes | memoryview, ...]:
    encoded = _encoder.encode(head)
    inner = _INNER.size + len(encoded) + sum(map(len, body))
    return (_HEAD.pack(inner, len(encoded)) + encoded, *body)


def _decode(decoder: "msgspec.msgpack.Decoder[Head]", frame: memoryview) -> tuple[Head, memoryview]:
    if len(frame) < _INNER.size:
        raise WireError("short frame")
    end = _INNER.size + int(_INNER.unpack_from(frame)[0])
    if end > len(frame):
        raise WireError("torn frame")
    try:
        return decoder.decode(frame[_INNER.size : end]), frame[end:]
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise WireError("not of its type") from error
