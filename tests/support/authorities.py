"""Authorities for tests: two or three states with keys, documents and a ledger, who seal packages for each
other.

Here: `party` makes an authority with root, card and profile; `build` seals a package stage by stage, and a
hostile sender can change something at each stage (what it signs afterwards is consistent with the lie).
Not here: acknowledgements (acknowledging.py), a gateway, a clock, a network.

Rules of the file: everything is derived from names, so a package is the same in every run, except for the
HPKE wrap, which the library randomises; give `wrap` a deterministic one where bytes must repeat. These keys
protect nothing.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from emla.formats import cc1, dsse, ed1, h1, strict_json
from emla.formats import documents as documents_form
from emla.formats import header as header_form
from emla.formats import manifest as manifest_form
from emla.formats.binding import key_id
from emla.formats.strict_json import Json
from emla.ledger import checkpoint as checkpoint_form
from emla.model.documents import (
    Authority,
    Card,
    CardKey,
    Documents,
    Endpoint,
    KeyUse,
    Profile,
    Root,
    RootKey,
)
from emla.model.message import SigningOfficer
from emla.model.package import (
    SUITES,
    CardReference,
    Header,
    Manifest,
    Part,
    PartRole,
    PayloadReference,
    Priority,
)
from emla.model.signed import PayloadType
from emla.steps.acknowledge import Subject, signature_hash
from emla.steps.trust import trust_documents
from emla.steps.verify_package import Addressee

NOW = 1_790_000_000
"""The instant at which all of this happens (September 2026)."""
DAY = 86400
MAIN = b"<MLARequest>not a real one</MLARequest>\n"
Parts = tuple[tuple[PartRole, str, str, bytes], ...]
PARTS: Parts = (
    (PartRole.MAIN, "application/xml", "request.xml", MAIN),
    (PartRole.ANNEX, "application/pdf", "order.pdf", b"%PDF-1.7 nothing"),
)
Wrap = Callable[[bytes, bytes, bytes], bytes]
Changes = Mapping[str, Json | None]
"""Dotted paths into a JSON object and their new values; None removes the member."""


def derived(*names: str | int, length: int = 32) -> bytes:
    """Bytes that stand for fresh random ones: the same for the same names."""
    text = "/".join(str(name) for name in ("emla test", *names))
    return hashlib.shake_256(text.encode()).digest(length)


def changed(data: bytes, changes: Changes) -> bytes:
    """Re-encode a JSON object with some members replaced, added or (None) removed."""
    whole = cast(dict[str, Json], json.loads(data))
    for path, value in changes.items():
        *way, last = path.split(".")
        place: Json = whole
        for step in way:
            place = place[int(step)] if isinstance(place, list) else cast(dict[str, Json], place)[step]
        if isinstance(place, list):
            place[int(last)] = cast(Json, value)
        elif value is None:
            del cast(dict[str, Json], place)[last]
        else:
            cast(dict[str, Json], place)[last] = value
    return strict_json.encode(whole)


def signing_key(*names: str | int) -> ed1.SigningKey:
    """An Ed25519 key under its right id."""
    seed = derived("key", *names)
    return ed1.SigningKey(seed, key_id(ed1.NAME, ed1.SigningKey(seed, "").public))


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An authority with all its private keys."""

    id: str
    roots: tuple[ed1.SigningKey, ...]
    """Three; any two of them are the threshold."""
    sign: ed1.SigningKey
    ledger: ed1.SigningKey
    seal: h1.SealingKey
    authority: Authority
    """What others trust after they have imported its documents."""

    @property
    def card(self) -> CardReference:
        """The card as headers and acknowledgements name it."""
        return CardReference(version=self.authority.card.version, sha256=self.authority.card_sha256)

    @property
    def seal_seed(self) -> bytes:
        """The seed of the sealing key."""
        return derived("key", self.id, "seal")

    @property
    def addressee(self) -> Addressee:
        """This authority as `verify_package` wants it."""
        return Addressee(
            authority=self.id, sealing_kids=frozenset({self.seal.kid}), payload_bytes_max=1 << 30
        )

    def find_key(self, kid: str) -> h1.SealingKey | None:
        """The sealing key of an id, as `unseal` wants it."""
        return self.seal if kid == self.seal.kid else None


def find(*parties: Party) -> Callable[[str], Authority | None]:
    """The pinned authorities, as `verify_package` wants them."""
    return {each.id: each.authority for each in parties}.get


