"""The TLS key is a P-256 key of its own, pinned by the hash of its public half, and refused when it is open or torn apart."""

import hashlib
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emla.keyring.tls import check_tls, spki_sha256, write_tls
from emla.model.errors import ConfigurationError

NOW = 1_790_000_000


def test_certificate_and_key_serve_tls_and_are_private(tmp_path: Path) -> None:
    files = write_tls(tmp_path / "tls", host="gateway.example", now=NOW)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    assert files.key.stat().st_mode & 0o777 == 0o600
    assert check_tls(tmp_path / "tls") == files


@pytest.mark.parametrize("host", ["gateway.example", "127.0.0.1", "[::1]"])
def test_the_certificate_names_the_host_and_is_valid_now(tmp_path: Path, host: str) -> None:
    files = write_tls(tmp_path / "tls", host=host, now=NOW)
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each.value) for each in names] == [host.strip("[]")]
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert (
        certificate.not_valid_before_utc < datetime.fromtimestamp(NOW, UTC) < certificate.not_valid_after_utc
    )


def test_the_pin_is_the_hash_of_the_subject_public_key_info_in_either_encoding(tmp_path: Path) -> None:
    files = write_tls(tmp_path / "tls", host="gateway.example", now=NOW)
    pem = files.certificate.read_bytes()
    certificate = x509.load_pem_x509_certificate(pem)
    public = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert spki_sha256(pem) == hashlib.sha256(public).digest() == files.spki_sha256
    assert spki_sha256(certificate.public_bytes(Encoding.DER)) == files.spki_sha256


def test_each_key_is_new(tmp_path: Path) -> None:
    first = write_tls(tmp_path / "a", host="gateway.example", now=NOW)
    second = write_tls(tmp_path / "b", host="gateway.example", now=NOW)
    assert first.spki_sha256 != second.spki_sha256


@pytest.mark.parametrize("data", [b"", b"-----BEGIN CERTIFICATE-----\n", b"\x30\x03abc"])
def test_what_is_no_certificate_has_no_pin(data: bytes) -> None:
    with pytest.raises(ConfigurationError) as caught:
        spki_sha256(data)
    assert caught.value.code == "unreadable-key"


def test_an_open_key_a_damaged_one_and_a_strange_one_are_refused(tmp_path: Path) -> None:
    ours = write_tls(tmp_path / "a", host="gateway.example", now=NOW)
    other = write_tls(tmp_path / "b", host="gateway.example", now=NOW)
    key = ours.key.read_bytes()
    ours.key.chmod(0o640)
    with pytest.raises(ConfigurationError, match="private key file"):
        check_tls(tmp_path / "a")
    ours.key.chmod(0o600)
    for content in (b"", key[:60], other.key.read_bytes()):
        ours.key.write_bytes(content)
        with pytest.raises(ConfigurationError, match="private key file"):
            check_tls(tmp_path / "a")
    ours.key.write_bytes(key)
    assert check_tls(tmp_path / "a") == ours
