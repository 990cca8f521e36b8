"""What people do with keys, for tests: root keys from the folder that `initialise` left, two officers, next cards and roots.

These are the acts of a ceremony, done by functions: everything they make is signed and encoded as the real thing.
"""

import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from emla.formats import documents as form
from emla.formats import dsse, ed1, standing
from emla.formats.approval import encode_approval, encode_officers
from emla.formats.binding import key_id
from emla.keyring.files import FileUse, StoredKey, make_key, public_of, read_key, write_key
from emla.model.documents import (
    Approval,
    ApprovalAct,
    Authority,
    Card,
    CardKey,
    KeyUse,
    Officer,
    Officers,
    Revocation,
    Root,
    RootKey,
)
from emla.model.signed import PayloadType
from tests.support.authorities import signing_key

DAY = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A key officer with the personal key."""

    name: str
    key: ed1.SigningKey

    @property
    def officer(self) -> Officer:
        return Officer(name=self.name, kid=self.key.kid, public=self.key.public)


ADA = Person(name="Ada", key=signing_key("officer", "ada"))
BEN = Person(name="Ben", key=signing_key("officer", "ben"))
EVE = Person(name="Eve", key=signing_key("officer", "eve"))


def root_key(data: Path) -> ed1.SigningKey:
    """The root key that `initialise` left in the folder, as if it came from removable media."""
    (path,) = (data / "root").glob("root-*.json")
    stored = read_key(path)
    return ed1.SigningKey(stored.seed, stored.kid)


def new_key(data: Path, use: FileUse, now: int) -> StoredKey:
    """A new private key in the folder of keys."""
    key = make_key(use, seed=secrets.token_bytes(32), created=now)
    write_key(data / "keys", key)
    return key


def listed(key: StoredKey, begins: int, days: float) -> CardKey:
    """A key as a card lists it."""
    return CardKey(
        kid=key.kid,
        use=KeyUse(key.use.value),
        alg=key.alg,
        public=public_of(key),
        not_before=begins,
        not_after=begins + int(days * DAY),
    )


def next_card(authority: Authority, now: int, *more: CardKey, **changes: object) -> Card:
    """The next card: more keys, the old ones kept."""
    card = replace(
        authority.card,
        version=authority.card.version + 1,
        keys=(*authority.card.keys, *more),
        created=now,
        expires=now + 300 * DAY,
    )
    return replace(card, **changes)  # type: ignore[arg-type]  # a test names the members it changes


def signed_card(card: Card, *keys: ed1.SigningKey) -> bytes:
    return dsse.sign(PayloadType.CARD, form.encode_card(card), *keys)


def next_root(authority: Authority, now: int, *keys: ed1.SigningKey, threshold: int = 1) -> Root:
    """The next root, with these keys."""
    return Root(
        authority=authority.id,
        version=authority.root.version + 1,
        keys=tuple(RootKey(kid=key.kid, public=key.public) for key in keys),
        threshold=threshold,
        created=now,
        expires=now + 300 * DAY,
        prev=authority.root_sha256,
    )


def signed_root(root: Root, *keys: ed1.SigningKey) -> bytes:
    return dsse.sign(PayloadType.ROOT, form.encode_root(root), *keys)


def fresh_root_key() -> ed1.SigningKey:
    seed = secrets.token_bytes(32)
    return ed1.SigningKey(seed, key_id(ed1.NAME, ed1.SigningKey(seed, "").public))


def officers_of(authority: str, now: int, *people: Person) -> bytes:
    """A first list of officers."""
    return encode_officers(
        Officers(
            authority=authority,
            version=1,
            officers=tuple(each.officer for each in people),
            created=now,
            prev=None,
        )
    )


def word(
    person: Person, act: ApprovalAct, authority: str, kind: PayloadType, payload: bytes, now: int
) -> bytes:
    """An officer's signed word about a document."""
    approval = Approval(
        authority=authority,
        act=act,
        document_type=kind,
        document_sha256=form.document_hash(payload),
        officer=person.key.kid,
        at=now,
    )
    return dsse.sign(PayloadType.APPROVAL, encode_approval(approval), person.key)


def revocation_of(
    authority: Authority, root: ed1.SigningKey, kid: str | None, now: int, *, since: int | None = None
) -> bytes:
    """A signed revocation; of the whole authority (a freeze) where `kid` is None."""
    return dsse.sign(
        PayloadType.REVOCATION,
        standing.encode_revocation(
            Revocation(
                authority=authority.id,
                root_version=authority.root.version,
                kid=kid,
                invalid_since=now if since is None else since,
                created=now,
                reason="A test.",
            )
        ),
        root,
    )
