"""Acts of two officers: proposed by one, carried out with the other's word, in one batch with its leaf, and once."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emla.formats.act import encode_act
from emla.formats.documents import document_hash
from emla.model.act import ACT_LIFE_SECONDS, Act, ActKind
from emla.model.documents import ApprovalAct
from emla.model.errors import ConfigurationError, EmlaError, InvalidDocumentError
from emla.model.signed import PayloadType
from emla.ports.documents import ChangeState
from emla.ports.store import Transaction
from tests.support.authorities import derived
from tests.support.ceremony import ADA, BEN, EVE, Person, officers_of, word
from tests.support.folders import make_folder
from tests.support.gateways import select
from tests.support.in_process import DirectLine, InlineOpener, Station, TestClock

PROPOSE, APPROVE = ApprovalAct.PROPOSE, ApprovalAct.APPROVE
OWN = "at.moj"


@dataclass
class Recording:
    """An effect that notes an event; and refuses when it is told to."""

    done: list[Act] = field(default_factory=list)
    refuses: bool = False
    breaks: bool = False

    def check(self, act: Act) -> None:
        if self.refuses:
            raise ConfigurationError("wrong-state")

    async def __call__(self, act: Act, also: Callable[[Transaction], None]) -> None:
        def operation(transaction: Transaction) -> None:
            also(transaction)
            transaction.insert_event("test", act.at, b"an effect")
            if self.breaks:
                raise ConfigurationError("wrong-state")

        await self.store(operation)
        self.done.append(act)

    async def store(self, operation: Callable[[Transaction], None]) -> None:
        await self.station.store.write(operation)

    station: Station = field(init=False)


@dataclass
class Office:
    """A gateway with two officers, and what they do."""

    station: Station
    effect: Recording

    @property
    def now(self) -> int:
        return self.station.gateway.now()

    def act(self, *, number: int = 0, at: int | None = None, authority: str = OWN) -> bytes:
        return encode_act(
            Act(
                authority=authority,
                kind=ActKind.LEG_CLOSE,
                facts={"pid": "ab" * 32, "peer": "de.bfj", "reason": "A test."},
                at=self.now if at is None else at,
                nonce=derived("nonce", number, length=16),
            )
        )

    def says(self, who: Person, act: ApprovalAct, payload: bytes) -> bytes:
        return word(who, act, OWN, PayloadType.ACT, payload, self.now)

    async def propose(self, payload: bytes, who: Person = ADA) -> None:
        await self.station.changes.propose(PayloadType.ACT, payload, self.says(who, PROPOSE, payload))

    async def approve(self, payload: bytes, who: Person = BEN) -> ChangeState:
        said = self.says(who, APPROVE, payload)
        return (await self.station.changes.approve(document_hash(payload), said)).row.state

    def count(self, table: str) -> int:
        (found,) = select(self.station.data, f"SELECT count(*) FROM {table}")
        return int(str(found[0]))


@asynccontextmanager
async def office(folder: Path, *, officers: bool = True, effect: bool = True) -> AsyncIterator[Office]:
    make_folder(folder / OWN, OWN)
    station = Station(folder / OWN, DirectLine(lambda peer: station), TestClock(), InlineOpener(folder / OWN))
    recording = Recording()
    recording.station = station
    if effect:
        station.effects[ActKind.LEG_CLOSE] = recording
    station.start()
    here = Office(station, recording)
    try:
        if officers:
            payload = officers_of(OWN, here.now, ADA, BEN)
            kind = PayloadType.OFFICERS
            changes = station.changes
            await changes.propose(kind, payload, word(ADA, PROPOSE, OWN, kind, payload, here.now))
            await changes.approve(document_hash(payload), word(BEN, APPROVE, OWN, kind, payload, here.now))
            await changes.publish(document_hash(payload), ())
        yield here
    finally:
        await station.close()


async def test_the_second_officers_word_carries_an_act_out(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        payload = here.act()
        await here.propose(payload)
        assert here.effect.done == []
        leaves = here.count("leaf")
        assert await here.approve(payload) is ChangeState.PUBLISHED
        assert [each.kind for each in here.effect.done] == [ActKind.LEG_CLOSE]
        # The approval; and in the next batch the act itself and its effect.
        assert here.count("leaf") == leaves + 3


async def test_one_officer_alone_carries_nothing_out(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        payload = here.act()
        await here.propose(payload)
        with pytest.raises(InvalidDocumentError) as caught:
            await here.approve(payload, ADA)
        assert caught.value.code == "same-officer"
        with pytest.raises(InvalidDocumentError) as caught:
            await here.station.changes.publish(document_hash(payload), ())
        assert caught.value.code == "approval-missing"
        with pytest.raises(InvalidDocumentError) as caught:
            await here.approve(payload, EVE)
        assert caught.value.code == "approval-missing"
        assert here.effect.done == []


async def test_without_officers_nobody_acts(tmp_path: Path) -> None:
    async with office(tmp_path, officers=False) as here:
        with pytest.raises(InvalidDocumentError) as caught:
            await here.propose(here.act())
        assert caught.value.code == "approval-missing"
        assert "propose a list" in caught.value.detail


async def test_an_approval_of_one_act_is_none_of_another_with_the_same_facts(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        one, other = here.act(number=1), here.act(number=2)
        await here.propose(one)
        await here.propose(other)
        with pytest.raises(InvalidDocumentError):
            await here.station.changes.approve(document_hash(one), here.says(BEN, APPROVE, other))
        await here.approve(one)
        assert len(here.effect.done) == 1


async def test_an_act_is_carried_out_once(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        payload = here.act()
        await here.propose(payload)
        await here.approve(payload)
        again = await here.station.changes.publish(document_hash(payload), ())
        assert again.row.state is ChangeState.PUBLISHED
        assert len(here.effect.done) == 1


async def test_an_act_that_has_become_impossible_leaves_nothing_but_the_words(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        payload = here.act()
        await here.propose(payload)
        for here.effect.refuses, here.effect.breaks in ((True, False), (False, True)):
            events = here.count("event")
            with pytest.raises(EmlaError) as caught:
                await (
                    here.approve(payload)
                    if here.effect.refuses
                    else here.station.changes.publish(document_hash(payload), ())
                )
            assert caught.value.code == "wrong-state"
            assert here.count("event") == events
            assert here.station.changes.one(document_hash(payload)).row.state is ChangeState.PROPOSED
        here.effect.breaks = False
        # The approval was kept: when it is possible again, the same act is.
        assert (
            await here.station.changes.publish(document_hash(payload), ())
        ).row.state is ChangeState.PUBLISHED


async def test_an_act_waits_for_seven_days_and_no_longer(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        payload = here.act()
        await here.propose(payload)
        here.station.clock.moved_by += ACT_LIFE_SECONDS + 2
        with pytest.raises(InvalidDocumentError) as caught:
            await here.approve(payload)
        assert caught.value.code == "act-lapsed"
        with pytest.raises(InvalidDocumentError) as caught:
            await here.propose(here.act(number=2, at=here.now - 8 * 86400))
        assert caught.value.code == "act-lapsed"
        assert here.effect.done == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"authority": "de.bfj"}, "invalid-document"), ({"at": 4_000_000_000}, "clock-skew")],
)
async def test_an_act_that_is_not_ours_or_not_of_today_is_refused(
    tmp_path: Path, changes: dict[str, object], code: str
) -> None:
    async with office(tmp_path) as here:
        with pytest.raises(InvalidDocumentError) as caught:
            await here.propose(here.act(**changes))  # type: ignore[arg-type]  # a test names what it changes
        assert caught.value.code == code


async def test_an_act_that_this_gateway_does_not_know_is_not_proposed(tmp_path: Path) -> None:
    async with office(tmp_path, effect=False) as here:
        with pytest.raises(InvalidDocumentError) as caught:
            await here.propose(here.act())
        assert caught.value.code == "invalid-document"
