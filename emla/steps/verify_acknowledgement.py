"""verify_acknowledgement: bundle bytes -> VerifiedAcknowledgement. Needs only the bundle, the issuer's documents and, at the
sender, what was sent; so it works offline as it does in the gateway (docs/spec/acknowledgements.md).

Ladder: A1 strict bundle and signed object; A2 issuer known and entitled to the event; A3 signed by a `sign` key in its window;
A4 parse; A5 the inclusion proof leads to a checkpoint signed by the issuer's ledger key; A5b neither key is revoked and the
issuer is not frozen, or acknowledgement or checkpoint were witnessed in time; A6 it fits the package sent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from emla.formats import acknowledgement as form
from emla.formats import dsse
from emla.ledger import checkpoint as checkpoint_form
from emla.ledger.checkpoint import Checkpoint
from emla.ledger.leaf import LeafKind, entry
from emla.ledger.merkle import leaf_hash, verify_inclusion
from emla.model.acknowledgement import (
    ISSUED_BY_HUB,
    ISSUED_BY_SENDER,
    Acknowledgement,
    Bundle,
    VerifiedAcknowledgement,
)
from emla.model.documents import Authority, CardKey, KeyUse
from emla.model.errors import InvalidAcknowledgementError, MalformedError
from emla.model.signed import SignedObject
from emla.steps.acknowledge import Subject

Witness = Callable[[bytes, bytes, Checkpoint, int], bool]
"""Says of an acknowledgement (its aid, the checkpoint of its bundle, an instant) whether it, or that very checkpoint, was stored
here before the instant. A stored checkpoint vouches for each leaf below it: who stole a key later cannot have put one there.
"""


def unseen(_pid: bytes, _aid: bytes, _checkpoint: Checkpoint, _before: int) -> bool:
    """The witness of whoever has no store: nothing was seen before."""
    return False


def held(_pid: bytes, _aid: bytes, _checkpoint: Checkpoint, _before: int) -> bool:
    """The witness of whoever reads the acknowledgement out of the own store, where it was verified when it came."""
    return True


@lru_cache(maxsize=256)
def _verified_checkpoint(note: bytes, origin: str, public: bytes) -> Checkpoint:
    """Verify a checkpoint once: a batch of acknowledgements shares one."""
    return checkpoint_form.verify(note, origin, public)


@lru_cache(maxsize=256)
def _claimed_origin(note: bytes) -> str:
    """The ledger that a checkpoint says it is of, once for a batch."""
    return checkpoint_form.decode(note).checkpoint.origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedAcknowledgement:
    """A bundle taken apart; nothing in it is verified."""

    stored: bytes
    bundle: Bundle
    signed: SignedObject
    acknowledgement: Acknowledgement


def read_acknowledgement(stored: bytes) -> ClaimedAcknowledgement:
    """Rungs A1 and A4: take a bundle apart without believing it.

    Raises:
        InvalidAcknowledgementError: ``malformed``.
    """
    try:
        bundle = form.decode_bundle(stored)
        signed = form.decode_signed(bundle.signed)
        acknowledgement = form.decode(signed.payload)
    except MalformedError as error:
        raise InvalidAcknowledgementError("malformed", error.detail) from error
    return ClaimedAcknowledgement(
        stored=stored, bundle=bundle, signed=signed, acknowledgement=acknowledgement
    )


def verify_acknowledgement(
    stored: bytes, *, issuer: Authority, subject: Subject | None = None, witnessed: Witness = unseen
) -> VerifiedAcknowledgement:
    """Verify a bundle; see `verify_claim`."""
    return verify_claim(read_acknowledgement(stored), issuer=issuer, subject=subject, witnessed=witnessed)


def is_signed_by(claim: ClaimedAcknowledgement, issuer: Authority) -> bool:
    """Whether the issuer has signed it, with a key that its card lists for that instant. Nothing else is asked."""
    try:
        _check_signature(claim.signed, claim.acknowledgement, issuer)
    except InvalidAcknowledgementError:
        return False
    return claim.acknowledgement.by == issuer.id


def verify_claim(
    claim: ClaimedAcknowledgement,
    *,
    issuer: Authority,
    subject: Subject | None = None,
    witnessed: Witness = unseen,
) -> VerifiedAcknowledgement:
    """Verify a bundle that was taken apart.

    Args:
        claim: the bundle.
        issuer: the authority that must have issued it.
        subject: the package as it was sent; None when only the signature and proof are to be checked.
        witnessed: what was stored here before an instant; asked only when a key is revoked or the issuer frozen.

    Raises:
        InvalidAcknowledgementError: ``malformed``, ``bad-signature``, ``proof-mismatch``, ``revoked-key``, ``frozen`` or
            ``acknowledgement-mismatch``.
    """
    acknowledgement = claim.acknowledgement
    aid = form.acknowledgement_id(claim.signed.payload)
    _check_issuer(acknowledgement, issuer)
    sign = _check_signature(claim.signed, acknowledgement, issuer)
    checkpoint, ledger = _check_proof(claim.bundle, acknowledgement, issuer)
    # A5b: the dates in it count for nothing once a key is in other hands; only what was here in time does.
    for code, revocation in (
        ("revoked-key", issuer.revoked(sign.kid)),
        ("revoked-key", issuer.revoked(ledger.kid)),
        ("frozen", issuer.freeze),
    ):
        if revocation and not witnessed(acknowledgement.pid, aid, checkpoint, revocation.invalid_since):
            raise InvalidAcknowledgementError(
                code,
                f"Not seen here before {revocation.invalid_since}, from when {issuer.id} is not believed.",
            )
    if subject is not None:
        _check_subject(acknowledgement, subject)
    return VerifiedAcknowledgement(
        acknowledgement=acknowledgement,
        aid=aid,
        signed=claim.bundle.signed,
        stored=claim.stored,
        origin=checkpoint.origin,
        size=checkpoint.size,
        note=claim.bundle.checkpoint,
    )


def _check_issuer(acknowledgement: Acknowledgement, issuer: Authority) -> None:
    # A2
    if acknowledgement.by != issuer.id or not _is_entitled(acknowledgement):
        raise InvalidAcknowledgementError(
            "acknowledgement-mismatch",
            f"{acknowledgement.by} may not issue this {acknowledgement.event.value}.",
        )


def _is_entitled(acknowledgement: Acknowledgement) -> bool:
    if acknowledgement.event in ISSUED_BY_HUB:
        return acknowledgement.by not in (acknowledgement.sender, acknowledgement.recipient)
    by_sender = acknowledgement.event in ISSUED_BY_SENDER
    return acknowledgement.by == (acknowledgement.sender if by_sender else acknowledgement.recipient)


def _check_signature(signed: SignedObject, acknowledgement: Acknowledgement, issuer: Authority) -> CardKey:
    # A3; one signature only, and the window is judged at the issuer's own instant
    if len(signed.signatures) != 1:
        raise InvalidAcknowledgementError("malformed", "An acknowledgement has one signature.")
    key = issuer.listed(signed.signatures[0].kid, KeyUse.SIGN, acknowledgement.at)
    if key is None or not dsse.verifies(signed, key.kid, key.public):
        raise InvalidAcknowledgementError("bad-signature", f"Not signed by a valid key of {issuer.id}.")
    return key


def _check_proof(
    bundle: Bundle, acknowledgement: Acknowledgement, issuer: Authority
) -> tuple[Checkpoint, CardKey]:
    # A5
    checkpoint, key = _checkpoint_of(bundle.checkpoint, acknowledgement.at, issuer)
    leaf = leaf_hash(entry(LeafKind.ACKNOWLEDGEMENT_ISSUED, bundle.signed))
    if not verify_inclusion(leaf, bundle.index, checkpoint.size, bundle.proof, checkpoint.root):
        raise InvalidAcknowledgementError(
            "proof-mismatch", f"Leaf {bundle.index} at size {checkpoint.size} is not this acknowledgement."
        )
    return checkpoint, key


def _checkpoint_of(note: bytes, at: int, issuer: Authority) -> tuple[Checkpoint, CardKey]:
    # What a ledger of a former epoch proved stays proved; the windows of its keys ended with it.
    origin = _claimed_origin(note)
    if not issuer.card.is_ledger(origin):
        raise InvalidAcknowledgementError("bad-signature", f"{origin} is no ledger of {issuer.id}.")
    keys = [key for key in issuer.keys(KeyUse.LEDGER) if key.not_before <= at < key.not_after]
    for key in keys:
        try:
            return _verified_checkpoint(note, origin, key.public), key
        except InvalidAcknowledgementError:
            if key is keys[-1]:
                raise
    raise InvalidAcknowledgementError("bad-signature", f"{issuer.id} had no ledger key at that instant.")


def _check_subject(acknowledgement: Acknowledgement, subject: Subject) -> None:
    # A6: every fact about the package is the one that was sent
    header = subject.header
    said = (
        acknowledgement.pid,
        acknowledgement.payload_id,
        acknowledgement.payload_sha256,
        acknowledgement.sender,
        acknowledgement.recipient,
        acknowledgement.msg,
        acknowledgement.epoch,
        acknowledgement.seq,
        acknowledgement.header_signature_sha256,
    )
    sent = (
        subject.pid,
        header.payload.id,
        header.payload.sha256,
        header.sender,
        header.recipient,
        header.msg,
        header.epoch,
        header.seq,
        subject.signature_sha256,
    )
    if said != sent:
        raise InvalidAcknowledgementError("acknowledgement-mismatch", "It describes another package.")
