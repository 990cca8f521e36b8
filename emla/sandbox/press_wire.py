"""What press and parent say to each other, on standard input and output.

    order  = u32 length | MessagePack | the document
    answer = u32 length | MessagePack | the page

Rule of this file: MessagePack is read into the types named here and into nothing else; what does not fit raises `WireError`.
"""

from struct import Struct
from typing import TypeVar

import msgspec

from emla.model.findings import Finding
from emla.sandbox.frames import WireError

_LENGTH = Struct(">I")
_HEAD_BYTES_MAX = 16 * 1024 * 1024


class Order(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What is wanted, and within which limits."""

    form: str
    schemas: str
    language: str
    judged: bool
    cpu_seconds: int
    memory_bytes: int
    parent: int


class Printed(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What came of it: nothing to say, or notes for the person; or a code, its detail and findings instead of a page."""

    code: str = ""
    detail: str = ""
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    findings_shown: int = 0


_CODES = frozenset({"", "malformed-xml", "pdf-unavailable"})
Head = TypeVar("Head", Order, Printed)


def encode_order(order: Order) -> bytes:
    """Encode what goes before the document."""
    return _encode(order)


def decode_order(data: bytes) -> tuple[Order, bytes]:
    """Take order and document apart."""
    return _decode(data, Order)


def encode_printed(printed: Printed) -> bytes:
    """Encode what goes before the page."""
    return _encode(printed)


def decode_printed(data: bytes) -> tuple[Printed, bytes]:
    """Take answer and page apart, and check what the types do not say."""
    printed, page = _decode(data, Printed)
    if printed.code not in _CODES:
        raise WireError("a code that is not the child's to give")
    return printed, page


def _encode(head: Order | Printed) -> bytes:
    encoded = msgspec.msgpack.encode(head)
    return _LENGTH.pack(len(encoded)) + encoded


def _decode(data: bytes, kind: type[Head]) -> tuple[Head, bytes]:
    if len(data) < _LENGTH.size:
        raise WireError("no answer")
    (length,) = _LENGTH.unpack_from(data)
    end = _LENGTH.size + length
    if length > _HEAD_BYTES_MAX or end > len(data):
        raise WireError("torn answer")
    try:
        return msgspec.msgpack.decode(data[_LENGTH.size : end], type=kind), data[end:]
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise WireError("not of its type") from error
