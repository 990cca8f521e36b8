"""What scribe and parent say to each other, on standard input and output.

    order  = u32 length | MessagePack | what is to be written (MessagePack)
    answer = u32 length | MessagePack | the document

Rule of this file: MessagePack is read into the types named here and into nothing else; what does not fit raises `WireError`.
"""

from struct import Struct
from typing import TypeVar

import msgspec

from emla.model.findings import Finding
from emla.sandbox.frames import WireError
from emla.writing.dictated import Desk, Dictated

_LENGTH = Struct(">I")
_CODES = frozenset({"", "invalid-message", "bad-request", "not-found"})


class Order(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Within which limits it is written."""

    schemas: str
    cpu_seconds: int
    memory_bytes: int
    parent: int


class Wanted(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What is to be written."""

    dictated: Dictated
    desk: Desk


class Written(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What came of it: nothing to say, or why there is no document."""

    code: str = ""
    detail: str = ""
    findings: tuple[Finding, ...] = ()


Head = TypeVar("Head", Order, Wanted, Written)


def encode_order(order: Order, wanted: Wanted) -> bytes:
    """Encode a request."""
    return _framed(msgspec.msgpack.encode(order)) + msgspec.msgpack.encode(wanted)


def decode_order(data: bytes) -> tuple[Order, bytes]:
    """Take limits and the rest apart."""
    head, rest = _apart(data)
    return _read(head, Order), rest


def decode_wanted(data: bytes) -> Wanted:
    """Read what is to be written."""
    return _read(data, Wanted)


def encode_written(written: Written, document: bytes) -> bytes:
    """Encode an answer."""
    return _framed(msgspec.msgpack.encode(written)) + document


def decode_written(data: bytes) -> tuple[Written, bytes]:
    """Take answer and document apart, and check what the types do not say."""
    head, document = _apart(data)
    written = _read(head, Written)
    if written.code not in _CODES or bool(written.code) == bool(document):
        raise WireError("neither a document nor a refusal that is the child's to give")
    return written, document


def _framed(encoded: bytes) -> bytes:
    return _LENGTH.pack(len(encoded)) + encoded


def _apart(data: bytes) -> tuple[bytes, bytes]:
    if len(data) < _LENGTH.size:
        raise WireError("no answer")
    end = _LENGTH.size + int(_LENGTH.unpack_from(data)[0])
    if end > len(data):
        raise WireError("torn answer")
    return data[_LENGTH.size : end], data[end:]


def _read(data: bytes, kind: type[Head]) -> Head:
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise WireError("not of its type") from error
