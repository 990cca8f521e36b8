"""address: a sealed payload and its place in the channel -> SealedPackage, signed. Runs inside the batch."""

from dataclasses import replace

from emla.formats import dsse, header
from emla.model.package import Header, SealedPackage
from emla.model.signed import PayloadType, Signer


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
    signed = dsse.sign(PayloadType.HEADER, payload, signer)
    return SealedPackage(header=final, pid=header.package_id(payload), signed=signed)
