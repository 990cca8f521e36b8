"""seen: checkpoints that came from outside, as the store keeps them. Only what was verified becomes a row."""

from emla.ledger.checkpoint import Checkpoint, decode
from emla.model.acknowledgement import VerifiedAcknowledgement
from emla.model.documents import Authority
from emla.ports.channel import SeenRow


def seen_in(verified: VerifiedAcknowledgement) -> SeenRow:
    """The checkpoint under which a peer's acknowledgement stands; its instant is the issuer's."""
    said = verified.acknowledgement
    return _row(said.by, verified.origin, verified.size, verified.note, said.at)


def seen_as(authority: str, checkpoint: Checkpoint, note: bytes, at: int) -> SeenRow:
    """A verified checkpoint of an authority's ledger."""
    return _row(authority, checkpoint.origin, checkpoint.size, note, at)


def seen_in_documents(authority: Authority) -> SeenRow | None:
    """The checkpoint that the status among an authority's trusted documents bears; None where it bears none."""
    status = authority.status
    if status is None or not status.checkpoint:
        return None
    checkpoint = decode(status.checkpoint).checkpoint
    return seen_as(authority.id, checkpoint, status.checkpoint, status.at)


def _row(authority: str, origin: str, size: int, note: bytes, at: int) -> SeenRow:
    epoch = int(origin.rpartition("/")[2])
    return SeenRow(origin=origin, authority=authority, epoch=epoch, size=size, note=note, at=at)
