"""What gateway and opener say to each other over their socketpair; the first words are the clerk's too (`clerk_wire.py`).

Every frame is a 4-byte big-endian length and a body (`frames.py`). First the parent sends one `Start`, the child answers one
`Ready` or ends.
Then requests go down and answers come up, in the same order.

    request = kind (1 byte: 0 payload follows, 1 payload is a descriptor) | pid (32) | u32 length of header | header | payload
    answer  = length of code (1) | code | u32 length of act | act (MessagePack; empty: none) | sealed record

A descriptor travels as SCM_RIGHTS with the first byte of its request, so descriptors arrive in the order of their requests.
Rules of this file: both sides are checked, because the child may have been taken over by what it opened; whatever does not
have this form raises `WireError`, and the other process is ended.
"""

from dataclasses import dataclass
from pathlib import Path
from struct import Struct

import msgspec

from emla.formats import strict_json
from emla.formats.act_at_rest import ACT_BYTES_MAX, FILES_MAX, RELATED_MAX, TAG_FILE_BYTES
from emla.formats.strict_json import Json, Members, encode_octets
from emla.keyring.files import OPENER_USES
from emla.keyring.wrapping import KEY_BYTES, WrappingKeys
from emla.model.codes import CODES
from emla.model.errors import MalformedError
from emla.model.limits import WIRE
from emla.model.record import SealedAct
from emla.ports.sandbox import Verdict
from emla.sandbox.confine import Measure
from emla.sandbox.frames import LENGTH, WireError

