"""The audit: a whole ledger passes, and whatever is done to it is named."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from nacl.signing import SigningKey

from emla.ledger.audit import PROBLEMS_MAX, AuditReport, IssuedProof, LeafRecord, audit, verify_proof
from emla.ledger.checkpoint import Checkpoint, encode, origin_of, verify
from emla.ledger.leaf import LeafKind, entry
from emla.ledger.merkle import EMPTY, EMPTY_ROOT, extend, leaf_hash, root_hash
from emla.model.errors import InvalidAcknowledgementError

KEY = SigningKey(bytes(range(32)))
PUBLIC_KEY = bytes(KEY.verify_key)
ORIGIN = origin_of("de.bfj", 3)
BATCHES = (1, 3, 2, 7, 1, 6)


@dataclass
class Ledger:
    """A ledger as a store would hold it, to be tampered with."""

    records: list[LeafRecord]
    stored: dict[int, bytes]
    notes: list[bytes]
    issued: list[IssuedProof]

    def audit(self, public_key: bytes = PUBLIC_KEY) -> AuditReport:
        return audit(
            iter(self.records),
            lambda record: self.stored.get(record.index),
            iter(self.notes),
            origin=ORIGIN,
            public_keys=(public_key,),
            issued=iter(self.issued),
        )


def sign(text: bytes) -> bytes:
    return KEY.sign(text).signature


def head(size: int, root: bytes) -> bytes:
    return encode(Checkpoint(origin=ORIGIN, size=size, root=root), sign, PUBLIC_KEY)


def grown() -> Ledger:
    """Grow a ledger of 20 leaves in 6 batches, as the gateway would."""
    ledger = Ledger(records=[], stored={}, notes=[], issued=[])
    frontier = EMPTY
    kinds = list(LeafKind)
    for count in BATCHES:
        first = frontier.size
        objects = [(kinds[index % len(kinds)], b"object %d" % index) for index in range(first, first + count)]
        entries = [entry(kind, stored) for kind, stored in objects]
        extension = extend(frontier, [leaf_hash(leaf) for leaf in entries])
        frontier = extension.frontier
        note = head(frontier.size, extension.root)
        ledger.notes.append(note)
        for index, (kind, stored) in enumerate(objects, start=first):
            ledger.records.append(LeafRecord(index=index, kind=kind, digest=entries[index - first][1:]))
            ledger.stored[index] = stored
            proof = extension.proofs[index - first]
            ledger.issued.append(IssuedProof(kind=kind, stored=stored, index=index, proof=proof, note=note))
    return ledger


def digest_of(stored: bytes) -> bytes:
    return entry(LeafKind.EVENT, stored)[1:]


def test_a_whole_ledger_has_no_problems() -> None:
    report = grown().audit()
    assert report.problems == ()
    assert report.whole
    assert (report.leaves, report.objects, report.erased) == (20, 20, 0)
    assert (report.checkpoints, report.proofs) == (6, 20)
    ledger = grown()
    assert report.root == verify(ledger.notes[-1], ORIGIN, PUBLIC_KEY).root
    assert report.origin == ORIGIN


def test_an_empty_ledger_is_whole_with_and_without_its_first_checkpoint() -> None:
    empty = Ledger(records=[], stored={}, notes=[], issued=[])
    assert (empty.audit().whole, empty.audit().root) == (True, EMPTY_ROOT)
    empty.notes.append(head(0, EMPTY_ROOT))
    assert (empty.audit().whole, empty.audit().checkpoints) == (True, 1)


def test_an_erased_object_is_counted_and_not_called_broken() -> None:
    ledger = grown()
    ledger.records[5] = replace(ledger.records[5], erased=True)
    del ledger.stored[5]
    ledger.records[6] = replace(ledger.records[6], erased=True)
    ledger.stored[6] = b"what is left of an event without its nonce"
    report = ledger.audit()
    assert (report.whole, report.objects, report.erased) == (True, 18, 2)


def edit_object(ledger: Ledger) -> None:
    ledger.stored[4] = b"another object"


def edit_object_and_digest(ledger: Ledger) -> None:
    ledger.stored[4] = b"another object"
    ledger.records[4] = replace(ledger.records[4], digest=digest_of(b"another object"))


def edit_kind(ledger: Ledger) -> None:
    ledger.records[4] = replace(ledger.records[4], kind=LeafKind.EVENT)


def unknown_kind(ledger: Ledger) -> None:
    ledger.records[4] = replace(ledger.records[4], kind=9)


def impossible_kind(ledger: Ledger) -> None:
    ledger.records[4] = replace(ledger.records[4], kind=300)


def cut_digest(ledger: Ledger) -> None:
    ledger.records[4] = replace(ledger.records[4], digest=ledger.records[4].digest[:31])


def lose_object(ledger: Ledger) -> None:
    del ledger.stored[4]


def fake_erasure(ledger: Ledger) -> None:
    ledger.records[4] = replace(ledger.records[4], erased=True)


def delete_leaf(ledger: Ledger) -> None:
    del ledger.records[4]


def delete_leaf_and_renumber(ledger: Ledger) -> None:
    del ledger.records[4]
    ledger.records = [replace(record, index=index) for index, record in enumerate(ledger.records)]
    ledger.stored = {index: ledger.stored[index + (index >= 4)] for index in range(19)}


def delete_first_leaf(ledger: Ledger) -> None:
    del ledger.records[0]


def delete_last_leaves(ledger: Ledger) -> None:
    del ledger.records[12:]


def swap_rows(ledger: Ledger) -> None:
    ledger.records[4:6] = ledger.records[5], ledger.records[4]


def swap_and_renumber(ledger: Ledger) -> None:
    fourth, fifth = ledger.records[4:6]
    ledger.records[4:6] = replace(fifth, index=4), replace(fourth, index=5)
    ledger.stored[4], ledger.stored[5] = ledger.stored[5], ledger.stored[4]


def add_leaf(ledger: Ledger) -> None:
    ledger.records.append(LeafRecord(index=20, kind=LeafKind.EVENT, digest=digest_of(b"late")))
    ledger.stored[20] = b"late"


def double_leaf(ledger: Ledger) -> None:
    ledger.records.insert(5, ledger.records[4])


def damage_checkpoint(ledger: Ledger) -> None:
    ledger.notes[2] = ledger.notes[2].replace(b"\n6\n", b"\n5\n")


def garbage_checkpoint(ledger: Ledger) -> None:
    ledger.notes[2] = b"\xff\x00"


def forge_root(ledger: Ledger) -> None:
    ledger.notes[2] = head(6, bytes(32))


def drop_checkpoint(ledger: Ledger) -> None:
    del ledger.notes[2]


def drop_last_checkpoint(ledger: Ledger) -> None:
    ledger.notes.pop()


def drop_all_checkpoints(ledger: Ledger) -> None:
    ledger.notes.clear()


def double_checkpoint(ledger: Ledger) -> None:
    ledger.notes.insert(3, ledger.notes[2])


def swap_checkpoints(ledger: Ledger) -> None:
    ledger.notes[2:4] = ledger.notes[3], ledger.notes[2]


def checkpoint_of_nothing_with_a_root(ledger: Ledger) -> None:
    ledger.notes.insert(0, head(0, bytes(32)))


def change_proof(ledger: Ledger) -> None:
    ledger.issued[4] = replace(ledger.issued[4], proof=ledger.issued[4].proof[:-1])


def change_proved_object(ledger: Ledger) -> None:
    ledger.issued[4] = replace(ledger.issued[4], stored=b"another object")


def proof_of_a_fork(ledger: Ledger) -> None:
    leaf = leaf_hash(entry(LeafKind.EVENT, b"fork"))
    fork = replace(ledger.issued[4], kind=LeafKind.EVENT, stored=b"fork", index=0, proof=())
    ledger.issued[4] = replace(fork, note=head(1, root_hash([leaf])))


def proof_of_a_later_fork(ledger: Ledger) -> None:
    leaf = leaf_hash(entry(LeafKind.EVENT, b"fork"))
    ledger.issued[19] = replace(ledger.issued[19], note=head(99, root_hash([leaf])))


def proof_with_unsigned_checkpoint(ledger: Ledger) -> None:
    ledger.issued[4] = replace(ledger.issued[4], note=ledger.issued[4].note.replace(b"\n6\n", b"\n999\n"))


TAMPERING: list[tuple[Callable[[Ledger], None], tuple[str, ...]]] = [
    (edit_object, ("The object of leaf 4 was changed",)),
    (edit_object_and_digest, ("checkpoint of size 6: a leaf from 4 to 5 was", "3 later checkpoints")),
    (edit_kind, ("checkpoint of size 6: a leaf from 4 to 5 was",)),
    (unknown_kind, ("Leaf 4 is of kind 9", "checkpoint of size 6")),
    (impossible_kind, ("Leaf 4 is of kind 300", "checkpoint of size 6")),
    (cut_digest, ("Leaf 4 has a digest of 31 bytes", "checkpoint of size 6")),
    (lose_object, ("The object of leaf 4 is gone, and no erasure is recorded",)),
    (fake_erasure, ("Leaf 4 is recorded as erased, but its object is still stored",)),
    (delete_leaf, ("Leaf 4 is missing: leaf 5 stands", "checkpoint of size 6: a leaf from 4 to 5 was")),
    (delete_leaf_and_renumber, ("checkpoint of size 6: a leaf from 4 to 5", "size 20 covers more leaves")),
    (delete_first_leaf, ("Leaf 0 is missing: leaf 1 stands", "checkpoint of size 1: a leaf from 0 to 0")),
    (delete_last_leaves, ("size 13 covers more leaves than there are (12)", "2 later checkpoints")),
    (swap_rows, ("Leaf 4 is missing: leaf 5 stands", "checkpoint of size 6")),
    (swap_and_renumber, ("checkpoint of size 6: a leaf from 4 to 5 was",)),
    (add_leaf, ("cover 20 leaves, but there are 21",)),
    (double_leaf, ("Leaf 5 is missing: leaf 4 stands", "checkpoint of size 6")),
    (damage_checkpoint, ("Checkpoint 3 in order is not valid (bad-signature)", "issued for leaf 4 names")),
    (garbage_checkpoint, ("Checkpoint 3 in order is not valid (malformed)", "issued for leaf 5 names")),
    (forge_root, ("checkpoint of size 6: a leaf from 4 to 5 was", "issued for leaf 4 names a checkpoint")),
    (drop_checkpoint, ("issued for leaf 4 names a checkpoint", "issued for leaf 5 names a checkpoint")),
    (drop_last_checkpoint, ("cover 14 leaves, but there are 20",)),
    (drop_all_checkpoints, ("cover 0 leaves, but there are 20",)),
    (double_checkpoint, ("Checkpoint 4 in order has size 6, but the one before it already had 6",)),
    (swap_checkpoints, ("Checkpoint 4 in order has size 6, but the one before it already had 13",)),
    (checkpoint_of_nothing_with_a_root, ("checkpoint of size 0",)),
    (change_proof, ("The proof issued for leaf 4 at size 6 does not lead to the root",)),
    (change_proved_object, ("The proof issued for leaf 4 at size 6 does not lead to the root",)),
    (proof_of_a_fork, ("The proof issued for leaf 0 names a checkpoint that is not",)),
    (proof_of_a_later_fork, ("The proof issued for leaf 19 names a checkpoint that is not",)),
    (proof_with_unsigned_checkpoint, ("The proof issued for leaf 4 names a checkpoint that is not",)),
]


@pytest.mark.parametrize(("tamper", "expected"), TAMPERING, ids=[row[0].__name__ for row in TAMPERING])
def test_tampering_is_named(tamper: Callable[[Ledger], None], expected: tuple[str, ...]) -> None:
    ledger = grown()
    tamper(ledger)
    report = ledger.audit()
    assert not report.whole
    for words in expected:
        assert any(words in problem for problem in report.problems), report.problems


def test_one_edited_object_is_one_problem() -> None:
    ledger = grown()
    edit_object(ledger)
    assert len(ledger.audit().problems) == 1


@pytest.mark.parametrize("tamper", [proof_with_unsigned_checkpoint, proof_of_a_fork, change_proof])
def test_a_bad_proof_does_not_hide_the_good_ones_after_it(tamper: Callable[[Ledger], None]) -> None:
    ledger = grown()
    tamper(ledger)
    report = ledger.audit()
    assert (report.proofs, len(report.problems)) == (19, 1)


def test_a_ledger_of_another_key_is_not_vouched_for() -> None:
    report = grown().audit(public_key=bytes(SigningKey(bytes(32)).verify_key))
    assert report.checkpoints == 0
    assert "cover 0 leaves, but there are 20" in report.problems[6]


def test_a_report_of_a_ruin_stays_readable() -> None:
    count = PROBLEMS_MAX + 50
    records = [LeafRecord(index=index, kind=LeafKind.EVENT, digest=bytes(32)) for index in range(count)]
    report = audit(records, lambda record: None, [], origin=ORIGIN, public_keys=(PUBLIC_KEY,))
    assert len(report.problems) == PROBLEMS_MAX + 1
    assert report.problems[-1] == "51 more problems are not listed."
    assert report.leaves == count


def prove(given: IssuedProof, *, public_key: bytes = PUBLIC_KEY, origin: str = ORIGIN) -> Checkpoint:
    return verify_proof(given.stored, given.kind, given.index, given.proof, given.note, origin, public_key)


def test_every_issued_proof_verifies_on_its_own() -> None:
    for issued in grown().issued:
        assert prove(issued).size > issued.index


def test_a_proof_of_something_else_is_a_mismatch() -> None:
    issued = grown().issued
    right = issued[4]
    wrong = (
        replace(right, stored=b"another object"),
        replace(right, kind=LeafKind.EVENT),
        replace(right, index=5),
        replace(right, index=-1),
        replace(right, index=2**64),
        replace(right, proof=()),
        replace(right, proof=right.proof[::-1]),
        replace(right, note=issued[0].note),
        replace(right, note=issued[19].note),
    )
    assert prove(right).size == 6
    for changed in wrong:
        with pytest.raises(InvalidAcknowledgementError) as refused:
            prove(changed)
        assert refused.value.code == "proof-mismatch"


def test_a_proof_under_another_ledger_or_key_or_a_damaged_checkpoint_is_refused() -> None:
    issued = grown().issued[4]
    with pytest.raises(InvalidAcknowledgementError) as refused:
        prove(issued, origin=origin_of("de.bfj", 4))
    assert refused.value.code == "bad-signature"
    with pytest.raises(InvalidAcknowledgementError) as refused:
        prove(issued, public_key=bytes(SigningKey(bytes(32)).verify_key))
    assert refused.value.code == "bad-signature"
    with pytest.raises(InvalidAcknowledgementError) as refused:
        prove(replace(issued, note=issued.note[:-1]))
    assert refused.value.code == "malformed"
