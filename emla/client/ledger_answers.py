"""What the server answers about its ledger."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from emla.client.reading import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedLedger:
    """Why the ledger is closed, since when, and which peer showed it."""

    code: str
    since: datetime
    peer: str | None

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            code=answer.text("code"),
            since=answer.instant("since"),
            peer=answer.optional("peer", answer.text),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """How the ledger stands."""

    origin: str
    epoch: int
    size: int
    closed: ClosedLedger | None
    known: tuple[tuple[str, int], ...]
    """For each ledger of ours, the size of the largest checkpoint that a peer has shown."""
    unanswered: tuple[str, ...]
    gone: tuple[str, ...]
    card_version_known: int
    """The highest version of our card that a peer says it knows."""
    keys_absent: tuple[tuple[str, str], ...]
    """Use and id of each key that the card lists and whose private half is not at the server."""

    @property
    def epoch_known(self) -> int:
        """The highest epoch of ours that anybody has shown."""
        return max((int(origin.rpartition("/")[2]) for origin, _ in self.known), default=0)

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            origin=answer.text("origin"),
            epoch=answer.integer("epoch"),
            size=answer.integer("size"),
            closed=answer.optional("closed", lambda name: ClosedLedger.read(answer.nested(name))),
            known=tuple((each.text("origin"), each.integer("size")) for each in answer.items("known")),
            unanswered=answer.texts("unanswered"),
            gone=tuple(each.text("authority") for each in answer.items("asked") if each.truth("gone")),
            card_version_known=answer.integer("card_version_known"),
            keys_absent=tuple((each.text("use"), each.text("kid")) for each in answer.items("keys_absent")),
        )