_REQUEST = Struct(">B32sI")
_INLINE, _DESCRIPTOR = 0, 1
REQUEST_BYTES_MAX = _REQUEST.size + WIRE.header_bytes + 2 * WIRE.inline_payload_bytes
ANSWER_BYTES_MAX = 16 * 1024 * 1024
"""A record holds a manifest of at most 1 MiB and 2,000 findings."""
_TALK_BYTES_MAX = 64 * 1024
_NAMES_MAX = 32
_ID_BYTES = 16
_RELATION_CHARACTERS_MAX = 64
_act_decoder = msgspec.msgpack.Decoder(SealedAct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What the child must know: its folders, its limits, whose child it is, and what unlocks its keys.

    `keys` is None for a child that holds none.
    """

    keys: Path | None
    schemas: Path
    cpu_seconds: int
    memory_bytes: int
    parent: int
    wrapping: WrappingKeys | None = None
    """What unlocks the child's own key files; None where they are not locked. Never an argument or a variable of the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The child's answer: what confines it, or the catalogued code (and detail) of why it cannot start."""

    measures: tuple[Measure, ...] = ()
    code: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One package as the child sees it: `payload` is None when it comes as a descriptor. Views end with the next frame."""

    pid: bytes
    header: memoryview
    payload: memoryview | None


def encode_start(start: Start) -> bytes:
    """Encode the parent's first frame."""
    members: dict[str, Json] = {
        "schemas": str(start.schemas),
        "cpu": start.cpu_seconds,
        "memory": start.memory_bytes,
        "parent": start.parent,
    }
    if start.keys is not None:
        members["keys"] = str(start.keys)
    if start.wrapping is not None:
        members["wrap"] = {use: encode_octets(key) for use, key in sorted(start.wrapping.by_use.items())}
    return _frame(strict_json.encode(members))


def decode_start(body: memoryview) -> Start:
    """Decode the parent's first frame."""
    try:
        members = Members(strict_json.decode(body, _TALK_BYTES_MAX), "start")
        start = Start(
            keys=Path(members.text("keys", longest=4096)) if members.has("keys") else None,
            schemas=Path(members.text("schemas", longest=4096)),
            cpu_seconds=members.integer("cpu", 1),
            memory_bytes=members.integer("memory", 1),
            parent=members.integer("parent"),
            wrapping=_wrapping(members.members("wrap")) if members.has("wrap") else None,
        )
        members.finish()
    except MalformedError as error:
        raise WireError(error.detail) from error
    return start


def _wrapping(members: Members) -> WrappingKeys:
    keys = {use.value: members.octets(use, KEY_BYTES) for use in OPENER_USES if members.has(use)}
    members.finish()
    return WrappingKeys(keys)


def encode_ready(ready: Ready) -> bytes:
    """Encode the child's first frame."""
    measures: list[Json] = [
        {"name": each.name, "effective": each.effective, "detail": each.detail[:200]}
        for each in ready.measures
    ]
    members: dict[str, Json] = {"measures": measures, "detail": ready.detail[:2000]}
    if ready.code is not None:
        members["code"] = ready.code
    return _frame(strict_json.encode(members))


def decode_ready(body: memoryview) -> Ready:
    """Decode the child's first frame."""
    try:
        members = Members(strict_json.decode(body, _TALK_BYTES_MAX), "ready")
        ready = Ready(
            measures=tuple(
                Measure(name=each.text("name"), effective=each.truth("effective"), detail=each.text("detail"))
                for each in members.objects("measures", _NAMES_MAX)
            ),
            code=_code(members.text("code")) if members.has("code") else None,
            detail=members.text("detail", longest=2000),
        )
        members.finish()
    except MalformedError as error:
        raise WireError(error.detail) from error
    return ready


def encode_request(pid: bytes, header: bytes, payload: bytes | None) -> tuple[bytes, ...]:
    """Encode a request as buffers for one gathered write; without `payload` a descriptor must go with them."""
    body_bytes = _REQUEST.size + len(header) + len(payload or b"")
    if body_bytes > REQUEST_BYTES_MAX:
        raise ValueError("A payload of this size is handed over as a descriptor.")
    head = LENGTH.pack(body_bytes) + _REQUEST.pack(
        _DESCRIPTOR if payload is None else _INLINE, pid, len(header)
    )
    return (head, header) if payload is None else (head, header, payload)


def decode_request(body: memoryview) -> Request:
    """Take a request apart without copying it."""
    if len(body) < _REQUEST.size:
        raise WireError("short request")
    kind, pid, header_bytes = _REQUEST.unpack_from(body)
    rest = body[_REQUEST.size :]
    if header_bytes > len(rest) or kind not in (_INLINE, _DESCRIPTOR):
        raise WireError("torn request")
    return Request(
        pid=pid, header=rest[:header_bytes], payload=rest[header_bytes:] if kind == _INLINE else None
    )


def encode_answer(verdict: Verdict) -> bytes:
    """Encode an answer."""
    code = (verdict.code or "").encode("ascii")
    act = msgspec.msgpack.encode(verdict.act) if verdict.act else b""
    return _frame(b"".join((bytes((len(code),)), code, LENGTH.pack(len(act)), act, verdict.record)))


def decode_answer(body: memoryview) -> Verdict:
    """Decode an answer; its code must be one of the catalogue."""
    if not body or len(body) < (begin := 1 + body[0] + LENGTH.size):
        raise WireError("torn answer")
    end = begin + int(LENGTH.unpack_from(body, begin - LENGTH.size)[0])
    if end > len(body):
        raise WireError("torn answer")
    try:
        code = str(body[1 : begin - LENGTH.size], "ascii")
        act = _act_decoder.decode(body[begin:end]) if end > begin else None
    except (UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise WireError("torn answer") from error
    if act is not None and (code or not _is_act(act)):
        raise WireError("no act")
    return Verdict(code=_code(code) if code else None, record=bytes(body[end:]), act=act)


def _is_act(act: SealedAct) -> bool:
    ids = {len(act.case_id), *(len(case_id) for case_id, _ in act.related)}
    return (
        ids == {_ID_BYTES}
        and len(act.related) <= RELATED_MAX
        and all(len(relation) <= _RELATION_CHARACTERS_MAX for _, relation in act.related)
        and len(act.sealed) <= 2 * ACT_BYTES_MAX
        and len(act.files) <= FILES_MAX
        and all(len(each) == TAG_FILE_BYTES for each in act.files)
    )


def _code(code: str) -> str:
    if code not in CODES:
        raise WireError("unknown code")
    return code


def _frame(body: bytes) -> bytes:
    return LENGTH.pack(len(body)) + body
