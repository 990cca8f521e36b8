"""problem+json (RFC 9457) -> the error it stands for: the class says who must act, the code what happened."""

from emla.client.answers import read_findings
from emla.client.reading import decode_answer
from emla.model.codes import CODES
from emla.model.errors import (
    ConfigurationError,
    EmlaError,
    InvalidAcknowledgementError,
    InvalidDocumentError,
    InvalidMessageError,
    InvalidPackageError,
    LedgerIntegrityError,
    NotFoundError,
    StoreError,
    TransportError,
)

_CLASSES: dict[type[EmlaError], frozenset[str]] = {
    InvalidMessageError: frozenset(
        {
            "invalid-message",
            "malformed-xml",
            "unknown-recipient",
            "not-sender",
            "missing-attachment",
            "bad-request",
            "method-not-allowed",
        }
        | {
            "role-conflict",
            "own-rights",
            "no-custodian",
            "name-taken",
            "unnamed-attachment",
            "attachment-changed",
            "case-changed",
            "message-id-reused",
            "not-readable",
            "recalled",
            "use-ended",
            "retention-ended",
            "unusable",
            "unsupported-encoding",
        }
    ),
    InvalidPackageError: frozenset(
        {"malformed", "bad-signature", "digest-mismatch", "unknown-sender", "unknown-kid", "not-recipient"}
        | {
            "clock-skew",
            "expired",
            "bad-suite",
            "too-large",
            "already-held",
            "equivocation",
            "stanza-mismatch",
        }
        | {"commit-mismatch", "chunk-damaged", "manifest-mismatch", "part-mismatch", "three-strikes"}
    ),
    InvalidAcknowledgementError: frozenset({"unknown-package", "proof-mismatch", "acknowledgement-mismatch"}),
    InvalidDocumentError: frozenset(
        {"invalid-document", "document-expired", "document-rollback", "fingerprint-mismatch", "peer-conflict"}
    ),
    TransportError: frozenset(
        {
            "peer-unreachable",
            "peer-nonsense",
            "wrong-pin",
            "timeout",
            "refused-endpoint",
            "busy",
            "guessing",
            "processing",
            "stopping",
        }
    ),
    StoreError: frozenset({"disk-full", "store-failed", "newer-schema"}),
    NotFoundError: frozenset({"not-found"}),
    LedgerIntegrityError: frozenset({"ledger-broken", "migration-changed"}),
}
_CLASS_OF = {code: kind for kind, codes in _CLASSES.items() for code in codes}


_IN_THE_LOG = frozenset({"internal", "store-failed"})
"""Codes whose remedy is in the log: the correlation id is told with them."""


def error_of_problem(body: bytes, status: int) -> EmlaError:
    """The error a problem answer stands for. What is no problem document becomes ``unreadable-answer``."""
    try:
        answer = decode_answer(body, f"the answer with status {status}")
        code = answer.text("code")
        detail = answer.optional("detail", answer.text) or ""
        findings = answer.optional("findings", lambda name: read_findings(answer, name)) or ()
        correlation_id = answer.optional("correlation_id", answer.text)
    except ConfigurationError as error:
        return error
    if code in _IN_THE_LOG and correlation_id:
        detail = f"{detail} Correlation id: {correlation_id}.".strip()
    if code not in CODES:
        # A newer server may know more codes than we do. What it said is kept.
        return ConfigurationError("unreadable-answer", f"The server answered '{code}': {detail}")
    return _CLASS_OF.get(code, ConfigurationError)(code, detail, findings=findings)
