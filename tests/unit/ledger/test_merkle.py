"""The Merkle tree: known answers, other people's library, and the batch path against the definition."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from emla.ledger.merkle import (
    EMPTY,
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    extend,
    grow,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from emla.model.errors import LedgerIntegrityError

from .vectors import CT_CONSISTENCY, CT_ENTRIES, CT_INCLUSION, CT_ROOTS

CT_LEAVES = [leaf_hash(entry) for entry in CT_ENTRIES]
LEAVES = [leaf_hash(number.to_bytes(2, "big")) for number in range(130)]
Case = tuple[int, int, tuple[bytes, ...]]


@pytest.mark.parametrize("size", range(9))
def test_the_root_of_the_reference_tree_is_the_known_one(size: int) -> None:
    assert root_hash(CT_LEAVES[:size]) == CT_ROOTS[size]
    assert extend(EMPTY, CT_LEAVES[:size]).root == CT_ROOTS[size]


@pytest.mark.parametrize("case", CT_INCLUSION)
def test_inclusion_proofs_of_the_reference_tree_are_the_known_ones(case: Case) -> None:
    index, size, proof = case
    assert inclusion_proof(index, CT_LEAVES[:size]) == proof
    assert verify_inclusion(CT_LEAVES[index], index, size, proof, CT_ROOTS[size])


@pytest.mark.parametrize("case", CT_CONSISTENCY)
def test_consistency_proofs_of_the_reference_tree_are_the_known_ones(case: Case) -> None:
    first, second, proof = case
    assert consistency_proof(first, CT_LEAVES[:second]) == proof
    assert verify_consistency(first, second, proof, CT_ROOTS[first], CT_ROOTS[second])


def test_an_independent_library_computes_the_same_tree() -> None:
    theirs = InmemoryTree()
    for size in range(1, 41):
        theirs.append_entry((size - 1).to_bytes(2, "big"))
        ours = LEAVES[:size]
        assert theirs.get_root() == root_hash(ours)
        for index in range(size):
            # Its path names the leaf itself too, and goes from left to right instead of upwards.
            expected = sorted([*inclusion_proof(index, ours), ours[index]])
            assert sorted(theirs.prove_inclusion(index + 1).path) == expected


def test_a_batch_gives_every_new_leaf_its_proof_for_all_small_trees() -> None:
    proofs = {size: [inclusion_proof(index, LEAVES[:size]) for index in range(size)] for size in range(111)}
    roots = [root_hash(LEAVES[:size]) for size in range(111)]
    frontier = EMPTY
    for old in range(71):
        assert (frontier.size, frontier.root()) == (old, roots[old])
        for new in range(1, 41):
            size = old + new
            extension = extend(frontier, LEAVES[old:size])
            assert extension.root == extension.frontier.root() == roots[size]
            assert list(extension.proofs) == proofs[size][old:]
            assert extension.frontier.size == size
        frontier = frontier.append(LEAVES[old])


@given(batches=st.lists(st.integers(min_value=0, max_value=60), max_size=12))
def test_any_sequence_of_batches_grows_the_same_tree_as_leaf_by_leaf(batches: list[int]) -> None:
    leaves = [leaf_hash(bytes(str(number), "ascii")) for number in range(sum(batches))]
    by_batch = one_by_one = EMPTY
    for count in batches:
        fresh = leaves[by_batch.size : by_batch.size + count]
        extension = extend(by_batch, fresh)
        for leaf in fresh:
            one_by_one = one_by_one.append(leaf)
        by_batch = extension.frontier
        assert by_batch == one_by_one
        assert extension.root == root_hash(leaves[: by_batch.size])


@given(size=st.integers(min_value=0, max_value=2**50), count=st.integers(min_value=1, max_value=300))
def test_a_batch_on_a_huge_tree_is_proved_without_its_leaves(size: int, count: int) -> None:
    frontier = Frontier(
        size=size, hashes=tuple(leaf_hash(b"%d old %d" % (n, size)) for n in range(size.bit_count()))
    )
    fresh = [leaf_hash(b"new %d" % number) for number in range(count)]
    extension = extend(frontier, fresh)
    grown = frontier
    for leaf in fresh:
        grown = grown.append(leaf)
    assert extension.frontier == grown
    assert extension.root == grown.root()
    assert len(extension.proofs) == count
    for number, (leaf, proof) in enumerate(zip(fresh, extension.proofs, strict=True)):
        assert verify_inclusion(leaf, size + number, size + count, proof, extension.root)


def test_a_batch_without_leaves_leaves_the_tree_as_it_is() -> None:
    frontier = extend(EMPTY, LEAVES[:5]).frontier
    extension = extend(frontier, [])
    assert (extension.frontier, extension.root, extension.proofs) == (frontier, root_hash(LEAVES[:5]), ())
    assert extend(EMPTY, []).root == EMPTY_ROOT == sha256(b"").digest()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_only_the_right_leaf_at_the_right_place_verifies(size: int) -> None:
    root = root_hash(LEAVES[:size])
    for index in range(size):
        proof = inclusion_proof(index, LEAVES[:size])
        for place in range(-1, size + 2):
            verdict = verify_inclusion(LEAVES[index], place, size, proof, root)
            assert verdict is (place == index)
        assert not verify_inclusion(LEAVES[index], index, size, proof, LEAVES[99])
        assert not verify_inclusion(LEAVES[99], index, size, proof, root)
        assert not verify_inclusion(LEAVES[index], index, 0, proof, root)


@pytest.mark.parametrize("size", [2, 3, 7, 8, 13, 64, 100])
def test_a_proof_with_a_hash_dropped_added_swapped_or_resized_is_refused(size: int) -> None:
    root = root_hash(LEAVES[:size])
    for index in range(size):
        leaf, proof = LEAVES[index], inclusion_proof(index, LEAVES[:size])
        forged: list[tuple[bytes, ...]] = []
        for at in range(len(proof)):
            forged.append(proof[:at] + proof[at + 1 :])
            forged.append((*proof[:at], proof[at][:-1] + bytes([proof[at][-1] ^ 1]), *proof[at + 1 :]))
            forged.append((*proof[:at], proof[at][:31], *proof[at + 1 :]))
            forged.append((*proof[:at], proof[at] + b"\x00", *proof[at + 1 :]))
        forged.extend((*proof[:at], LEAVES[120], *proof[at:]) for at in range(len(proof) + 1))
        forged.extend(
            (*proof[:at], proof[at + 1], proof[at], *proof[at + 2 :]) for at in range(len(proof) - 1)
        )
        assert not any(verify_inclusion(leaf, index, size, wrong, root) for wrong in forged)


def test_a_proof_of_sixty_four_hashes_is_refused() -> None:
    proof = inclusion_proof(3, LEAVES[:8])
    padded = (*proof, *LEAVES[: 64 - len(proof)])
    assert len(padded) == 64
    assert not verify_inclusion(LEAVES[3], 3, 8, padded, root_hash(LEAVES[:8]))
    assert not verify_consistency(3, 8, padded, root_hash(LEAVES[:3]), root_hash(LEAVES[:8]))


def test_bytes_moved_between_leaf_and_sibling_do_not_verify() -> None:
    # The hashed bytes are the same, so only the length of each hash tells the two apart.
    root = root_hash(LEAVES[:2])
    assert node_hash(LEAVES[0] + LEAVES[1][:1], LEAVES[1][1:]) == root
    assert not verify_inclusion(LEAVES[0] + LEAVES[1][:1], 0, 2, (LEAVES[1][1:],), root)
    assert not verify_inclusion(LEAVES[0][:-1], 0, 2, (LEAVES[0][-1:] + LEAVES[1],), root)


def test_an_inner_node_cannot_pose_as_a_leaf() -> None:
    root = root_hash(LEAVES[:4])
    inner = LEAVES[0] + LEAVES[1]
    assert not verify_inclusion(leaf_hash(inner), 0, 2, (node_hash(LEAVES[2], LEAVES[3]),), root)


def test_every_tree_is_consistent_with_every_earlier_one() -> None:
    roots = [root_hash(LEAVES[:size]) for size in range(35)]
    for second in range(35):
        for first in range(second + 1):
            proof = consistency_proof(first, LEAVES[:second])
            assert verify_consistency(first, second, proof, roots[first], roots[second])


def test_a_forked_shrunk_or_mangled_tree_is_not_consistent() -> None:
    forked = [*LEAVES[:3], LEAVES[99], *LEAVES[4:]]
    for second in range(5, 20):
        new_root = root_hash(LEAVES[:second])
        for first in range(1, second):
            proof = consistency_proof(first, LEAVES[:second])
            old_root = root_hash(LEAVES[:first])
            if first > 3:
                assert not verify_consistency(first, second, proof, root_hash(forked[:first]), new_root)
            assert not verify_consistency(first, second, proof, old_root, root_hash(forked[:second]))
            assert not verify_consistency(second, first, proof, new_root, old_root)
            assert not verify_consistency(first, second, (*proof, LEAVES[120]), old_root, new_root)
            assert not verify_consistency(first, second, (), old_root, new_root)
            for at in range(len(proof)):
                dropped = proof[:at] + proof[at + 1 :]
                short = (*proof[:at], proof[at][:31], *proof[at + 1 :])
                assert not verify_consistency(first, second, dropped, old_root, new_root)
                assert not verify_consistency(first, second, short, old_root, new_root)


def test_an_empty_consistency_proof_is_right_only_where_nothing_is_to_prove() -> None:
    root, other = root_hash(LEAVES[:5]), root_hash(LEAVES[:6])
    assert verify_consistency(5, 5, (), root, root)
    assert not verify_consistency(5, 5, (), root, other)
    assert not verify_consistency(5, 5, (LEAVES[0],), root, root)
    assert verify_consistency(0, 5, (), EMPTY_ROOT, root)
    assert not verify_consistency(0, 5, (), other, root)
    assert not verify_consistency(0, 5, (LEAVES[0],), EMPTY_ROOT, root)
    assert not verify_consistency(-1, 5, (), EMPTY_ROOT, root)


@pytest.mark.parametrize(("size", "count"), [(-1, 0), (0, 1), (5, 1), (5, 3), (8, 2)])
def test_a_frontier_that_does_not_fit_its_size_is_refused(size: int, count: int) -> None:
    with pytest.raises(LedgerIntegrityError):
        Frontier(size=size, hashes=tuple(LEAVES[:count]))


def test_a_frontier_of_short_hashes_is_refused() -> None:
    with pytest.raises(LedgerIntegrityError):
        Frontier(size=1, hashes=(LEAVES[0][:31],))


@pytest.mark.parametrize("index", [-1, 5, 6])
def test_a_proof_for_a_leaf_that_does_not_exist_is_not_made(index: int) -> None:
    with pytest.raises(LedgerIntegrityError):
        inclusion_proof(index, LEAVES[:5])


@pytest.mark.parametrize("first", [-1, 6])
def test_a_consistency_proof_from_a_larger_tree_is_not_made(first: int) -> None:
    with pytest.raises(LedgerIntegrityError):
        consistency_proof(first, LEAVES[:5])


def test_a_root_made_to_fit_a_wrong_form_does_not_help() -> None:
    # Whoever makes both the proof and the root can reach any root; the form alone must refuse these.
    root = root_hash(LEAVES[:8])
    proof, extra = inclusion_proof(3, LEAVES[:8]), LEAVES[120]
    assert not verify_inclusion(LEAVES[0], 0, 2, (b"short",), node_hash(LEAVES[0], b"short"))
    assert not verify_inclusion(b"short", 0, 2, (LEAVES[1],), node_hash(b"short", LEAVES[1]))
    assert not verify_inclusion(LEAVES[3], 3, 8, (*proof, extra), node_hash(extra, root))
    assert not verify_inclusion(LEAVES[3], 3, 8, proof[:-1], root_hash(LEAVES[:4]))


def test_two_roots_made_to_fit_a_wrong_consistency_proof_do_not_help() -> None:
    third, eighth, extra = root_hash(LEAVES[:3]), root_hash(LEAVES[:8]), LEAVES[120]
    proof = consistency_proof(3, LEAVES[:8])
    first = root_hash(LEAVES[:2])
    assert not verify_consistency(2, 3, (b"short",), first, node_hash(first, b"short"))
    assert not verify_consistency(3, 8, proof[:-1], third, root_hash(LEAVES[:4]))
    assert not verify_consistency(3, 8, (*proof, extra), node_hash(extra, third), node_hash(extra, eighth))


@pytest.mark.parametrize("before", [0, 1, 2, 3, 7, 8, 64, 100])
@pytest.mark.parametrize("more", [0, 1, 2, 5, 29, 30])
def test_to_grow_by_many_is_to_append_each(before: int, more: int) -> None:
    begun = EMPTY
    for leaf in LEAVES[:before]:
        begun = begun.append(leaf)
    each = begun
    for leaf in LEAVES[before : before + more]:
        each = each.append(leaf)
    grown = grow(begun, LEAVES[before : before + more])
    assert grown == each
    assert grown.root() == root_hash(LEAVES[: before + more])
