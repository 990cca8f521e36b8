"""The part of an authority's books that is about keys, documents and what officers decided; read raw, like `books.py`."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from emla.formats import documents as form
from emla.formats import standing
from emla.formats.export import decode_export
from emla.ledger.leaf import LeafKind
from emla.model.errors import EmlaError
from emla.model.signed import PayloadType
from tests.support.books import Books, reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a document of an authority's, or its status, whose version is its instant."""

    authority: str
    type: PayloadType
    number: int
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredChange:
    """A change and what officers signed about it."""

    sha256: bytes
    type: str
    payload: bytes
    is_published: bool
    approvals: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBooks:
    """What a data folder knows of keys and of those who decide about them."""

    changes: tuple[StoredChange, ...]
    officers: tuple[bytes, ...]
    """Every version of the list of officers, the first first."""
    witnessed: dict[bytes, int]
    """When a checkpoint (its signed lines by SHA-256) of a peer's was first seen."""
    seen: tuple[tuple[str, int, bytes], ...]
    """The largest checkpoint of each ledger, as it was seen outside it: authority, epoch, note."""
    holds: frozenset[int]
    """Legs that were put aside and why is known."""
    leg_counts: dict[tuple[str, str], int]
    """How many legs the database says it has."""


def read_key_books(books: Books) -> KeyBooks:
    """Read the rest of a folder."""
    with reading(books.data) as database:
        approvals: dict[bytes, list[bytes]] = {}
        for change, signed in database.execute("SELECT change, signed FROM approval"):
            approvals.setdefault(change, []).append(signed)
        return KeyBooks(
            changes=tuple(
                StoredChange(
                    sha256=row[0],
                    type=row[1],
                    payload=row[2],
                    is_published=row[3] == "PUBLISHED",
                    approvals=tuple(approvals.get(row[0], ())),
                )
                for row in database.execute("SELECT sha256, type, payload, state FROM change")
            ),
            officers=tuple(
                row[0] for row in database.execute("SELECT payload FROM officers ORDER BY version")
            ),
            witnessed=dict(database.execute("SELECT sha256, at FROM witnessed").fetchall()),
            seen=tuple(database.execute("SELECT authority, epoch, note FROM seen").fetchall()),
            holds=frozenset(row[0] for row in database.execute("SELECT leg FROM hold")),
            leg_counts={
                (row[0], row[1]): row[2]
                for row in database.execute("SELECT kind, state, legs FROM leg_count WHERE legs > 0")
            },
        )


def recorded_documents(books: Books) -> Iterator[tuple[int, bytes]]:
    """Every recorded document and its place among all leaves, in their order."""
    for place, leaf in enumerate(books.all_leaves):
        if leaf.kind == LeafKind.DOCUMENT and leaf.ref in books.documents:
            yield place, books.documents[leaf.ref]


@lru_cache(maxsize=4096)
def versions_in(body: bytes) -> tuple[Version, ...]:
    """The versions that a recorded document names: of itself, or of each document in an export."""
    return tuple(found for each in _signed_in(body) if (found := _version_of(each)))


@lru_cache(maxsize=4096)
def revoked_in(body: bytes) -> tuple[tuple[str, str, int], ...]:
    """The revocations in a recorded document: authority, key id and since when it is not believed."""
    found = []
    for each in _signed_in(body):
        with suppress(EmlaError):
            said = standing.decode_revocation(form.decode_signed(each, PayloadType.REVOCATION).payload)
            if said.kid is not None:
                found.append((said.authority, said.kid, said.invalid_since))
    return tuple(found)


def _signed_in(body: bytes) -> tuple[bytes, ...]:
    try:
        documents = decode_export(body)
    except EmlaError:
        return (body,)
    one = (documents.card, documents.profile, *((documents.status,) if documents.status else ()))
    return (*documents.roots, *one, *documents.revocations)


def _version_of(signed: bytes) -> Version | None:
    for kind, read in _NUMBERED.items():
        with suppress(EmlaError):
            payload = form.decode_signed(signed, kind).payload
            authority, number = read(payload)
            return Version(authority=authority, type=kind, number=number, sha256=form.document_hash(payload))
    return None


def _card(payload: bytes) -> tuple[str, int]:
    card = form.decode_card(payload)
    return card.authority, card.version


def _root(payload: bytes) -> tuple[str, int]:
    root = form.decode_root(payload)
    return root.authority, root.version


def _profile(payload: bytes) -> tuple[str, int]:
    profile = form.decode_profile(payload)
    return profile.authority, profile.version


def _status(payload: bytes) -> tuple[str, int]:
    status = standing.decode_status(payload)
    return status.authority, status.at


_NUMBERED: dict[PayloadType, Callable[[bytes], tuple[str, int]]] = {
    PayloadType.CARD: _card,
    PayloadType.ROOT: _root,
    PayloadType.PROFILE: _profile,
    PayloadType.STATUS: _status,
}
