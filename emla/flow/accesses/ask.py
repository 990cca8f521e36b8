"""ask: who read what we sent in a case? Each holder is asked, and what it says is verified and kept, sealed as everything is.

Order of writes: A1 one batch holds a report and the event with its hash. A crash before it leaves nothing: the holder is asked
again for the same. Behind it the holder's word is here, also when the holder is not, and our ledger says since when.

Rules of this file:
- A holder is asked for what is behind its last report; what it said before stands. It is asked from the beginning once, where
  it knows that place no longer, and by one call at a time.
- Of what it says that is kept which says more than what is kept (`kept`), up to a size.
- Reports are verified and opened on another thread: how many there are the holder decides, and others wait for this one.
- A holder that cannot be asked does not keep the others' reports from us: its code is part of the answer.
"""

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence

from emla.cases.ownership import owner_of
from emla.flow.accesses.kept import Heard, Said, said_by
from emla.flow.dockets import Dockets
from emla.flow.events import ACCESSES_REPORTED, event
from emla.flow.gateway import Gateway
from emla.formats import access_report as form
from emla.formats.at_rest import NONCE_BYTES
from emla.model.access import FIRST_PLACE, AccessReport, LedgerPlace
from emla.model.documents import Authority
from emla.model.errors import (
    ConfigurationError,
    EmlaError,
    InvalidPackageError,
    NotFoundError,
    TransportError,
)
from emla.ports.accesses import AccessTransport, ReportRow
from emla.ports.store import Transaction
from emla.ports.transport import Refusal
from emla.steps.verify_access_report import verify_access_report

logger = logging.getLogger("emla.accesses")

REPORTS_MAX = 50
"""Of one holder at one time: 10,000 accesses. Whoever asks again goes on."""
KEPT_BYTES_MAX = 8 * 2**20
"""Of one holder about one case: some 30,000 accesses, or 5,000 reports of a few. All of it is opened for each look."""
_KNOWN_REFUSALS = frozenset({"not-found", "quota", "busy", "stopping", "place-unknown"})


