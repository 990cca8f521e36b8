"""Two ministries with officers, root keys and running journeys, in one process: what a test of the life of keys needs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from emla.bootstrap.audit import verify_ledger
from emla.flow.documents.changes import Change
from emla.formats import documents as form
from emla.keyring.files import FileUse, StoredKey
from emla.model.documents import ApprovalAct, Authority, Card, KeyUse, Root
from emla.model.leg import LegKind, LegState
from emla.model.signed import PayloadType
from tests.support.ceremony import (
    ADA,
    BEN,
    listed,
    new_key,
    next_card,
    officers_of,
    revocation_of,
    root_key,
    signed_card,
    signed_root,
    word,
)
from tests.support.folders import make_folder
from tests.support.in_process import DirectLine, InlineOpener, Station, TestClock
from tests.support.messages import Template, make_template

SENDER, RECIPIENT = "at.moj", "jp.moj"
DAY = 86400


@dataclass
class Ministry:
    """A station and the people around it."""

    station: Station

    @property
    def authority(self) -> Authority:
        return self.station.gateway.identity.authority

    @property
    def now(self) -> int:
        return self.station.gateway.now()

    async def appoint(self) -> None:
        """Ada and Ben become key officers."""
        payload = officers_of(self.authority.id, self.now, ADA, BEN)
        change = await self.propose(PayloadType.OFFICERS, payload)
        await self.station.changes.publish(change.row.sha256, [])

    async def propose(self, kind: PayloadType, payload: bytes) -> Change:
        """Ada proposes and Ben approves."""
        changes, who, now = self.station.changes, self.authority.id, self.now
        proposal = word(ADA, ApprovalAct.PROPOSE, who, kind, payload, now)
        change = await changes.propose(kind, payload, proposal)
        approval = word(BEN, ApprovalAct.APPROVE, who, kind, payload, now)
        return await changes.approve(change.row.sha256, approval)

    async def publish_card(self, card: Card) -> None:
        change = await self.propose(PayloadType.CARD, form.encode_card(card))
        signed = signed_card(card, root_key(self.station.data))
        await self.station.changes.publish(change.row.sha256, [signed])

    async def add_key(self, use: FileUse, *, begins: int | None = None, days: float = 300) -> StoredKey:
        """A new key, on a card of its own, from an instant on (now)."""
        begins = self.now - 60 if begins is None else begins
        key = new_key(self.station.data, use, self.now)
        await self.publish_card(next_card(self.authority, self.now, listed(key, begins, days)))
        return key

    async def publish_root(self, root: Root, card: Card, *keys: object) -> None:
        """A next root, signed by the old root key and these, and the card under it."""
        old = root_key(self.station.data)
        of_root = await self.propose(PayloadType.ROOT, form.encode_root(root))
        await self.propose(PayloadType.CARD, form.encode_card(card))
        signed = [signed_root(root, old, *keys), signed_card(card, *keys)]  # type: ignore[arg-type]  # signing keys
        await self.station.changes.publish(of_root.row.sha256, signed)

    async def revoke(self, kid: str | None, *, since: int | None = None) -> None:
        key = root_key(self.station.data)
        await self.station.changes.revoke(revocation_of(self.authority, key, kid, self.now, since=since))

    def newest(self, use: KeyUse) -> str:
        key = self.authority.newest(use, self.now)
        assert key is not None
        return key.kid


@dataclass
class House:
    """Two ministries that have pinned each other."""

    sender: Ministry
    recipient: Ministry
    template: Template
    clock: TestClock
    _messages: int = 0

    async def hand_in(self) -> bytes:
        """A new message from the sender; the package id."""
        self._messages += 1
        return (await self.sender.station.hand_in(self.template, self._messages.to_bytes(16, "big"))).pid

    async def refresh(self) -> bool:
        """The sender's gateway visits the recipient's."""
        return await self.sender.station.refresh.fetch(RECIPIENT)

    async def hear(self) -> None:
        """The sender says what is current, as each day, and the recipient's gateway visits it."""
        await self.sender.station.upkeep.sign_status()
        assert await self.recipient.station.refresh.fetch(SENDER)

    async def deliver(self) -> list[str]:
        """Try every leg of the sender's once; the codes of those that were not taken."""
        return [each.code for each in await self.sender.station.deliver(RECIPIENT)]

    def state(self, pid: bytes) -> LegState:
        leg = self.sender.station.store.read.leg_of(LegKind.PACKAGE, pid)
        assert leg is not None
        return leg.state

    async def settle(self) -> None:
        """Open what was accepted, and bring the acknowledgements home."""
        await self.recipient.station.open()
        await self.recipient.station.deliver(SENDER)

    def audits_are_whole(self) -> None:
        """Both ledgers, recomputed from bytes, hold no contradiction."""
        for each in (self.sender, self.recipient):
            assert verify_ledger(each.station.data).problems == ()


@asynccontextmanager
async def key_house(folder: Path) -> AsyncIterator[House]:
    """Two ministries, pinned and staffed."""
    clock = TestClock()
    stations: dict[str, Station] = {}
    line = DirectLine(lambda authority: stations[authority])
    for name in (SENDER, RECIPIENT):
        make_folder(folder / name, name)
        stations[name] = Station(folder / name, line, clock, InlineOpener(folder / name))
        stations[name].start()
        await stations[name].own.start()
        await stations[name].upkeep.sign_status()
    sender, recipient = stations[SENDER], stations[RECIPIENT]
    await sender.pin(recipient.data)
    await recipient.pin(sender.data)
    house = House(
        sender=Ministry(sender),
        recipient=Ministry(recipient),
        template=make_template(sender=SENDER, recipient=RECIPIENT, attachment=bytes(700)),
        clock=clock,
    )
    for each in (house.sender, house.recipient):
        await each.appoint()
    try:
        yield house
    finally:
        for station in stations.values():
            await station.close()
