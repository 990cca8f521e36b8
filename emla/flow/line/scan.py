"""scan: a part of a peer's package, before its first byte goes out -> the ministry's malware scanner has looked at it.

I13 what was said is durable before anything follows from it, malware with a leaf. A crash before it: the part is scanned again;
after it nothing was handed over yet. I14 a person's release and its leaf are in one batch. The read itself is I9, and its leaf
says what was known of the part.

Rules of this file:
- Fail closed: only "clean", a release that is about exactly this finding, or the ministry's own rule lets a part out.
- What was found in a part stays found when the scanner is turned off.
- One part is scanned once, however many ask for it at the same time; and only so many parts at once.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from emla.flow.events import MALWARE_FOUND, PART_RELEASED, event
from emla.flow.gateway import Gateway
from emla.model.errors import (
    ConfigurationError,
    EmlaError,
    InvalidMessageError,
    NotFoundError,
    TransportError,
)
from emla.model.person import Caller
from emla.model.scan import PartScan, Scan, Scanned, ScanRelease, ScanVerdict
from emla.ports.scanner import Scanner
from emla.ports.store import Transaction

logger = logging.getLogger("emla.scan")

OFF = "off"
"""What a read tells of a part when there is no scanner."""
CLEAN = ScanVerdict.CLEAN.value
ALLOWED = "allowed"
"""Nobody looked at it, and the ministry's rule lets it out."""
RELEASED = "released"
_HOUR_SECONDS = 3600
_REFUSED: dict[ScanVerdict, Callable[[str], EmlaError]] = {
    ScanVerdict.INFECTED: lambda detail: InvalidMessageError("infected", f"It found {detail}."),
    ScanVerdict.TOO_LARGE: lambda detail: InvalidMessageError("not-scanned", detail),
    ScanVerdict.FAILED: lambda detail: ConfigurationError("scanner-failed", detail),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A part that somebody wants to read. `pieces` gives its bytes, from the beginning each time it is called."""

    pid: bytes
    peer: str
    number: int
    size: int
    pieces: Callable[[], AsyncIterator[bytes]]


class Scans:
    """Stands before every part that came from a peer."""

    def __init__(self, gateway: Gateway, scanner: Scanner | None) -> None:
        self._gateway = gateway
        self._scanner = scanner
        self._places = asyncio.Semaphore(gateway.settings.scanner.at_once)
        self._under_way: dict[tuple[bytes, int], asyncio.Task[PartScan]] = {}
        self.results: Counter[str] = Counter()
        """Scans since the start, by verdict."""
        self.seconds = 0.0
        """How long they took together."""

    @property
    def kind(self) -> str | None:
        """What scans; None where nothing does."""
        return self._scanner.kind if self._scanner else None

    async def close(self) -> None:
        """End the scans that nobody will wait for any more."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def require(self, suspect: Suspect) -> str:
        """Let a part out, or refuse it.

        Returns:
            What the read is to tell of it: ``off``, ``clean``, ``allowed: ...`` or ``released: ...``.

        Raises:
            InvalidMessageError: ``infected``, ``not-scanned``.
            ConfigurationError: ``scanner-failed``.
            TransportError: ``busy``.
        """
        known = self._gateway.store.read.scans(suspect.pid).get(suspect.number)
        if self._scanner is None and (known is None or known.scan.verdict is not ScanVerdict.INFECTED):
            return OFF
        if self._scanner is not None and not self._holds(known):
            known = await self._once(suspect)
        assert known is not None  # it holds, was scanned just now, or was found infected
        return self._let_out(known)

    def _holds(self, known: PartScan | None) -> bool:
        seconds = self._gateway.settings.scanner.again_hours * _HOUR_SECONDS
        return known is not None and known.holds(self._gateway.now(), seconds)

    def _let_out(self, known: PartScan) -> str:
        scan = known.scan
        if scan.verdict is ScanVerdict.CLEAN:
            return CLEAN
        if known.released is not None:
            return f"{RELEASED}: {scan.verdict} {scan.detail}".strip()
        if scan.verdict is ScanVerdict.TOO_LARGE and self._gateway.settings.scanner.too_large == "allow":
            return f"{ALLOWED}: {scan.verdict}"
        raise _REFUSED[scan.verdict](scan.detail)

    async def again(self, suspect: Suspect) -> PartScan:
        """Scan a part now, whatever was said of it before.

        Raises:
            ConfigurationError: ``wrong-state``: there is no scanner.
            TransportError: ``busy``.
        """
        if self._scanner is None:
            raise ConfigurationError("wrong-state", "No malware scanner is set up here.")
        return await self._once(suspect)

    async def release(
        self, suspect: Suspect, seen: ScanVerdict, *, caller: Caller, role: str, reason: str
    ) -> PartScan:
        """Decide that a part is handed over in spite of what was said of it.

        Args:
            suspect: the part.
            seen: the verdict that the person has seen.
            caller: who decides.
            role: as what.
            reason: why, in a line; it goes into the ledger.

        Raises:
            ConfigurationError: ``wrong-state``: nothing is held against it, or something else than was seen.
            NotFoundError: ``erased``, meanwhile.
        """
        known = self._gateway.store.read.scans(suspect.pid).get(suspect.number)
        if known is None or known.scan.verdict is ScanVerdict.CLEAN:
            raise ConfigurationError("wrong-state", "The scanner holds nothing against this part.")
        scan = known.scan
        if scan.verdict is not seen:
            raise ConfigurationError(
                "wrong-state", f"By now the scanner says: {scan.verdict}. Look at it again."
            )
        release = ScanRelease(
            verdict=scan.verdict, detail=scan.detail, person=caller.id, at=self._gateway.now()
        )
        facts = _about(suspect, scan) | {"person": caller.id, "role": role, "reason": reason}
        record = event(self._gateway, PART_RELEASED, facts)

        def operation(transaction: Transaction) -> bool:
            is_kept = transaction.put_scan_release(suspect.pid, suspect.number, release)
            if is_kept:
                record(transaction)
            return is_kept

        if not await self._gateway.store.write(operation):
            raise NotFoundError("erased")
        logger.warning(
            "part released",
            extra={
                "pid": suspect.pid.hex(),
                "peer": suspect.peer,
                "part": suspect.number,
                "code": scan.verdict,
            },
        )
        return PartScan(scan=scan, release=release)

    async def _once(self, suspect: Suspect) -> PartScan:
        key = (suspect.pid, suspect.number)
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._scan(suspect), name="scan")
            task.add_done_callback(lambda done: self._ended(key, done))
        # Whoever goes away in the middle does not take the scan from the others, and what was found is kept all the same.
        return await asyncio.shield(task)

    def _ended(self, key: tuple[bytes, int], task: "asyncio.Task[PartScan]") -> None:
        self._under_way.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever waits is told; where nobody waits any more, nobody is

    async def _scan(self, suspect: Suspect) -> PartScan:
        try:
            async with asyncio.timeout(self._gateway.settings.scanner.seconds):
                await self._places.acquire()
        except TimeoutError as error:
            raise TransportError("busy", "Other parts are being scanned.") from error
        try:
            begun = self._gateway.clock.steady()
            with self._gateway.under_way.one():
                said = await self._ask(suspect)
                self.seconds += max(0.0, self._gateway.clock.steady() - begun)
                return await self._keep(suspect, said)
        finally:
            self._places.release()

    async def _ask(self, suspect: Suspect) -> Scanned:
        assert self._scanner is not None
        most = self._gateway.settings.scanner.part_bytes_max
        if suspect.size > most:
            return Scanned(
                verdict=ScanVerdict.TOO_LARGE,
                detail=f"It has {suspect.size} bytes; the scanner is given {most} at most.",
            )
        return await self._scanner.scan(suspect.pieces(), suspect.size)

    async def _keep(self, suspect: Suspect, said: Scanned) -> PartScan:
        """I13."""
        scan = Scan(verdict=said.verdict, detail=said.detail, at=self._gateway.now())
        self.results[scan.verdict.value] += 1
        _tell(suspect, scan)
        before = self._gateway.store.read.scans(suspect.pid).get(suspect.number)
        if before is not None and before.scan.verdict is ScanVerdict.INFECTED and not scan.looked:
            return before  # that nobody could look again takes nothing back
        is_news = before is None or (before.scan.verdict, before.scan.detail) != (scan.verdict, scan.detail)
        record = None
        if scan.verdict is ScanVerdict.INFECTED and is_news:
            record = event(self._gateway, MALWARE_FOUND, _about(suspect, scan))

        def operation(transaction: Transaction) -> None:
            transaction.put_scan(suspect.pid, suspect.number, scan)
            if record is not None:
                record(transaction)

        await self._gateway.store.write(operation)
        return PartScan(scan=scan, release=before.release if before else None)


def _tell(suspect: Suspect, scan: Scan) -> None:
    pid = suspect.pid.hex()
    if scan.verdict is ScanVerdict.INFECTED:
        logger.warning(
            "malware found",
            extra={"pid": pid, "peer": suspect.peer, "part": suspect.number, "detail": scan.detail},
        )
    elif scan.verdict is ScanVerdict.FAILED:
        logger.error("scanner failed", extra={"pid": pid, "part": suspect.number, "detail": scan.detail})


def _about(suspect: Suspect, scan: Scan) -> dict[str, str | int]:
    return {
        "pid": suspect.pid.hex(),
        "peer": suspect.peer,
        "part": suspect.number,
        "verdict": scan.verdict.value,
        "detail": scan.detail,
    }
