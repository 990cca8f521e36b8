"""Who read what, between stations of one process: the owner's question goes straight to the holder's journey."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from emla.bootstrap.own import DATABASE
from emla.flow.accesses.ask import AskAccesses
from emla.flow.accesses.give import GiveAccesses
from emla.model.access import LedgerPlace
from emla.model.documents import Authority
from emla.model.errors import EmlaError, TransportError
from emla.ports.transport import Refusal
from emla.store.sqlite.listings import SqliteListings, open_listings
from tests.support.in_process import Station


@dataclass
class AccessLine:
    """Implements `emla.ports.accesses.AccessTransport` for one asker."""

    asker: str
    givers: dict[str, GiveAccesses]
    asked: list[LedgerPlace] = field(default_factory=list)
    away: bool = False

    async def ask_accesses(self, peer: Authority, case_id: bytes, first: LedgerPlace) -> bytes | Refusal:
        self.asked.append(first)
        if self.away or peer.id not in self.givers:
            raise TransportError("peer-unreachable")
        try:
            return await self.givers[peer.id](self.asker, case_id, first)
        except EmlaError as error:
            return Refusal(code=error.code)


@dataclass
class Reports:
    """The journeys of each station, and the lines between them."""

    ask: dict[str, AskAccesses]
    give: dict[str, GiveAccesses]
    lines: dict[str, AccessLine]


@asynccontextmanager
async def reports(stations: dict[str, Station]) -> AsyncIterator[Reports]:
    """Let stations ask one another, as long as they are not restarted."""
    listings: list[SqliteListings] = []
    found = Reports(ask={}, give={}, lines={})
    try:
        for name, station in stations.items():
            listings.append(await open_listings((station.data / DATABASE).absolute()))
            found.give[name] = GiveAccesses(station.gateway, listings[-1], station.dockets)
            found.lines[name] = AccessLine(name, found.give)
            found.ask[name] = AskAccesses(station.gateway, found.lines[name], station.dockets)
        yield found
    finally:
        for each in listings:
            await each.close()
