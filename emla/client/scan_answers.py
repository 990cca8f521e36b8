"""What the authority API answers about malware scans and what waits for a decision (docs/reference/authority-api.md)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from emla.client.reading import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Who decided, and when. `by` is the id under which the ledger knows a person."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartScan:
    """What the scanner last said of a part, and the decision in spite of it that counts."""

    verdict: str
    """``clean``, ``infected``, ``too-large`` or ``failed``."""
    detail: str
    at: datetime
    released: Release | None = None

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        released = answer.optional("released", answer.nested)
        return cls(
            verdict=answer.text("verdict"),
            detail=answer.text("detail"),
            at=answer.instant("at"),
            released=Release(by=released.text("by"), at=released.instant("at")) if released else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One line of GET /v1/quarantine: a package that could not be opened, or a part that is not clean."""

    kind: str
    """``package`` or ``part``."""
    pid: str
    peer: str
    code: str | None = None
    """Of a package: why it could not be opened."""
    n: int | None = None
    name: str | None = None
    size: int | None = None
    scan: PartScan | None = None

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        scan = answer.optional("scan", answer.nested)
        return cls(
            kind=answer.text("kind"),
            pid=answer.hexadecimal("pid"),
            peer=answer.text("peer"),
            code=answer.optional("code", answer.text),
            n=answer.optional("n", answer.integer),
            name=answer.optional("name", answer.text),
            size=answer.optional("size", answer.integer),
            scan=PartScan.read(scan) if scan else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """GET /v1/quarantine. `scanner` is None where nothing scans."""

    scanner: str | None
    items: tuple[Waiting, ...]

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            scanner=answer.optional("scanner", answer.text),
            items=tuple(map(Waiting.read, answer.items("items"))),
        )
