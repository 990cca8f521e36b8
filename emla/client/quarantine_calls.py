"""The calls of the authority API about what waits for a decision: a part of `emla.client.client.Client`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from urllib.parse import quote

from emla.client.answers import Message
from emla.client.reading import Answer
from emla.client.scan_answers import PartScan, Quarantine

SCAN_SECONDS_MAX = 3600
"""How long a call may take that has a part scanned first: as long as a scan and the wait for a place."""


class QuarantineCalls(ABC):
    """Packages that could not be opened, and parts that the malware scanner keeps back."""

    @abstractmethod
    async def _get(
        self, path: str, what: str, query: dict[str, str] | None = None, wait_seconds: float = 0
    ) -> Answer:
        """Make a call that reads."""

    @abstractmethod
    async def _post(
        self,
        path: str,
        what: str,
        body: Mapping[str, object],
        *,
        method: str = "POST",
        wait_seconds: float = 0,
    ) -> Answer:
        """Make a call that changes something."""

    async def quarantine(self, *, limit: int = 100) -> Quarantine:
        """What waits for a decision, the newest first."""
        return Quarantine.read(await self._get("/v1/quarantine", "quarantine", {"limit": str(limit)}))

    async def release_message(self, pid: str) -> Message:
        """Have a package that could not be opened opened once more."""
        return Message.read(await self._post(f"/v1/messages/{quote(pid, safe='')}/release", "message", {}))

    async def scan_part(self, pid: str, n: int) -> PartScan:
        """Have a part scanned now, whatever was said of it before."""
        path = f"/v1/messages/{quote(pid, safe='')}/parts/{n}/scan"
        return PartScan.read(await self._post(path, "scan", {}, wait_seconds=SCAN_SECONDS_MAX))

    async def release_part(self, pid: str, n: int, *, verdict: str, reason: str) -> PartScan:
        """Decide that a part is handed over in spite of `verdict`, which is what was seen of it."""
        path = f"/v1/messages/{quote(pid, safe='')}/parts/{n}/release"
        return PartScan.read(await self._post(path, "scan", {"verdict": verdict, "reason": reason}))
