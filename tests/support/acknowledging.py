"""Acknowledgements for tests: signed by an authority of `authorities`, recorded in a ledger, with their proof.

Rules of the file: as there; the same arguments give the same bytes.
"""

from emla.formats import acknowledgement as acknowledgement_form
from emla.formats import dsse, ed1
from emla.ledger import checkpoint as checkpoint_form
from emla.ledger.leaf import LeafKind, entry
from emla.ledger.merkle import inclusion_proof, leaf_hash, root_hash
from emla.model.acknowledgement import Bundle, Event
from emla.model.signed import PayloadType
from emla.steps.acknowledge import acknowledge
from tests.support.authorities import NOW, Changes, Package, Party, changed, derived


def issue(
    issuer: Party,
    package: Package,
    event: Event,
    *,
    at: int = NOW + 60,
    reason: str | None = None,
    members: Changes | None = None,
    signer: ed1.SigningKey | None = None,
    index: int = 5,
    size: int = 11,
) -> Bundle:
    """Acknowledge a package; the acknowledgement is leaf `index` of a ledger of `size` leaves.

    `members` changes what is signed; `signer` signs in place of the issuer's `sign` key.
    """
    issued = acknowledge(
        event,
        package.subject,
        by=issuer.id,
        card=issuer.card,
        at=at,
        signer=signer or issuer.sign,
        reason=reason,
    )
    signed = issued.signed
    if members is not None:
        payload = changed(acknowledgement_form.decode_signed(signed).payload, members)
        signed = dsse.sign(PayloadType.ACKNOWLEDGEMENT, payload, signer or issuer.sign)
    return record(issuer, signed, index=index, size=size)


def record(
    issuer: Party, signed: bytes, *, index: int = 5, size: int = 11, kind: LeafKind | None = None
) -> Bundle:
    """Put a signed acknowledgement into a ledger of the issuer and return it with its proof."""
    leaves = [leaf_hash(derived(issuer.id, "leaf", number, length=33)) for number in range(size)]
    leaves[index] = leaf_hash(entry(kind or LeafKind.ACKNOWLEDGEMENT_ISSUED, signed))
    return Bundle(
        signed=signed,
        index=index,
        proof=inclusion_proof(index, leaves),
        checkpoint=checkpoint_of(issuer, size, root_hash(leaves)),
    )


def checkpoint_of(
    issuer: Party, size: int, root: bytes, *, origin: str | None = None, signer: ed1.SigningKey | None = None
) -> bytes:
    """Sign a checkpoint with the issuer's ledger key, or another key."""
    key = signer or issuer.ledger
    head = checkpoint_form.Checkpoint(
        origin=origin or issuer.authority.card.ledger_origin, size=size, root=root
    )
    return checkpoint_form.encode(head, key.sign, key.public)
