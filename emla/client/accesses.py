"""What a client asks about who read, elsewhere, what was sent; part of `emla.client.people.PeopleCalls`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from emla.client.reading import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessView:
    """One access. `package` is None where the case was looked at."""

    what: str
    at: datetime
    package: str | None
    part: int | None
    role: str | None
    person: str | None
    to: str | None
    epoch: int
    leaf: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A report as the holder signed it."""

    received_at: datetime
    made_at: datetime
    epoch: int
    first: int
    end: int
    signed: bytes | None
    """Where it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderView:
    """What one holder has said. `code`: why nothing new."""

    holder: str
    code: str | None
    detail: str
    accesses: tuple[AccessView, ...]
    reports: tuple[ReportView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessesView:
    """Who read what was sent in a case."""

    case_id: str
    holders: tuple[HolderView, ...]

    @classmethod
    def read(cls, answer: Answer) -> "AccessesView":
        """Read an answer."""
        return cls(
            case_id=answer.hexadecimal("case_id"),
            holders=tuple(_holder(each) for each in answer.items("holders")),
        )


def _holder(answer: Answer) -> HolderView:
    return HolderView(
        holder=answer.text("holder"),
        code=answer.optional("code", answer.text),
        detail=answer.text("detail"),
        accesses=tuple(_access(each) for each in answer.items("accesses")),
        reports=tuple(_report(each) for each in answer.items("reports")),
    )


def _access(answer: Answer) -> AccessView:
    return AccessView(
        what=answer.text("what"),
        at=answer.instant("at"),
        package=answer.optional("package", answer.hexadecimal),
        part=answer.optional("part", answer.integer),
        role=answer.optional("role", answer.text),
        person=answer.optional("person", answer.text),
        to=answer.optional("to", answer.text),
        epoch=answer.integer("epoch"),
        leaf=answer.integer("leaf"),
        digest=answer.hexadecimal("digest"),
    )


def _report(answer: Answer) -> ReportView:
    return ReportView(
        received_at=answer.instant("received_at"),
        made_at=answer.instant("made_at"),
        epoch=answer.integer("epoch"),
        first=answer.integer("first"),
        end=answer.integer("end"),
        signed=answer.optional("signed", answer.octets),
    )


class AccessCalls(ABC):
    """Who read what was sent."""

    @abstractmethod
    async def _get(
        self, path: str, what: str, query: dict[str, str] | None = None, wait_seconds: float = 0
    ) -> Answer:
        """Make a call that reads."""

    @abstractmethod
    async def _post(
        self, path: str, what: str, body: Mapping[str, object], *, method: str = "POST"
    ) -> Answer:
        """Make a call that changes something."""

    async def accesses(self, case_id: str, *, signed: bool = False) -> AccessesView:
        """What holders have said of who read what was sent in a case; with `signed` as they signed it, too."""
        query = {"signed": "1"} if signed else None
        return AccessesView.read(await self._get(_path(case_id), "accesses", query))

    async def ask_accesses(self, case_id: str) -> AccessesView:
        """Have each holder asked for what is new, and take all that is known then."""
        return AccessesView.read(await self._post(_path(case_id), "accesses", {}))


def _path(case_id: str) -> str:
    return f"/v1/cases/{quote(case_id, safe='')}/accesses"
