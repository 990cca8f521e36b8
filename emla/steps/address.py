"""address: a sealed payload and its place in the channel -> SealedPackage, signed. Runs inside the batch."""

import hashlib
from dataclasses import replace

from emla.formats import dsse, header
from emla.model.package import Header, SealedPackage
from emla.model.signed import PayloadType, Signature, SignedObject, Signer


def address(draft: Header, *, seq: int, prev: bytes | None, signer: Signer) -> SealedPackage:
    """Give a header draft its sequence number and predecessor, and sign it.

    Args:
        draft: the header of a `SealedPayload`.
        seq: the channel's next number, from 1.
        prev: the package id of number seq - 1; None for number 1.
        signer: the sender's `sign` key.
    """
    final = replace(draft, seq=seq, prev=prev)
    payload = header.encode(final)
    sig = signer.sign(dsse.pre_authentication_encoding(PayloadType.HEADER, payload))
    envelope = SignedObject(
        payload_type=PayloadType.HEADER, payload=payload, signatures=(Signature(kid=signer.kid, sig=sig),)
    )
    return SealedPackage(
        header=final,
        pid=header.package_id(payload),
        signed=dsse.encode(envelope),
        signature_sha256=hashlib.sha256(sig).digest(),
    )
