"""The audit: recompute a ledger from its bytes and say what does not add up.

Here: `audit`, over a whole ledger in one pass and constant memory, and `verify_proof`, over one object with
its proof. Not here: reading from a store, and comparing with what peers hold (that is
`merkle.verify_consistency`).

Rules of this file:
- Nothing stored is believed: digests, leaf hashes, roots and signatures are computed again from the bytes.
- `audit` raises nothing for bad data. It goes on to the end and lists every problem in words an auditor
  understands; what follows only from an earlier problem is counted, not repeated.
- Positions: the first leaf is leaf 0. A checkpoint of size n covers the leaves 0 to n - 1.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from emla.ledger.checkpoint import Checkpoint, verify, verify_any
from emla.ledger.leaf import DIGEST_BYTES, LeafKind, entry, entry_of_digest
from emla.ledger.merkle import EMPTY, Frontier, leaf_hash, verify_inclusion
from emla.model.errors import InvalidAcknowledgementError

PROBLEMS_MAX = 1000
"""How many problems a report spells out; the rest are counted."""

_KINDS = frozenset(LeafKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafRecord:
    """One leaf as the store has it."""

    index: int
    kind: int
    """The type byte; a `LeafKind`, if nobody touched it."""
    digest: bytes
    """SHA-256 of the object's stored bytes."""
    erased: bool = False
    """Whether the record says that the object was lawfully erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedProof:
    """What this authority once gave to a peer as proof that an object is in its ledger."""

    kind: LeafKind
    stored: bytes
    """The exact bytes of the object."""
    index: int
    proof: tuple[bytes, ...]
    note: bytes
    """The checkpoint of the object's batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What an audit read and found."""

    origin: str
    leaves: int
    """Leaves read."""
    objects: int
    """Stored objects present and hashed."""
    erased: int
    """Leaves whose object the records call erased. Compare with the acts of erasure: the audit cannot know
    which were lawful."""
    checkpoints: int
    """Checkpoints whose signature and root are right."""
    proofs: int
    """Issued proofs that are right."""
    root: bytes
    """The root over all leaves read."""
    problems: tuple[str, ...]
    """Each a sentence. None means: this ledger is whole."""

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


def audit(
    leaves: Iterable[LeafRecord],
    stored: Callable[[LeafRecord], bytes | None],
    checkpoints: Iterable[bytes],
    *,
    origin: str,
    public_keys: Sequence[bytes],
    issued: Iterable[IssuedProof] = (),
) -> AuditReport:
    """Audit one ledger (one origin) from its first leaf to its last.

    Args:
        leaves: all leaves in the order of their index.
        stored: gives the exact stored bytes of a leaf's object, or None where there are none.
        checkpoints: all checkpoint notes in the order of their size.
        origin: the ledger's origin.
        public_keys: the keys the ledger has signed with, 32 bytes each, the likeliest first.
        issued: proofs given to peers, in the order of their checkpoints; each is checked against the
            recomputed root.
    """
    run = _Run(origin=origin, public_keys=public_keys)
    heads = run.readable(checkpoints)
    head = next(heads, None)
    proofs = _Issued(issued, origin, public_keys)
    while head and head.checkpoint.size == 0:
        run.compare(head, proofs)
        head = next(heads, None)
    for record in leaves:
        run.leaf(record, stored)
        while head and head.checkpoint.size == run.frontier.size:
            run.compare(head, proofs)
            head = next(heads, None)
    run.finish(head, heads, proofs)
    return run.report()


def verify_proof(
    stored: bytes,
    kind: LeafKind,
    index: int,
    proof: Sequence[bytes],
    checkpoint_note: bytes,
    origin: str,
    public_key: bytes,
) -> Checkpoint:
    """Verify that an object is recorded in a ledger: signature of the checkpoint, then the path to its root.

    Args:
        stored: the exact bytes of the object.
        kind: the kind of leaf its issuer recorded it as.
        index: the leaf's position, from 0.
        proof: sibling hashes from the leaf upwards.
        checkpoint_note: the bytes of the checkpoint.
        origin: the issuer's ledger, from its card.
        public_key: that ledger's key, from the same card.

    Returns:
        The verified checkpoint, to compare with others of the same origin.

    Raises:
        InvalidAcknowledgementError: ``malformed``, ``bad-signature`` or ``proof-mismatch``.
    """
    checkpoint = verify(checkpoint_note, origin, public_key)
    if not verify_inclusion(leaf_hash(entry(kind, stored)), index, checkpoint.size, proof, checkpoint.root):
        raise InvalidAcknowledgementError(
            "proof-mismatch",
            f"Leaf {index} of {origin} at size {checkpoint.size} is not proved to be this object.",
        )
    return checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """A checkpoint with a right signature, and the bytes it came in."""

    checkpoint: Checkpoint
    note: bytes


class _Issued:
    """The issued proofs, one ahead, with the verified size of the checkpoint the first one names."""

    def __init__(self, issued: Iterable[IssuedProof], origin: str, public_keys: Sequence[bytes]) -> None:
        self._rest = iter(issued)
        self._origin, self._public_keys = origin, public_keys
        self._note: bytes | None = None
        self.size: int | None = None
        """None where the checkpoint is not one that this ledger signed."""
        self.advance()

    def advance(self) -> None:
        self.first = next(self._rest, None)
        if self.first is None or self.first.note == self._note:  # the proofs of a batch share one checkpoint
            return
        self._note = self.first.note
        try:
            self.size = verify_any(self._note, self._origin, self._public_keys).size
        except InvalidAcknowledgementError:
            self.size = None