class AskAccesses:
    """The owner's side."""

    def __init__(self, gateway: Gateway, transport: AccessTransport, dockets: Dockets) -> None:
        self._gateway = gateway
        self._transport = transport
        self._dockets = dockets
        self._asking: set[tuple[bytes, str]] = set()

    async def kept(self, case_id: bytes) -> tuple[Said, ...]:
        """What every holder has said so far."""
        return await self._said(case_id, await self._holders(case_id), {})

    async def __call__(self, case_id: bytes) -> tuple[Said, ...]:
        """Ask every holder, and return what is kept afterwards.

        Raises:
            NotFoundError: ``not-found``: nothing in this case was sent by us.
            StoreError: a report could not be kept.
        """
        holders = await self._holders(case_id)
        if not holders:
            raise NotFoundError("not-found", "No message of this case was sent from here.")
        troubles = await asyncio.gather(*(self._one(case_id, each) for each in holders))
        return await self._said(case_id, holders, dict(zip(holders, troubles, strict=True)))

    async def _holders(self, case_id: bytes) -> list[str]:
        """To whom something went that is ours, or that we sent."""
        held, own = await self._dockets.of(case_id), self._gateway.identity.id
        ours = (each.recipient for each in held.own if own in (each.sender, owner_of(each)))
        return sorted({each for each in ours if each != own})

    async def _one(self, case_id: bytes, holder: str) -> EmlaError | None:
        """Ask one holder for everything that is new; why not, where that went wrong."""
        peer = self._gateway.directory.find(holder)
        if peer is None:
            return NotFoundError("unknown-recipient", f"'{holder}' is not pinned here.")
        if not peer.card.endpoints:
            return ConfigurationError("only-through-hub", f"{holder} publishes no endpoint of its own.")
        if (asking := (case_id, holder)) in self._asking:
            return TransportError("busy", f"{holder} is being asked at this moment.")
        self._asking.add(asking)
        try:
            await self._everything(peer, case_id)
        except (TransportError, NotFoundError) as error:
            return error
        finally:
            self._asking.remove(asking)
        return None

    async def _everything(self, peer: Authority, case_id: bytes) -> None:
        rows = [each for each in self._gateway.store.read.access_reports(case_id) if each.holder == peer.id]
        heard = await asyncio.to_thread(Heard, rows, self._gateway.identity.content_key)
        place = heard.place
        is_begun_anew = place == FIRST_PLACE
        for left in reversed(range(REPORTS_MAX)):
            signed = await self._ask(peer, case_id, place)
            if signed is None:
                if is_begun_anew:
                    raise TransportError("place-unknown", f"{peer.id} names a place, and has no such place.")
                # Its ledger ended, or went back: what it says now is compared by whoever reads both.
                place, is_begun_anew = FIRST_PLACE, True
                continue
            report = await self._verified(signed, peer, case_id, place)
            following = report.following
            # The last one of many is kept also when nobody read anything: the next ask goes on behind it.
            is_mark = not left and following is not None
            if is_mark or await asyncio.to_thread(heard.is_new, report):
                await self._keep(heard, report, signed)
            if following is None:
                return
            place = following

    async def _ask(self, peer: Authority, case_id: bytes, place: LedgerPlace) -> bytes | None:
        """One report as it came; None where the holder knows no such place."""
        answer = await self._transport.ask_accesses(peer, case_id, place)
        if not isinstance(answer, Refusal):
            return answer
        if answer.code == "place-unknown":
            return None
        if answer.code == "not-found":
            raise NotFoundError(
                "not-found", f"{peer.id} holds nothing of ours, or does not answer such questions."
            )
        code = answer.code if answer.code in _KNOWN_REFUSALS else "peer-nonsense"
        raise TransportError(code, f"{peer.id} answered '{answer.code}'.")

    async def _verified(
        self, signed: bytes, peer: Authority, case_id: bytes, place: LedgerPlace
    ) -> AccessReport:
        gateway = self._gateway
        try:
            return await asyncio.to_thread(
                verify_access_report,
                signed,
                holder=peer,
                here=gateway.identity.id,
                case_id=case_id,
                first=place,
                now=gateway.now(),
            )
        except InvalidPackageError as error:
            raise TransportError("peer-nonsense", str(error)) from error

    async def _keep(self, heard: Heard, report: AccessReport, signed: bytes) -> None:
        gateway, case_id, holder = self._gateway, report.case_id, report.sender
        nonce = gateway.entropy(NONCE_BYTES)
        sealed = form.seal_report(
            signed, content_key=gateway.identity.content_key, nonce=nonce, case_id=case_id
        )
        if heard.size_bytes + len(sealed) > KEPT_BYTES_MAX:
            error = TransportError(
                "reports-full", f"Of {holder} {heard.size_bytes} bytes are kept for this case."
            )
            logger.warning("report not kept", extra={"peer": holder, "code": error.code})
            raise error
        row = ReportRow(
            case_id=case_id,
            holder=holder,
            first=report.first,
            end=report.end,
            at=gateway.now(),
            sealed=sealed,
        )
        facts = {"peer": holder, "case": case_id.hex(), "sha256": hashlib.sha256(signed).hexdigest()}
        told = event(gateway, ACCESSES_REPORTED, facts)

        def operation(transaction: Transaction) -> None:
            transaction.insert_access_report(row)
            told(transaction)

        # A1: before this commit it was never said; after it the holder's word is ours.
        await gateway.store.write(operation)
        heard.add(report, len(sealed))

    async def _said(
        self, case_id: bytes, holders: Sequence[str], troubles: Mapping[str, EmlaError | None]
    ) -> tuple[Said, ...]:
        rows, key = self._gateway.store.read.access_reports(case_id), self._gateway.identity.content_key
        return await asyncio.to_thread(said_by, rows, key, holders, troubles)
