"""People of one authority who draft messages, approve them, and send them: a real gateway in the test, and a peer."""

import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from emla.flow.dockets import Dockets
from emla.flow.drafts.drafts import Drafts
from emla.flow.line.submission import Submission, Submitted
from emla.flow.line.submit import Submit
from emla.flow.news import News
from emla.formats.event import decode as decode_event
from emla.model.draft import DraftState
from emla.model.errors import EmlaError, InvalidMessageError
from emla.model.limits import XmlLimits
from emla.model.package import DeclaredPart, PartRole
from emla.model.person import ALONE, Caller, Person, PersonRole, PersonState
from emla.ports.drafts import DraftRow
from tests.support.authorities import NOW, derived, party
from tests.support.gateways import Home, MemorySource, TurnedClock, opened
from tests.support.inline_clerk import InlineClerk
from tests.support.messages import ATTACHMENT_NAME, Template, make_template
from tests.support.sample_case import schemas

AT, DE = party("at.moj"), party("de.bfj")
SHORT = InvalidMessageError("bad-request", "short")
SMALL = make_template(sender=AT.id, recipient=DE.id, attachment=b"annex " * 1000)
LARGE = make_template(sender=AT.id, recipient=DE.id, attachment=bytes(range(256)) * 1500)
_LIFE = b"<UrgencyReason>RISK_TO_LIFE</UrgencyReason><Explanation>The person who uses the server holds a child.</Explanation>"
PEOPLE = {
    "paul": {PersonRole.PROSECUTOR},
    "cara": {PersonRole.CENTRAL_OFFICER},
    "poc": {PersonRole.POC_247},
    "vera": {PersonRole.APPROVER},
    "walt": {PersonRole.APPROVER, PersonRole.CENTRAL_OFFICER},
}


def caller(name: str) -> Caller:
    return Caller(id=name, roles=frozenset(PEOPLE[name]), name=name)


def person(name: str, *, state: PersonState = PersonState.ACTIVE) -> Person:
    return Person(
        id=name,
        name=name,
        full_name=name,
        roles=frozenset(PEOPLE[name]),
        state=state,
        created_at=NOW,
    )


def emergency(main: bytes, level: str = "EMERGENCY") -> bytes:
    """The same message as one of another urgency, with a danger to life."""
    main = main.replace(b"<UrgencyLevel>PRIORITY<", f"<UrgencyLevel>{level}<".encode())
    return re.sub(rb"<UrgencyReason>\w+</UrgencyReason>", _LIFE, main)


@dataclass
class Office:
    """A gateway with people, who hand in, approve and send."""

    home: Home
    submit: Submit
    drafts: Drafts

    def submission(self, who: str, template: Template = SMALL, number: int = 1, **more: object) -> Submission:
        main = template.fill(derived("message", number, length=16), derived("case", number, length=16))
        if level := more.pop("urgency", None):
            main = emergency(main, str(level))
        parts = (
            DeclaredPart(name="request.xml", media="application/xml", role=PartRole.MAIN, size=len(main)),
            DeclaredPart(
                name=ATTACHMENT_NAME,
                media="application/octet-stream",
                role=PartRole.ANNEX,
                size=len(template.attachment),
            ),
        )
        source = MemorySource(main + template.attachment, short=SHORT)
        drafter = caller(who) if who != "alone" else ALONE
        return Submission(parts=parts, source=source, drafter=drafter, **more)  # type: ignore[arg-type] # handed on

    async def hand_in(
        self, who: str, template: Template = SMALL, number: int = 1, **more: object
    ) -> DraftRow:
        found = await self.drafts.hand_in(self.submission(who, template, number, **more))
        assert not isinstance(found, Submitted)
        return found[0]

    def hash(self, row: DraftRow) -> bytes:
        return self.drafts.hash_of(row, self.drafts.content(row))

    async def approve(self, who: str, row: DraftRow, seen: bytes | None = None) -> DraftRow:
        return await self.drafts.approve(caller(who), row, self.hash(row) if seen is None else seen)

    async def put(self, one: Person) -> None:
        await self.home.store.write(lambda transaction: transaction.update_person(one))

    def state(self, row: DraftRow) -> DraftState:
        found = self.home.store.read.draft(row.id)
        assert found is not None
        return found.state

    def told(self, kind: str) -> list[dict[str, str | int]]:
        return [dict(decode_event(row.body).facts) for row in self.home.store.read.events(kind, 100)]

    def sent(self) -> int:
        return self.home.contents().get("sent", 0)


@asynccontextmanager
async def office_on(
    data: Path, *, hired: bool = False, clock: TurnedClock | None = None
) -> AsyncIterator[Office]:
    """An office on a folder; with its people on record, where they are not there yet."""
    async with opened(data, AT, DE, clock=clock) as home:
        if not hired:
            for name in PEOPLE:
                one = person(name)
                await home.store.write(lambda transaction, one=one: transaction.insert_person(one))  # type: ignore[misc] # bound now
        yield office_at(home)


def office_at(home: Home) -> Office:
    """The journeys of drafts on a gateway."""
    submit = Submit(
        home.gateway, InlineClerk(schemas()), XmlLimits(), lambda _: None, Dockets(home.gateway, News())
    )
    return Office(home, submit, Drafts(home.gateway, submit))


async def refused(work: Awaitable[object]) -> str:
    """The code with which something is refused."""
    with pytest.raises(EmlaError) as caught:
        await work
    return caught.value.code
