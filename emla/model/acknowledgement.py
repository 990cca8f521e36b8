"""Acknowledgements: signed technical proof of how a package was handled. None of them is a legal act.

Event names are those of ETSI EN 319 522; `Erasure` and the hub's events are ours.
"""

from dataclasses import dataclass
from enum import StrEnum


class Event(StrEnum):
    """What is acknowledged."""

    SUBMISSION_ACCEPTANCE = "SubmissionAcceptance"
    SUBMISSION_REJECTION = "SubmissionRejection"
    RELAY_ACCEPTANCE = "RelayAcceptance"
    RELAY_REJECTION = "RelayRejection"
    RELAY_FAILURE = "RelayFailure"
    CONTENT_CONSIGNMENT = "ContentConsignment"
    CONTENT_CONSIGNMENT_FAILURE = "ContentConsignmentFailure"
    CONTENT_HANDOVER = "ContentHandover"
    HUB_ACCEPTANCE = "HubAcceptance"
    HUB_REJECTION = "HubRejection"


ISSUED_BY_SENDER = frozenset({Event.SUBMISSION_ACCEPTANCE, Event.SUBMISSION_REJECTION, Event.RELAY_FAILURE})
"""Events the sender's gateway issues."""
ISSUED_BY_HUB = frozenset({Event.HUB_ACCEPTANCE, Event.HUB_REJECTION})
"""Events a hub issues, which is neither sender nor recipient; all others are the recipient's. They never mean delivery."""

OTHER_ANSWER = {
    Event.RELAY_ACCEPTANCE: Event.RELAY_REJECTION,
    Event.RELAY_REJECTION: Event.RELAY_ACCEPTANCE,
    Event.HUB_ACCEPTANCE: Event.HUB_REJECTION,
    Event.HUB_REJECTION: Event.HUB_ACCEPTANCE,
}
"""Yes and no to one question: whoever has signed the one for a package never signs the other."""

NEGATIVE = frozenset(
    {
        Event.SUBMISSION_REJECTION,
        Event.RELAY_REJECTION,
        Event.RELAY_FAILURE,
        Event.CONTENT_CONSIGNMENT_FAILURE,
        Event.HUB_REJECTION,
    }
)
"""Events that say no; they alone carry a reason."""

PROVES = {
    Event.SUBMISSION_ACCEPTANCE: "sealed, durable at the sender, will be tried until expiry",
    Event.SUBMISSION_REJECTION: "refused by the sender's own gateway",
    Event.RELAY_ACCEPTANCE: "durable at the recipient authority (technical delivery, not acceptance of the request)",
    Event.RELAY_REJECTION: "refused by the recipient's gateway before acceptance",
    Event.RELAY_FAILURE: "not delivered: it expired, or two officers of the sender gave it up",
    Event.CONTENT_CONSIGNMENT: "decrypted, verified, schema-valid, in the recipient's inbox",
    Event.CONTENT_CONSIGNMENT_FAILURE: "could not be opened or verified at the recipient",
    Event.CONTENT_HANDOVER: "opened by an authorised officer of the recipient",
    Event.HUB_ACCEPTANCE: "durable at a hub for the recipient to collect (not delivery)",
    Event.HUB_REJECTION: "refused by a hub; the sender goes on trying",
}
"""What each event proves, in words for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """What an acknowledgement says (docs/spec/acknowledgements.md). `at` is the issuer's clock, UNIX seconds."""

    event: Event
    pid: bytes
    payload_id: bytes
    payload_sha256: bytes
    sender: str
    recipient: str
    by: str
    msg: bytes
    epoch: int
    seq: int
    at: int
    card_version: int
    card_sha256: bytes
    header_signature_sha256: bytes
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """An acknowledgement with its place in the issuer's ledger: the bytes that are stored and repeated."""

    signed: bytes
    """The encoded signed object."""
    index: int
    """The leaf's index."""
    proof: tuple[bytes, ...]
    """The inclusion proof, from the leaf upwards."""
    checkpoint: bytes
    """The signed checkpoint the proof leads to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedAcknowledgement:
    """An acknowledgement whose signature, proof and checkpoint hold and which fits the package it names."""

    acknowledgement: Acknowledgement
    aid: bytes
    """SHA-256 of the acknowledgement's payload bytes."""
    signed: bytes
    stored: bytes
    """The encoded bundle as received."""
    origin: str
    """The issuer's ledger that it stands in."""
    size: int
    """The size of that ledger, as the checkpoint of the bundle says."""
    note: bytes
    """That checkpoint."""
