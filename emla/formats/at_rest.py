"""What stays at rest: records under an authority's own content key (docs/explanation/at-rest.md).

A record keeps what is needed to show a package later: manifest, content key and findings. It is sealed with
XChaCha20-Poly1305 under the content key, bound to the package id. To forget a message is to delete its record.
"""

from nacl import bindings, exceptions

from emla.formats import strict_json
from emla.formats.strict_json import Json, Members, encode_octets
from emla.model.errors import MalformedError
from emla.model.findings import REASON_CHARACTERS_MAX, Finding, Severity
from emla.model.record import Record

VERSION = 1
KEY_BYTES = 32
NONCE_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_RECORD_BYTES_MAX = 32 * 1024 * 1024
"""Room for the largest manifest and the most findings, all of them escaped: what is sealed can be opened."""
_TAG_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES
_FINDINGS_MAX = 2000
_LABEL = b"emla/1 record\0"


def seal_record(record: Record, *, content_key: bytes, nonce: bytes, pid: bytes) -> bytes:
    """Seal a record for storage: nonce (24 bytes) and ciphertext."""
    plain = strict_json.encode(
        {
            "v": VERSION,
            "manifest": encode_octets(record.manifest),
            "cek": encode_octets(record.cek),
            "findings": [_encode_finding(each) for each in record.findings[:_FINDINGS_MAX]],
        }
    )
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, _LABEL + pid, nonce, content_key)
    return nonce + sealed


def open_record(sealed: bytes, *, content_key: bytes, pid: bytes) -> Record | None:
    """Open a stored record; None when key, package id or bytes do not fit."""
    if len(sealed) < NONCE_BYTES + _TAG_BYTES:  # the binding would ask for an array of negative length
        return None
    nonce, box = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(box, _LABEL + pid, nonce, content_key)
        members = Members(strict_json.decode(plain, _RECORD_BYTES_MAX), "record")
        members.integer("v", VERSION, VERSION)
        record = Record(
            manifest=members.octets("manifest"),
            cek=members.octets("cek", 32),
            findings=tuple(_decode_finding(each) for each in members.objects("findings", _FINDINGS_MAX)),
        )
        members.finish()
    except (exceptions.CryptoError, exceptions.ValueError, MalformedError):
        return None
    return record


def _encode_finding(finding: Finding) -> Json:
    members: dict[str, Json] = {
        "rule": finding.rule[:256],
        "severity": finding.severity.value,
        "message": finding.message[:1000],
        "path": finding.path[:400],
        "source": finding.source[:200],
    }
    if finding.override:
        members["override"] = finding.override[:REASON_CHARACTERS_MAX]
    if finding.line is not None:
        members["line"] = finding.line
    return members


def _decode_finding(members: Members) -> Finding:
    try:
        severity = Severity(members.text("severity"))
    except ValueError as error:
        raise MalformedError("record holds a finding of unknown severity.") from error
    finding = Finding(
        rule=members.text("rule"),
        severity=severity,
        message=members.text("message", longest=1000),
        line=members.integer("line") if members.has("line") else None,
        path=members.text("path", longest=400),
        source=members.text("source", longest=200),
        override=members.text("override", longest=REASON_CHARACTERS_MAX) if members.has("override") else "",
    )
    members.finish()
    return finding