def root_of(authority: str, keys: tuple[ed1.SigningKey, ...]) -> Root:
    """A first root: two of these keys speak for the authority."""
    return Root(
        authority=authority,
        version=1,
        keys=tuple(RootKey(kid=key.kid, public=key.public) for key in keys),
        threshold=min(2, len(keys)),
        created=NOW - 30 * DAY,
        expires=NOW + 300 * DAY,
        prev=None,
    )


def card_of(authority: str, sign: ed1.SigningKey, ledger: ed1.SigningKey, seal: h1.SealingKey) -> Card:
    """A first card with one key of each use."""
    keys = (
        (sign.kid, KeyUse.SIGN, ed1.NAME, sign.public),
        (ledger.kid, KeyUse.LEDGER, ed1.NAME, ledger.public),
        (seal.kid, KeyUse.SEAL, h1.NAME, seal.public),
    )
    return Card(
        authority=authority,
        version=1,
        root_version=1,
        keys=tuple(
            CardKey(
                kid=kid, use=use, alg=alg, public=public, not_before=NOW - 30 * DAY, not_after=NOW + 300 * DAY
            )
            for kid, use, alg, public in keys
        ),
        endpoints=(
            Endpoint(url=f"https://{authority}.example:8443/", spki_sha256=derived(authority, "tls")),
        ),
        hubs=(),
        suites=SUITES,
        ledger_origin=checkpoint_form.origin_of(authority, 1),
        epoch=1,
        payload_bytes_max=1 << 40,
        created=NOW - 30 * DAY,
        expires=NOW + 300 * DAY,
    )


def profile_of(authority: str) -> Profile:
    """A first profile."""
    return Profile(
        authority=authority,
        version=1,
        country=authority[:2].upper(),
        names=(("en", f"Central authority {authority}"),),
        contacts=(("telephone", "+43 1 000000"),),
        languages=("en",),
        electronic_acceptance="yes",
        time_zone="Europe/Vienna",
        office_hours="Mon-Fri 08:00-16:00",
        created=NOW - 30 * DAY,
    )


