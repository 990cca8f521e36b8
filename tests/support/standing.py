"""Statuses, revocations, second roots and approvals for tests: what an authority of `authorities` says about its documents.

Rules of the file: as there; the same arguments give the same bytes.
"""

from collections.abc import Sequence
from dataclasses import replace

from emla.formats import approval as approval_form
from emla.formats import documents as documents_form
from emla.formats import dsse, ed1, standing
from emla.model.documents import (
    Approval,
    ApprovalAct,
    Authority,
    Card,
    Documents,
    Officer,
    Officers,
    Revocation,
    RootKey,
    Status,
)
from emla.model.signed import PayloadType
from emla.steps.trust import revocation_hash, trust_documents
from tests.support.authorities import DAY, NOW, Party, signing_key


def revocation_of(
    party: Party, kid: str | None, *, since: int = NOW - DAY, created: int = NOW, root: int = 1
) -> Revocation:
    """A revocation of a key; of the whole authority without one."""
    return Revocation(
        authority=party.id,
        root_version=root,
        kid=kid,
        invalid_since=since,
        created=created,
        reason="A laptop was stolen.",
    )


def revoke(
    party: Party,
    kid: str | None,
    *signers: ed1.SigningKey,
    since: int = NOW - DAY,
    created: int = NOW,
    root: int = 1,
) -> bytes:
    """A signed revocation, by the first root key unless said."""
    payload = standing.encode_revocation(revocation_of(party, kid, since=since, created=created, root=root))
    return dsse.sign(PayloadType.REVOCATION, payload, *(signers or party.roots[:1]))


def status_of(authority: Authority, *, at: int = NOW, checkpoint: bytes = b"") -> Status:
    """What an authority says today: everything it has is current."""
    profile = documents_form.decode_signed(authority.documents.profile, PayloadType.PROFILE).payload
    return Status(
        authority=authority.id,
        at=at,
        expires=at + 7 * DAY,
        root_version=authority.root.version,
        root_sha256=authority.root_sha256,
        card_version=authority.card.version,
        card_sha256=authority.card_sha256,
        profile_version=authority.profile.version,
        profile_sha256=documents_form.document_hash(profile),
        revocations=tuple(sorted(revocation_hash(each) for each in authority.documents.revocations)),
        checkpoint=checkpoint,
    )


def signed_status(status: Status, signer: ed1.SigningKey) -> bytes:
    """A status, signed."""
    return dsse.sign(PayloadType.STATUS, standing.encode_status(status), signer)


def with_status(
    authority: Authority, signer: ed1.SigningKey, *, at: int = NOW, checkpoint: bytes = b""
) -> Documents:
    """The documents of an authority with a status of an instant."""
    status = status_of(authority, at=at, checkpoint=checkpoint)
    return replace(authority.documents, status=signed_status(status, signer))


def revoking(party: Party, *revocations: bytes, at: int | None = None) -> Authority:
    """A party's authority with revocations, its profile known before; with a status of its sign key where one is asked for."""
    documents = replace(party.authority.documents, revocations=revocations)
    authority = trust_documents(documents, known=documents)
    if at is None:
        return authority
    return trust_documents(with_status(authority, party.sign, at=at), known=documents)


def rotated(
    party: Party,
    *,
    number: int = 2,
    card: Card | None = None,
    kept: int = 0,
    revocations: Sequence[bytes] = (),
) -> tuple[Documents, tuple[ed1.SigningKey, ...]]:
    """The documents after a rotation to root version 2, and its three keys; the first `kept` of them are the old ones."""
    fresh = (
        *party.roots[:kept],
        *(signing_key(party.id, f"root {number}", each) for each in range(3 - kept)),
    )
    root = party.authority.root
    payload = documents_form.encode_root(
        replace(
            root,
            version=2,
            keys=tuple(RootKey(kid=key.kid, public=key.public) for key in fresh),
            prev=party.authority.root_sha256,
        )
    )
    signers = {key.kid: key for key in (*party.roots[:2], *fresh[:2])}
    next_card = replace(card or party.authority.card, root_version=2)
    return (
        replace(
            party.authority.documents,
            roots=(*party.authority.documents.roots, dsse.sign(PayloadType.ROOT, payload, *signers.values())),
            card=dsse.sign(PayloadType.CARD, documents_form.encode_card(next_card), *fresh[:2]),
            revocations=tuple(revocations),
        ),
        fresh,
    )


def officer_key(name: str) -> ed1.SigningKey:
    """A key officer's personal key."""
    return signing_key("officer", name)


def officers_of(authority: str, *names: str, version: int = 1, prev: bytes | None = None) -> Officers:
    """A list of key officers."""
    keys = {name: officer_key(name) for name in names}
    return Officers(
        authority=authority,
        version=version,
        officers=tuple(Officer(name=name, kid=key.kid, public=key.public) for name, key in keys.items()),
        created=NOW,
        prev=prev,
    )


def approval_by(
    name: str,
    act: ApprovalAct,
    document_sha256: bytes,
    *,
    authority: str = "at.moj",
    kind: PayloadType = PayloadType.CARD,
    at: int = NOW,
    signer: ed1.SigningKey | None = None,
) -> bytes:
    """An officer's signed word about a document."""
    key = officer_key(name)
    approval = Approval(
        authority=authority,
        act=act,
        document_type=kind,
        document_sha256=document_sha256,
        officer=key.kid,
        at=at,
    )
    return dsse.sign(PayloadType.APPROVAL, approval_form.encode_approval(approval), signer or key)
