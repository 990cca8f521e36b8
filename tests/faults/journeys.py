"""The journeys whose every commit fails once (test_commit_points): over two stations, told what fails; each can be run again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import pytest

from emla.flow.acts import Effect
from emla.flow.line.legs import Legs
from emla.flow.line.quarantine import Quarantine
from emla.flow.line.relay import Relay
from emla.formats import dsse
from emla.formats import header as header_form
from emla.formats.act import encode_act
from emla.formats.documents import document_hash
from emla.model.acknowledgement import Event
from emla.model.act import Act, ActKind
from emla.model.documents import ApprovalAct
from emla.model.errors import ConfigurationError, InvalidPackageError, StoreError
from emla.model.leg import InboxState, LegKind
from emla.model.package import Header
from emla.model.signed import PayloadType
from emla.ports.store import Transaction
from tests.support.ceremony import ADA, BEN, Person, officers_of, word
from tests.support.faulty_store import Fate
from tests.support.in_process import (
    BytesSource,
    Station,
)
from tests.support.messages import Template

SENDER, RECIPIENT = "at.moj", "jp.moj"
PROPOSE, APPROVE = ApprovalAct.PROPOSE, ApprovalAct.APPROVE
MESSAGE_ID = bytes.fromhex("0123456789abcdef0123456789abcdef")
AFTER_EXPIRY_SECONDS = 61 * 86400


class Late:
    """The effect of an act at a station that is built anew after each failure."""

    def __init__(self, effect: Callable[[], Effect]) -> None:
        self._effect = effect

    def check(self, act: Act) -> None:
        self._effect().check(act)

    async def __call__(self, act: Act, also: Callable[[Transaction], None]) -> None:
        await self._effect()(act, also)


@dataclass
class House:
    """Two stations, and the one commit that fails."""

    sender: Station
    recipient: Station
    template: Template
    fail_at: int | None = None
    fate: Fate | None = None
    step: str = ""
    commits: list[str] = field(default_factory=list)
    shown: dict[tuple[bytes, Event], bytes] = field(default_factory=dict)
    seen_done: set[str] = field(default_factory=set)
    """What people did and were told that it is done; what they were not told they do again."""
    pid: bytes = b""

    def commit_by(self, name: str) -> Callable[[], Fate | None]:
        """What a station asks before it commits."""

        def on_commit() -> Fate | None:
            self.commits.append(f"{self.step}: {name}")
            return self.fate if len(self.commits) - 1 == self.fail_at else None

        return on_commit

    def begin(self, step: str, station: Station) -> None:
        """Name what is done next; a station that broke does nothing any more.

        Raises:
            StoreError: it broke.
        """
        self.step = step
        if station.store.broken:
            raise StoreError("stopping")

    async def submit(self) -> bytes:
        """The careful case system hands its message in; it remembers what it was shown."""
        self.begin("submit", self.sender)
        pid = (await self.sender.hand_in(self.template, MESSAGE_ID)).pid
        bundle = self.sender.store.read.bundle(pid, Event.SUBMISSION_ACCEPTANCE)
        assert bundle is not None
        assert self.shown.setdefault((pid, Event.SUBMISSION_ACCEPTANCE), bundle) == bundle
        self.pid = pid
        return pid

    async def deliver(self) -> None:
        self.begin("deliver", self.sender)
        await self.sender.deliver(RECIPIENT)

    async def open(self) -> None:
        self.begin("open", self.recipient)
        await self.recipient.open()

    async def push(self) -> None:
        self.begin("push", self.recipient)
        await self.recipient.deliver(SENDER)

    async def hand_over(self, pid: bytes) -> None:
        self.begin("hand over", self.recipient)
        assert await self.recipient.read_main(pid) == self.template.fill(MESSAGE_ID, MESSAGE_ID)

    # --- what people do ---

    async def once(self, what: str, station: Station, work: Callable[[], Awaitable[object]]) -> None:
        """Somebody does something until told that it is done."""
        if what not in self.seen_done:
            self.begin(what, station)
            await work()
            self.seen_done.add(what)

    def legs(self) -> tuple[Legs, int]:
        """What the sender's operator acts with, and the leg of the package."""
        leg = self.sender.store.read.leg_of(LegKind.PACKAGE, self.pid)
        assert leg is not None
        relay = Relay(self.sender.gateway, self.sender._deliver)
        return Legs(self.sender.gateway, relay, self.sender.ways), leg.id

    async def put_aside(self) -> None:
        legs, leg = self.legs()
        await self.once("put aside", self.sender, lambda: legs.hold(leg, "a test"))
        legs, leg = self.legs()
        await self.once("let go", self.sender, lambda: legs.release(leg))

    async def let_out(self) -> None:
        self.recipient.opener.deaths = 0
        quarantine = Quarantine(self.recipient.gateway, lambda pid: None)

        async def release() -> None:
            try:
                await quarantine.release(self.pid)
            except ConfigurationError as error:  # it was let out, and the operator was not told
                assert error.code == "wrong-state"
                assert self.recipient.gateway.store.read.received(self.pid).state is InboxState.ACCEPTED  # type: ignore[union-attr]  # it is there

        await self.once("let out", self.recipient, release)

    async def by_two(self, station: Station, kind: ActKind, peer: str) -> None:
        """Two officers, whom the station does not know yet, have one act carried out."""
        changes = station.changes
        for what, payload_type, payload in (
            ("appoint", PayloadType.OFFICERS, self.officers(station)),
            ("close", PayloadType.ACT, self.act(station, kind, peer)),
        ):
            says = partial(self.says, station, payload_type, payload)
            sha256 = document_hash(payload)
            await self.once(
                f"{what}, said",
                station,
                partial(changes.propose, payload_type, payload, says(ADA, PROPOSE)),
            )
            await self.once(f"{what}, agreed", station, partial(changes.approve, sha256, says(BEN, APPROVE)))
            if payload_type is PayloadType.OFFICERS:
                await self.once(f"{what}, done", station, partial(changes.publish, sha256, ()))

    @cached_property
    def at(self) -> int:
        """The instant on what officers sign, the same when they hand it in again."""
        return self.sender.gateway.now()

    def officers(self, station: Station) -> bytes:
        return officers_of(station.gateway.identity.id, self.at, ADA, BEN)

    def act(self, station: Station, kind: ActKind, peer: str) -> bytes:
        facts: dict[str, str | int] = {"pid": self.pid.hex(), "peer": peer, "reason": "a test"}
        own = station.gateway.identity.id
        return encode_act(Act(authority=own, kind=kind, facts=facts, at=self.at, nonce=bytes(16)))

    def says(
        self, station: Station, kind: PayloadType, payload: bytes, who: Person, act: ApprovalAct
    ) -> bytes:
        return word(who, act, station.gateway.identity.id, kind, payload, self.at)

    async def until_done(self, journey: "Journey") -> None:
        """Run a journey; whoever breaks is built again from its folder, and the journey is run again."""
        for _ in range(3):
            try:
                await journey(self)
            except StoreError:
                assert self.sender.store.broken or self.recipient.store.broken
            broken = [each for each in (self.sender, self.recipient) if each.store.broken]
            if not broken:
                return
            for each in broken:
                await each.restart()
        raise AssertionError("one failure broke it more than once")


