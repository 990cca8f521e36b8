"""The pin of a TLS key: SHA-256 of the SubjectPublicKeyInfo of its certificate (RFC 7469 section 2.4)."""

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def spki_sha256(certificate: x509.Certificate) -> bytes:
    """SHA-256, 32 bytes, of a certificate's SubjectPublicKeyInfo in DER."""
    public = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).digest()
