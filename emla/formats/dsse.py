"""DSSE v1 envelopes: how every signed object of emla/1 is framed (docs/spec/encoding.md).

The signature runs over the pre-authentication encoding of type and exact payload bytes, so nothing is ever canonicalised.
A signature does not name its algorithm: the verifier takes it from the key, which it finds in the signer's own documents.
"""

import re

from emla.formats import ed1, strict_json
from emla.formats.strict_json import Members
from emla.model.errors import MalformedError
from emla.model.signed import PayloadType, Signature, SignedObject, Signer

SIGNATURES_MAX = 16
KID = re.compile(r"[0-9a-f]{32}", re.ASCII)


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed (DSSE protocol 1.0.2)."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(payload_type: PayloadType, payload: bytes, *signers: Signer) -> bytes:
    """Sign a payload with each signer and return the encoded envelope."""
    message = pre_authentication_encoding(payload_type, payload)
    signatures = tuple(Signature(kid=signer.kid, sig=signer.sign(message)) for signer in signers)
    return encode(SignedObject(payload_type=payload_type, payload=payload, signatures=signatures))


def encode(signed: SignedObject) -> bytes:
    """Encode an envelope."""
    return strict_json.encode(
        {
            "payload": strict_json.encode_octets(signed.payload),
            "payloadType": signed.payload_type.value,
            "signatures": [
                {"keyid": each.kid, "sig": strict_json.encode_octets(each.sig)} for each in signed.signatures
            ],
        }
    )


def decode(data: bytes, expected: PayloadType, size_bytes_max: int) -> SignedObject:
    """Decode an envelope of the expected type.

    Raises:
        MalformedError: not an envelope, of another type, without signatures, or with one key twice.
    """
    signed = decode_draft(data, frozenset({expected}), size_bytes_max)
    if not signed.signatures:
        raise MalformedError("Signed object without signatures.")
    return signed


def decode_draft(data: bytes, expected: frozenset[PayloadType], size_bytes_max: int) -> SignedObject:
    """Decode an envelope of one of the expected types that may lack signatures: it is on its way from signer to signer.

    Raises:
        MalformedError: not an envelope, of another type, or with one key twice.
    """
    members = Members(strict_json.decode(data, size_bytes_max), "signed object")
    kind = members.text("payloadType")
    payload = members.octets("payload", longest=size_bytes_max)
    signatures = []
    for each in members.objects("signatures", SIGNATURES_MAX):
        signatures.append(Signature(kid=each.text("keyid", KID), sig=each.octets("sig", ed1.SIGNATURE_BYTES)))
        each.finish()
    members.finish()
    if kind not in expected:
        raise MalformedError(
            f"Signed object of another type than {', '.join(sorted(each.name.lower() for each in expected))}."
        )
    if len({each.kid for each in signatures}) != len(signatures):
        raise MalformedError("Signed object with one key twice.")
    return SignedObject(payload_type=PayloadType(kind), payload=payload, signatures=tuple(signatures))


def verifies(signed: SignedObject, kid: str, public: bytes) -> bool:
    """Whether the envelope holds a good signature by this key."""
    message = pre_authentication_encoding(signed.payload_type, signed.payload)
    return any(each.kid == kid and ed1.verify(public, message, each.sig) for each in signed.signatures)
