"""The Merkle tree of the ledger: hashes, proofs and growth, as RFC 6962 section 2.1 and RFC 9162 section 2.1
define them.

Here: leaf and node hashes, the root, inclusion and consistency proofs and their verification, and `Frontier`,
the few hashes from which a tree grows without anybody reading what is already stored. Not here: what a leaf
stands for (leaf.py), who signs a root (checkpoint.py).

Rules of this file:
- Every hash is 32 bytes of SHA-256. Leaves and inner nodes are hashed under different first bytes, so that no
  leaf can pose as a subtree.
- `root_hash`, `inclusion_proof` and `consistency_proof` are the RFCs' recursive definitions over *all*
  leaves: the oracle, for audits and tests. `extend` is the path of daily work and never sees an old leaf.
- Verification answers yes or no. It never raises: a proof comes from a peer and may be anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from emla.model.errors import LedgerIntegrityError

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves (RFC 6962 2.1)."""

Proof = tuple[bytes, ...]
"""Sibling hashes, from the leaf's side upwards."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash a leaf entry: SHA-256(0x00 | entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children into their parent: SHA-256(0x01 | left | right)."""
    return sha256(b"\x01" + left + right).digest()


# --- the definitions (oracle) ---


def root_hash(leaf_hashes: Sequence[bytes]) -> bytes:
    """Compute the root over all leaf hashes (RFC 6962 2.1, MTH)."""
    return _subtree(leaf_hashes, 0, len(leaf_hashes)) if leaf_hashes else EMPTY_ROOT


