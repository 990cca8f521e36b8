"""A recipient inside the test: accept, open and hand over on a real store, with packages of a sender's making."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from emla.flow.dockets import Dockets
from emla.flow.holdings import Holdings
from emla.flow.line.accept import Accept, Answer
from emla.flow.line.hand_over import HandOver
from emla.flow.line.open import Open
from emla.flow.news import News
from emla.model.errors import InvalidPackageError
from emla.model.leg import Leg
from emla.model.package import PartRole
from tests.support.authorities import NOTHING, Package, Parts, Party, Tampering, build, derived, party
from tests.support.gateways import CONTENT_KEY, Home, MemorySource, TurnedClock, opened
from tests.support.inline_opener import InlineOpener
from tests.support.messages import ATTACHMENT_NAME, make_template

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")


@cache
def valid_parts(sender: str = AT.id, recipient: str = DE.id, size: int = 5000, number: int = 1) -> Parts:
    """Parts that pass every check: a valid request and the attachment it names."""
    attachment = derived("attachment", number, length=size)
    template = make_template(sender=sender, recipient=recipient, attachment=attachment)
    main = template.fill(derived("message", number, length=16), derived("case", number, length=16))
    return (
        (PartRole.MAIN, "application/xml", "request.xml", main),
        (PartRole.ANNEX, "application/octet-stream", ATTACHMENT_NAME, attachment),
    )


def valid_package(number: int = 1, *, tampering: Tampering = NOTHING, size: int = 5000) -> Package:
    """A package of AT to DE with a valid message inside."""
    parts = valid_parts(size=size, number=number)
    return build(AT, DE, number=number, parts=parts, tampering=tampering)


@dataclass
class Desk:
    """DE's gateway with the journeys of a received package."""

    home: Home
    opener: InlineOpener
    accept: Accept
    opening: Open
    hand_over: HandOver
    accepted: list[bytes] = field(default_factory=list)
    contacts: list[str] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)

    async def take(
        self,
        package: Package,
        *,
        pid: bytes | None = None,
        payload: bytes | None = None,
        size: int | None = None,
    ) -> Answer:
        """Offer a package, as a peer's PUT does."""
        source = self.source(package.payload if payload is None else payload, size)
        return await self.accept(pid or package.pid, package.signed, source)

    @staticmethod
    def source(payload: bytes, size: int | None = None) -> MemorySource:
        return MemorySource(payload, short=InvalidPackageError("digest-mismatch"), size=size)


@asynccontextmanager
async def desk(
    data: Path, *senders: Party, clock: TurnedClock | None = None, floor_bytes: int = 0
) -> AsyncIterator[Desk]:
    """DE's gateway on a folder; AT is pinned, and whoever else is named."""
    async with opened(data, DE, AT, *senders, clock=clock, floor_bytes=floor_bytes) as home:
        accepted: list[bytes] = []
        contacts: list[str] = []
        legs: list[Leg] = []
        opener, news = InlineOpener(DE, CONTENT_KEY), News()
        yield Desk(
            home=home,
            opener=opener,
            accept=Accept(home.gateway, accepted.append, contacts.append),
            opening=Open(home.gateway, opener, news, legs.append),
            hand_over=HandOver(
                home.gateway, news, legs.append, Holdings(home.gateway, Dockets(home.gateway, news))
            ),
            accepted=accepted,
            contacts=contacts,
            legs=legs,
        )
