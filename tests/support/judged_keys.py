"""The part of the oracle about keys and documents: 16, 17, 18 and 26."""

from collections.abc import Iterator
from hashlib import sha256

from emla.formats import header as header_form
from emla.formats.approval import decode_officers
from emla.ledger.checkpoint import checkpoint_text
from emla.ledger.checkpoint import decode as decode_checkpoint
from emla.ledger.leaf import LeafKind
from emla.model.documents import Officers
from emla.model.errors import EmlaError
from emla.model.signed import PayloadType
from emla.steps.approve import verify_change
from tests.support.books import Books
from tests.support.key_books import KeyBooks, read_key_books, recorded_documents, revoked_in, versions_in
from tests.support.violation import Found, short, violation

_GROWING = frozenset({PayloadType.CARD, PayloadType.ROOT, PayloadType.PROFILE})
_DECIDED = frozenset({PayloadType.CARD, PayloadType.ROOT})
"""Documents whose next versions two officers decide."""


def keys_are_kept(books: Books) -> Found:
    """Everything about keys."""
    more = read_key_books(books)
    yield from versions_stand(books)
    yield from revoked_keys_end(books, more)
    yield from suites_are_published(books)
    yield from two_officers_decided(books, more)


def versions_stand(books: Books) -> Found:
    """16: a version of a document, once seen, is that one for ever; and what is kept of an authority never goes back."""
    first: dict[tuple[str, PayloadType, int], bytes] = {}
    newest: dict[tuple[str, PayloadType], int] = {}
    for _, body in recorded_documents(books):
        for each in versions_in(body):
            key = (each.authority, each.type, each.number)
            if first.setdefault(key, each.sha256) != each.sha256:
                yield violation(
                    16, books, f"{each.authority} has two different {each.type} of version {each.number}"
                )
            kind = (each.authority, each.type)
            newest[kind] = max(newest.get(kind, 0), each.number)
    known = {books.id: books.authority} | {name: each for name, each in books.peers.items() if each}
    for name, authority in known.items():
        for type_, number in (
            (PayloadType.CARD, authority.card.version),
            (PayloadType.ROOT, authority.root.version),
            (PayloadType.PROFILE, authority.profile.version),
            (PayloadType.STATUS, authority.fresh_at),
        ):
            if number < newest.get((name, type_), 0):
                yield violation(16, books, f"the {type_} of {name} went back to version {number}")


def revoked_keys_end(books: Books, more: KeyBooks) -> Found:
    """17: what a revoked key signed is here only if it was here, or its checkpoint was, before anybody knew better."""
    known: dict[tuple[str, str], tuple[int, int]] = {}
    for place, body in recorded_documents(books):
        for authority, kid, since in revoked_in(body):
            known.setdefault((authority, kid), (place, since))
    if not known:
        return
    places = {(leaf.kind, leaf.ref): place for place, leaf in enumerate(books.all_leaves)}
    for what, kind, ref, by, kid, note in _signed(books):
        place, since = known.get((by, kid), (len(places), 0))
        if places.get((kind, ref), 0) < place:
            continue
        if note is None or not _was_witnessed(more, note, since):
            yield violation(17, books, f"{what} {short(ref)} is signed by {kid}, which {by} had revoked")


def _signed(books: Books) -> Iterator[tuple[str, int, bytes, str, str, bytes | None]]:
    """What is signed here and by peers: what, its leaf's kind and object, by whom, with which key, under which checkpoint."""
    for pid, package in books.received.items():
        for each in header_form.decode_signed(package.signed).signatures if package.header else ():
            yield "package", LeafKind.HEADER_RECEIVED, pid, package.other, each.kid, None
    for pid, sent in books.sent.items():
        for each in header_form.decode_signed(sent.signed).signatures if sent.header else ():
            yield "package", LeafKind.HEADER_SENT, pid, books.id, each.kid, None
    for aid, one in books.acknowledgements.items():
        if one.claim is None:
            continue
        own = one.by == books.id
        kind = LeafKind.ACKNOWLEDGEMENT_ISSUED if own else LeafKind.ACKNOWLEDGEMENT_RECEIVED
        for each in one.claim.signed.signatures:
            yield "acknowledgement", kind, aid, one.by, each.kid, one.claim.bundle.checkpoint


def _was_witnessed(more: KeyBooks, note: bytes, since: int) -> bool:
    at = more.witnessed.get(sha256(checkpoint_text(decode_checkpoint(note).checkpoint)).digest())
    return at is not None and at < since


def suites_are_published(books: Books) -> Found:
    """18: a header names one recipient, who is the one of its channel, and only suites that it publishes."""
    for pid, each in {**books.sent, **books.received}.items():
        if each.header is None:
            continue
        recipient = each.header.recipient
        authority = books.authority if recipient == books.id else books.peers.get(recipient)
        if authority is None:
            yield violation(18, books, f"{short(pid)} is to {recipient}, who is not pinned")
        elif not set(each.header.suites) <= set(authority.card.suites):
            yield violation(18, books, f"{short(pid)} names suites that {recipient} does not publish")


def two_officers_decided(books: Books, more: KeyBooks) -> Found:
    """26: what was published has the signed words of two officers; every card and root after the first was published so."""
    lists = list(_officers(books, more))
    published = {each.sha256: each for each in more.changes if each.is_published}
    for each in published.values():
        if not any(_is_decided(each.type, each.sha256, each.approvals, officers) for officers in lists):
            yield violation(
                26, books, f"the {each.type} {short(each.sha256)} is published without two officers"
            )
    for _, body in recorded_documents(books):
        for version in versions_in(body):
            if (
                version.authority == books.id
                and version.type in _DECIDED
                and version.number > 1
                and version.sha256 not in published
            ):
                yield violation(26, books, f"nobody decided about {version.type} {version.number}")


def _officers(books: Books, more: KeyBooks) -> Iterator[Officers]:
    for payload in more.officers:
        try:
            yield decode_officers(payload)
        except EmlaError:
            continue


def _is_decided(type_: str, digest: bytes, approvals: tuple[bytes, ...], officers: Officers) -> bool:
    try:
        verify_change(PayloadType(type_), digest, approvals, officers)
    except EmlaError:
        return False
    return True
