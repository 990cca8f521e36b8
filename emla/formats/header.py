"""The header of a package: encoder, decoder and what it binds (docs/spec/package.md)."""

import hashlib

from emla.formats import dsse, h1, patterns, strict_json
from emla.formats.binding import hash_of, labelled_key
from emla.formats.strict_json import Json, Members, encode_octets
from emla.model.errors import MalformedError
from emla.model.limits import WIRE
from emla.model.package import CardReference, Header, PayloadReference, Priority
from emla.model.signed import PayloadType, SignedObject

VERSION = 1
SEQ_MAX = 2**53 - 1
_SUITE_NAMES_MAX = 8


def encode(header: Header) -> bytes:
    """Encode the header's payload bytes: what is signed, and whose SHA-256 is the package id."""
    members: dict[str, Json] = {
        "v": VERSION,
        "suites": list(header.suites),
        "msg": encode_octets(header.msg),
        "from": header.sender,
        "to": header.recipient,
        "epoch": header.epoch,
        "seq": header.seq,
        "kid": header.kid,
        "stanza": encode_octets(header.stanza),
        "created": header.created,
        "expires": header.expires,
        "prio": header.prio.value,
        "payload": {
            "id": encode_octets(header.payload.id),
            "size": header.payload.size,
            "sha256": encode_octets(header.payload.sha256),
            "commit": encode_octets(header.payload.commit),
        },
        "content": encode_octets(header.content),
        "cards": {
            "from": {
                "version": header.sender_card.version,
                "sha256": encode_octets(header.sender_card.sha256),
            },
            "to": {
                "version": header.recipient_card.version,
                "sha256": encode_octets(header.recipient_card.sha256),
            },
        },
    }
    if header.prev is not None:
        members["prev"] = encode_octets(header.prev)
    if header.replaces is not None:
        members["replaces"] = encode_octets(header.replaces)
    return strict_json.encode(members)


def decode_signed(data: bytes) -> SignedObject:
    """Decode the signed object around a header (rungs 2 and 3)."""
    return dsse.decode(data, PayloadType.HEADER, WIRE.header_bytes)


def parse(payload: bytes) -> dict[str, Json]:
    """Parse a header's payload bytes as strict JSON, without believing any of it."""
    return strict_json.decode(payload, WIRE.header_bytes)


def claimed_sender(parsed: dict[str, Json]) -> str:
    """The authority a parsed header claims to come from: whose keys must verify it."""
    return Members(parsed, "header").text("from", patterns.AUTHORITY, 160)


def decode(payload: bytes) -> Header:
    """Decode a header's payload bytes; see `read`."""
    return read(parse(payload))


def read(parsed: dict[str, Json]) -> Header:
    """Read a parsed header (rung 7).

    Raises:
        MalformedError: any member missing, unknown, of the wrong form or out of its bounds.
    """
    members = Members(parsed, "header")
    members.integer("v", VERSION, VERSION)
    header = Header(
        suites=members.texts("suites", _SUITE_NAMES_MAX, patterns.SUITE),
        msg=members.octets("msg", 16),
        sender=members.text("from", patterns.AUTHORITY, 160),
        recipient=members.text("to", patterns.AUTHORITY, 160),
        epoch=members.integer("epoch", 1, 2**31),
        seq=members.integer("seq", 1, SEQ_MAX),
        prev=members.octets("prev", 32) if members.has("prev") else None,
        kid=members.text("kid", patterns.KID),
        stanza=members.octets("stanza", h1.STANZA_BYTES),
        created=members.instant("created"),
        expires=members.instant("expires"),
        prio=_priority(members.text("prio")),
        payload=_payload(members.members("payload")),
        content=members.octets("content", 32),
        sender_card=_card((cards := members.members("cards")).members("from")),
        recipient_card=_card(cards.members("to")),
        replaces=members.octets("replaces", 32) if members.has("replaces") else None,
    )
    cards.finish()
    members.extensions()
    members.finish()
    lifetime = header.expires - header.created
    if not WIRE.expiry_seconds_min <= lifetime <= WIRE.expiry_seconds_max:
        raise MalformedError("header lives shorter or longer than allowed.")
    if (header.seq == 1) != (header.prev is None):
        raise MalformedError("header has 'prev' exactly when seq is above 1.")
    return header


def _priority(value: str) -> Priority:
    try:
        return Priority(value)
    except ValueError as error:
        raise MalformedError("header has an unknown 'prio'.") from error


def _payload(members: Members) -> PayloadReference:
    reference = PayloadReference(
        id=members.octets("id", 16),
        size=members.integer("size", 1, WIRE.payload_bytes),
        sha256=members.octets("sha256", 32),
        commit=members.octets("commit", 32),
    )
    members.finish()
    return reference


def _card(members: Members) -> CardReference:
    reference = CardReference(version=members.integer("version", 1), sha256=members.octets("sha256", 32))
    members.finish()
    return reference


def package_id(payload: bytes) -> bytes:
    """The package id: SHA-256 of the header's payload bytes, whoever signed them."""
    return hashlib.sha256(payload).digest()


def header_binding(header: Header) -> bytes:
    """hbind: what the stanza is bound to. A stanza moved to another header does not open there."""
    return hash_of(
        "emla/1 header",
        VERSION,
        "+".join(header.suites),
        header.msg,
        header.sender,
        header.recipient,
        header.kid,
        header.created,
        header.expires,
        header.payload.id,
        header.payload.sha256,
        header.payload.commit,
    )


def payload_binding(payload_suite: str, sender: str, payload_id: bytes) -> bytes:
    """pbind: what the payload key is bound to: the sender and this payload."""
    return hash_of("emla/1 payload", payload_suite, sender, payload_id)


def payload_key(cek: bytes, pbind: bytes) -> bytes:
    """K_pay: the key of the payload's chunks."""
    return labelled_key(cek, "emla/1 pay", pbind)


def key_commitment(cek: bytes, pbind: bytes) -> bytes:
    """The commitment to the content key: ChaCha20-Poly1305 alone would let one payload open under two keys."""
    return labelled_key(cek, "emla/1 commit", pbind)


def content_commitment(manifest: bytes) -> bytes:
    """The header's commitment to the content: reveals nothing, because the manifest holds a random salt."""
    return hashlib.sha256(b"emla/1 content" + hashlib.sha256(manifest).digest()).digest()
