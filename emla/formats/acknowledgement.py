"""Acknowledgements and the bundles that carry them with their proof (docs/spec/acknowledgements.md)."""

import hashlib
import re

from emla.formats import dsse, patterns, strict_json
from emla.formats.strict_json import Json, Members, decode_octets, encode_octets
from emla.model.acknowledgement import NEGATIVE, Acknowledgement, Bundle, Event
from emla.model.errors import MalformedError
from emla.model.limits import WIRE
from emla.model.signed import PayloadType, SignedObject

VERSION = 1
_REASON = re.compile(r"[a-z][a-z-]{1,40}", re.ASCII)
_PROOF_MAX = 63


def encode(acknowledgement: Acknowledgement) -> bytes:
    """Encode the payload bytes: what is signed, and whose SHA-256 is the acknowledgement's id."""
    members: dict[str, Json] = {
        "v": VERSION,
        "event": acknowledgement.event.value,
        "pid": encode_octets(acknowledgement.pid),
        "payload": {
            "id": encode_octets(acknowledgement.payload_id),
            "sha256": encode_octets(acknowledgement.payload_sha256),
        },
        "from": acknowledgement.sender,
        "to": acknowledgement.recipient,
        "by": acknowledgement.by,
        "msg": encode_octets(acknowledgement.msg),
        "epoch": acknowledgement.epoch,
        "seq": acknowledgement.seq,
        "at": acknowledgement.at,
        "card": {
            "version": acknowledgement.card_version,
            "sha256": encode_octets(acknowledgement.card_sha256),
        },
        "header_sig": encode_octets(acknowledgement.header_signature_sha256),
    }
    if acknowledgement.reason is not None:
        members["reason"] = acknowledgement.reason
    return strict_json.encode(members)


def decode_signed(data: bytes) -> SignedObject:
    """Decode the signed object around an acknowledgement."""
    return dsse.decode(data, PayloadType.ACKNOWLEDGEMENT, WIRE.bundle_bytes)


def decode(payload: bytes) -> Acknowledgement:
    """Decode payload bytes.

    Raises:
        MalformedError: any member missing, unknown or of the wrong form.
    """
    members = Members(strict_json.decode(payload, WIRE.bundle_bytes), "acknowledgement")
    members.integer("v", VERSION, VERSION)
    reference, card = members.members("payload"), members.members("card")
    acknowledgement = Acknowledgement(
        event=_event(members.text("event")),
        pid=members.octets("pid", 32),
        payload_id=reference.octets("id", 16),
        payload_sha256=reference.octets("sha256", 32),
        sender=members.text("from", patterns.AUTHORITY, 160),
        recipient=members.text("to", patterns.AUTHORITY, 160),
        by=members.text("by", patterns.AUTHORITY, 160),
        msg=members.octets("msg", 16),
        epoch=members.integer("epoch", 1, 2**31),
        seq=members.integer("seq", 1),
        at=members.instant("at"),
        card_version=card.integer("version", 1),
        card_sha256=card.octets("sha256", 32),
        header_signature_sha256=members.octets("header_sig", 32),
        reason=members.text("reason", _REASON) if members.has("reason") else None,
    )
    for each in (reference, card):
        each.finish()
    members.extensions()
    members.finish()
    if (acknowledgement.event in NEGATIVE) != (acknowledgement.reason is not None):
        raise MalformedError("acknowledgement has a 'reason' exactly when its event is negative.")
    return acknowledgement


def _event(value: str) -> Event:
    try:
        return Event(value)
    except ValueError as error:
        raise MalformedError("acknowledgement of an unknown event.") from error


def acknowledgement_id(payload: bytes) -> bytes:
    """The acknowledgement's id: SHA-256 of its payload bytes."""
    return hashlib.sha256(payload).digest()


def encode_bundle(bundle: Bundle) -> bytes:
    """Encode a bundle. These bytes are stored and repeated, never re-encoded."""
    return strict_json.encode(
        {
            "v": VERSION,
            "acknowledgement": encode_octets(bundle.signed),
            "index": bundle.index,
            "proof": [encode_octets(each) for each in bundle.proof],
            "checkpoint": bundle.checkpoint.decode("utf-8"),
        }
    )


def decode_bundle(data: bytes) -> Bundle:
    """Decode a bundle; nothing in it is verified yet.

    Raises:
        MalformedError: not a bundle.
    """
    members = Members(strict_json.decode(data, WIRE.bundle_bytes), "bundle")
    members.integer("v", VERSION, VERSION)
    bundle = Bundle(
        signed=members.octets("acknowledgement", longest=WIRE.bundle_bytes),
        index=members.integer("index"),
        proof=tuple(decode_octets(each) for each in members.texts("proof", _PROOF_MAX)),
        checkpoint=members.text("checkpoint", longest=4096).encode("utf-8"),
    )
    members.extensions()
    members.finish()
    if any(len(each) != 32 for each in bundle.proof):
        raise MalformedError("bundle has a proof hash that is not 32 bytes.")
    return bundle