def documents_of(root: Root, card: Card, profile: Profile, keys: "DocumentKeys") -> Documents:
    """Sign and encode a set of documents: root and card by two root keys, the profile by the sign key."""
    return Documents(
        roots=(dsse.sign(PayloadType.ROOT, documents_form.encode_root(root), *keys.roots[:2]),),
        card=dsse.sign(PayloadType.CARD, documents_form.encode_card(card), *keys.roots[:2]),
        profile=dsse.sign(PayloadType.PROFILE, documents_form.encode_profile(profile), keys.sign),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKeys:
    """Who signs documents."""

    roots: tuple[ed1.SigningKey, ...]
    sign: ed1.SigningKey


def party(authority: str) -> Party:
    """Make an authority: the same keys and documents whenever the id is the same."""
    roots = tuple(signing_key(authority, "root", number) for number in range(3))
    sign, ledger = signing_key(authority, "sign"), signing_key(authority, "ledger")
    seed = derived("key", authority, "seal")
    seal = h1.SealingKey(seed, key_id(h1.NAME, h1.SealingKey(seed).public))
    documents = documents_of(
        root_of(authority, roots),
        card_of(authority, sign, ledger, seal),
        profile_of(authority),
        DocumentKeys(roots=roots, sign=sign),
    )
    return Party(
        id=authority, roots=roots, sign=sign, ledger=ledger, seal=seal, authority=trust_documents(documents)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package on the wire, and what only its sender knows."""

    header_bytes: bytes
    """The payload of the signed object; its SHA-256 is the package id."""
    signed: bytes
    payload: bytes
    stream: bytes
    manifest: bytes
    cek: bytes

    @property
    def pid(self) -> bytes:
        """The package id."""
        return header_form.package_id(self.header_bytes)

    @property
    def header(self) -> Header:
        """The decoded header, where it decodes."""
        return header_form.decode(self.header_bytes)

    @property
    def subject(self) -> Subject:
        """What an acknowledgement speaks about."""
        signature = signature_hash(header_form.decode_signed(self.signed))
        return Subject(header=self.header, pid=self.pid, signature_sha256=signature)

    def read(self, start: int, end: int) -> bytes:
        """Access to the payload, as `unseal` wants it."""
        return self.payload[start:end]


def _same(data: bytes) -> bytes:
    return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """What a hostile sender does at each stage, in the order of the stages. The default does nothing."""

    manifest: Changes | None = None
    manifest_bytes: Callable[[bytes], bytes] = _same
    stream: Callable[[bytes], bytes] = _same
    payload: Callable[[bytes], bytes] = _same
    """Before the header is made: size and hash in the header are those of the changed payload."""
    commit: Callable[[bytes], bytes] = _same
    wrapped_cek: Callable[[bytes], bytes] = _same
    stanza: Callable[[bytes], bytes] = _same
    header: Changes | None = None
    """After the stanza was bound: a changed member leaves the binding behind."""
    header_bytes: Callable[[bytes], bytes] = _same
    envelope: Changes | None = None
    signed: Callable[[bytes], bytes] = _same


NOTHING = Tampering()


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The random values of one package."""

    cek: bytes
    salt: bytes
    msg: bytes
    payload_id: bytes


def secrets_of(sender: str, recipient: str, number: int) -> Secrets:
    """The values that stand for random ones in package `number` of this channel."""
    names = (sender, recipient, number)
    return Secrets(
        cek=derived("cek", *names),
        salt=derived("salt", *names),
        msg=derived("msg", *names, length=16),
        payload_id=derived("payload id", *names, length=16),
    )


def build(
    sender: Party,
    recipient: Party,
    *,
    number: int = 1,
    parts: Parts = PARTS,
    tampering: Tampering = NOTHING,
    signer: ed1.SigningKey | None = None,
    secrets: Secrets | None = None,
    wrap: Wrap = h1.wrap,
) -> Package:
    """Seal, address and sign package `number` of the channel from `sender` to `recipient`.

    With a `tampering` the result is what a hostile sender with its own keys would really send. `signer` signs
    in place of
    the sender's `sign` key; `secrets` replace the values derived from the channel and the number.
    """
    fresh = secrets or secrets_of(sender.id, recipient.id, number)
    manifest = _manifest(sender.id, recipient.id, parts, fresh, tampering)
    zeros, end = manifest_form.trailer(sum(len(part[3]) for part in parts), manifest)
    stream = tampering.stream(b"".join(part[3] for part in parts) + bytes(zeros) + end)
    pbind = header_form.payload_binding(cc1.NAME, sender.id, fresh.payload_id)
    payload = tampering.payload(cc1.seal_all(header_form.payload_key(fresh.cek, pbind), stream))
    draft = Header(
        msg=fresh.msg,
        sender=sender.id,
        recipient=recipient.id,
        epoch=1,
        seq=number,
        prev=None if number == 1 else derived("prev", sender.id, recipient.id, number),
        kid=recipient.seal.kid,
        stanza=b"",
        created=NOW,
        expires=NOW + 60 * DAY,
        prio=Priority.NORMAL,
        payload=PayloadReference(
            id=fresh.payload_id,
            size=len(payload),
            sha256=hashlib.sha256(payload).digest(),
            commit=tampering.commit(header_form.key_commitment(fresh.cek, pbind)),
        ),
        content=header_form.content_commitment(manifest),
        sender_card=sender.card,
        recipient_card=recipient.card,
    )
    stanza = wrap(recipient.seal.public, tampering.wrapped_cek(fresh.cek), header_form.header_binding(draft))
    members = {"stanza": strict_json.encode_octets(tampering.stanza(stanza))}
    header_bytes = changed(header_form.encode(draft), {**members, **(tampering.header or {})})
    header_bytes = tampering.header_bytes(header_bytes)
    signed = dsse.sign(PayloadType.HEADER, header_bytes, signer or sender.sign)
    if tampering.envelope:
        signed = changed(signed, tampering.envelope)
    return Package(
        header_bytes=header_bytes,
        signed=tampering.signed(signed),
        payload=payload,
        stream=stream,
        manifest=manifest,
        cek=fresh.cek,
    )


def _manifest(sender: str, recipient: str, parts: Parts, fresh: Secrets, tampering: Tampering) -> bytes:
    honest = manifest_form.encode(
        Manifest(
            salt=fresh.salt,
            sender=sender,
            recipients=(recipient,),
            payload_id=fresh.payload_id,
            conversation=derived("conversation", length=16),
            message="MLARequest",
            in_reply_to=None,
            officer=SigningOfficer(name="A. Officer", post="Prosecutor"),
            created=NOW,
            parts=tuple(
                Part(role=role, media=media, name=name, size=len(data), sha256=hashlib.sha256(data).digest())
                for role, media, name, data in parts
            ),
        )
    )
    return tampering.manifest_bytes(changed(honest, tampering.manifest) if tampering.manifest else honest)
