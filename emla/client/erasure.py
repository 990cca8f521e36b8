"""What a client asks about erasure and legal holds; part of `emla.client.people.PeopleCalls`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from emla.client.reading import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """A legal hold."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order to erase what was here of a case."""

    state: str
    why: str
    by: str
    reason: str
    ordered_at: datetime
    erased_at: datetime | None
    packages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureView:
    """What was erased of a case, what is left, and what stands against erasing it."""

    case_id: str
    sent: int
    received: int
    closed: bool | None
    obstacles: tuple[str, ...]
    hold: HoldView | None
    orders: tuple[OrderView, ...]

    @classmethod
    def read(cls, answer: Answer) -> "ErasureView":
        """Read an answer."""
        return cls(
            case_id=answer.hexadecimal("case_id"),
            sent=answer.integer("sent"),
            received=answer.integer("received"),
            closed=answer.optional("closed", answer.truth),
            obstacles=answer.texts("obstacles"),
            hold=answer.optional("hold", lambda name: _hold(answer.nested(name))),
            orders=tuple(_order(each) for each in answer.items("orders")),
        )


def _hold(answer: Answer) -> HoldView:
    return HoldView(at=answer.instant("at"), by=answer.text("by"), reason=answer.text("reason"))


def _order(answer: Answer) -> OrderView:
    return OrderView(
        state=answer.text("state"),
        why=answer.text("why"),
        by=answer.text("by"),
        reason=answer.text("reason"),
        ordered_at=answer.instant("ordered_at"),
        erased_at=answer.optional("erased_at", answer.instant),
        packages=answer.integer("packages"),
    )


class ErasureCalls(ABC):
    """Erasure and legal holds."""

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

    async def erasure(self, case_id: str) -> ErasureView:
        """What was erased of a case, and what could be."""
        return ErasureView.read(await self._get(_path(case_id, "erasure"), "erasure"))

    async def erase_case(self, case_id: str, reason: str, *, although_open: bool) -> ErasureView:
        """Order that everything which is here of a case is erased."""
        body = {"reason": reason, "although_open": although_open}
        return ErasureView.read(await self._post(_path(case_id, "erasure"), "erasure", body))

    async def hold_case(self, case_id: str, reason: str) -> ErasureView:
        """Put a case on legal hold."""
        answer = await self._post(_path(case_id, "hold"), "erasure", {"reason": reason}, method="PUT")
        return ErasureView.read(answer)

    async def unhold_case(self, case_id: str) -> ErasureView:
        """Lift the hold of a case."""
        return ErasureView.read(await self._post(_path(case_id, "hold"), "erasure", {}, method="DELETE"))


def _path(case_id: str, what: str) -> str:
    return f"/v1/cases/{quote(case_id, safe='')}/{what}"
