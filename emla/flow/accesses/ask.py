"""ask: who read what we sent in a case? Each holder is asked, and what it says is verified and kept, sealed as everything is.

Order of writes: A1 one batch holds a report and the event with its hash. A crash before it leaves nothing: the holder is asked
again for the same. Behind it the holder's word is here, also when the holder is not, and our ledger says since when.

Rules of this file:
- A holder is asked for what is behind its last report; what it said before stands.
- A holder that cannot be asked does not keep the others' reports from us: its code is part of the answer.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emla.cases.ownership import owner_of
from emla.flow.dockets import Dockets
from emla.flow.events import ACCESSES_REPORTED, event
from emla.flow.gateway import Gateway
from emla.formats import access_report as form
from emla.formats import dsse
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
from emla.model.limits import WIRE
from emla.model.signed import PayloadType
from emla.ports.accesses import AccessTransport, ReportRow
from emla.ports.store import Transaction
from emla.ports.transport import Refusal
from emla.steps.verify_access_report import verify_access_report

REPORTS_MAX = 50
"""Of one holder at one time: 10,000 accesses. Whoever asks again goes on."""
_KNOWN_REFUSALS = frozenset({"not-found", "quota", "busy", "stopping", "place-unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A report that is here. `signed`: as the holder signed it."""

    report: AccessReport
    at: int
    """When it came."""
    signed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one holder has said. `code`: why it said nothing new; empty where it did, or was not asked."""

    holder: str
    kept: tuple[Kept, ...]
    code: str = ""
    detail: str = ""


class AskAccesses:
    """The owner's side."""

    def __init__(self, gateway: Gateway, transport: AccessTransport, dockets: Dockets) -> None:
        self._gateway = gateway
        self._transport = transport
        self._dockets = dockets

    async def kept(self, case_id: bytes) -> tuple[Said, ...]:
        """What every holder has said so far."""
        return self._said(case_id, await self._holders(case_id), {})

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
        return self._said(case_id, holders, dict(zip(holders, troubles, strict=True)))

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
        place = self._place(case_id, holder)
        try:
            for _ in range(REPORTS_MAX):
                report = await self._ask(peer, case_id, place)
                if report is None:
                    if place == FIRST_PLACE:
                        return TransportError("place-unknown", "It has no beginning.")
                    place = FIRST_PLACE  # its ledger ended, or went back: what it says now is compared by whoever reads both
                elif report.following is None:
                    return None
                else:
                    place = report.following
        except (TransportError, NotFoundError) as error:
            return error
        return None

    def _place(self, case_id: bytes, holder: str) -> LedgerPlace:
        """Behind the last report of a holder."""
        rows = [each for each in self._gateway.store.read.access_reports(case_id) if each.holder == holder]
        return LedgerPlace(epoch=rows[-1].first.epoch, index=rows[-1].end) if rows else FIRST_PLACE

    async def _ask(self, peer: Authority, case_id: bytes, place: LedgerPlace) -> AccessReport | None:
        """One report, kept; None where the holder knows no such place."""
        gateway = self._gateway
        answer = await self._transport.ask_accesses(peer, case_id, place)
        if isinstance(answer, Refusal):
            if answer.code == "place-unknown":
                return None
            if answer.code == "not-found":
                raise NotFoundError(
                    "not-found", f"{peer.id} holds nothing of ours, or does not answer such questions."
                )
            code = answer.code if answer.code in _KNOWN_REFUSALS else "peer-nonsense"
            raise TransportError(code, f"{peer.id} answered '{answer.code}'.")
        try:
            report = verify_access_report(
                answer,
                holder=peer,
                here=gateway.identity.id,
                case_id=case_id,
                first=place,
                now=gateway.now(),
            )
        except InvalidPackageError as error:
            raise TransportError("peer-nonsense", str(error)) from error
        await self._keep(peer.id, report, answer)
        return report

    async def _keep(self, holder: str, report: AccessReport, signed: bytes) -> None:
        gateway, case_id = self._gateway, report.case_id
        nonce = gateway.entropy(NONCE_BYTES)
        sealed = form.seal_report(
            signed, content_key=gateway.identity.content_key, nonce=nonce, case_id=case_id
        )
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

    def _said(
        self, case_id: bytes, holders: Sequence[str], troubles: Mapping[str, EmlaError | None]
    ) -> tuple[Said, ...]:
        by_holder: dict[str, list[Kept]] = {each: [] for each in holders}
        for row in self._gateway.store.read.access_reports(case_id):
            if (kept := self._opened(row)) is not None:
                by_holder.setdefault(row.holder, []).append(kept)
        said = []
        for holder, kept_ones in by_holder.items():
            trouble = troubles.get(holder)
            code, detail = (trouble.code, trouble.detail) if trouble else ("", "")
            said.append(Said(holder=holder, kept=tuple(kept_ones), code=code, detail=detail))
        return tuple(said)

    def _opened(self, row: ReportRow) -> Kept | None:
        """A kept report: it was verified before it was kept, and no one else has the key under which it lies."""
        key = self._gateway.identity.content_key
        signed = form.open_report(row.sealed, content_key=key, case_id=row.case_id)
        if signed is None:
            return None
        payload = dsse.decode(signed, PayloadType.ACCESSES, WIRE.access_bytes).payload
        return Kept(report=form.decode(payload), at=row.at, signed=signed)
