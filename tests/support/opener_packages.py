"""Packages for the opener: the sample request S01 with a capture of any size, sealed to keys that lie in a folder.

Everything is the real thing but the addresses: the header is signed by a key of its own, because rungs 1 to 15 come before.
"""

import hashlib
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from emla.formats import ed1, h1
from emla.formats import header as header_form
from emla.keyring.files import FileUse, StoredKey, make_key, public_of, write_key
from emla.model.documents import CardKey, KeyUse
from emla.model.message import SigningOfficer
from emla.model.package import CardReference, PartRole, Priority, SealedPackage, SealedPayload
from emla.steps.address import address
from emla.steps.seal import SealingPlan, seal

REPOSITORY = Path(__file__).resolve().parents[2]
SCHEMAS = REPOSITORY / "schemas"
_SAMPLE = SCHEMAS / "samples" / "S01"
SENDER, RECIPIENT = "jp.moj", "nl.moj"
NOW = 1_790_000_000

PartBytes = tuple[PartRole, str, str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltPackage:
    """A package as the gateway hands it to the opener."""

    package: SealedPackage
    payload: bytes
    cek: bytes
    manifest: bytes

    @property
    def signed(self) -> bytes:
        """The encoded signed object of the header."""
        return self.package.signed

    @property
    def pid(self) -> bytes:
        """The package id."""
        return self.package.pid


def write_opener_keys(folder: Path) -> tuple[StoredKey, StoredKey]:
    """Write a sealing and a content key; return both."""
    keys = tuple(make_key(use, seed=os.urandom(32), created=NOW) for use in (FileUse.SEAL, FileUse.CONTENT))
    for key in keys:
        write_key(folder, key)
    return keys[0], keys[1]


def sample_parts(capture: bytes) -> list[PartBytes]:
    """The parts of S01, its message naming this capture."""
    xml = (_SAMPLE / "mla-request.xml").read_bytes()
    before, named, after = xml.partition(b"<FileName>hinode-mirai-bank.pcap</FileName>")
    after = re.sub(rb"<SizeBytes>\d+<", b"<SizeBytes>%d<" % len(capture), after, count=1)
    digest = hashlib.sha256(capture).hexdigest().encode()
    after = re.sub(rb"<Sha256>[0-9a-f]{64}<", b"<Sha256>%b<" % digest, after, count=1)
    pdf = "application/pdf"
    return [
        (PartRole.MAIN, "application/xml", "mla-request.xml", before + named + after),
        (PartRole.ANNEX, pdf, "court-order.ja.pdf", (_SAMPLE / "court-order.ja.pdf").read_bytes()),
        (PartRole.TRANSLATION, pdf, "court-order.en.pdf", (_SAMPLE / "court-order.en.pdf").read_bytes()),
        (PartRole.ANNEX, "application/vnd.tcpdump.pcap", "hinode-mirai-bank.pcap", capture),
    ]


def seal_parts(key: StoredKey, parts: list[PartBytes], *, sender: str = SENDER) -> SealedPayload:
    """Seal parts to a sealing key."""
    card = CardReference(version=1, sha256=bytes(32))
    plan = SealingPlan(
        sender=sender,
        recipient=RECIPIENT,
        recipient_key=CardKey(
            kid=key.kid, use=KeyUse.SEAL, alg=h1.NAME, public=public_of(key), not_before=0, not_after=2**40
        ),
        sender_card=card,
        recipient_card=card,
        epoch=1,
        msg=os.urandom(16),
        payload_id=os.urandom(16),
        cek=os.urandom(32),
        salt=os.urandom(32),
        created=NOW,
        expires=NOW + 86400,
        prio=Priority.NORMAL,
        conversation=os.urandom(16),
        message="MLARequest",
        in_reply_to=None,
        officer=SigningOfficer(name="Haruka Minami", post="Legal officer"),
    )
    return seal(plan, parts)


def address_sealed(sealed: SealedPayload, payload: bytes | None = None) -> BuiltPackage:
    """Sign the header of a sealed payload; `payload` replaces the sealed bytes."""
    signer = ed1.SigningKey(os.urandom(32), os.urandom(16).hex())
    held = sealed.payload if payload is None else payload
    assert held is not None
    return BuiltPackage(
        package=address(sealed.draft, seq=1, prev=None, signer=signer),
        payload=held,
        cek=sealed.cek,
        manifest=sealed.manifest,
    )


def build_package(key: StoredKey, parts: list[PartBytes], *, sender: str = SENDER) -> BuiltPackage:
    """Seal parts and sign their header."""
    return address_sealed(seal_parts(key, parts, sender=sender))


def readdress(sealed: SealedPayload, key: StoredKey, payload: bytes, **changes: bytes) -> BuiltPackage:
    """Write an honest-looking header for other sealed bytes, other key commitment or other content commitment.

    Args:
        sealed: a sealed payload.
        key: the recipient's sealing key.
        payload: the sealed bytes the header is to name.
        changes: ``commit`` (the key commitment), ``content`` (the content commitment), ``cek`` (the key in the stanza).
    """
    reference = replace(
        sealed.draft.payload,
        size=len(payload),
        sha256=hashlib.sha256(payload).digest(),
        commit=changes.get("commit", sealed.draft.payload.commit),
    )
    draft = replace(sealed.draft, payload=reference, content=changes.get("content", sealed.draft.content))
    stanza = h1.wrap(public_of(key), changes.get("cek", sealed.cek), header_form.header_binding(draft))
    return address_sealed(replace(sealed, draft=replace(draft, stanza=stanza)), payload)
