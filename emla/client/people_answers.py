"""What the server says about people, tokens and reads."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from emla.client.reading import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token; `token` is its text, which the server says once."""

    id: str
    roles: tuple[str, ...]
    label: str
    invitation: bool
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    token: str | None

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            id=answer.text("id"),
            roles=answer.texts("roles"),
            label=answer.text("label"),
            invitation=answer.truth("invitation"),
            created_at=answer.instant("created_at"),
            expires_at=answer.instant("expires_at"),
            revoked_at=answer.optional("revoked_at", answer.instant),
            token=answer.optional("token", answer.text),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on record."""

    id: str
    name: str
    full_name: str
    roles: tuple[str, ...]
    state: str
    created_at: datetime
    has_password: bool
    tokens: tuple[Token, ...]
    cases: tuple[str, ...]
    invitation: str | None

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer; a list has no tokens and cases."""
        return cls(
            id=answer.text("id"),
            name=answer.text("name"),
            full_name=answer.text("full_name"),
            roles=answer.texts("roles"),
            state=answer.text("state"),
            created_at=answer.instant("created_at"),
            has_password=answer.truth("has_password"),
            tokens=tuple(map(Token.read, answer.optional("tokens", answer.items) or ())),
            cases=answer.optional("cases", answer.texts) or (),
            invitation=answer.optional("invitation", answer.text),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Myself:
    """Who the server says is calling. `alone`: there is nobody on record."""

    name: str
    roles: tuple[str, ...]
    alone: bool
    tokens: tuple[Token, ...]
    needs_approval: bool = False
    """Whether what this person sends waits for another one's approval."""

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            name=answer.text("name"),
            roles=answer.texts("roles"),
            alone=answer.truth("alone"),
            tokens=tuple(map(Token.read, answer.items("tokens"))),
            needs_approval=answer.optional("needs_approval", answer.truth) or False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRead:
    """Somebody read content, or asked for it in vain."""

    at: datetime
    person: str
    name: str
    role: str | None
    what: str
    id: str
    part: int | None
    allowed: bool
    scan: str | None = None
    """Of a part that a peer sent: what the malware scanner had said of it."""

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            at=answer.instant("at"),
            person=answer.text("person"),
            name=answer.text("name"),
            role=answer.optional("role", answer.text),
            what=answer.text("what"),
            id=answer.text("id"),
            part=answer.optional("part", answer.integer),
            allowed=answer.truth("allowed"),
            scan=answer.optional("scan", answer.text),
        )
