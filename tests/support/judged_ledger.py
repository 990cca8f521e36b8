"""The part of the oracle about ledgers: the audit of each epoch from its bytes, a leaf for everything, 13 and 15."""

from collections import Counter

from emla.ledger.checkpoint import checkpoint_text, decode
from emla.ledger.leaf import LeafKind
from tests.support.books import Books
from tests.support.key_books import read_key_books
from tests.support.recheck import audit_books, is_beyond_an_end, kind_of
from tests.support.violation import Found, World, short, violation

LEDGER = 0
"""The number of what the audit of a ledger finds."""


def ledgers_are_whole(books: Books, world: World) -> Found:
    """Everything about ledgers."""
    yield from every_object_has_its_leaf(books)
    yield from proofs_agree_with_their_issuer(books, world)
    yield from nobody_has_seen_more(books, world)


def every_object_has_its_leaf(books: Books) -> Found:
    """The audit of every epoch's ledger from its bytes, and that every object has its leaf, once, in one of them."""
    for report in audit_books(books):
        for problem in report.problems:
            yield violation(LEDGER, books, problem)
    expected = Counter({(LeafKind.HEADER_SENT.value, pid): 1 for pid in books.sent})
    expected.update((LeafKind.HEADER_RECEIVED.value, pid) for pid in (*books.received, *books.equivocations))
    expected.update((kind_of(each, books).value, aid) for aid, each in books.acknowledgements.items())
    expected.update((LeafKind.ACKNOWLEDGEMENT_RECEIVED.value, aid) for aid in books.contradictions)
    expected.update((LeafKind.DOCUMENT.value, digest) for digest in books.documents)
    expected.update((LeafKind.EVENT.value, digest) for digest in books.events)
    found = Counter((leaf.kind, leaf.ref) for leaf in books.all_leaves)
    found.update(books.late)
    for kind, ref in expected.keys() | found.keys():
        count = found[kind, ref]
        if count != expected[kind, ref]:
            yield violation(
                LEDGER, books, f"object {short(ref)} has {count} leaves of kind {kind} instead of one"
            )


def proofs_agree_with_their_issuer(books: Books, world: World) -> Found:
    """13: the checkpoint of every acknowledgement is, byte for byte, one that its issuer has, of this epoch or a former one.

    One from behind the end of a former epoch is what the issuer lost: its last checkpoint before that is all it can have.
    """
    for each in books.acknowledgements.values():
        issuer = world.get(each.by)
        if issuer is None or each.claim is None:
            continue
        note = each.claim.bundle.checkpoint
        if note not in issuer.all_checkpoints and not is_beyond_an_end(issuer, note):
            yield violation(
                13, books, f"the {each.event.value} of {short(each.pid)} has a checkpoint {each.by} lacks"
            )


def nobody_has_seen_more(books: Books, world: World) -> Found:
    """15: no peer has seen a checkpoint of the epoch in force that is not in our ledger; and 14: nor a different one."""
    ours = {checkpoint_text(decode(note).checkpoint) for note in books.checkpoints.values()}
    for there in world.values():
        for authority, epoch, note in read_key_books(there).seen if there is not books else ():
            if authority != books.id or epoch != books.authority.card.epoch:
                continue
            said = decode(note).checkpoint
            if checkpoint_text(said) not in ours:
                yield violation(
                    15, books, f"{there.id} has seen a checkpoint of size {said.size} that is not ours"
                )
