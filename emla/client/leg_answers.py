"""What the authority API answers about legs and what contradicts a message, as values (docs/reference/authority-api.md)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from emla.client.reading import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class LegStanding:
    """Where the transport of one message stands."""

    state: str
    attempts: int
    next_at: datetime | None
    last_code: str | None
    overdue: bool
    reason: str | None
    detail: str | None
    owner: str | None
    """Who must act, where somebody must."""

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            state=answer.text("state"),
            attempts=answer.integer("attempts"),
            next_at=answer.optional("next_at", answer.instant),
            last_code=answer.optional("last_code", answer.text),
            overdue=answer.optional("overdue", answer.truth) or False,
            reason=answer.optional("reason", answer.text),
            detail=answer.optional("detail", answer.text),
            owner=answer.optional("owner", answer.text),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that contradicts a message or its acknowledgements, kept as proof.

    `what` is ``equivocation`` (a second package), ``contradiction`` (a second acknowledgement) or ``doubtful`` (one that does
    not hold).
    """

    what: str
    id: str
    event: str | None
    code: str
    at: datetime

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            what=answer.text("what"),
            id=answer.hexadecimal("id"),
            event=answer.optional("event", answer.text),
            code=answer.text("code"),
            at=answer.instant("at"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One leg of GET /v1/legs: something that waits for, or was given to, a peer."""

    id: str
    kind: str
    """``package`` or ``acknowledgement``."""
    ref: str
    """The package's or acknowledgement's id."""
    peer: str
    state: str
    urgent: bool
    attempts: int
    next_at: datetime | None
    last_code: str | None
    created: datetime
    expires: datetime | None
    overdue: bool
    """It waits longer than it should. Nothing moves by that."""
    refusals: int
    """How often in a row it alone was refused."""
    reason: str | None
    """The code for which it is held, refused, given up or not opened."""
    detail: str | None
    held_since: datetime | None
    owner: str | None
    """Who must act."""

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer; what an older server does not say is None, False or 0."""
        return cls(
            id=answer.identifier("id"),
            kind=answer.text("kind"),
            ref=answer.hexadecimal("ref"),
            peer=answer.text("peer"),
            state=answer.text("state"),
            urgent=answer.truth("urgent"),
            attempts=answer.integer("attempts"),
            next_at=answer.optional("next_at", answer.instant),
            last_code=answer.optional("last_code", answer.text),
            created=answer.instant("created"),
            expires=answer.optional("expires", answer.instant),
            overdue=answer.optional("overdue", answer.truth) or False,
            refusals=answer.optional("refusals", answer.integer) or 0,
            reason=answer.optional("reason", answer.text),
            detail=answer.optional("detail", answer.text),
            held_since=answer.optional("held_since", answer.instant),
            owner=answer.optional("owner", answer.text),
        )
