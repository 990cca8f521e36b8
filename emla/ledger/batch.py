"""The closing of one batch: leaves in, checkpoint and proofs out. Pure, so that a crash test can run it as often as it likes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emla.ledger import checkpoint as checkpoint_form
from emla.ledger.checkpoint import Checkpoint
from emla.ledger.merkle import Frontier, Proof, extend, leaf_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerKey:
    """The origin and key that sign an authority's checkpoints, and the keys that signed before it."""

    origin: str
    public: bytes
    sign: Callable[[bytes], bytes]
    older: tuple[bytes, ...] = ()
    """Other ledger keys of the card: what one of them signed in its day is still ours."""

    @property
    def publics(self) -> tuple[bytes, ...]:
        """Every key a checkpoint of this ledger may be signed with."""
        return (self.public, *self.older)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedBatch:
    """A batch that is ready to commit. Its checkpoint must not be shown to anyone before the commit has returned."""

    frontier: Frontier
    checkpoint: bytes
    proofs: tuple[Proof, ...]


def close_batch(frontier: Frontier, entries: Sequence[bytes], key: LedgerKey) -> ClosedBatch:
    """Append a batch's leaf entries and sign one checkpoint over the grown tree.

    Args:
        frontier: the tree before the batch.
        entries: the leaf entries of the batch, in order; at least one.
        key: what signs.
    """
    extension = extend(frontier, [leaf_hash(entry) for entry in entries])
    grown = Checkpoint(origin=key.origin, size=extension.frontier.size, root=extension.root)
    note = checkpoint_form.encode(grown, key.sign, key.public)
    return ClosedBatch(frontier=extension.frontier, checkpoint=note, proofs=extension.proofs)
