"""Signed objects and keys: the values every signature check speaks about. No cryptography here."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class PayloadType(StrEnum):
    """The DSSE payload types of emla/1. A verifier asks for one; it never takes what the message claims."""

    HEADER = "application/vnd.emla.header.v1+json"
    ACKNOWLEDGEMENT = "application/vnd.emla.acknowledgement.v1+json"
    ROOT = "application/vnd.emla.root.v1+json"
    CARD = "application/vnd.emla.card.v1+json"
    PROFILE = "application/vnd.emla.profile.v1+json"
    STATUS = "application/vnd.emla.status.v1+json"
    REVOCATION = "application/vnd.emla.revocation.v1+json"
    APPROVAL = "application/vnd.emla.approval.v1+json"
    OFFICERS = "application/vnd.emla.officers.v1+json"
    ACT = "application/vnd.emla.act.v1+json"
    PING = "application/vnd.emla.ping.v1+json"
    CHANNEL = "application/vnd.emla.channel.v1+json"
    ACCESSES = "application/vnd.emla.accesses.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature of a signed object: who claims to have signed, and the 64 bytes."""

    kid: str
    sig: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedObject:
    """A DSSE envelope taken apart, not yet verified."""

    payload_type: PayloadType
    payload: bytes
    signatures: tuple[Signature, ...]


class Signer(Protocol):
    """Whatever can sign with one private key: a key file, a token."""

    @property
    def kid(self) -> str:
        """The key's id (32 hexadecimal digits)."""
        ...

    @property
    def public(self) -> bytes:
        """The 32-byte public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of the message."""
        ...
