"""The TLS key of the peer listener: a self-signed P-256 certificate, pinned by the hash of its key in the card.

No certification authority is asked: a peer compares SHA-256 of the SubjectPublicKeyInfo with the card the root signed.
P-256 and not Ed25519, because every TLS library and terminator takes it.
"""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from emla.formats.spki import spki_sha256 as key_hash
from emla.keyring.private_files import check_folder, read_private, refusal, write_private
from emla.model.errors import ConfigurationError

LIFE_DAYS = 730
_FILE_BYTES_MAX = 16 * 1024
_EARLIER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where certificate and key are (PEM), and what the card says about them."""

    certificate: Path
    key: Path
    spki_sha256: bytes


def write_tls(folder: Path, *, host: str, now: int) -> TlsFiles:
    """Make a key and a self-signed certificate for a host; write them to ``certificate.pem`` and ``key.pem`` (0600).

    Args:
        folder: made with mode 0700 where it is missing.
        host: the DNS name or IP address of the endpoint.
        now: UNIX seconds; the certificate is valid from a day before for two years.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    begin = datetime.fromtimestamp(now, UTC) - _EARLIER
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "emla gateway")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + _EARLIER + timedelta(days=LIFE_DAYS))
        .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(mode=0o700, exist_ok=True)
    files = TlsFiles(
        certificate=folder / "certificate.pem",
        key=folder / "key.pem",
        spki_sha256=key_hash(certificate),
    )
    write_private(files.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write_private(files.certificate, certificate.public_bytes(Encoding.PEM))
    return files


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return x509.DNSName(host)


def spki_sha256(certificate: bytes) -> bytes:
    """SHA-256 of the SubjectPublicKeyInfo of a certificate, given as DER or PEM.

    Raises:
        ConfigurationError: ``unreadable-key``: not a certificate.
    """
    try:
        if certificate.lstrip().startswith(b"-----"):
            return key_hash(x509.load_pem_x509_certificate(certificate))
        return key_hash(x509.load_der_x509_certificate(certificate))
    except ValueError as error:
        raise ConfigurationError("unreadable-key", "This is not a certificate.") from error


def check_tls(folder: Path) -> TlsFiles:
    """Find certificate and key as `write_tls` wrote them and check that they belong together and are private.

    Raises:
        ConfigurationError: ``unreadable-key``.
    """
    check_folder(folder)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    try:
        loaded = x509.load_pem_x509_certificate(read_private(certificate, _FILE_BYTES_MAX))
        private = load_pem_private_key(read_private(key, _FILE_BYTES_MAX), password=None)
    except (ValueError, TypeError) as error:
        raise refusal(folder, "holds a damaged certificate or key", "Restore it from its backup.") from error
    if private.public_key() != loaded.public_key():
        raise refusal(folder, "holds a key and a certificate of another key", "Restore both from one backup.")
    return TlsFiles(certificate=certificate, key=key, spki_sha256=key_hash(loaded))