@dataclass(slots=True, kw_only=True)
class _Run:
    """One audit under way."""

    origin: str
    public_keys: Sequence[bytes]
    frontier: Frontier = EMPTY
    expected: int = 0
    objects: int = 0
    erased: int = 0
    checkpoints: int = 0
    proofs: int = 0
    last_good: int = 0
    covered: int = 0
    mismatches: int = 0
    problems: list[str] = field(default_factory=list)
    unlisted: int = 0

    def problem(self, sentence: str) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(sentence)
        else:
            self.unlisted += 1

    def leaf(self, record: LeafRecord, stored: Callable[[LeafRecord], bytes | None]) -> None:
        """Check one leaf and let the tree grow by it."""
        if record.index != self.expected:
            self.problem(f"Leaf {self.expected} is missing: leaf {record.index} stands in its place.")
        self.expected = record.index + 1
        if record.kind not in _KINDS:
            self.problem(f"Leaf {record.index} is of kind {record.kind}, which does not exist.")
        if len(record.digest) != DIGEST_BYTES:
            self.problem(f"Leaf {record.index} has a digest of {len(record.digest)} bytes instead of 32.")
        self.object(record, stored(record))
        # A kind that does not fit a byte cannot be hashed; it is reported above, and the next root will not
        # be right.
        known = record.kind if 0 <= record.kind <= 255 else 0
        self.frontier = self.frontier.append(leaf_hash(entry_of_digest(known, record.digest)))

    def object(self, record: LeafRecord, content: bytes | None) -> None:
        """Compare one stored object with its leaf."""
        same = content is not None and sha256(content).digest() == record.digest
        if record.erased:
            self.erased += 1
            if same:
                self.problem(f"Leaf {record.index} is recorded as erased, but its object is still stored.")
        elif content is None:
            self.problem(f"The object of leaf {record.index} is gone, and no erasure is recorded.")
        else:
            self.objects += 1
            if not same:
                self.problem(
                    f"The object of leaf {record.index} was changed: its SHA-256 is not the recorded one."
                )

    def readable(self, notes: Iterable[bytes]) -> Iterator[_Head]:
        """Yield the checkpoints that are signed by this ledger and grow; report the others."""
        size = -1
        for number, note in enumerate(notes, start=1):
            try:
                checkpoint = verify_any(note, self.origin, self.public_keys)
            except InvalidAcknowledgementError as error:
                self.problem(f"Checkpoint {number} in order is not valid ({error.code}): {error.detail}")
                continue
            if checkpoint.size <= size:
                self.problem(
                    f"Checkpoint {number} in order has size {checkpoint.size}, "
                    f"but the one before it already had {size}."
                )
                continue
            size = checkpoint.size
            yield _Head(checkpoint=checkpoint, note=note)

    def compare(self, head: _Head, proofs: _Issued) -> None:
        """Compare a checkpoint with the tree, which has grown to its size, and the proofs issued with it."""
        size, root = head.checkpoint.size, self.frontier.root()
        if root == head.checkpoint.root:
            self.checkpoints += 1
            self.last_good = size
        else:
            if not self.mismatches:
                self.problem(
                    f"The leaves do not lead to the root of the checkpoint of size {size}: a leaf from "
                    f"{self.last_good} to {size - 1} was changed, moved, added or removed, or the checkpoint "
                    "was exchanged."
                )
            self.mismatches += 1
        self.covered = size
        self.issued(head, root, proofs)

    def issued(self, head: _Head, root: bytes, proofs: _Issued) -> None:
        """Check the proofs issued with this checkpoint, and report those out of place."""
        size = head.checkpoint.size
        while (issued := proofs.first) is not None:
            if issued.note == head.note:
                leaf = leaf_hash(entry(issued.kind, issued.stored))
                if verify_inclusion(leaf, issued.index, size, issued.proof, root):
                    self.proofs += 1
                else:
                    self.problem(
                        f"The proof issued for leaf {issued.index} at size {size} does not lead to the root."
                    )
            elif proofs.size is not None and proofs.size > size:
                return
            else:
                self.stray(issued)
            proofs.advance()

    def stray(self, issued: IssuedProof) -> None:
        self.problem(
            f"The proof issued for leaf {issued.index} names a checkpoint that is not at its place "
            "in this ledger."
        )

    def finish(self, head: _Head | None, heads: Iterator[_Head], proofs: _Issued) -> None:
        """Report what is left over when all leaves are read."""
        count = self.frontier.size
        if self.mismatches > 1:
            self.problem(
                f"{self.mismatches - 1} later checkpoints do not fit either, which follows from the first."
            )
        if head is not None:
            later = sum(1 for _ in heads)
            self.problem(
                f"The checkpoint of size {head.checkpoint.size} covers more leaves than there are ({count}): "
                f"leaves were removed from the end. {later} later checkpoints do so too."
            )
        elif self.covered < count:
            self.problem(f"The valid checkpoints cover {self.covered} leaves, but there are {count}.")
        while (issued := proofs.first) is not None:
            self.stray(issued)
            proofs.advance()

    def report(self) -> AuditReport:
        unlisted = (f"{self.unlisted} more problems are not listed.",) if self.unlisted else ()
        return AuditReport(
            origin=self.origin,
            leaves=self.frontier.size,
            objects=self.objects,
            erased=self.erased,
            checkpoints=self.checkpoints,
            proofs=self.proofs,
            root=self.frontier.root(),
            problems=(*self.problems, *unlisted),
        )