Journey = Callable[[House], Awaitable[None]]


async def handed_over(house: House) -> None:
    pid = await house.submit()
    await house.deliver()
    await house.open()
    await house.push()
    await house.hand_over(pid)
    await house.push()


async def consigned(house: House) -> None:
    await house.submit()
    await house.deliver()
    await house.open()
    await house.push()


async def rejected(house: House) -> None:
    house.recipient.clock.moved_by = AFTER_EXPIRY_SECONDS
    await house.submit()
    await house.deliver()


async def expired(house: House) -> None:
    house.sender.clock.moved_by = 0
    await house.submit()
    house.sender.clock.moved_by = AFTER_EXPIRY_SECONDS
    await house.deliver()


async def put_aside(house: House) -> None:
    """O10 and O11."""
    await house.submit()
    await house.put_aside()
    await house.deliver()
    await house.open()
    await house.push()


async def given_up(house: House) -> None:
    """O8 and C4: two officers close a package that the recipient does not take."""
    await house.submit()
    await house.by_two(house.sender, ActKind.LEG_CLOSE, RECIPIENT)


async def let_out(house: House) -> None:
    """I11: what the opener died of is opened once more."""
    if "quarantined" not in house.seen_done:
        await consigned(house)
        house.seen_done.add("quarantined")
    await house.let_out()
    await house.deliver()
    await house.open()
    await house.push()


async def closed(house: House) -> None:
    """I12 and C4: two officers give up what the opener dies of."""
    await consigned(house)
    await house.by_two(house.recipient, ActKind.PACKAGE_CLOSE, SENDER)


async def contradicted(house: House) -> None:
    """The sender's key also signs a second package for the same place."""
    await consigned(house)
    house.begin("contradict", house.recipient)
    with pytest.raises(InvalidPackageError) as caught:
        await offer(house, lambda header: replace(header, created=header.created - 1))
    assert caught.value.code == "equivocation"


async def held_already(house: House) -> None:
    """The same payload comes again in another package."""
    await consigned(house)
    house.begin("repeat", house.recipient)
    await offer(house, lambda header: replace(header, msg=bytes(16), seq=2, prev=house.pid))


async def offer(house: House, change: Callable[[Header], Header]) -> None:
    """Offer the package again with another header, genuinely signed."""
    row = house.sender.store.read.sent(house.pid)
    assert row is not None
    header = change(header_form.decode(header_form.decode_signed(row.signed).payload))
    payload = header_form.encode(header)
    signed = dsse.sign(PayloadType.HEADER, payload, house.sender.gateway.identity.signer)
    body = house.sender.store.read.payload(row.payload_sha256)
    assert body is not None
    await house.recipient.accept(header_form.package_id(payload), signed, BytesSource(body))
