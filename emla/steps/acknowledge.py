"""acknowledge: an event about a package -> a signed acknowledgement, not yet in the ledger."""

import hashlib
from dataclasses import dataclass

from emla.formats import acknowledgement as form
from emla.formats import dsse
from emla.model.acknowledgement import NEGATIVE, Acknowledgement, Event
from emla.model.package import CardReference, Header
from emla.model.signed import PayloadType, SignedObject, Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedAcknowledgement:
    """A signed acknowledgement: its facts, its id, and the bytes whose hash becomes the leaf."""

    acknowledgement: Acknowledgement
    aid: bytes
    signed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The package an acknowledgement is about."""

    header: Header
    pid: bytes
    signature_sha256: bytes


def acknowledge(
    event: Event,
    subject: Subject,
    *,
    by: str,
    card: CardReference,
    at: int,
    signer: Signer,
    reason: str | None = None,
) -> IssuedAcknowledgement:
    """Sign an acknowledgement.

    Args:
        event: what happened.
        subject: the package it happened to.
        by: the issuing authority, with the `card` it had in force.
        at: the issuer's clock, UNIX seconds.
        signer: the issuer's `sign` key.
        reason: a catalogued code where the event is negative, and only there.
    """
    if (event in NEGATIVE) != (reason is not None):
        raise ValueError(f"{event.value} with reason {reason}: no verifier would read it.")
    header = subject.header
    acknowledgement = Acknowledgement(
        event=event,
        pid=subject.pid,
        payload_id=header.payload.id,
        payload_sha256=header.payload.sha256,
        sender=header.sender,
        recipient=header.recipient,
        by=by,
        msg=header.msg,
        epoch=header.epoch,
        seq=header.seq,
        at=at,
        card_version=card.version,
        card_sha256=card.sha256,
        header_signature_sha256=subject.signature_sha256,
        reason=reason,
    )
    payload = form.encode(acknowledgement)
    signed = dsse.sign(PayloadType.ACKNOWLEDGEMENT, payload, signer)
    return IssuedAcknowledgement(
        acknowledgement=acknowledgement, aid=form.acknowledgement_id(payload), signed=signed
    )


def signature_hash(signed: SignedObject) -> bytes:
    """SHA-256 of a header's signature bytes, as an acknowledgement names it."""
    return hashlib.sha256(signed.signatures[0].sig).digest()