def inclusion_proof(index: int, leaf_hashes: Sequence[bytes]) -> Proof:
    """Prove that leaf `index` (from 0) is in the tree over all `leaf_hashes` (RFC 6962 2.1.1, PATH).

    Raises:
        LedgerIntegrityError: ``ledger-broken`` when there is no such leaf: rows and tree disagree.
    """
    if not 0 <= index < len(leaf_hashes):
        raise LedgerIntegrityError(
            "ledger-broken", f"There is no leaf {index} in a tree of {len(leaf_hashes)}."
        )
    path: list[bytes] = []
    start, end = 0, len(leaf_hashes)
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(leaf_hashes, middle, end))
            end = middle
        else:
            path.append(_subtree(leaf_hashes, start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_proof(first: int, leaf_hashes: Sequence[bytes]) -> Proof:
    """Prove that the tree over all `leaf_hashes` begins with the tree of the first `first` leaves (RFC 9162
    2.1.4.1).

    Returns:
        The proof; empty where `first` is 0 or the whole tree, for then there is nothing to prove.

    Raises:
        LedgerIntegrityError: ``ledger-broken`` when the tree is smaller than `first`.
    """
    size = len(leaf_hashes)
    if not 0 <= first <= size:
        raise LedgerIntegrityError(
            "ledger-broken", f"A tree of {size} leaves does not contain one of {first}."
        )
    return _subproof(leaf_hashes, first, 0, size, whole=True) if first else ()


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def _subtree(leaf_hashes: Sequence[bytes], start: int, end: int) -> bytes:
    if end - start == 1:
        return leaf_hashes[start]
    middle = start + _split(end - start)
    return node_hash(_subtree(leaf_hashes, start, middle), _subtree(leaf_hashes, middle, end))


def _subproof(leaf_hashes: Sequence[bytes], first: int, start: int, end: int, *, whole: bool) -> Proof:
    """SUBPROOF of RFC 9162 2.1.4.1; `whole` says that the verifier already knows the root of the first
    tree.
    """
    if first == end:
        return () if whole else (_subtree(leaf_hashes, start, end),)
    middle = start + _split(end - start)
    if first <= middle:
        inner = _subproof(leaf_hashes, first, start, middle, whole=whole)
        return (*inner, _subtree(leaf_hashes, middle, end))
    inner = _subproof(leaf_hashes, first, middle, end, whole=False)
    return (*inner, _subtree(leaf_hashes, start, middle))


# --- verification ---


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Check that a leaf hash stands at `index` in the tree of `size` leaves with this root (RFC 9162
    2.1.3.2).

    A proof with a hash too many, too few, swapped or of another length is refused.
    """
    # 1. The leaf must exist.
    if not 0 <= index < size or len(leaf) != HASH_BYTES or not _are_hashes(proof):
        return False
    # 2. and 3. Start at the leaf; fn and sn walk its index and the last index up the tree.
    fn, sn, computed = index, size - 1, leaf
    # 4. Each hash of the proof is the next sibling.
    for sibling in proof:
        if sn == 0:  # a. The root is reached already: one hash too many.
            return False
        if fn & 1 or fn == sn:  # b. The sibling is on the left.
            computed = node_hash(sibling, computed)
            while not fn & 1 and fn:  # On the right edge levels without a sibling are passed over.
                fn, sn = fn >> 1, sn >> 1
        else:  # c. The sibling is on the right.
            computed = node_hash(computed, sibling)
        fn, sn = fn >> 1, sn >> 1  # d.
    # 5. The root must be reached, and be this one.
    return sn == 0 and computed == root


def verify_consistency(
    first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """Check that the tree of `second` leaves begins with the tree of `first` leaves (RFC 9162 2.1.4.2).

    Beyond the RFC, which leaves it open: the empty tree is the beginning of every tree, and its proof is
    empty.
    """
    if not 0 <= first <= second or not _are_hashes(proof):
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    # 1. and 2. A first tree that is complete is itself the first hash.
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    # 3. and 4. Begin where the right edge of the first tree turns.
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    # 5. and 6. Rebuild both roots at once.
    fr = sr = path[0]
    for sibling in path[1:]:
        if sn == 0:  # a.
            return False
        if fn & 1 or fn == sn:  # b.
            fr, sr = node_hash(sibling, fr), node_hash(sibling, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:  # c.
            sr = node_hash(sr, sibling)
        fn, sn = fn >> 1, sn >> 1  # d.
    # 7.
    return sn == 0 and fr == first_root and sr == second_root


def _are_hashes(proof: Sequence[bytes]) -> bool:
    return all(len(sibling) == HASH_BYTES for sibling in proof)


# --- growth ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """All that is needed of a tree to let it grow: its size and the roots of its complete subtrees."""

    size: int
    """Number of leaves."""
    hashes: tuple[bytes, ...]
    """One root for each 1 bit of `size`, from the largest subtree (left) to the smallest (right)."""

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count() or not _are_hashes(self.hashes):
            raise LedgerIntegrityError(
                "ledger-broken", f"The frontier stored for size {self.size} cannot be one."
            )

    def append(self, leaf: bytes) -> "Frontier":
        """Return the frontier after one more leaf hash."""
        hashes = list(self.hashes)
        filled, computed = self.size, leaf
        while filled & 1:
            computed = node_hash(hashes.pop(), computed)
            filled >>= 1
        hashes.append(computed)
        return Frontier(size=self.size + 1, hashes=tuple(hashes))

    def root(self) -> bytes:
        """Return the root of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        computed = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            computed = node_hash(left, computed)
        return computed


EMPTY = Frontier(size=0, hashes=())
"""The frontier of the tree without leaves."""


def grow(frontier: Frontier, leaf_hashes: Sequence[bytes]) -> Frontier:
    """Return the frontier after many more leaf hashes: `append` for each, in a quarter of the time."""
    if not leaf_hashes:
        return frontier
    _, kept = _rows(frontier, leaf_hashes)
    return Frontier(size=frontier.size + len(leaf_hashes), hashes=kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What one batch of new leaves makes of a tree."""

    frontier: Frontier
    root: bytes
    """The root of the grown tree."""
    proofs: tuple[Proof, ...]
    """The inclusion proof of each new leaf, in the order given, against `root` and `frontier.size`."""


def extend(frontier: Frontier, new_leaf_hashes: Sequence[bytes]) -> Extension:
    """Grow a tree by a batch: new frontier, new root and the proof of every new leaf.

    Works from the old frontier and the new leaves alone: to the left of a node that changed there is either
    another node that changed or a complete old subtree, and every such subtree is in the frontier.

    Args:
        frontier: the tree before the batch.
        new_leaf_hashes: `leaf_hash` of each new leaf, in order; with none, the tree stays as it is.
    """
    if not new_leaf_hashes:
        return Extension(frontier=frontier, root=frontier.root(), proofs=())
    rows, kept = _rows(frontier, new_leaf_hashes)
    grown = Frontier(size=frontier.size + len(new_leaf_hashes), hashes=kept)
    return Extension(frontier=grown, root=rows[-1][1][0], proofs=tuple(_paths(rows)))


_Row = tuple[bool, list[bytes]]
"""Whether an old subtree stands first, and the nodes of one level from there to the right edge."""


def _rows(frontier: Frontier, new_leaf_hashes: Sequence[bytes]) -> tuple[list[_Row], tuple[bytes, ...]]:
    """Compute, level by level from the leaves, the nodes that change, and the new frontier.

    Each row begins at an even index: where the first changed node is a right child, the old subtree to its
    left is put before it. A last node without a sibling rises to the next row as it is. The last row holds
    the root alone.
    """
    old = list(frontier.hashes)
    start, size = frontier.size, frontier.size + len(new_leaf_hashes)
    row = list(new_leaf_hashes)
    rows: list[_Row] = []
    kept: list[bytes] = []
    while True:
        with_old = start & 1 == 1
        if with_old:
            row.insert(0, old.pop())
            start -= 1
        if size & 1:  # The last *complete* node of this level has no complete sibling.
            kept.append(row[size - 1 - start])
        rows.append((with_old, row))
        if start == 0 and len(row) == 1:
            break
        above = [
            sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)
        ]
        if len(row) & 1:
            above.append(row[-1])
        row, start, size = above, start >> 1, size >> 1
    return rows, tuple(reversed(kept))


def _paths(rows: list[_Row]) -> list[Proof]:
    """Compute the proof of each new leaf, walking down from the root so that neighbours share work."""
    paths: list[Proof] = [()]
    for with_old, row in reversed(rows[:-1]):
        below: list[Proof] = []
        for left, right, path in zip(row[::2], row[1::2], paths, strict=False):
            below.append((right, *path))
            below.append((left, *path))
        if len(row) & 1:
            below.append(paths[-1])
        # The old subtree has no changed node below it.
        paths = below[1:] if with_old else below
    return paths
