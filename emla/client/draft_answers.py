"""What the server says about drafts, and about messages that went without a second person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from emla.client.answers import MessagePart, read_findings
from emla.client.reading import Answer
from emla.model.findings import Finding, Override


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """A person, by the id that the ledger names and the name that people type."""

    id: str
    name: str | None

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(id=answer.text("id"), name=answer.optional("name", answer.text))

    def __str__(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLine:
    """A draft in a list. What only its content says is None once that is gone."""

    id: str
    state: str
    message: str | None
    message_id: str
    case_id: str
    recipient: str | None
    urgency: str | None
    drafter: Somebody
    at: datetime
    lapses_at: datetime
    decided_at: datetime | None
    decided_by: Somebody | None
    pid: str | None

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(**_line(answer))  # type: ignore[arg-type]  # one dictionary for both classes


def _line(answer: Answer) -> dict[str, object]:
    decided_by = answer.optional("decided_by", answer.nested)
    return {
        "id": answer.text("id"),
        "state": answer.text("state"),
        "message": answer.optional("message", answer.text),
        "message_id": answer.hexadecimal("message_id"),
        "case_id": answer.hexadecimal("case_id"),
        "recipient": answer.optional("recipient", answer.text),
        "urgency": answer.optional("urgency", answer.text),
        "drafter": Somebody.read(answer.nested("drafter")),
        "at": answer.instant("at"),
        "lapses_at": answer.instant("lapses_at"),
        "decided_at": answer.optional("decided_at", answer.instant),
        "decided_by": Somebody.read(decided_by) if decided_by else None,
        "pid": answer.optional("pid", answer.text),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(DraftLine):
    """A draft whole. `hash`: of everything that would be sent; None once the content is gone."""

    hash: str | None
    case_moved: bool | None
    """Whether the case has another act than its drafter saw; None where that was not said."""
    officer: str | None
    prio: str | None
    expires_in_days: int | None
    overrides: tuple[Override, ...]
    returned_because: str | None
    parts: tuple[MessagePart, ...]
    findings: tuple[Finding, ...]

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        officer = answer.optional("officer", answer.nested)
        return cls(
            **_line(answer),  # type: ignore[arg-type]  # as above
            hash=answer.optional("hash", answer.hexadecimal),
            case_moved=answer.optional("case_moved", answer.truth),
            officer=f"{officer.text('name')}, {officer.text('post')}" if officer else None,
            prio=answer.optional("prio", answer.text),
            expires_in_days=answer.optional("expires_in_days", answer.integer),
            overrides=tuple(
                Override(rule=each.text("rule"), reason=each.text("reason"))
                for each in answer.items("overrides")
            ),
            returned_because=answer.optional("returned_because", answer.text),
            parts=tuple(map(MessagePart.read, answer.items("parts"))),
            findings=read_findings(answer, "findings"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """What became of a message that was handed in: a draft that waits, or the package, where it was sent before."""

    state: str
    id: str | None
    draft: Draft | None
    pid: str | None

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        id_ = answer.optional("id", answer.text)
        return cls(
            state=answer.text("state"),
            id=id_,
            draft=Draft.read(answer) if id_ else None,
            pid=answer.optional("pid", answer.text),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SentAlone:
    """A message that went without a second person."""

    message_id: str
    pid: str | None
    person: Somebody
    at: datetime
    urgency: str
    reason: str
    reviewed_at: datetime | None
    reviewed_by: Somebody | None
    agrees: bool | None
    words: str
    erased: bool = False
    """Whether the message was erased, with what people wrote about it."""

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        by = answer.optional("reviewed_by", answer.nested)
        return cls(
            message_id=answer.hexadecimal("message_id"),
            pid=answer.optional("pid", answer.text),
            person=Somebody.read(answer.nested("person")),
            at=answer.instant("at"),
            urgency=answer.text("urgency"),
            reason=answer.text("reason"),
            reviewed_at=answer.optional("reviewed_at", answer.instant),
            reviewed_by=Somebody.read(by) if by else None,
            agrees=answer.optional("agrees", answer.truth),
            words=answer.text("words"),
            erased=answer.optional("erased", answer.truth) or False,
        )
