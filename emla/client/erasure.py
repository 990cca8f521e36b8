"""What a client asks about erasure and legal holds; part of `emla.client.people.PeopleCalls`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from urllib.parse import quote

from emla.client.erasure_answers import ErasureView
from emla.client.reading import Answer


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

    async def erasure(self, case_id: str, package: str | None = None) -> ErasureView:
        """What was erased of a case, and what could be; of the content of one package alone, where one is named."""
        query = {"package": package} if package else None
        return _read(await self._get(_path(case_id, "erasure"), "erasure", query))

    async def erase_case(
        self, case_id: str, reason: str, *, although_open: bool, package: str | None = None
    ) -> ErasureView:
        """Order that everything which is here of a case is erased, or have the order wait for a second person."""
        body = {"reason": reason, "although_open": although_open, **({"package": package} if package else {})}
        return _read(await self._post(_path(case_id, "erasure"), "erasure", body))

    async def approve_erasure(self, case_id: str, looked_at: str) -> ErasureView:
        """Give an order that waits, as the second person."""
        return _read(await self._post(_path(case_id, "erasure/approve"), "erasure", {"hash": looked_at}))

    async def cancel_erasure(self, case_id: str, looked_at: str) -> ErasureView:
        """Take an order back that waits."""
        return _read(await self._post(_path(case_id, "erasure/cancel"), "erasure", {"hash": looked_at}))

    async def hold_case(self, case_id: str, reason: str) -> ErasureView:
        """Put a case on legal hold."""
        answer = await self._post(_path(case_id, "hold"), "erasure", {"reason": reason}, method="PUT")
        return _read(answer)

    async def unhold_case(self, case_id: str) -> ErasureView:
        """Lift the hold of a case."""
        return _read(await self._post(_path(case_id, "hold"), "erasure", {}, method="DELETE"))


def _path(case_id: str, what: str) -> str:
    return f"/v1/cases/{quote(case_id, safe='')}/{what}"


def _read(answer: Answer) -> ErasureView:
    return answer.whole(ErasureView)
